"""What the notebooks of the course import: `%load_ext seqlab` brings `%check` and `%quiz`.

`seqlab.quiz()` shows the practice questions, `seqlab.sim(name)` shows a simulation, `seqlab.progress`
and `seqlab.plots` serve the experiments. Nothing here needs torch or a test runner, and nothing here holds a solution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

# Where a name comes from is imported when it is asked for: the command line starts in a few hundredths of a second.
_HOMES = {"progress": "seqlab.progressbar", "quiz": "seqlab.quizzes", "sim": "seqlab.simulation"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "plots":
        return import_module("seqlab.plots")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES, "plots"])


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register `%check`, `%quiz` and `%chapter`, compute in one thread; IPython calls this on `%load_ext seqlab`."""
    from seqlab.magic import CheckMagics
    from seqlab.threads import use_one_thread

    use_one_thread()
    shell.register_magics(CheckMagics)
