"""`report.html`: what a class can do, who needs a human, and what to teach next. One file, no script, no network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple
from urllib.parse import quote

from autograder.reports import page
from autograder.reports.statistics import (
    BINS,
    SUSPECT_BELOW,
    Attention,
    ChapterFacts,
    ClassFacts,
    MistakeFacts,
    Run,
    Spread,
    State,
    TestFacts,
    gather,
    look_first,
    percent,
    state,
    total_percent,
)
from autograder.reports.text import counted, points, shorten
from autograder.results import SubmissionResult

# A page that opens at once and can be mailed, whatever the size of the class.
MATRIX_BYTES = 330_000

_ROWS = 25
_LECTURE_ROWS = 20
_QUIZ_ROWS = 8
_SUSPECT_ROWS = 6
_HARD_ROWS = 12
_SLOW_ROWS = 5
_NAME = 60
_WHY = 300
_SAYS = 400
_LINK = 200

# The tag and the mark of each state.
_MARKS: dict[State, tuple[str, str]] = {
    "full": ("", "+"),
    "part": ("i", "½"),
    "wrong": ("b", "×"),
    "stopped": ("s", "!"),
    "unwritten": ("u", "·"),
}


def render(results: Sequence[SubmissionResult], run: Run) -> bytes:
    """Return the page."""
    facts = gather(results)
    return page.render(
        "class.html",
        title="Class report",
        warning=run.warning,
        course=run.course,
        facts=facts,
        run=run,
        summary=_summary(facts, run),
        tiles=_tiles(facts),
        first=[shorten(thing, _SAYS) for thing in look_first(facts, run)],
        charts=[_chart(chapter) for chapter in facts.chapters],
        passed_over=[
            f"{shorten(problem.where, _NAME)}: {shorten(problem.what, _WHY)}"
            for problem in run.passed_over[:_ROWS]
        ],
        unreadable_times=[
            shorten(f"{problem.where}: {problem.what}", _SAYS)
            for problem in run.unreadable_times[:_ROWS]
        ],
        kinds=_kinds(facts),
        humans=[_human(attention) for attention in facts.attention[:_ROWS]],
        lecture=_lecture(facts),
        says_length=_SAYS,
        suspect_below=f"{SUSPECT_BELOW:g}",
        tests=_tests(facts),
        matrix_bytes=MATRIX_BYTES,
        chapters=[_Column(each.name.partition("_")[0], each.functions) for each in facts.chapters],
        everyone=_everyone(facts),
        graded=_graded(run),
        slowest=_slowest(run),
    )


def _summary(facts: ClassFacts, run: Run) -> list[str]:
    handed_in = len(facts.results) - len(facts.missing)
    return [
        counted(len(facts.students), "student"),
        counted(len(facts.chapters), "chapter"),
        f"{handed_in:,} of {counted(len(facts.results), 'submission')} handed in",
        f"sandbox level {run.level}",
    ]


def _tiles(facts: ClassFacts) -> list[tuple[str, str]]:
    """Numbers, and what they count."""
    tiles = [(str(len(facts.attention)), "for a human to look at")]
    spread = facts.spread
    if spread is None:
        return tiles
    return [
        (f"{spread.median:.0f} %", "median"),
        (f"{spread.low:.0f}–{spread.high:.0f} %", "middle half"),
        (f"{spread.full:,}", "with full marks"),
        *tiles,
    ]


# --- chapters -------------------------------------------------------------------------------------------------------


class _Bin(NamedTuple):
    """A bar of a histogram: its place and size, how many scores it holds and where that stands, and the label below."""

    left: int
    top: float
    width: int
    height: float
    scores: int
    over: float
    says: int | str


class _Drawing(NamedTuple):
    """A histogram, and what is said to those who cannot see it."""

    width: int
    height: int
    median: float
    bins: list[_Bin]
    label: str


class _Chart(NamedTuple):
    """The scores of one chapter; without a drawing where nothing is graded."""

    name: str
    drawing: _Drawing | None
    said: str


def _chart(chapter: ChapterFacts) -> _Chart:
    spread = chapter.spread
    handed_in = f"{chapter.submissions - chapter.missing:,} of {chapter.submissions:,} handed in"
    if spread is None:
        return _Chart(chapter.name, None, f"{handed_in}, none graded")
    said = (
        f"median {spread.median:.0f} %, middle half {spread.low:.0f}–{spread.high:.0f} %, "
        f"{spread.full:,} with full marks, {handed_in}"
    )
    return _Chart(chapter.name, _histogram(chapter.name, spread), said)


def _histogram(name: str, spread: Spread) -> _Drawing:
    width, height, step = 240, 60, 24
    most = max(spread.bins)
    bins, told = [], []
    for place, count in enumerate(spread.bins):
        tall = round(height * count / most, 1)
        top, over = round(height + 10 - tall, 1), round(height + 7 - tall, 1)
        bins.append(_Bin(place * step, top, step, tall, count, over, place * 100 // BINS or ""))
        if count:
            told.append(f"{place * 100 // BINS} to {(place + 1) * 100 // BINS} percent: {count}")
    label = f"Scores of {name}. {', '.join(told)}. Median {spread.median:.0f} percent."
    return _Drawing(width, height, round(spread.median * width / 100, 1), bins, label)


# --- who needs a human ----------------------------------------------------------------------------------------------


class _Human(NamedTuple):
    """A submission that a human should look at; `address` is empty where it would get out of hand."""

    student: str
    address: str
    chapter: str
    kind: str
    why: str


def _kinds(facts: ClassFacts) -> list[str]:
    kinds = Counter(attention.kind for attention in facts.attention)
    return [f"{kind.replace('_', ' ')} {count:,}" for kind, count in kinds.items()]


def _human(attention: Attention) -> _Human:
    place = quote(attention.student, safe="", errors="replace")
    return _Human(
        shorten(attention.student, _NAME),
        f"feedback/{place}/{quote(attention.chapter)}.html" if len(place) <= _LINK else "",
        attention.chapter,
        attention.kind.replace("_", " "),
        shorten(attention.why, _WHY),
    )


# --- what to teach --------------------------------------------------------------------------------------------------


class _Group(NamedTuple):
    """Mistakes of one kind, as many as are shown, and how many are left out."""

    caption: str
    lead: str
    heads: list[str]
    mistakes: Sequence[MistakeFacts]
    left_out: int


def _lecture(facts: ClassFacts) -> list[_Group]:
    named = [mistake for mistake in facts.mistakes if mistake.named]
    quiz = [mistake for mistake in facts.mistakes if mistake.quiz]
    others = [mistake for mistake in facts.mistakes if not mistake.named and not mistake.quiz]
    return [
        _Group(caption, lead, heads, found[:most], len(found) - most)
        for caption, lead, heads, found, most in (
            (
                "Named mistakes",
                "Mistakes of the catalogue that give the same results as the submissions, and the hint that students got.",
                ["mistake", "hint"],
                named,
                _LECTURE_ROWS,
            ),
            (
                "Questions of the quiz",
                "Answered, and not with the option that fits best.",
                ["question"],
                quiz,
                _QUIZ_ROWS,
            ),
            (
                "Messages without a name",
                "What the tests said where no mistake of the catalogue gives the same results.",
                ["message"],
                others,
                _LECTURE_ROWS,
            ),
        )
        if found
    ]


class _Test(NamedTuple):
    """A test that is often lost: its title, and its id in the suite; `lost_by` is in percent."""

    title: str
    id: str
    function: str
    chapter: str
    lost_by: int
    of: str
    suspect: bool
    separates: str


def _tests(facts: ClassFacts) -> list[_Test]:
    shown = list(facts.hardest[:_HARD_ROWS])
    shown += [test for test in facts.suspects[:_SUSPECT_ROWS] if test not in shown]
    return [_test(test) for test in shown]


def _test(test: TestFacts) -> _Test:
    return _Test(
        test.title,
        test.name,
        test.function,
        test.chapter,
        page.whole_percents(test.failed / test.tried),
        f"{test.failed:,} of {test.tried:,}",
        test.suspect,
        "–" if test.separates is None else f"{test.separates:+.2f}".replace("-", "−"),
    )


# --- everyone -------------------------------------------------------------------------------------------------------


class _Column(NamedTuple):
    """The head of a chapter in the table of everyone."""

    label: str
    functions: Sequence[str]


class _Outcome(NamedTuple):
    """What became of a chapter, and of each function where it was graded: tags, each with its marks."""

    shown: str
    marks: Sequence[tuple[str, str]] = ()


class _Person(NamedTuple):
    """A row of the table of everyone."""

    student: str
    total: str
    chapters: list[_Outcome]


def _everyone(facts: ClassFacts) -> list[_Person]:
    """Return everyone's row, the best first."""
    by_student = {
        student: {result.chapter: result for result in results}
        for student, results in groupby(facts.results, key=lambda result: result.student)
    }
    totals = {student: total_percent(mine.values()) for student, mine in by_student.items()}
    return [
        _Person(
            shorten(student, _NAME),
            _rounded(totals[student]),
            [_outcome(by_student[student].get(chapter.name)) for chapter in facts.chapters],
        )
        for student in sorted(by_student, key=lambda student: (-(totals[student] or 0.0), student))
    ]


def _rounded(value: float | None) -> str:
    """Round to whole percents, but to 100 only what is 100."""
    if value is None:
        return points(None)
    return points(float(min(round(value), 100 if value >= 100 else 99)))


def _outcome(result: SubmissionResult | None) -> _Outcome:
    if result is None:
        return _Outcome("")
    if result.status != "graded":
        return _Outcome("–" if result.status == "missing" else result.status.replace("_", " "))
    runs = [
        (_MARKS[which], len(list(group)))
        for which, group in groupby(state(function) for function in result.functions)
    ]
    return _Outcome(_rounded(percent(result)), [(tag, mark * n) for (tag, mark), n in runs])


# --- the run --------------------------------------------------------------------------------------------------------


def _graded(run: Run) -> str:
    said = f"{run.graded:,} graded now, {run.reused:,} unchanged, {run.unrun:,} with nothing to run"
    if run.seconds is None:
        return said
    processes = counted(run.jobs or 1, "grader process", "grader processes")
    return f"{said} in {run.seconds:,.1f} s with {processes}"


def _slowest(run: Run) -> list[tuple[str, float]]:
    slowest = sorted(run.seconds_each.items(), key=lambda item: (-item[1], item[0]))[:_SLOW_ROWS]
    return [(shorten(name, _WHY), seconds) for name, seconds in slowest]
