# %%
import sklearn

# %%
import torch

# %%
import seaborn
