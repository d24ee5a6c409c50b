import numpy as np

table = np.ones((300, 1 << 17))
