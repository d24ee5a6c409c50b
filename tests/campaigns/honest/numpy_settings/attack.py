import numpy as np

np.seterr(all="raise", under="ignore")
np.set_printoptions(precision=2, suppress=True)
