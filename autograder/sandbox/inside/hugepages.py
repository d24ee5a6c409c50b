"""Join the zygote's memory into huge pages: a fork then copies hundreds of page table entries, not tens of thousands.

A preference, no layer: where the kernel cannot (before Linux 6.1, or switched off), forks are slower and as right.
"""

from __future__ import annotations

import ctypes
import sys

_MADV_COLLAPSE = 25  # madvise(2): join now, whatever the system does about new memory
_SIZE = 2 << 20  # of a huge page where pages have 4 KiB


def join_memory() -> int:
    """Join what this process has written itself, heap and anonymous mappings, and return how many huge pages it took.

    Call it when everything is imported. What a worker adds later comes in small pages as ever.
    """
    if sys.platform != "linux":
        return 0
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
        mappings = [line.split() for line in file]
    joined = 0
    for place, rights, _offset, _device, _inode, *name in mappings:
        if rights != "rw-p" or name not in ([], ["[heap]"]):
            continue
        start, end = (int(address, 16) for address in place.split("-"))
        for address in range(-(-start // _SIZE) * _SIZE, end - _SIZE + 1, _SIZE):
            joined += madvise(address, _SIZE, _MADV_COLLAPSE) == 0
    return joined
