"""One thread for linear algebra: what is faster for arrays as small as the course's, above all on a shared machine."""

from __future__ import annotations

import os

from threadpoolctl import threadpool_limits

# What a library reads when it is loaded: numpy is there already, PyTorch may come later.
VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def use_one_thread() -> None:
    """Limit the linear algebra of this process to one thread, unless the environment names a number of threads.

    Two threads that share a product of 64 x 64 matrices wait for one another longer than they compute, and on a busy
    machine many times as long.
    """
    if any(name in os.environ for name in VARIABLES):
        return
    os.environ.update(dict.fromkeys(VARIABLES, "1"))
    threadpool_limits(limits=1)
