"""Which file of a submission counts. What leaves no doubt is read, and said; what does not is left to a human."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from autograder.grading import reader
from autograder.grading.file_names import is_junk, kind_of
from autograder.grading.one_file import SubmissionError, printable, read_bytes
from autograder.results import Problem
from seqlab import cells
from seqlab.cells import QUIZ, Reading
from seqlab.chapters import function_names
from seqlab.outline import is_stub, outline

WORKED, UNTOUCHED = 2, 1
"""How much of a chapter a file holds: something of one's own, or what was given out; 0 is nothing."""
MAX_PROBLEMS = 200
"""Remarks on the files of one submission."""
MAX_ENTRIES = 2000
"""Files and folders of one submission that are looked at."""
MAX_DEPTH = 3
"""Folders within the folder of a submission."""
MAX_COMPARED = 12
"""Files that may be the one that counts: with more, a human has to look."""
_SHOWN = 5


class Found(msgspec.Struct, frozen=True):
    """Where a submission lies: the folder may not exist.

    Attributes:
        student: as the folder of the student is named.
        chapter: of which it is.
        folder: where it lies.
        names: of the files and folders there that belong to it, all unless given.
        notes: what is to be said of the place.
        unclear: what else the student has handed in that may be meant, as text.
    """

    student: str
    chapter: str
    folder: str
    names: tuple[str, ...] | None = None
    notes: tuple[Problem, ...] = ()
    unclear: tuple[str, ...] = ()


class Chosen(msgspec.Struct, frozen=True):
    """The file that counts: its name as handed in, its bytes, and what is to be said of it and of the others."""

    name: str
    data: bytes
    notes: tuple[Problem, ...] = ()


class _Candidate(msgspec.Struct):
    """A file that may count. `worked` ranks what it holds of the chapter."""

    name: str
    data: bytes = b""
    inside: str = ""  # the file within an archive
    reading: Reading | None = None
    worked: int = 0
    error: SubmissionError | None = None

    @property
    def place(self) -> str:
        return f"{self.name}/{self.inside}" if self.inside else self.name


def choose(found: Found) -> Chosen:
    """Return the file of a submission that counts.

    The notebook of the chapter's name does; if there is none, or it is as it was given out, then the one other notebook
    that holds work: a copy, one with a suffix of a browser's, one in a folder or an archive. Then scripts, likewise.

    Raises:
        SubmissionError: there is none, or which one counts cannot be told.
    """
    folder, chapter = Path(found.folder), found.chapter
    top, below, too_many = _entries(found)
    if too_many:
        [(name, _)] = top
        what = f"more than {MAX_ENTRIES:,} files lie beside it: more remarks are left out"
        return Chosen(name, read_bytes(folder / name), (*found.notes, Problem(name, what)))
    exact = f"{chapter}.ipynb"
    if [name for name, _ in top if not is_junk(name)] == [exact]:
        return _chosen(found, _Candidate(exact, read_bytes(folder / exact)), None, top)
    fallback: _Candidate | None = None
    doubt: SubmissionError | None = None
    for names in _tiers(chapter, top, below):
        if len(names) > MAX_COMPARED:
            doubt = doubt or _doubt(chapter, names)
            continue
        candidates = _distinct([_candidate(folder, name, chapter) for name in names])
        most = max(one.worked for one in candidates)
        best = [one for one in candidates if one.worked == most]
        if len(best) > 1:
            doubt = doubt or _doubt(chapter, [one.name for one in best])
        elif most == WORKED and doubt is None:
            return _chosen(found, best[0], fallback, top)
        elif fallback is None or most > fallback.worked:
            fallback = best[0]
    if doubt is not None:
        raise doubt
    if fallback is None:
        raise _nothing(found, [name for name, _ in top], below)
    if fallback.error is not None:
        raise fallback.error
    return _chosen(found, fallback, None, top)


def _tiers(chapter: str, top: Sequence[tuple[str, bool]], below: Sequence[str]) -> list[list[str]]:
    """Groups of names, those that come first in question first."""
    notebook, script = f"{chapter}.ipynb", f"{chapter}.py"
    here: dict[str, list[str]] = {}
    for name, is_folder in top:
        # What has the very name counts whatever it is: a link or a folder is refused, not passed over.
        if name in (notebook, script):
            here[name] = [name]
        elif not is_folder and not is_junk(name):
            here.setdefault(kind_of(name), []).append(name)
    inside: dict[str, list[str]] = {}
    for name in below:
        inside.setdefault(kind_of(name), []).append(name)
    groups = [here.get(which, []) for which in (notebook, "notebook", script, "script")]
    groups += [inside.get(which, []) for which in ("notebook", "script")]
    for kind in ("archive", "text"):
        groups += [here.get(kind, []), inside.get(kind, [])]
    # Of texts few are notebooks, and which ones only their content tells.
    groups[-2:] = [group for group in groups[-2:] if len(group) <= MAX_COMPARED]
    return [group for group in groups if group]


def _entries(found: Found) -> tuple[list[tuple[str, bool]], list[str], bool]:
    """What lies in the folder, each with whether it is a folder; the files in its folders, by path from it; and whether
    there are too many to look at.
    """
    folder = Path(found.folder)
    try:
        if stat.S_ISLNK(os.lstat(folder).st_mode):
            raise SubmissionError("refused", found.chapter, "the folder is a link")
        top = list(_scanned(folder, found.names))
    except (FileNotFoundError, NotADirectoryError):
        raise _nothing(found, [], []) from None
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise SubmissionError("unreadable", found.chapter, what) from None
    if len(top) > MAX_ENTRIES:
        # Which of them come first is the file system's choice: then the very name counts, or none.
        names = (f"{found.chapter}.ipynb", f"{found.chapter}.py")
        top = [(name, False) for name in names if os.path.lexists(folder / name)]
        if not top:
            raise _too_many(found.chapter)
        return top[:1], [], True
    below: list[str] = []
    if any(is_folder and not is_junk(name) for name, is_folder in top):
        below = sorted(_files_below(folder, top, found.chapter))
    return top, below, False


def _scanned(folder: Path, names: Sequence[str] | None) -> list[tuple[str, bool]]:
    """Entries in order, one more than may be there at most, each with whether it is a folder."""
    found = []
    if names is not None:
        # Some may lie further down; those have no folder of their own here.
        return sorted((name, stat.S_ISDIR(os.lstat(folder / name).st_mode)) for name in names)
    with os.scandir(folder) as entries:
        for entry in entries:
            found.append((entry.name, entry.is_dir(follow_symlinks=False)))
            if len(found) > MAX_ENTRIES:
                break
    return sorted(found)


def _files_below(folder: Path, top: Sequence[tuple[str, bool]], chapter: str) -> Iterator[str]:
    left = MAX_ENTRIES
    stack = [(name, 1) for name, is_folder in top if is_folder and not is_junk(name)]
    while stack:
        place, depth = stack.pop()
        try:
            entries = _scanned(folder / place, None)
        except OSError:
            continue  # what cannot be opened holds nothing that could be read
        left -= len(entries)
        if left < 0:
            raise _too_many(chapter)
        for name, is_folder in entries:
            if is_junk(name):
                continue
            if not is_folder:
                yield f"{place}/{name}"
            elif depth < MAX_DEPTH:
                stack.append((f"{place}/{name}", depth + 1))


def _candidate(folder: Path, name: str, chapter: str) -> _Candidate:
    one = _Candidate(name)
    shown = printable(name)
    try:
        one.data = read_bytes(folder / name)
        if kind_of(name) == "archive":
            inside, data, reason = reader.unpacked(one.data)
            if reason:
                raise SubmissionError("unreadable", shown, reason)
            one.inside, one.data = inside, data
            if kind_of(inside) not in ("notebook", "script", "text"):
                raise SubmissionError("unreadable", shown, f"holds no notebook but {inside}")
        one.reading = reader.reading(one.inside or shown, one.data)
        if one.reading.status != "graded":
            remark = one.reading.remarks[-1]
            raise SubmissionError(one.reading.status, remark.where, remark.what)
        if kind_of(one.inside or name) == "text" and not cells.holds_notebook(one.data):
            raise SubmissionError("unreadable", shown, "is no notebook")
        one.worked = worked(one.reading, chapter)
    except SubmissionError as error:
        one.error = error
    return one


def worked(reading: Reading, chapter: str) -> int:
    """Rank what a file holds of a chapter: `WORKED` where a function is written or a question answered."""
    try:
        known = set(function_names(chapter))
    except KeyError:  # a chapter without visible checks: of its functions nothing is known here
        return WORKED
    stubs = 0
    for cell in reading.cells:
        for top in outline(cell.source):
            for name in known.intersection(top.names):
                if top.defines != name or not is_stub(top.text):
                    return WORKED
                stubs += 1
    if any(answer.strip() for answer in (reading.quiz or {}).values()):
        return WORKED
    return UNTOUCHED if stubs or reading.quiz is not None else 0


def _distinct(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """One of each: those whose cells and answers are the same are one. What cannot be read counts if all are so."""
    kept: list[_Candidate] = []
    for one in candidates:
        if not any(_same(one, other) for other in kept):
            kept.append(one)
    readable = [one for one in kept if one.error is None]
    return readable or kept[:1]


def _same(one: _Candidate, other: _Candidate) -> bool:
    if one.reading is None or other.reading is None:
        return False
    if one.data == other.data:
        return True
    return (one.error is None and other.error is None) and (
        one.reading.cells == other.reading.cells and one.reading.quiz == other.reading.quiz
    )


def _chosen(
    found: Found,
    one: _Candidate,
    passed: _Candidate | None,
    top: Sequence[tuple[str, bool]],
) -> Chosen:
    notes = list(found.notes)
    exact = [f"{found.chapter}.ipynb", f"{found.chapter}.py"]
    if one.name not in exact or passed is not None:
        if passed is None:
            reason = f"as there is no {exact[0]}"
        elif passed.error is not None:
            reason = f"as {printable(passed.name)} cannot be read"
        elif passed.worked:
            reason = f"as {printable(passed.name)} is as it was given out"
        else:
            reason = f"as {printable(passed.name)} holds no function of the chapter"
        notes.append(Problem(printable(one.place), f"counts, {reason}"))
    first = one.name.split("/")[0]
    ignored = [name for name, _ in top if name != first and not is_junk(name)]
    notes += [Problem(printable(name), "ignored") for name in ignored]
    name = one.inside or one.name.rpartition("/")[2]
    return Chosen(printable(name), one.data, tuple(capped(notes)))


def capped(problems: list[Problem]) -> list[Problem]:
    """Return the first remarks, and how many are left out."""
    left_out = len(problems) - MAX_PROBLEMS
    if left_out <= 0:
        return problems
    return [*problems[:MAX_PROBLEMS], Problem("", f"{left_out} more remarks are left out")]


def listed(names: Sequence[str]) -> str:
    """Return some of the names, and how many more there are."""
    shown = ", ".join(printable(name) for name in names[:_SHOWN])
    more = len(names) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _doubt(chapter: str, names: Sequence[str]) -> SubmissionError:
    what = f"which file counts cannot be told: {listed(names)}; hand in {chapter}.ipynb alone"
    return SubmissionError("unreadable", chapter, what)


def _too_many(chapter: str) -> SubmissionError:
    what = f"has more than {MAX_ENTRIES:,} files; hand in {chapter}.ipynb alone"
    return SubmissionError("unreadable", chapter, what)


def _nothing(found: Found, top: Sequence[str], below: Sequence[str]) -> SubmissionError:
    chapter = found.chapter
    there = [name for name in (below or top) if not is_junk(name)]
    if there:
        what = f"there is neither {chapter}.ipynb nor {chapter}.py; there is: {listed(there)}"
        return SubmissionError("unreadable", chapter, what)
    if found.unclear:
        what = (
            f"there is no {chapter}/{chapter}.ipynb; which chapter this is of cannot be told: "
            f"{listed(found.unclear)}"
        )
        return SubmissionError("unreadable", chapter, what)
    return SubmissionError("missing", chapter, "nothing was handed in")


def chapter_in(reading: Reading, chapters: Sequence[str]) -> str | None:
    """Return the one chapter of which a file holds most functions, or that it names with `%chapter`."""
    if reading.status != "graded":
        return None
    named = {
        word
        for part in reading.parts
        for line in part.source.split("\n")
        if line.startswith("%chapter")
        for word in line.split()[1:2]
    }
    said = [chapter for chapter in chapters if chapter in named]
    if len(said) == 1:
        return said[0]
    bound = {part.grade_id for part in reading.parts}
    for cell in reading.cells:
        bound.update(name for top in outline(cell.source) for name in top.names)
    scores = {chapter: len(bound.intersection(_functions(chapter))) for chapter in chapters}
    most = max(scores.values(), default=0)
    best = [chapter for chapter, score in scores.items() if score == most > 0]
    return best[0] if len(best) == 1 else None


def _functions(chapter: str) -> set[str]:
    try:
        return set(function_names(chapter)) - {QUIZ}
    except KeyError:
        return set()


def chapter_of_file(folder: Path, name: str, chapters: Sequence[str]) -> str | None:
    """Return the chapter that the content of a file tells, None where it tells none or several."""
    one = _candidate(folder, name, "")
    return chapter_in(one.reading, chapters) if one.reading is not None else None
