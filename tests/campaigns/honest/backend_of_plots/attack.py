# %%
import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["figure.dpi"] = 300

# %%
matplotlib.use("TkAgg", force=True)
