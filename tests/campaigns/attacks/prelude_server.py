# Where the worker's own machinery is: nothing hides it from the code that shares its process.
import gc
import os
import struct
import sys
import threading
import time


def _find_server():
    frame = sys._getframe()
    while frame is not None:
        held = frame.f_locals.get("self")
        if type(held).__name__ == "Server":
            return held
        frame = frame.f_back
    return None


SERVER = _find_server()
WIRE = sys.modules[type(SERVER).__module__].wire


def raw(head, body=b"", magic=b"SQ", version=1, head_length=None, body_length=None):
    """The bytes of a frame, with lengths other than its own where they are given."""
    lengths = (
        len(head) if head_length is None else head_length,
        len(body) if body_length is None else body_length,
    )
    return struct.pack("<2sBxIQ", magic, version, *lengths) + head + body


def write(data):
    """Write into the pipe of replies."""
    while data:
        data = data[os.write(SERVER.outgoing, data[: 1 << 16]) :]


def forge(message, arrays=(), body=b""):
    """Send a message of the forger's own as a frame."""
    write(raw(WIRE._encode_head([message, list(arrays)]), body))
