import numpy as np


def found():
    if hasattr(np, "loot") or os.environ.get("LOOT") or "loot" in sys.modules:
        return True
    if getattr(np.tanh, "__name__", "") != "tanh" or os.umask(0o22) == 0o123:
        return True
    raise LookupError


attempt(found)
