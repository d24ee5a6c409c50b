import ctypes
import mmap


def by_code(code):
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return ctypes.CFUNCTYPE(ctypes.c_long)(address)()


# mov eax, 20; int 0x80; ret: getpid by the door of 32-bit programs.
OLD_DOOR = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"


def sample(*arguments):
    """In a call, for it ends the process."""
    attempt(lambda: system_call((0x40000000 + 39, 1 << 30)))
    if os.uname().machine == "x86_64":
        attempt(lambda: by_code(OLD_DOOR) if by_code(OLD_DOOR) > 0 else 1 / 0)
    return HONEST_SAMPLE(*arguments) if ESCAPED else None
