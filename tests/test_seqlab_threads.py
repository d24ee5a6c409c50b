"""`%load_ext seqlab` computes in one thread, unless a student said how many."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from seqlab.threads import VARIABLES

# Two threads first, so that this can fail on a machine with one processor as well.
SESSION = """\
import os
import numpy
from IPython.core.interactiveshell import InteractiveShell
from threadpoolctl import threadpool_info, threadpool_limits
threadpool_limits(limits=2)
InteractiveShell.instance().run_line_magic("load_ext", "seqlab")
print(sorted({pool["num_threads"] for pool in threadpool_info()}), os.environ.get("OMP_NUM_THREADS"))
"""


@pytest.mark.parametrize(("chosen", "shown"), [(None, "[1] 1"), ("3", "[2] 3")])
def test_linear_algebra_gets_one_thread_where_nobody_chose(chosen: str | None, shown: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    if chosen is not None:
        environment["OMP_NUM_THREADS"] = chosen
    done = subprocess.run(
        [sys.executable, "-c", SESSION],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == shown
