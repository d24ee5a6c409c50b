# %%
step = 0
while step < 10:
    step -= 1
