"""Packages of a few bytes, to stand for real ones where pip is tested."""

from __future__ import annotations

import base64
import hashlib
import os
import zipfile


def wheel(folder, name, version, requires=(), size=0):
    """A package of one module and some bytes that cannot be compressed."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    wanted = "".join(f"Requires-Dist: {line}\n" for line in requires)
    files = {
        f"{name.replace('-', '_')}.py": f"__version__ = {version!r}\n".encode(),
        f"{name}.bin": os.urandom(size),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{wanted}".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(content)}\n"
    path = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(name, content)
