# %%
import os

os.chdir("..")

# %%
os.chdir("/content/drive/MyDrive")

# %%
text = open("data.txt").read()
