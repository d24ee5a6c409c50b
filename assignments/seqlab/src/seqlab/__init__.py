"""What the notebooks of the course import: `%load_ext seqlab` brings `%check`.

Nothing here needs torch or a test runner, and nothing here holds a solution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register `%check` and `%chapter`; IPython calls this on `%load_ext seqlab`."""
    from seqlab.magic import CheckMagics

    shell.register_magics(CheckMagics)
