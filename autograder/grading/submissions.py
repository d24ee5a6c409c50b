"""Find submissions and read each one as data. Nothing of a submission is executed or imported here."""

from __future__ import annotations

import ast
import errno
import hashlib
import io
import json
import os
import re
import stat
import tokenize
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from autograder.results import Problem
from autograder.sandbox.terms import Cell

MAX_BYTES = 10 << 20
MAX_CELLS = 5_000
MAX_PROBLEMS = 200
_WRITTEN_BYTE = re.compile(r"\\x[0-9a-f]{2}")
# Honest cells are far below; above, a cell is taken as it is, so that reading never takes more than seconds.
MAX_PARSED = (
    1 << 19
)  # characters of a cell, comments aside, that are parsed for magics and the quiz
MAX_SEARCHED = 1 << 19  # characters of all cells that are searched for magics
_MAGIC_PASSES = 5
_MAGICS_OF_A_CELL = 16
QUIZ = "quiz_answers"
_TOOLS_FOLDERS = (".ipynb_checkpoints", ".git", ".DS_Store")


class Submission(msgspec.Struct, frozen=True):
    """A submission as data.

    `status` is "graded" where there is something to run; otherwise the status of the result, with the reason in
    `problems`. `digest` identifies the bytes that were read.
    """

    student: str
    chapter: str
    status: Literal["graded", "missing", "unreadable", "refused"]
    digest: str
    cells: tuple[Cell, ...] = ()
    is_notebook: bool = True
    quiz: dict[str, str] | None = None
    problems: tuple[Problem, ...] = ()


class SubmissionError(Exception):
    """A submission that cannot be read; carries the status of its result."""

    def __init__(self, status: Literal["missing", "unreadable", "refused"], where: str, what: str):
        super().__init__(f"{where}: {what}")
        self.status = status
        self.problem = Problem(where, what)


class Found(msgspec.Struct, frozen=True):
    """Where a submission lies: the folder may not exist."""

    student: str
    chapter: str
    folder: str


def printable(name: str) -> str:
    r"""Return a file name as text that UTF-8 can hold, no two names as the same text.

    A byte that is no UTF-8 is written as `\xff`. Backslashes are doubled in a name that has such a byte, or that holds
    what looks like one.
    """
    data = os.fsencode(name)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = None
    if text is not None and not _WRITTEN_BYTE.search(text):
        return text
    return data.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def given_out(handed_in: int, students: int, *, only_chapter: bool) -> bool:
    """Tell from a class whether a chapter was given out to all, so that having handed in nothing is a zero.

    One student can make a folder of any name. It takes two, and one in twenty, to say that the class has a chapter;
    where there is no other chapter to compare with, one in twenty.
    """
    least = 1 if only_chapter else min(2, students)
    return handed_in >= least and 20 * handed_in >= students


def find(
    root: Path,
    chapters: Sequence[str],
    students: Sequence[str] = (),
    expected: Sequence[str] = (),
) -> tuple[list[Found], list[Problem]]:
    """List what there is to grade: what was handed in, and every student in every chapter that was given out.

    Args:
        root: nbgrader's `submitted` folder.
        chapters: the chapters to look for.
        students: only these, where given.
        expected: chapters that everybody has; of the others, `given_out` tells.

    Returns:
        Submissions by student and chapter, and what was passed over.
    """
    passed_over = []
    everybody, people = [], []
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
        if entry.name in _TOOLS_FOLDERS:
            continue
        if not entry.is_dir(follow_symlinks=False):
            passed_over.append(Problem(printable(entry.name), "is no student's folder; ignored"))
            continue
        everybody.append(entry.name)
        if not students or entry.name in students:
            people.append(entry.name)
    handed_in = {
        chapter: {person for person in everybody if os.path.lexists(root / person / chapter)}
        for chapter in chapters
    }
    only_chapter = sum(map(bool, handed_in.values())) == 1
    of_all = set()
    for chapter, those in handed_in.items():
        if not those:
            continue
        known = given_out(len(those), len(everybody), only_chapter=only_chapter)
        if known or chapter in expected:
            of_all.add(chapter)
        else:
            names = ", ".join(printable(person) for person in sorted(those)[:3])
            what = (
                f"handed in by {len(those)} of {len(everybody)} students only ({names}), so the others lose nothing "
                f"there; if it was given out, name it: --chapter {chapter}"
            )
            passed_over.append(Problem(chapter, what))
    found = [
        Found(person, chapter, str(root / person / chapter))
        for person in people
        for chapter, those in handed_in.items()
        if person in those or (chapter in of_all and not those.isdisjoint(people))
    ]
    return found, passed_over


def read(found: Found) -> Submission:
    """Read one submission; whatever is wrong with it becomes its status."""
    student, chapter = printable(found.student), found.chapter
    try:
        path, notes = choose(Path(found.folder), chapter)
        data = read_bytes(path)
    except SubmissionError as error:
        return Submission(student, chapter, error.status, "", problems=(error.problem,))
    return parse(student, chapter, path.name, data, notes)


def parse(
    student: str, chapter: str, file_name: str, data: bytes, notes: Sequence[Problem] = ()
) -> Submission:
    """Read the bytes of a notebook or module."""
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    shown = printable(file_name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nbformat warns about what students' tools leave out
            if file_name.endswith(".ipynb"):
                cells, problems, sources = _notebook_cells(shown, data)
                is_notebook = True
            else:
                cells, problems, sources = _script_cells(shown, data)
                is_notebook = False
    except SubmissionError as error:
        return Submission(student, chapter, error.status, digest, problems=(*notes, error.problem))
    except RecursionError:
        problem = Problem(shown, "is nested too deeply")
        return Submission(student, chapter, "unreadable", digest, problems=(*notes, problem))
    return Submission(
        student,
        chapter,
        "graded",
        digest,
        tuple(cells),
        is_notebook,
        read_quiz(sources),
        (*notes, *problems),
    )


# --- which file -----------------------------------------------------------------------------------------------------


def choose(folder: Path, chapter: str) -> tuple[Path, list[Problem]]:
    """Return the file that counts in a submission's folder, and what is to be said of the others."""
    try:
        if stat.S_ISLNK(os.lstat(folder).st_mode):
            raise SubmissionError("refused", chapter, "the folder is a link")
        names = sorted(entry.name for entry in os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        raise SubmissionError("missing", chapter, "nothing was handed in") from None
    except OSError as error:
        raise SubmissionError("unreadable", chapter, f"cannot be read: {error.strerror}") from None
    wanted = [f"{chapter}.ipynb", f"{chapter}.py"]
    chosen = next((name for name in wanted if name in names), None)
    notes = []
    if f"{chapter}.ipynb" not in names:
        others = [name for name in names if name.endswith(".ipynb")]
        if len(others) == 1:
            chosen = others[0]
            what = f"counts, as there is no {chapter}.ipynb"
            notes.append(Problem(printable(chosen), what))
    if chosen is None:
        raise SubmissionError(
            "missing", chapter, f"there is neither {chapter}.ipynb nor {chapter}.py"
        )
    ignored = [name for name in names if name != chosen and not name.startswith(".")]
    # nbgrader puts its own time stamp beside every submission.
    notes += [Problem(printable(name), "ignored") for name in ignored if name != "timestamp.txt"]
    return folder / chosen, _capped(notes)


def _capped(problems: list[Problem]) -> list[Problem]:
    left_out = len(problems) - MAX_PROBLEMS
    if left_out <= 0:
        return problems
    return [*problems[:MAX_PROBLEMS], Problem("", f"{left_out} more remarks are left out")]


def read_bytes(path: Path) -> bytes:
    """Read a regular file of at most 10 MiB, following no link and waiting for nobody.

    Raises:
        SubmissionError: it is something else.
    """
    name = printable(path.name)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise SubmissionError("missing", name, "is not there") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise SubmissionError("refused", name, "is a link") from None
        if error.errno in (errno.ENXIO, errno.EISDIR):
            raise SubmissionError("refused", name, "is no regular file") from None
        raise SubmissionError("unreadable", name, f"cannot be read: {error.strerror}") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise SubmissionError("refused", name, "is no regular file")
    with open(descriptor, "rb") as file:
        if status.st_size > MAX_BYTES:
            size = status.st_size / (1 << 20)
            raise SubmissionError("refused", name, f"has {size:.1f} MiB; 10 MiB are allowed")
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise SubmissionError("refused", name, "has more than 10 MiB")
    return data


# --- notebooks ------------------------------------------------------------------------------------------------------


def _notebook_cells(name: str, data: bytes) -> tuple[list[Cell], list[Problem], list[str]]:
    import nbformat

    if not data.strip():
        raise SubmissionError("unreadable", name, "is empty")
    try:
        text = data.decode(json.detect_encoding(data))
        document = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, UnicodeDecodeError) as error:
        raise SubmissionError("unreadable", name, f"is no notebook: {_one_line(error)}") from None
    if not isinstance(document, dict) or not isinstance(document.get("nbformat"), int):
        raise SubmissionError("unreadable", name, "is no notebook: it has no nbformat number")
    try:
        if document["nbformat"] < 4:
            notebook: Any = nbformat.convert(nbformat.from_dict(document), 4)
        else:
            notebook = document
        raw_cells = notebook["cells"]
        if not isinstance(raw_cells, list):
            raise TypeError("its cells are no list")
        if len(raw_cells) > MAX_CELLS:
            what = f"has {len(raw_cells)} cells; {MAX_CELLS} are allowed"
            raise SubmissionError("refused", name, what)
    except (RecursionError, SubmissionError):
        raise
    except (
        Exception
    ) as error:  # nbformat's converters raise whatever a malformed document makes them
        raise SubmissionError("unreadable", name, f"is no notebook: {_one_line(error)}") from None
    return _select(_code_cells(raw_cells))


def _code_cells(raw_cells: Sequence[Any]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for number, cell in enumerate(raw_cells, start=1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", "")
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        metadata = cell.get("metadata")
        if isinstance(source, str):
            yield number, source, metadata if isinstance(metadata, dict) else {}


def _select(
    raw: Iterator[tuple[int, str, dict[str, Any]]],
) -> tuple[list[Cell], list[Problem], list[str]]:
    cells, problems, sources = [], [], []
    searched = 0
    for number, source, metadata in raw:
        if _is_left_out(metadata):
            continue
        if any(mark in source for mark in "%!?") and searched + len(source) <= MAX_SEARCHED:
            searched += len(source)
            plain, skipped = strip_magics(source)
        else:
            plain, skipped = _normal(source), []
        problems += [Problem(f"cell {number}", f"skipped: {line}") for line in skipped]
        sources.append(plain)
        if plain.strip():
            cells.append(Cell(number, plain))
    return cells, _capped(problems), sources


def _is_left_out(metadata: dict[str, Any]) -> bool:
    """Experiments, and nbgrader's locked and test cells."""
    tags = metadata.get("tags")
    if isinstance(tags, list) and "experiment" in tags:
        return True
    ours = metadata.get("nbgrader")
    if not isinstance(ours, dict) or ours.get("solution"):
        return False
    return bool(ours.get("grade") or ours.get("locked"))


# --- scripts --------------------------------------------------------------------------------------------------------

_CELL_MARK = re.compile(r"^# ?%%(?!%)", re.MULTILINE)
# What may stand before it is kept: a first line for the shell, a declared encoding.
_HEADER = re.compile(r"\A((?:#!.*\n)?(?:# -\*-.*\n)?)# ---[ \t]*\n(?:#.*\n)*?# ---[ \t]*(?:\n|\Z)")


def _script_cells(name: str, data: bytes) -> tuple[list[Cell], list[Problem], list[str]]:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise SubmissionError("unreadable", name, f"is no module: {_one_line(error)}") from None
    if "\0" in text:
        raise SubmissionError("unreadable", name, "is no module: it holds null bytes")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    marks = len(_CELL_MARK.findall(text))
    if not marks:
        return [Cell(1, text)], [], [text]
    if marks > MAX_CELLS:
        raise SubmissionError("refused", name, f"has {marks} cells; {MAX_CELLS} are allowed")
    import jupytext

    try:
        # Without its header, which says nothing that counts here: YAML's aliases can unfold to any size.
        notebook = jupytext.reads(_HEADER.sub(r"\1", text, count=1), fmt="py:percent")
    except Exception as error:  # a malformed header raises whatever its parser does
        raise SubmissionError("unreadable", name, f"is no script: {_one_line(error)}") from None
    return _select(_code_cells(notebook["cells"]))


def _one_line(error: BaseException) -> str:
    return _encodable(" ".join(str(error).split())[:200])


def _encodable(text: str) -> str:
    """A result is UTF-8, which has no half characters; JSON's escapes do."""
    return text.encode("utf-8", "backslashreplace").decode()


# --- magics ---------------------------------------------------------------------------------------------------------

# Cell magics whose body is Python that runs in the notebook.
_PYTHON_CELL_MAGICS = {"time", "timeit", "capture", "prun", "pylab"}
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")


def strip_magics(source: str) -> tuple[str, list[str]]:
    """Take IPython's magics and shell lines out of a cell.

    Returns:
        The cell with `pass` in their place, so that the lines keep their numbers, and the lines that were taken out.
    """
    source = _normal(source)
    taken = 0  # lines with cell magics, and blank ones above them
    magics: list[str] = []
    while True:
        start = len(source) - len(source.lstrip("\n"))
        first, _, rest = source[start:].partition("\n")
        magic = _CELL_MAGIC.match(first)
        if magic is None:
            break
        magics.append(_shown(first))
        if magic[1] not in _PYTHON_CELL_MAGICS:
            return "", magics
        if len(magics) > _MAGICS_OF_A_CELL:
            break  # nobody's; it will fail to compile, and say so
        taken += start + 1
        source = rest
    plain, skipped = _strip_line_magics(source)
    return "\n" * taken + plain, [*magics, *skipped]


def _strip_line_magics(source: str) -> tuple[str, list[str]]:
    if not any(mark in source for mark in "%!?") or _compiles(source):
        return source, []  # a cell that compiles holds no magic
    return _strip_lines(source)


def _normal(source: str) -> str:
    return source.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")


def _parseable(source: str) -> bool:
    """Whether a cell can be parsed in reasonable time and memory."""
    if len(source) <= MAX_PARSED:
        return True
    lines = source.split("\n")
    return sum(len(line) for line in lines if not line.lstrip().startswith("#")) <= MAX_PARSED


def _compiles(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _strip_lines(source: str) -> tuple[str, list[str]]:
    from IPython.core import inputtransformer2 as transformer

    lines = source.splitlines(keepends=True)
    skipped: dict[int, str] = {}
    finders = (
        transformer.MagicAssign,
        transformer.SystemAssign,
        transformer.EscapedCommand,
        transformer.HelpEnd,
    )
    # More than once: what stands in a shell line can keep Python's tokenizer from seeing the lines below it.
    for _ in range(_MAGIC_PASSES):
        try:
            statements = transformer.make_tokens_by_line(lines)
            places = [finder.find([tokens]) for tokens in statements for finder in finders]
        except (SyntaxError, tokenize.TokenError, IndexError):
            break  # so broken that nothing can be told from it: it will fail to compile, and say so
        rows = sorted({place.start_line for place in places if place})
        if not rows:
            break
        taken = -1  # the last line of a magic that went on over several
        for row in rows:
            if row <= taken:
                continue
            taken = row
            while lines[taken].rstrip("\n").endswith("\\") and taken + 1 < len(lines):
                taken += 1
            skipped[row] = _shown(lines[row])
            indent = lines[row][: len(lines[row]) - len(lines[row].lstrip())]
            lines[row] = f"{indent}pass\n"
            lines[row + 1 : taken + 1] = ["\n"] * (taken - row)
    return "".join(lines), [skipped[row] for row in sorted(skipped)]


def _shown(line: str) -> str:
    return _encodable(line.strip()[:80])


# --- the quiz -------------------------------------------------------------------------------------------------------


def read_quiz(sources: Sequence[str]) -> dict[str, str] | None:
    """Read the answers from the text of the cells: the last `quiz_answers = {…}` and single answers set after it.

    Returns:
        Question to answer, None where the name is never assigned a dict of literals.
    """
    answers: dict[str, str] | None = None
    for source in sources:
        if QUIZ not in source or not _parseable(source):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in tree.body:
            answers = _apply(node, answers)
    return answers


def _apply(node: ast.stmt, answers: dict[str, str] | None) -> dict[str, str] | None:
    if isinstance(node, ast.Assign):
        targets, value = node.targets, node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets, value = [node.target], node.value
    else:
        return answers
    for target in targets:
        if isinstance(target, ast.Name) and target.id == QUIZ:
            answers = _literal_answers(value)
        elif (
            isinstance(target, ast.Subscript)
            and isinstance(target.value, ast.Name)
            and target.value.id == QUIZ
            and isinstance(target.slice, ast.Constant)
            and isinstance(value, ast.Constant)
        ):
            answers = {**(answers or {}), str(target.slice.value): str(value.value)}
    return answers


def _literal_answers(value: ast.expr) -> dict[str, str] | None:
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "dict":
        pairs: list[tuple[Any, Any]] = [
            (ast.Constant(keyword.arg), keyword.value) for keyword in value.keywords
        ]
    elif isinstance(value, ast.Dict):
        pairs = list(zip(value.keys, value.values, strict=True))
    else:
        return None
    return {
        str(key.value): str(answer.value)
        for key, answer in pairs
        if isinstance(key, ast.Constant) and isinstance(answer, ast.Constant)
    }
