"""Write `syscall_numbers.json`: the numbers of the calls that `syscalls.py` names.

Development time only, after a change of the policy, with libseccomp installed (its table covers every architecture):

    python -m autograder.sandbox.confine.generate_syscall_numbers
"""

from __future__ import annotations

import ctypes
import ctypes.util
import json

from . import seccomp, syscalls


def resolve() -> dict[str, dict[str, int]]:
    """Look the numbers up in libseccomp.

    Raises:
        OSError: it is not installed.
    """
    library = ctypes.CDLL(ctypes.util.find_library("seccomp") or "libseccomp.so.2")
    look_up = library.seccomp_syscall_resolve_name_arch
    look_up.argtypes = (ctypes.c_uint32, ctypes.c_char_p)
    look_up.restype = ctypes.c_int
    tables: dict[str, dict[str, int]] = {}
    for architecture, token in seccomp.AUDIT_ARCH.items():
        found = {name: look_up(token, name.encode()) for name in syscalls.names()}
        # Negative: this architecture has no such call (libseccomp's own placeholder), or libseccomp is too old.
        tables[architecture] = {name: number for name, number in found.items() if number >= 0}
    return tables


def main() -> None:
    """Write the file and say what no architecture has."""
    tables = resolve()
    syscalls.NUMBERS_FILE.write_text(json.dumps(tables, indent=1) + "\n", encoding="ascii")
    known = set().union(*tables.values())
    for name in syscalls.names():
        if name not in known:
            print(f"no number for {name}")


if __name__ == "__main__":
    main()
