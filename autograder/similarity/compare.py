"""Pairs of submissions that are alike beyond what the stub and chance explain: a hint for a human, and no verdict.

Code is compared as tokens, without layout, comments, docstrings, brackets and commas. A gram is a run of such tokens in
which the names that a student chose are numbered in the order in which they appear (Baker's parameterised matching), so
that renaming changes nothing and a different flow of data does. Winnowing (Schleimer, Wilkerson and Aiken, 2003) picks
the fingerprints by which pairs are found; the matching places of a pair come from all of its grams.

Submissions are read as data. Nothing of them is executed, imported or even compiled.
"""

from __future__ import annotations

import array
import builtins
import hashlib
import io
import itertools
import keyword
import re
import statistics
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

import seqlab
from autograder.course.source import QUIZ, ROOT, Chapter, chapters
from autograder.grading.layouts import find
from autograder.grading.one_file import read_bytes
from autograder.grading.submissions import Submission, parse, read
from autograder.sandbox.confined import CallFailed, Confined, confined
from autograder.sandbox.terms import Cell

_PREPARE = "autograder.similarity.compare:prepare"
GRAM = 14
"""Tokens in a gram: what two independent solutions have in common is mostly shorter."""
WINDOW = 6
"""Of so many neighbouring grams at least one is a fingerprint: every match of 19 tokens is noticed."""
LEAST_TOKENS = 60
"""Less in common than this is no hint, whatever its share."""
FLOOR, CEILING = 0.35, 0.75
"""Shares of the smaller submission: below the first a pair is not shown, above the second it always is."""
LONG = 80
"""A single place of so many tokens shows a pair whatever its share: one function of many, say."""
_DEVIATIONS = 6.0
_MAX_CHARACTERS = 1 << 18  # of a submission; honest ones have a tenth of it
_MAX_RESTARTS = 50
_COMMON_LEAST, _COMMON_SHARE = 10, 0.25
_MAX_REPEATS = 20  # within a submission; also bounds the work that a repetitive one makes
_NOTICED = (LONG - GRAM + 1) // WINDOW  # a long place has so many fingerprints at least

_DROPPED = frozenset("(),:;")
_KEPT_NAMES = frozenset(dir(builtins)) | frozenset(keyword.kwlist)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+([\w.]+)[ \t]+as[ \t]+(\w+)", re.MULTILINE)
_LAYOUT = frozenset(
    (
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENCODING,
        tokenize.ENDMARKER,
    )
)


class SimilarityError(Exception):
    """Similarity cannot be told here; the message says what to do."""


@dataclass(frozen=True)
class Token:
    """What counts of a token, and where it stands. `chosen` is a name that says nothing: another would do."""

    text: str
    chosen: bool
    cell: int
    line: int


@dataclass(frozen=True)
class Unit:
    """A top-level function or class, or what stands between them in a cell. Grams do not reach across units."""

    name: str
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Fingerprints:
    """A submission, ready to be compared. A position counts tokens over all units."""

    student: str
    sources: Mapping[int, str]
    units: tuple[Unit, ...]
    grams: tuple[tuple[int, int], ...]  # hash, position of its first token
    chosen: frozenset[int]  # the fingerprints: hashes that winnowing picked

    def token(self, position: int) -> Token:
        """The token at a position."""
        for unit in self.units:
            if position < len(unit.tokens):
                return unit.tokens[position]
            position -= len(unit.tokens)
        raise IndexError(position)


@dataclass(frozen=True)
class Span:
    """Lines of one cell, first and last, counted from 1."""

    cell: int
    first: int
    last: int


@dataclass(frozen=True)
class Match:
    """The same code at two places, so many tokens long."""

    left: Span
    right: Span
    tokens: int


@dataclass(frozen=True)
class Pair:
    """Two submissions, how much of the smaller one is in the other, and where."""

    left: Fingerprints
    right: Fingerprints
    share: float
    tokens: int
    matches: tuple[Match, ...]


@dataclass(frozen=True)
class Comparison:
    """What came of comparing a chapter's submissions. `threshold` is the share from which on a pair is shown."""

    chapter: str
    compared: int
    left_out: tuple[str, ...]
    threshold: float
    typical: float
    pairs: tuple[Pair, ...]


# --- tokens -----------------------------------------------------------------------------------------------------------


def units(cells: Sequence[Cell], given: Iterable[str] = ()) -> tuple[Unit, ...]:
    """Split the cells of a submission into units of normalised tokens.

    Args:
        cells: as the submission was read.
        given: names of the chapter's functions: their signatures are the stub's, and their names mean something.
    """
    names = frozenset(given)
    modules = {alias: module for cell in cells for module, alias in _IMPORT.findall(cell.source)}
    found = []
    left = _MAX_CHARACTERS
    for cell in cells:
        part = Cell(cell.number, cell.source[:left])
        left -= len(part.source)
        for name, tokens in _statements(part, names, modules):
            if tokens:
                found.append(Unit(name, tuple(tokens)))
    return tuple(found)


def _statements(
    cell: Cell, given: frozenset[str], modules: Mapping[str, str]
) -> Iterator[tuple[str, list[Token]]]:
    """Units of a cell: each top-level `def` and `class`, and all else of the cell together."""
    rest: list[Token] = []
    for statement in _logical_lines(cell.source):
        kind, name = _head(statement)
        if kind in ("import", "from", QUIZ):
            continue
        tokens = list(_normalised(statement, cell.number, given, modules))
        if kind in ("def", "class"):
            yield name, tokens
        else:
            rest += tokens
    yield f"cell {cell.number}", rest


def _head(statement: Sequence[tokenize.TokenInfo]) -> tuple[str, str]:
    """The first word of a statement, decorators aside, and the name that a `def` or `class` gives."""
    words = [token for token in statement if token.type not in _LAYOUT]
    starts = [at for at, token in enumerate(words) if token.start[1] == 0 and token.string != "@"]
    if not starts:
        return "", ""
    first = starts[0] + (words[starts[0]].string == "async")
    kind, name = ([token.string for token in words[first : first + 2]] + ["", ""])[:2]
    return kind, name if kind in ("def", "class") else ""


def _logical_lines(source: str) -> Iterator[list[tokenize.TokenInfo]]:
    """Top-level statements: a line that begins in the first column, and the block below it."""
    statement: list[tokenize.TokenInfo] = []
    fresh, depth = True, 0
    for token in _tokens(source):
        if token.type == tokenize.INDENT:
            depth += 1
        elif token.type == tokenize.DEDENT:
            depth = max(0, depth - 1)
        begins = fresh and depth == 0 and token.type not in _LAYOUT
        # A decorator belongs to the `def` below it, an `else` to its `if`.
        if begins and statement and not _goes_on(statement, token):
            yield statement
            statement = []
        statement.append(token)
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            fresh = token.type in (tokenize.NEWLINE, tokenize.DEDENT, tokenize.INDENT)
    if statement:
        yield statement


def _goes_on(statement: Sequence[tokenize.TokenInfo], token: tokenize.TokenInfo) -> bool:
    """Whether a line in the first column belongs to the lines before it."""
    if token.string in ("elif", "else", "except", "finally"):
        return True
    starts = (part for part in reversed(statement) if part.type not in _LAYOUT)
    return next((part.string for part in starts if part.start[1] == 0), "") == "@"


def _tokens(source: str) -> Iterator[tokenize.TokenInfo]:
    """Python's tokens of a text that need not be Python: what cannot be read is passed over by the line."""
    lines = source.split("\n")
    start = 0
    for _ in range(_MAX_RESTARTS):
        last = start
        try:
            for token in tokenize.generate_tokens(io.StringIO("\n".join(lines[start:])).readline):
                last = start + token.start[0]
                yield token._replace(
                    start=(token.start[0] + start, token.start[1]),
                    end=(token.end[0] + start, token.end[1]),
                )
        except (tokenize.TokenError, SyntaxError):
            start = max(last, start + 1)
            if start >= len(lines):
                return
        else:
            return


def _normalised(
    statement: Sequence[tokenize.TokenInfo],
    cell: int,
    given: frozenset[str],
    modules: Mapping[str, str],
) -> Iterator[Token]:
    before = ""
    owner = ""  # what stands before the dot
    begins = True  # at the beginning of a line
    skipping = False  # within the signature that the stub gives
    for token, after in itertools.zip_longest(statement, statement[1:]):
        kind, text, line = token.type, token.string, token.start[0]
        if kind in _LAYOUT:
            if kind in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
                begins, skipping = True, False
            continue
        ends = after is None or after.type in (tokenize.NEWLINE, tokenize.COMMENT)
        docstring = kind == tokenize.STRING and begins and ends
        if begins and text == "def" and after is not None and after.string in given:
            skipping = True
        begins = False
        if docstring or skipping or (kind == tokenize.OP and text in _DROPPED):
            continue
        if kind == tokenize.NAME and before == ".":
            chosen = owner in ("self", "cls")
            yield Token(f"{owner}.{text}" if chosen else f".{text}", chosen, cell, line)
        elif kind == tokenize.NAME and (text in _KEPT_NAMES or text in given):
            yield Token(text, False, cell, line)
        elif kind == tokenize.NAME:
            yield Token(modules.get(text, text), text not in modules, cell, line)
        elif kind == tokenize.NUMBER:
            yield Token(_number(text), False, cell, line)
        elif kind == tokenize.STRING:
            yield Token(text.strip("rbfuRBFU\"'"), True, cell, line)
        elif text != ".":
            yield Token(text, False, cell, line)
        if text == ".":
            owner = before
        before = text


def _number(text: str) -> str:
    try:
        return repr(float(text.replace("_", "")))
    except ValueError:
        return text


# --- fingerprints -----------------------------------------------------------------------------------------------------


def grams(unit: Unit) -> Iterator[int]:
    """Hash every run of `GRAM` tokens: the same in every process and on every machine."""
    words = [_hash(token.text.encode("utf-8", "surrogatepass")) for token in unit.tokens]
    flags = [token.chosen for token in unit.tokens]
    for start in range(len(words) - GRAM + 1):
        numbers: dict[int, int] = {}
        run = array.array("Q")
        for word, chosen in zip(
            words[start : start + GRAM], flags[start : start + GRAM], strict=True
        ):
            run.append(numbers.setdefault(word, len(numbers)) if chosen else word)
        yield _hash(run.tobytes())


def _hash(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


def winnow(hashes: Sequence[int]) -> set[int]:
    """Pick the smallest hash of every window, so that no long match is without a fingerprint."""
    if len(hashes) <= WINDOW:
        return {min(hashes)} if hashes else set()
    return {min(hashes[start : start + WINDOW]) for start in range(len(hashes) - WINDOW + 1)}


def fingerprints(
    submission: Submission, given: Iterable[str], explained: frozenset[int] = frozenset()
) -> Fingerprints:
    """Prepare a submission for comparison.

    Args:
        submission: as it was read.
        given: names of the chapter's functions.
        explained: hashes that do not count: the stub's.
    """
    found = units(submission.cells, given)
    placed: list[tuple[int, int]] = []
    picked: set[int] = set()
    start = 0
    for unit in found:
        hashes = [
            (value, start + offset)
            for offset, value in enumerate(grams(unit))
            if value not in explained
        ]
        placed += hashes
        picked |= winnow([value for value, _ in hashes])
        start += len(unit.tokens)
    counts = Counter(value for value, _ in placed)
    often = {value for value, number in counts.items() if number > _MAX_REPEATS}
    placed = [gram for gram in placed if gram[0] not in often]
    sources = {cell.number: cell.source for cell in submission.cells}
    return Fingerprints(
        submission.student, sources, found, tuple(placed), frozenset(picked - often)
    )


def stub_grams(chapter: Chapter, assignments: Path = ROOT / "assignments") -> frozenset[int]:
    """Hashes of what every student was given.

    Raises:
        SimilarityError: the chapter was not released yet.
    """
    path = assignments / chapter.name / f"{chapter.name}.ipynb"
    if not path.is_file():
        raise SimilarityError(f"there is no {path}: release the chapter first")
    stub = parse("", chapter.name, path.name, read_bytes(path))
    found = units(stub.cells, (function.name for function in chapter.functions))
    return frozenset(value for unit in found for value in grams(unit))


# --- pairs ------------------------------------------------------------------------------------------------------------


def compare(chapter: Chapter, root: Path, assignments: Path = ROOT / "assignments") -> Comparison:
    """Compare all submissions of a chapter below nbgrader's `submitted` folder.

    Raises:
        SimilarityError: the chapter was not released yet.
    """
    explained = stub_grams(chapter, assignments)
    given = [function.name for function in chapter.functions]
    places, _ = find(root, [chapter.name], known=list(chapters()))
    prepared, left_out = [], []
    with closing(_preparer()) as child:
        for place in places:
            submission = read(place)
            try:
                if submission.status == "graded":
                    data = child.call(_PREPARE, submission, given, explained)
                    prepared.append(msgspec.msgpack.decode(data, type=Fingerprints))
                elif submission.status != "missing":
                    left_out.append(submission.student)
            except (CallFailed, msgspec.DecodeError):
                left_out.append(submission.student)
    return compare_all(chapter.name, prepared, tuple(left_out))


def _preparer() -> Confined:
    """Return a confined child that cuts submissions into tokens: their text may be made to break what reads it."""
    path = [str(ROOT), str(Path(seqlab.__file__).parents[1])]
    return confined([_PREPARE], path, seconds=20.0, memory=1 << 30)


def prepare(submission: Any, given: list[str], explained: list[int]) -> Fingerprints:
    """Prepare a submission for comparison, for a child that gets plain data."""
    return fingerprints(msgspec.convert(submission, Submission), given, frozenset(explained))


def compare_all(
    chapter: str, prepared: Sequence[Fingerprints], left_out: Sequence[str] = ()
) -> Comparison:
    """Compare prepared submissions, each with each.

    A pair is shown when its share is far above what is usual in this class (the median and six deviations), at
    least `FLOOR`; from `CEILING` on always, so that a class in which most have copied hides nobody. A place of
    `LONG` tokens is enough as well.
    """
    common = _common(prepared)
    novel = [
        Fingerprints(
            each.student,
            each.sources,
            each.units,
            tuple(gram for gram in each.grams if gram[0] not in common),
            each.chosen - common,
        )
        for each in prepared
    ]
    shared = _shared(novel)
    estimates = {
        (left, right): number / min(len(novel[left].chosen), len(novel[right].chosen))
        for (left, right), number in shared.items()
    }
    count = len(novel) * (len(novel) - 1) // 2
    usual = list(estimates.values()) + [0.0] * (count - len(estimates))
    typical = statistics.median(usual) if usual else 0.0
    spread = statistics.median(abs(value - typical) for value in usual) if usual else 0.0
    threshold = min(CEILING, max(FLOOR, typical + _DEVIATIONS * 1.4826 * spread))
    pairs = []
    for (left, right), estimate in estimates.items():
        # The estimate is taken from a sample of the grams, so pairs somewhat below are looked at, too.
        if estimate < threshold - 0.2 and shared[left, right] < _NOTICED:
            continue
        pair = compare_two(novel[left], novel[right])
        alike = pair.share >= threshold and pair.tokens >= LEAST_TOKENS
        if alike or (pair.matches and pair.matches[0].tokens >= LONG):
            pairs.append(pair)
    pairs.sort(key=lambda pair: (-pair.share, -pair.tokens, pair.left.student, pair.right.student))
    return Comparison(chapter, len(prepared), tuple(left_out), threshold, typical, tuple(pairs))


def _common(prepared: Sequence[Fingerprints]) -> frozenset[int]:
    """Return the hashes shared by too many submissions to be evidence."""
    most = max(_COMMON_LEAST, _COMMON_SHARE * len(prepared))
    counts = Counter(value for each in prepared for value in {gram for gram, _ in each.grams})
    return frozenset(value for value, number in counts.items() if number > most)


def _shared(prepared: Sequence[Fingerprints]) -> dict[tuple[int, int], int]:
    """Number of common fingerprints of each pair that has any."""
    holders = defaultdict(list)
    for number, each in enumerate(prepared):
        for value in each.chosen:
            holders[value].append(number)
    shared: Counter[tuple[int, int]] = Counter()
    for numbers in holders.values():
        shared.update(itertools.combinations(numbers, 2))
    return dict(sorted(shared.items()))


def compare_two(left: Fingerprints, right: Fingerprints) -> Pair:
    """Compare two submissions in full: the tokens that stand in a common gram, and the places where they stand."""
    shared = {value for value, _ in left.grams} & {value for value, _ in right.grams}
    covered = [_covered(side, shared) for side in (left, right)]
    sizes = [len(_covered(side, None)) for side in (left, right)]
    smaller = 0 if sizes[0] <= sizes[1] else 1
    share = len(covered[smaller]) / sizes[smaller] if sizes[smaller] else 0.0
    matches = tuple(_matches(left, right, shared))
    return Pair(left, right, share, len(covered[smaller]), matches)


def _covered(side: Fingerprints, values: set[int] | None) -> set[int]:
    """Positions of the tokens that stand in a gram of these, or in any."""
    return {
        position + offset
        for value, position in side.grams
        if values is None or value in values
        for offset in range(GRAM)
    }


def _matches(left: Fingerprints, right: Fingerprints, shared: set[int]) -> Iterator[Match]:
    """Longest runs of common grams, the longest first; what one run has taken no other one shows again."""
    here = {position: value for value, position in left.grams if value in shared}
    there: dict[int, list[int]] = defaultdict(list)
    at = {}
    for value, position in right.grams:
        if value in shared:
            there[value].append(position)
            at[position] = value
    runs = []
    for start, value in here.items():
        for other in there[value]:
            if start - 1 in here and here[start - 1] == at.get(other - 1):
                continue  # the run began earlier
            length = 1
            while start + length in here and here[start + length] == at.get(other + length):
                length += 1
            runs.append((length + GRAM - 1, start, other))
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    for length, start, other in sorted(runs, key=lambda run: (-run[0], run[1], run[2])):
        ours, theirs = range(start, start + length), range(other, other + length)
        if taken_left.intersection(ours) or taken_right.intersection(theirs):
            continue
        taken_left.update(ours)
        taken_right.update(theirs)
        yield Match(_span(left, ours), _span(right, theirs), length)


def _span(side: Fingerprints, positions: range) -> Span:
    first, last = side.token(positions[0]), side.token(positions[-1])
    return Span(first.cell, first.line, last.line)
