"""What a ZIP archive of a platform holds, read with bounds: student files are in it, under names that students chose."""

from __future__ import annotations

import stat
import unicodedata
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zlib import error as ZlibError

from seqlab.cells import MAX_RAW

MAX_MEMBERS = 50_000
"""Files and folders of an archive."""
MAX_TOTAL = 4 << 30
"""Bytes that are unpacked of an archive."""
MAX_MEMBER = MAX_RAW
"""Bytes that are unpacked of one file."""
_SHOWN = 400  # characters
_LONGEST_NAME = 255  # bytes, as on most systems
_NOT_THEIRS = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
_UTF8_FLAG, _ENCRYPTED_FLAG = 0x800, 0x1


class ArchiveError(Exception):
    """The archive cannot be used; the message says why."""


class MemberError(Exception):
    """A file of the archive cannot be read; the message says why."""


@dataclass(frozen=True)
class Member:
    """A file of the archive: the parts of its path, none of which leads out of a folder, and why it is left out."""

    parts: tuple[str, ...]
    number: int
    refused: str = ""

    @property
    def path(self) -> str:
        """The path as it is shown."""
        return "/".join(self.parts)[:_SHOWN]


class Archive:
    """An open archive."""

    def __init__(self, opened: zipfile.ZipFile):
        self._opened = opened
        self._infos = opened.infolist()
        self._left = MAX_TOTAL
        if len(self._infos) > MAX_MEMBERS:
            raise ArchiveError(f"has {len(self._infos)} files; {MAX_MEMBERS} are allowed")

    def members(self) -> list[Member]:
        """Return its files, without those that an operating system has left there."""
        found = []
        for number, info in enumerate(self._infos):
            name = _name(info).replace("\\", "/")
            parts = tuple(part for part in name.split("/") if part)
            if name.endswith("/") or not parts or any(part in _NOT_THEIRS for part in parts):
                continue
            if parts[-1].startswith("._"):
                continue
            found.append(Member(parts, number, _why_refused(info, name, parts)))
        return found

    def read(self, member: Member) -> bytes:
        """Unpack a file.

        Raises:
            MemberError: it is damaged or too large.
            ArchiveError: the files of the archive are too large together.
        """
        try:
            with self._opened.open(self._infos[member.number]) as file:
                data = file.read(min(MAX_MEMBER, self._left) + 1)
        except (
            zipfile.BadZipFile,
            ZlibError,
            NotImplementedError,
            RuntimeError,
            EOFError,
        ) as error:
            raise MemberError(f"cannot be unpacked: {error}") from None
        except (OSError, ValueError) as error:
            raise MemberError(f"cannot be read: {error}") from None
        if len(data) > MAX_MEMBER:
            raise MemberError(f"has more than {MAX_MEMBER >> 20} MiB")
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveError(f"holds more than {MAX_TOTAL >> 30} GiB")
        return data


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open an archive.

    Raises:
        ArchiveError: it is none, or too large.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise ArchiveError(f"is no ZIP archive: {error}") from None
    except OSError as error:
        raise ArchiveError(f"cannot be read: {error.strerror or error}") from None
    with archive:
        yield Archive(archive)


def _name(info: zipfile.ZipInfo) -> str:
    """The name of a file. Many programs write UTF-8 without saying so."""
    name = info.filename
    if not info.flag_bits & _UTF8_FLAG:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass  # as it says, an old code page
    return unicodedata.normalize("NFC", name)


def _why_refused(info: zipfile.ZipInfo, name: str, parts: tuple[str, ...]) -> str:
    mode = info.external_attr >> 16
    if name.startswith("/") or ".." in parts or ":" in parts[0][1:2]:
        return "its path leads out of the archive"
    if stat.S_ISLNK(mode):
        return "is a link"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "is no regular file"
    if info.flag_bits & _ENCRYPTED_FLAG:
        return "is encrypted"
    if any(len(part.encode("utf-8", "replace")) > _LONGEST_NAME for part in parts):
        return "its name is too long"
    if any(not part.isprintable() or part == "." for part in parts):
        return "its name holds characters that are no text"
    return ""
