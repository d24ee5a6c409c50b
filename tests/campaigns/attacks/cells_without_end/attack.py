# %%
while True:
    try:
        pass
    except BaseException:
        pass

# %%
print("on")
