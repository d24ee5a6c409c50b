"""`report.html`: what a class can do, who needs a human, and what to teach next. One file, no script, no network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from urllib.parse import quote

from autograder.reports.page import (
    bar,
    cell,
    document,
    number,
    prose,
    rich_cell,
    scrolled,
    table,
    text,
)
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

# In a matrix of 50,000 functions every byte counts: full points are plain text, each other state a tag of one letter.
_MARKS: dict[State, tuple[str, str]] = {
    "full": ("+", ""),
    "part": ("½", "i"),
    "wrong": ("×", "b"),
    "stopped": ("!", "s"),
    "unwritten": ("·", "u"),
}
_LEGEND = (
    "+ all points, ½ some of them, × a wrong result, ! raised an exception or had to be stopped, · not written. "
    "Beside it the chapter's score in percent."
)

_STYLE = """
.tiles { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0; padding: 0; list-style: none; }
.tile { background: var(--tile); border-radius: .5rem; padding: .5rem 1rem; }
.tile b { display: block; font-size: 1.4rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem 1.5rem; }
.charts h3 { margin: 0; }
.charts p { margin: 0; font-size: .875rem; }
svg { display: block; width: 100%; height: auto; }
svg rect { fill: var(--blue); }
svg line { stroke: var(--ink); stroke-dasharray: 3 2; }
svg text { font: 9px system-ui, sans-serif; fill: var(--soft); text-anchor: middle;
  stroke: var(--paper); stroke-width: 3px; paint-order: stroke; }
.suspect { color: var(--bad); font-weight: 600; }
.everyone table { font-size: 13px; }
.everyone th, .everyone td { padding: 0 .6rem 0 0; white-space: nowrap; overflow-wrap: normal; }
.everyone tbody th { position: sticky; left: 0; background: var(--paper); font-weight: 400; }
.everyone thead th { vertical-align: bottom; }
.everyone td { text-align: right; font-variant-numeric: tabular-nums; }
.everyone td.m, .names { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  letter-spacing: .5ch; text-align: left; padding-right: .2rem; color: var(--good); }
.everyone td i, .everyone td b, .everyone td s, .everyone td u { font-style: normal; text-decoration: none; }
.everyone td i { color: var(--part); }
.everyone td b, .everyone td s { color: var(--bad); font-weight: 700; }
.everyone td u { color: var(--soft); }
.names { display: flex; align-items: flex-end; color: var(--soft); }
.names span { width: 1.5ch; letter-spacing: 0; display: flex; justify-content: center; }
.names small { writing-mode: vertical-rl; transform: rotate(180deg); font: 11px/1 system-ui, sans-serif; }
@media print {
  @page { size: A4 landscape; margin: 10mm; }
  .everyone { break-before: page; }
  .everyone table { font-size: 6pt; }
  .everyone th, .everyone td { padding-right: 3pt; }
  .everyone td.m, .names { font-size: 5.5pt; letter-spacing: .15ch; padding-right: 1pt; }
  .names span { width: 1.15ch; }
  .names small { font-size: 4pt; }
  .everyone tbody th { position: static; }
}
"""


def render(results: Sequence[SubmissionResult], run: Run) -> bytes:
    """Return the page."""
    facts = gather(results)
    return document(
        "Class report",
        [
            _head(facts, run),
            _first(facts, run),
            _charts(facts),
            _humans(facts, run),
            _lecture(facts),
            _tests(facts),
            _everyone(facts),
            _how(run),
        ],
        style=_STYLE,
        warning=run.warning,
        course=run.course,
    )


def _head(facts: ClassFacts, run: Run) -> str:
    handed_in = len(facts.results) - len(facts.missing)
    what = [
        counted(len(facts.students), "student"),
        counted(len(facts.chapters), "chapter"),
        f"{handed_in:,} of {counted(len(facts.results), 'submission')} handed in",
        f"sandbox level {run.level}",
    ]
    tiles = [(str(len(facts.attention)), "for a human to look at")]
    if facts.spread:
        spread = facts.spread
        tiles = [
            (f"{spread.median:.0f} %", "median"),
            (f"{spread.low:.0f}–{spread.high:.0f} %", "middle half"),
            (f"{spread.full:,}", "with full marks"),
            *tiles,
        ]
    shown = "".join(f"<li class=tile><b>{text(n)}</b>{text(what)}</li>" for n, what in tiles)
    return f"<p class=soft>{text(' · '.join(what))}</p><ul class=tiles>{shown}</ul>"


def _first(facts: ClassFacts, run: Run) -> str:
    things = look_first(facts, run)
    if not things:
        return ""
    items = "".join(f"<li>{prose(shorten(thing, _SAYS))}</li>" for thing in things)
    return f"<h2>To look at first</h2><ol>{items}</ol>"


# --- chapters -------------------------------------------------------------------------------------------------------


def _charts(facts: ClassFacts) -> str:
    charts = "".join(_chart(chapter) for chapter in facts.chapters)
    return f"<h2>Scores</h2><div class=charts>{charts}</div>"


def _chart(chapter: ChapterFacts) -> str:
    spread = chapter.spread
    handed_in = f"{chapter.submissions - chapter.missing:,} of {chapter.submissions:,} handed in"
    if spread is None:
        return f"<section><h3>{text(chapter.name)}</h3><p class=soft>{handed_in}, none graded</p></section>"
    said = (
        f"median {spread.median:.0f} %, middle half {spread.low:.0f}–{spread.high:.0f} %, "
        f"{spread.full:,} with full marks, {handed_in}"
    )
    return (
        f"<section><h3>{text(chapter.name)}</h3>{_histogram(chapter.name, spread)}"
        f"<p class=soft>{said}</p></section>"
    )


def _histogram(name: str, spread: Spread) -> str:
    width, height, step = 240, 60, 24
    most = max(spread.bins)
    bars, labels, told = [], [], []
    for place, count in enumerate(spread.bins):
        left = place * step
        labels.append(f"<text x={left} y={height + 22}>{place * 100 // BINS or ''}</text>")
        if count:
            tall = round(height * count / most, 1)
            bars.append(
                f"<rect x={left + 2} y={round(height + 10 - tall, 1)} width={step - 4} height={tall} rx=2 />"
            )
            labels.append(
                f"<text x={left + step // 2} y={round(height + 7 - tall, 1)}>{count}</text>"
            )
            told.append(f"{place * 100 // BINS} to {(place + 1) * 100 // BINS} percent: {count}")
    middle = round(spread.median * width / 100, 1)
    line = f"<line x1={middle} x2={middle} y1=2 y2={height + 10} />"
    drawn = "".join((*bars, line, *labels))
    label = text(f"Scores of {name}. {', '.join(told)}. Median {spread.median:.0f} percent.")
    return f'<svg viewBox="-6 -2 {width + 12} {height + 28}" role=img aria-label="{label}">{drawn}</svg>'


# --- who needs a human ----------------------------------------------------------------------------------------------


def _humans(facts: ClassFacts, run: Run) -> str:
    parts = ["<h2>Needs a human</h2>"]
    if run.level != "A":
        parts.append(
            f"<p>Every submission: the sandbox reached level {text(run.level)} and not A. "
            "<code>make doctor</code> says which layers are missing here.</p>"
        )
    if run.passed_over:
        names = ", ".join(shorten(problem.where, _NAME) for problem in run.passed_over[:_ROWS])
        parts.append(f"<p>Passed over, as no student's folder: {text(names)}.</p>")
    if not facts.attention:
        parts.append("<p>No submission was refused, unreadable, stopped or lost.</p>")
    else:
        kinds = Counter(attention.kind for attention in facts.attention)
        said = ", ".join(f"{kind.replace('_', ' ')} {count:,}" for kind, count in kinds.items())
        parts.append(f"<p>{text(said)}.</p>")
        rows = [_human(attention) for attention in facts.attention[:_ROWS]]
        parts.append(
            table("Submissions that need a human", ["student", "chapter", "what", "why"], rows)
        )
        parts.append(_more(len(facts.attention), _ROWS, "the rest is in grades.csv and results/"))
    if facts.missing:
        parts.append(f"<p>Not handed in: {counted(len(facts.missing), 'submission')}.</p>")
    return "".join(parts)


def _human(attention: Attention) -> list[str]:
    return [
        rich_cell(_linked(attention.student, attention.chapter)),
        cell(attention.chapter),
        cell(attention.kind.replace("_", " ")),
        cell(shorten(attention.why, _WHY)),
    ]


def _linked(student: str, chapter: str) -> str:
    """The name of a student, with a link to the feedback where that does not get out of hand."""
    name = f"<bdi>{text(shorten(student, _NAME))}</bdi>"
    place = quote(student, safe="", errors="replace")
    if len(place) > _LINK:
        return name
    return f'<a href="feedback/{place}/{quote(chapter)}.html">{name}</a>'


def _more(there_are: int, shown: int, where: str) -> str:
    return (
        f"<p class=soft>… and {there_are - shown:,} more; {where}.</p>" if there_are > shown else ""
    )


# --- what to teach --------------------------------------------------------------------------------------------------


def _lecture(facts: ClassFacts) -> str:
    named = [mistake for mistake in facts.mistakes if mistake.named]
    quiz = [mistake for mistake in facts.mistakes if mistake.quiz]
    others = [mistake for mistake in facts.mistakes if not mistake.named and not mistake.quiz]
    parts = ["<h2>For the next lecture</h2>"]
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
    ):
        if not found:
            continue
        rows = [_mistake(mistake) for mistake in found[:most]]
        parts.append(f"<h3>{caption}</h3><p class=soft>{lead}</p>")
        parts.append(table(caption, ["#students", "chapter", "function", *heads], rows))
        parts.append(_more(len(found), most, "none of them in more submissions"))
    if len(parts) == 1:
        parts.append("<p>No test was lost by a wrong result.</p>")
    return "".join(parts)


def _mistake(mistake: MistakeFacts) -> list[str]:
    return [
        number(f"{mistake.students:,}"),
        cell(mistake.chapter),
        rich_cell(f"<code>{text(mistake.function)}</code>"),
        *([cell(mistake.name)] if mistake.name else []),
        *([rich_cell(prose(shorten(mistake.says, _SAYS)))] if mistake.says else []),
    ]


def _tests(facts: ClassFacts) -> str:
    if not facts.hardest:
        return ""
    shown = list(facts.hardest[:_HARD_ROWS])
    shown += [test for test in facts.suspects[:_SUSPECT_ROWS] if test not in shown]
    heads = ["test", "function", "chapter", "lost by", "#of", "#separates"]
    return (
        "<h2>Most often failed tests</h2>"
        "<p class=soft>Among submissions in which the function is written. <em>Separates</em> is the correlation of "
        "passing the test with the rest of the chapter's score: near 0 or below, strong submissions fail it as often "
        f"as weak ones, and the test itself should be looked at (marked ⚠ below {SUSPECT_BELOW:g}; the smaller "
        "the class, the more often that is chance).</p>"
        + table("Most often failed tests", heads, [_test(test) for test in shown])
    )


def _test(test: TestFacts) -> list[str]:
    separates = "–" if test.separates is None else f"{test.separates:+.2f}".replace("-", "−")
    if test.suspect:
        shown = f"<td role=cell class='number suspect'>⚠ suspect {separates}</td>"
    else:
        shown = number(separates)
    return [
        rich_cell(f"<code>{text(test.name)}</code>"),
        rich_cell(f"<code>{text(test.function)}</code>"),
        cell(test.chapter),
        rich_cell(bar(test.failed / test.tried)),
        number(f"{test.failed:,} of {test.tried:,}"),
        shown,
    ]


# --- everyone -------------------------------------------------------------------------------------------------------


def _everyone(facts: ClassFacts) -> str:
    """Students by functions; in classes too large for that, students by chapters; in still larger ones, nobody."""
    by_student = {
        student: {result.chapter: result for result in results}
        for student, results in groupby(facts.results, key=lambda result: result.student)
    }
    totals = {student: total_percent(mine.values()) for student, mine in by_student.items()}
    order = sorted(by_student, key=lambda student: (-(totals[student] or 0.0), student))
    for legend, with_functions in ((_LEGEND, True), ("Scores in percent.", False)):
        heads = "".join(_chapter_head(chapter, with_functions) for chapter in facts.chapters)
        rows = "".join(
            f"<tr>{_person(student)}<td>{points(_rounded(totals[student]))}"
            + "".join(
                _chapter_cells(by_student[student].get(chapter.name), with_functions)
                for chapter in facts.chapters
            )
            for student in order
        )
        matrix = f"<table><thead><tr><th scope=col>student<th scope=col>total{heads}<tbody>{rows}</table>"
        if len(matrix.encode()) <= MATRIX_BYTES:
            return (
                f"<section class=everyone><h2>Everyone</h2><p class=soft>The best first. {legend}</p>"
                f"{scrolled('Scores of everyone', matrix)}</section>"
            )
    return (
        "<h2>Everyone</h2><p>The class is too large for a table on one page: see <code>grades.csv</code>, "
        "<code>feedback/</code> and <code>results/</code>.</p>"
    )


def _person(student: str) -> str:
    # Closing tags that HTML does not ask for are left out here: they would be a fifth of the page.
    return f"<th scope=row><bdi>{text(shorten(student, _NAME))}</bdi>"


def _rounded(value: float | None) -> float | None:
    """Round to whole percents, but to 100 only what is 100."""
    return None if value is None else float(min(round(value), 100 if value >= 100 else 99))


def _chapter_head(chapter: ChapterFacts, with_functions: bool) -> str:
    label = text(chapter.name.partition("_")[0])
    if not with_functions:
        return f"<th scope=col>{label}"
    names = "".join(f"<span><small>{text(name)}</small></span>" for name in chapter.functions)
    return f"<th scope=col colspan=2>{label}<div class=names>{names}</div>"


def _chapter_cells(result: SubmissionResult | None, with_functions: bool) -> str:
    if result is None:
        return "<td><td>" if with_functions else "<td>"
    if result.status != "graded":
        word = "–" if result.status == "missing" else result.status.replace("_", " ")
        return f"<td colspan=2>{word}" if with_functions else f"<td>{word}"
    score = f"<td>{points(_rounded(percent(result)))}"
    if not with_functions:
        return score
    marks = []
    for which, group in groupby(state(function) for function in result.functions):
        mark, tag = _MARKS[which]
        run = mark * len(list(group))
        marks.append(f"<{tag}>{run}</{tag}>" if tag else run)
    return f"<td class=m>{''.join(marks)}{score}"


# --- the run --------------------------------------------------------------------------------------------------------


def _how(run: Run) -> str:
    said = [
        f"{run.graded:,} graded now, {run.reused:,} unchanged, {run.unrun:,} with nothing to run"
    ]
    if run.seconds is not None:
        said.append(
            f"in {run.seconds:,.1f} s with {counted(run.jobs or 1, 'grader process', 'grader processes')}"
        )
    slowest = sorted(run.seconds_each.items(), key=lambda item: (-item[1], item[0]))[:_SLOW_ROWS]
    shown = ""
    if slowest:
        rows = [[cell(shorten(name, _WHY)), number(f"{seconds:.2f}")] for name, seconds in slowest]
        shown = "<p>The slowest:</p>" + table("The slowest submissions", ["submission", "#s"], rows)
    return f"<h2>How it was graded</h2><p>{text(' '.join(said))}. Sandbox level {text(run.level)}.</p>{shown}"
