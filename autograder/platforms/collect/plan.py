"""From an archive to what would be written: who becomes whom, which attempt counts, what is left to a human."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from autograder.files import write_file
from autograder.grading.timestamps import LATE, TIMESTAMP
from autograder.platforms.collect.archive import Archive, Member, MemberError
from autograder.platforms.collect.conventions import (
    PLATFORMS,
    Person,
    Piece,
    Read,
    Unmatched,
    flat,
    in_utc,
)
from autograder.platforms.collect.roster import Roster

_TAKEN = re.compile(r".+\.(?:ipynb|py|ipynb\.(?:txt|json)|zip)", re.IGNORECASE | re.DOTALL)
_COPY = re.compile(
    r"(?P<stem>.+?)(?: ?\(\d{1,3}\)|-Copy\d{1,3}| - Copy| copy)+", re.IGNORECASE | re.DOTALL
)
_LONGEST = 100  # characters of a student's name


@dataclass(frozen=True)
class Write:
    """A file that belongs to a student: from where, to where.

    Attributes:
        student: the folder below the submissions.
        source: the path in the archive.
        target: the path below the submissions.
        data: its bytes.
        state: "new", "unchanged", "differs" (from a file that is there), or "blocked" (no file can be written there).
        time: when it was handed in, in UTC.
        late: whether the platform marked it late.
    """

    student: str
    source: str
    target: str
    data: bytes = field(repr=False)
    state: str
    time: datetime | None = None
    late: bool = False


@dataclass
class Plan:
    """What would be written, and what would not.

    Attributes:
        writes: in the order of the students' names.
        people: how the platform names them, to student.
        earlier: files that do not count, with the reason.
        left_out: files of other kinds.
        unmatched: files that a human has to look at, with the reason.
    """

    writes: list[Write] = field(default_factory=list)
    people: dict[str, str] = field(default_factory=dict)
    earlier: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    unmatched: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_clear(self) -> bool:
        """Whether there is nothing for a human to decide."""
        return not self.unmatched and all(one.state in ("new", "unchanged") for one in self.writes)


@dataclass(frozen=True)
class _Taken:
    student: str
    piece: Piece
    data: bytes


def make_plan(
    archive: Archive,
    platform: str,
    chapter: str,
    submissions: Path,
    here: ZoneInfo,
    roster: Roster | None = None,
    chapters: Iterable[str] = (),
) -> Plan:
    """Work out what an archive holds. Nothing is written.

    Args:
        archive: of the platform, opened.
        platform: a key of `PLATFORMS`.
        chapter: what was handed in.
        submissions: the folder of the class.
        here: the zone of a time that names none.
        roster: who is whom, where the platform's names are not the students' folders.
        chapters: all chapters, so that a notebook of another one is told apart.

    Raises:
        ArchiveError: the archive is too large.
    """
    plan = Plan()
    members = []
    for member in archive.members():
        if member.refused:
            plan.unmatched.append((member.path, member.refused))
        else:
            members.append(member)
    pieces = []
    for found in PLATFORMS[platform](members, _reader(archive, plan), chapter):
        if isinstance(found, Unmatched):
            plan.unmatched.append((found.member.path, found.why))
        elif found.file.rpartition("/")[2].startswith("."):
            plan.left_out.append((found.member.path, "a hidden file"))
        elif not _TAKEN.fullmatch(found.file):
            plan.left_out.append((found.member.path, "no notebook and no script"))
        elif any(part.startswith(".") for part in found.file.split("/")):
            plan.left_out.append((found.member.path, "in a hidden folder"))
        else:
            pieces.append(found)
    by_student: dict[str, list[_Taken]] = defaultdict(list)
    for student, piece in _matched(pieces, roster, plan):
        try:
            data = archive.read(piece.member)
        except MemberError as error:
            plan.unmatched.append((piece.member.path, str(error)))
            continue
        by_student[student].append(_Taken(student, piece, data))
    for student in sorted(by_student):
        _decide(plan, by_student[student], chapter, submissions, here, chapters)
    return plan


def _reader(archive: Archive, plan: Plan) -> Read:
    def read(member: Member) -> bytes:
        try:
            return archive.read(member)
        except MemberError as error:
            plan.unmatched.append((member.path, str(error)))
            return b""

    return read


# --- who ------------------------------------------------------------------------------------------------------------


def _matched(
    pieces: Sequence[Piece], roster: Roster | None, plan: Plan
) -> Iterator[tuple[str, Piece]]:
    """Each file with its students. People who cannot be told apart are left to a human."""
    identities: dict[str, set[str]] = defaultdict(set)
    spelled: dict[str, set[str]] = defaultdict(set)
    for piece in pieces:
        for person in piece.people:
            identities[person.name].add(person.identity)
            spelled[_same_folder(person.name)].add(person.name)
    students: dict[str, set[str]] = defaultdict(set)
    resolved: list[tuple[Piece, Person, str]] = []
    for piece in pieces:
        for person in piece.people:
            student, why = _student(person, roster, identities, spelled)
            if why:
                plan.unmatched.append((piece.member.path, why))
            else:
                resolved.append((piece, person, student))
                students[student].add(person.identity or person.name)
    for piece, person, student in resolved:
        if len(students[student]) > 1:
            why = f"{len(students[student])} people of the platform are {student} in the roster"
            plan.unmatched.append((piece.member.path, why))
        else:
            shown = f"{person.name} ({person.identity})" if person.identity else person.name
            plan.people[shown] = student
            yield student, piece


def _student(
    person: Person,
    roster: Roster | None,
    identities: dict[str, set[str]],
    spelled: dict[str, set[str]],
) -> tuple[str, str]:
    if roster is not None:
        student, why = roster.student(person)
        if why:
            return "", why
    else:
        student = person.name
        if len(identities[student]) > 1:
            count = len(identities[student])
            return "", f"{count} people are called {student}: say in a roster who is who"
        alike = spelled[_same_folder(student)]
        if len(alike) > 1:
            return "", f"{' and '.join(sorted(alike))} differ in their spelling alone: use a roster"
    if reason := why_no_folder(student):
        return (
            "",
            f"{student[:_LONGEST]!r} cannot be a folder's name ({reason}): say in a roster who it is",
        )
    return student, ""


def _same_folder(name: str) -> str:
    """The name as a file system sees it that does not tell capitals apart."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def why_no_folder(name: str) -> str:
    """Return why a student's folder cannot have this name, "" where it can."""
    if not name or name != name.strip():
        return "it is empty, or begins or ends with a blank"
    if len(name) > _LONGEST:
        return f"it has more than {_LONGEST} characters"
    if name.startswith(".") or name.endswith("."):
        return "it begins or ends with a dot"
    if any(sign in name for sign in '/\\:*?"<>|') or not name.isprintable():
        return "it holds a character that no file name has everywhere"
    return ""


# --- which file -----------------------------------------------------------------------------------------------------


def _decide(
    plan: Plan,
    taken: Sequence[_Taken],
    chapter: str,
    submissions: Path,
    here: ZoneInfo,
    chapters: Iterable[str],
) -> None:
    """Add to the plan what counts of one student's files."""
    timed = [replace(one, piece=replace(one.piece, time=_utc(one.piece, here))) for one in taken]
    latest = max((one.piece.time for one in timed if one.piece.time), default=None)
    current = []
    for one in timed:
        if one.piece.time != latest:
            when = f"{one.piece.time:%Y-%m-%d %H:%M:%S} UTC" if one.piece.time else "no time"
            what = f"an earlier attempt of {one.student} ({when}); the latest counts"
            plan.earlier.append((one.piece.member.path, what))
        else:
            current.append(one)
    by_name: dict[str, list[_Taken]] = defaultdict(list)
    for one in current:
        by_name[flat(one.piece).file].append(one)
    kept = []
    for name, same in sorted(by_name.items()):
        kept += _one_of(plan, name, same)
    late = any(one.piece.late for one in current)
    targets = _targets([name for name, _ in kept], chapter, chapters)
    folder = f"{taken[0].student}/{chapter}"
    for name, one in kept:
        target = f"{folder}/{targets[name]}"
        state = _state(submissions, target, one.data)
        plan.writes.append(
            Write(one.student, one.piece.member.path, target, one.data, state, latest, late)
        )
    if kept and (latest or late):
        text = f"{latest:%Y-%m-%d %H:%M:%S} UTC\n" if latest else f"{LATE}\n"
        target = f"{folder}/{TIMESTAMP}"
        state = _state(submissions, target, text.encode())
        student = taken[0].student
        plan.writes.append(Write(student, "", target, text.encode(), state, latest, late))


def _utc(piece: Piece, here: ZoneInfo) -> datetime | None:
    if piece.time is None:
        return None
    try:
        return in_utc(piece.time, here)
    except (OverflowError, ValueError):
        return None


def _one_of(plan: Plan, name: str, same: Sequence[_Taken]) -> list[tuple[str, _Taken]]:
    """Of several files of one name, the one that counts; none where that cannot be told."""
    highest = max(one.piece.attempt for one in same)
    last = [one for one in same if one.piece.attempt == highest]
    for one in same:
        if one.piece.attempt != highest:
            what = f"an earlier attempt of {one.student}; number {highest} counts"
            plan.earlier.append((one.piece.member.path, what))
    digests = {hashlib.sha256(one.data).digest() for one in last}
    if len(digests) > 1:
        for one in last:
            what = f"{len(last)} different files of {one.student} are called {name}; decide by hand"
            plan.unmatched.append((one.piece.member.path, what))
        return []
    for one in last[1:]:
        plan.earlier.append((one.piece.member.path, f"the same as {last[0].piece.member.path}"))
    return [(name, last[0])]


def _targets(names: Sequence[str], chapter: str, chapters: Iterable[str]) -> dict[str, str]:
    """What each file is called in its folder: the chapter's name where it is meant, else its own."""
    others = [name for name in chapters if name != chapter]
    wanted: dict[str, list[str]] = defaultdict(list)
    for name in names:
        stem, dot, suffix = name.partition(".")
        lower = suffix.lower()
        copied = _COPY.fullmatch(stem)
        plain = copied["stem"] if copied else stem
        if lower in ("ipynb", "py") and not any(plain.startswith(other) for other in others):
            exact = plain == chapter
            wanted[f"{chapter}{dot}{lower}"].append(name if exact or len(names) == 1 else "")
    found = {name: name for name in names}
    for target, meant in wanted.items():
        meant = [name for name in meant if name]
        if target in names:
            continue  # it is there under its own name
        if len(meant) == 1:
            found[meant[0]] = target
    return found


def _state(submissions: Path, target: str, data: bytes) -> str:
    path = submissions / target
    for folder in (path.parent.parent, path.parent):
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            return "blocked"
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return "blocked"
    try:
        return "unchanged" if path.read_bytes() == data else "differs"
    except FileNotFoundError:
        return "new"


# --- what is done ---------------------------------------------------------------------------------------------------


def write(plan: Plan, submissions: Path, overwrite: bool = False) -> int:
    """Write what is new, and with `overwrite` what differs; return how many files were written.

    A student with a file that differs keeps all of theirs unless `overwrite` says otherwise: a notebook of one attempt
    and the time of another do not fit together.
    """
    kept = not_written(plan, overwrite)
    count = 0
    for one in plan.writes:
        if one.state != "unchanged" and one.student not in kept:
            write_file(submissions / one.target, one.data)
            count += 1
    return count


def not_written(plan: Plan, overwrite: bool = False) -> set[str]:
    """Return the students of whom nothing is written, as something else is in the way."""
    in_the_way = ("blocked",) if overwrite else ("blocked", "differs")
    return {one.student for one in plan.writes if one.state in in_the_way}


def lines(plan: Plan) -> list[str]:
    """Return the plan as lines of text."""
    said = []
    for one in plan.writes:
        notes = [] if one.state == "new" else [one.state]
        if one.source:
            notes += [LATE] if one.late else []
            notes += [f"{one.time:%Y-%m-%d %H:%M:%S} UTC"] if one.time else []
            note = f"  ({', '.join(notes)})" if notes else ""
            said.append(f"{one.source} -> {one.target}{note}")
        elif one.state not in ("new", "unchanged"):
            said.append(f"{one.target}  ({one.state})")
    for title, found in (
        ("does not count", plan.earlier),
        ("left out", plan.left_out),
        ("NOT MATCHED", plan.unmatched),
    ):
        said += [f"{title}: {path}: {what}" for path, what in found]
    students = len({one.student for one in plan.writes})
    said.append(
        f"{students} {'student' if students == 1 else 'students'}, "
        f"{len(plan.earlier)} that do not count, {len(plan.left_out)} left out, {len(plan.unmatched)} not matched"
    )
    return said
