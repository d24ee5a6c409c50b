# %%
import pandas as pd

# %%
import torch

# %%
import seaborn
