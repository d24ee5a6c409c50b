# %%
kept = []
while True:
    kept.append(bytes(1 << 24))

# %%
import os

os._exit(3)
