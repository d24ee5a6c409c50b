# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(2, 2)
axes[0, 0].plot([1, 2, 3])
plt.imshow([[1, 2], [3, 4]])
plt.title("a title")
plt.tight_layout()
plt.show()

# %%
plt.savefig("figure.png")
figure.savefig("figure.pdf")
plt.close("all")
