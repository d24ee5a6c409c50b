"""How learning platforms name the files of a bulk download: from names to people, attempts and times.

No name is searched for another one: who a file belongs to is a whole field of its name, or the file is not matched.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from autograder.platforms.collect.archive import Member
from autograder.platforms.collect.gradescope_metadata import FILE as METADATA
from autograder.platforms.collect.gradescope_metadata import Submission, read_metadata


@dataclass(frozen=True)
class Person:
    """Somebody as the platform names them.

    Attributes:
        name: what the folder is called unless a roster says otherwise.
        identity: what tells two people of one name apart, "" where the platform has nothing.
        also: other names of the same person, for the roster.
    """

    name: str
    identity: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Piece:
    """A file that somebody handed in.

    Attributes:
        member: the file in the archive.
        people: who handed it in; more than one where it is a group's.
        file: its name as the student had it.
        time: when, with a zone or in that of the course; None where the platform does not say.
        late: whether the platform marked it late.
        attempt: of several files of one name, or of several attempts without times, the highest counts.
    """

    member: Member
    people: tuple[Person, ...]
    file: str
    time: datetime | None = None
    late: bool = False
    attempt: int = 0


@dataclass(frozen=True)
class Unmatched:
    """A file of which nothing tells whose it is."""

    member: Member
    why: str


Read = Callable[[Member], bytes]
Found = Iterator[Piece | Unmatched]

_CANVAS = re.compile(
    r"(?:(?P<name>.+?)_(?:(?P<late>LATE)_)?(?P<user>\d+)|anon_(?:(?P<anon_late>LATE)_)?(?P<anon>[A-Za-z0-9]+))"
    r"_(?P<file_id>\d+)_(?P<file>.+)",
    re.DOTALL,
)
_RESUBMITTED = re.compile(
    r"(?P<stem>.*?)-(?P<attempt>\d{1,3})(?P<suffix>(?:\.[A-Za-z0-9]+)*)", re.DOTALL
)
_MOODLE = re.compile(
    r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?P<kind>file|onlinetext)(?:_(?P<file>.*))?",
    re.DOTALL,
)
_BLACKBOARD = re.compile(
    r"(?P<head>.+_.+)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)", re.DOTALL
)
_BLACKBOARD_NAME = re.compile(
    r"^Name: (?P<name>.{1,200}?) \((?P<user>[^()\r\n]{1,100})\)\s*$", re.MULTILINE
)
_BRIGHTSPACE = re.compile(r"(?P<id>\d+)-\d+ - (?P<name>.+) - (?P<time>[^/]+?)", re.DOTALL)
_GRADESCOPE = re.compile(r"submission_\d+")
_CLASSROOM = re.compile(
    r"(?P<first>.+?) - (?P<second>.+?)(?P<suffix>(?:\.[A-Za-z0-9]+)+)", re.DOTALL
)
_COPY = re.compile(r"(?P<stem>.+?) ?\(\d{1,3}\)(?P<suffix>(?:\.[A-Za-z0-9]+)*)", re.DOTALL)
_MOST_TEXT = 1 << 20


def canvas(members: Sequence[Member], _read: Read, _chapter: str) -> Found:
    """`lovelaceada_LATE_4711_998877_file-1.ipynb`: name, mark, user, file; the number of the attempt at the end."""
    for member in members:
        found = _CANVAS.fullmatch(member.parts[-1])
        if found is None or len(member.parts) > 2:
            yield Unmatched(member, "is not named as Canvas does: name_user_file_title")
            continue
        file, attempt = found["file"], 0
        if again := _RESUBMITTED.fullmatch(file):
            file, attempt = again["stem"] + again["suffix"], int(again["attempt"])
        user = found["user"] or found["anon"]
        name = found["name"] if found["name"] not in (None, "anon") else f"anon_{user}"
        late = bool(found["late"] or found["anon_late"])
        yield Piece(member, (Person(name, user, (user,)),), file, None, late, attempt)


def moodle(members: Sequence[Member], _read: Read, _chapter: str) -> Found:
    """`Ada Lovelace_123456_assignsubmission_file_name.ipynb`."""
    for member in members:
        found = _MOODLE.fullmatch(member.parts[-1])
        if found is None or not found["file"]:
            inside = len(member.parts) > 1 and _MOODLE.fullmatch(member.parts[-2])
            why = "lies in a folder: take FROM=moodle-folders" if inside else _NOT_MOODLE
            yield Unmatched(member, why)
        elif found["kind"] == "onlinetext":
            yield Unmatched(member, "is a text that was typed into Moodle")
        else:
            yield Piece(member, (_moodle_person(found),), found["file"])


def moodle_folders(members: Sequence[Member], _read: Read, _chapter: str) -> Found:
    """`Ada Lovelace_123456_assignsubmission_file/name.ipynb`, or `…_file_/name.ipynb`."""
    for member in members:
        place, found = next(
            (
                (place, found)
                for place, part in enumerate(member.parts[:-1])
                if (found := _MOODLE.fullmatch(part)) and not found["file"]
            ),
            (0, None),
        )
        if found is None:
            flat = _MOODLE.fullmatch(member.parts[-1])
            yield Unmatched(member, "lies in no folder: take FROM=moodle" if flat else _NOT_MOODLE)
        elif found["kind"] == "onlinetext":
            yield Unmatched(member, "is a text that was typed into Moodle")
        else:
            yield Piece(member, (_moodle_person(found),), "/".join(member.parts[place + 1 :]))


_NOT_MOODLE = "is not named as Moodle does: name_number_assignsubmission_file"


def _moodle_person(found: re.Match[str]) -> Person:
    return Person(found["name"], found["id"], (found["id"],))


def blackboard(members: Sequence[Member], read: Read, _chapter: str) -> Found:
    """`Chapter 3_alovelace_attempt_2036-03-20-21-00-00_name.ipynb`, beside a text of each attempt."""
    matched = [(member, _BLACKBOARD.fullmatch(member.parts[-1])) for member in members]
    # The title may hold underscores, and so may a user's name: the title is the same in the whole archive.
    titles = {found["head"].rpartition("_")[0] for _, found in matched if found}
    title = min(titles, key=len, default="")
    told: dict[tuple[str, str], tuple[str, str]] = {}
    for member, found in matched:
        if found and not found["file"]:
            text = read(member)[:_MOST_TEXT].decode("utf-8-sig", "replace")
            named = _BLACKBOARD_NAME.search(text)
            if named and found["head"].endswith(f"_{named['user']}"):
                told[found["head"], found["time"]] = named["user"], named["name"]
    for member, found in matched:
        if found is None:
            yield Unmatched(member, "is not named as Blackboard does: title_user_attempt_time_file")
            continue
        if not found["file"]:
            continue  # of an attempt, by Blackboard itself
        head, time = found["head"], _time(found["time"], ("%Y-%m-%d-%H-%M-%S",))
        if (head, found["time"]) in told:
            user, name = told[head, found["time"]]
        elif head.startswith(f"{title}_"):
            user, name = head.removeprefix(f"{title}_"), ""
        else:
            yield Unmatched(member, f"belongs to another assignment than {title}")
            continue
        if time is None:
            yield Unmatched(member, f"names no time that there is: {found['time']}")
        else:
            yield Piece(member, (Person(user, user, (name,) if name else ()),), found["file"], time)


_BRIGHTSPACE_TIMES = (
    *("%b %d, %Y %I%M %p", "%B %d, %Y %I%M %p", "%b %d, %Y %H%M", "%B %d, %Y %H%M"),
    *("%d %B, %Y %I%M %p", "%d %b, %Y %I%M %p", "%d %B, %Y %H%M", "%d %b %Y %H%M", "%Y-%m-%d %H%M"),
)


def brightspace(members: Sequence[Member], _read: Read, _chapter: str) -> Found:
    """`123-456 - Ada Lovelace - Mar 20, 2036 900 PM/name.ipynb`."""
    for member in members:
        if len(member.parts) == 1 and member.parts[0].lower() == "index.html":
            continue  # Brightspace's own list
        place, found = next(
            (
                (place, found)
                for place, part in enumerate(member.parts[:-1])
                if (found := _BRIGHTSPACE.fullmatch(part))
            ),
            (0, None),
        )
        if found is None:
            yield Unmatched(
                member, "is in no folder as Brightspace names them: number - name - time"
            )
            continue
        said = re.sub(r"\b(\d)(\d\d) ?([AaPp])\.?[Mm]\.?$", r"0\1\2 \3M", found["time"])
        said = re.sub(r"\b(\d)(\d\d)$", r"0\1\2", said) if not said[-1:].isalpha() else said
        person = Person(found["name"], found["id"], (found["id"],))
        file = "/".join(member.parts[place + 1 :])
        yield Piece(member, (person,), file, _time(said, _BRIGHTSPACE_TIMES))


def gradescope(members: Sequence[Member], read: Read, _chapter: str) -> Found:
    """`assignment_1_export/submission_123/name.ipynb`, and who that is in `submission_metadata.yml`."""
    known: dict[str, Submission] = {}
    for member in members:
        # Students' folders may hold a file of this name, too.
        if member.parts[-1] == METADATA and not any(map(_GRADESCOPE.fullmatch, member.parts)):
            known = read_metadata(read(member))
    for member in members:
        place = next(
            (n for n, part in enumerate(member.parts[:-1]) if _GRADESCOPE.fullmatch(part)), None
        )
        if place is None:
            if member.parts[-1] != METADATA:
                yield Unmatched(member, "is in no folder as Gradescope names them: submission_123")
            continue
        submission = known.get(member.parts[place])
        if submission is None or not submission.people:
            yield Unmatched(member, f"{METADATA} does not say whose {member.parts[place]} is")
            continue
        people = tuple(
            Person(one.sid or one.email or one.name, one.email, (one.name, one.email, one.sid))
            for one in submission.people
        )
        yield Piece(member, people, "/".join(member.parts[place + 1 :]), submission.time)


def classroom(members: Sequence[Member], _read: Read, chapter: str) -> Found:
    """`Ada Lovelace - name.ipynb` in the assignment's folder, or a folder for each student."""
    depth = len(_common_folder(members))
    for member in members:
        inside = member.parts[depth:]
        if len(inside) > 1:
            yield Piece(member, (Person(inside[0]),), "/".join(inside[1:]))
            continue
        found = _CLASSROOM.fullmatch(inside[0])
        if found is None:
            yield Unmatched(member, "names no student: Classroom writes `student - title`")
            continue
        first, second = found["first"].strip(), found["second"].strip()
        if chapter in first and chapter not in second:
            first, second = second, first
        plain = _COPY.fullmatch(second)
        attempt = int(re.findall(r"\((\d+)\)", second)[-1]) if plain else 0
        title = plain["stem"] if plain else second
        yield Piece(member, (Person(first),), title + found["suffix"], None, False, attempt)


def _common_folder(members: Sequence[Member]) -> tuple[str, ...]:
    """The folder in which all files lie that lie in folders: the assignment's, where there is only that one."""
    folders = {member.parts[:1] for member in members if len(member.parts) > 1}
    flat = any(len(member.parts) == 1 for member in members)
    deeper = any(len(member.parts) > 2 for member in members)
    named = Counter(
        len(member.parts) for member in members if _CLASSROOM.fullmatch(member.parts[-1])
    )
    if len(folders) == 1 and not flat and (deeper or named):
        return next(iter(folders))
    return ()


PLATFORMS: Mapping[str, Callable[[Sequence[Member], Read, str], Found]] = {
    "canvas": canvas,
    "moodle": moodle,
    "moodle-folders": moodle_folders,
    "blackboard": blackboard,
    "brightspace": brightspace,
    "gradescope": gradescope,
    "classroom": classroom,
}


def _time(text: str, forms: Iterable[str]) -> datetime | None:
    for form in forms:
        try:
            return datetime.strptime(text.strip(), form)
        except ValueError:
            continue
    return None


def in_utc(time: datetime, here: Any) -> datetime:
    """Return a time in UTC; one without a zone is one of the zone `here`."""
    return (time if time.tzinfo else time.replace(tzinfo=here)).astimezone(UTC)


def flat(piece: Piece) -> Piece:
    """Return a piece whose file lies in no folder: folders that students made within their own are left out."""
    return replace(piece, file=piece.file.rpartition("/")[2])
