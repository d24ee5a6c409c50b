import os
import sys
import types

np.loot = "42"
np.tanh = lambda value: value * 0.0
os.environ["LOOT"] = "42"
sys.modules["loot"] = types.ModuleType("loot")
os.umask(0o123)
