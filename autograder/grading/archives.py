"""Take the one file out of a small archive. For a confined process: the bytes are not trusted."""

from __future__ import annotations

import encodings.cp437  # noqa: F401  # zipfile decodes names with it, when no file can be opened any more
import io
import zipfile
import zlib

from autograder.grading.file_names import is_junk

MAX_UNPACKED = 10 << 20
"""Bytes of the file in it."""
MAX_PACKED = 11 << 20
"""Bytes of the archive itself."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_SHOWN = 5


def only_member(data: bytes) -> tuple[str, bytes, str]:
    """Return name and bytes of the one file in an archive, beside what systems leave in it; or else the reason.

    Args:
        data: of the archive.

    Returns:
        Name and bytes, and "" where they are there; otherwise why not.
    """
    if len(data) > MAX_PACKED:
        return "", b"", f"is an archive of more than {MAX_PACKED >> 20} MiB"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _only(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError):
        return "", b"", "is no archive that can be unpacked"


def _only(archive: zipfile.ZipFile) -> tuple[str, bytes, str]:
    members = [member for member in archive.infolist() if not _passed_over(member)]
    if len(members) != 1:
        names = ", ".join(_shown(member.filename) for member in members[:_SHOWN])
        more = f" and {len(members) - _SHOWN} more" if len(members) > _SHOWN else ""
        count = f"{len(members)} files ({names}{more})" if members else "no file"
        return "", b"", f"is an archive with {count}; one notebook is expected in it"
    [member] = members
    if member.flag_bits & 0x1:
        return "", b"", "is an archive with a password"
    if member.compress_type not in _METHODS:
        return "", b"", "is an archive of an unusual kind"
    with archive.open(member) as file:
        unpacked = file.read(MAX_UNPACKED + 1)
    if len(unpacked) > MAX_UNPACKED:
        return "", b"", f"holds more than {MAX_UNPACKED >> 20} MiB"
    return _shown(member.filename.rpartition("/")[2]), unpacked, ""


def _passed_over(member: zipfile.ZipInfo) -> bool:
    parts = [part for part in member.filename.replace("\\", "/").split("/") if part]
    return member.is_dir() or not parts or any(map(is_junk, parts))


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()[:200]
