"""What libraries do about threads, made fit for a worker that may start few of them or none.

A worker has one core. Threads that a library starts of its own accord would count against the submission, and OpenMP
ends the whole process where one is refused.
"""

from __future__ import annotations

import importlib.machinery
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

MONITORED = "tqdm.std"
"""The module whose progress bars have a thread that looks after them."""


def keep_torch_to_one(torch: ModuleType) -> None:
    """Compute with one thread from now on, whatever number is asked for; a wrong type still raises."""
    set_number = torch.set_num_threads

    def set_num_threads(number: int) -> None:
        """Accept a number of threads without effect.

        Raises:
            RuntimeError: the number is not positive.
            TypeError: it is no integer.
        """
        if type(number) is not int:
            raise TypeError(f"set_num_threads expects an int, but got {type(number).__name__}")
        if number <= 0:
            raise RuntimeError("set_num_threads expects a positive integer")

    set_number(1)
    torch.set_num_threads = set_num_threads  # type: ignore[attr-defined]


def without_monitor(path: Any) -> ModuleSpec | None:
    """Find tqdm's module so that its import leaves the bars without a monitor.

    Where its thread cannot start tqdm warns, and a test that takes warnings for errors would fail.

    Args:
        path: where to look, as a finder gets it.
    """
    spec = importlib.machinery.PathFinder.find_spec(MONITORED, path)
    if spec is None or spec.loader is None:
        return spec
    execute = spec.loader.exec_module

    def execute_and_switch_off(module: ModuleType) -> None:
        execute(module)
        module.tqdm.monitor_interval = 0

    spec.loader.exec_module = execute_and_switch_off  # type: ignore[method-assign]
    return spec
