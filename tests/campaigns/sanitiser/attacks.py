"""The attacks of `attacks.toml`, each handed in by a student of its own, and every page that shows it."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import nbformat
from nbconvert import HTMLExporter

from autograder.grading.choice import Found
from autograder.reports import class_html, feedback_html
from autograder.reports.statistics import Run
from autograder.results import FunctionResult, Problem, SubmissionResult, TestResult
from autograder.similarity import report as similarity_report
from autograder.similarity.compare import Comparison, Fingerprints, Match, Pair, Span
from tests import gradebook_course as made
from tests.gradebook_course import CHAPTER, COURSE, FUNCTIONS

DATA = Path(__file__).with_name("attacks.toml")
BEACON = "beacon"
END = "This is the end of what was handed in"
_TOGETHER = 16
"""Attacks in one notebook: an export takes as long for one as for many."""
_IN_A_CELL = ("markdown", "code", "stream", "output", "raw", "attachment", "attachment name")
_RUN = Run("B")


class Attack(NamedTuple):
    """One attack. `text` calls `beacon(number)` or asks for an address that ends in `/beacon/number`."""

    number: int
    name: str
    where: str
    text: str

    @property
    def student(self) -> str:
        """The name of the student who hands it in; no folder's name holds a slash or a null byte."""
        if self.where == "student":
            return f"s{self.number}{self.text}".replace("/", "\\").replace("\0", "")[:80]
        return f"s{self.number:03d}"


def attacks(address: str = "http://127.0.0.1:9") -> list[Attack]:
    """Read the attacks; `address` is what they ask for."""
    entries = tomllib.loads(DATA.read_text(encoding="utf-8"))["attack"]
    return [
        Attack(
            number,
            entry["name"],
            entry["where"],
            entry["text"]
            .replace("@RUN@", f"{BEACON}({number})")
            .replace("@URL@", f"{address}/{BEACON}/{number}"),
        )
        for number, entry in enumerate(entries, start=1)
    ]


class Sheet(NamedTuple):
    """Attacks that are handed in together, each followed by a text of its own."""

    attacks: tuple[Attack, ...]

    @property
    def student(self) -> str:
        """The name of the student who hands it in."""
        return self.attacks[0].student

    @property
    def names(self) -> str:
        """The names of its attacks, as a message has room for them."""
        return ", ".join(attack.name for attack in self.attacks)


def end_of(attack: Attack) -> str:
    """Return the text that comes after an attack."""
    return f"{END}, {attack.number}."


def sheets(chosen: Sequence[Attack]) -> list[Sheet]:
    """Put attacks that take a cell of their own together, a few at a time; all others are handed in alone."""
    in_cells = [each for each in chosen if each.where.partition(":")[0] in _IN_A_CELL]
    together = [in_cells[place : place + _TOGETHER] for place in range(0, len(in_cells), _TOGETHER)]
    alone = [[each] for each in chosen if each not in in_cells]
    return [Sheet(tuple(those)) for those in (*together, *alone)]


def notebook(*those: Attack) -> Any:
    """The notebook that a student hands in: the released one, with attacks in it and some text after each."""
    document = made.untouched()
    for attack in those:
        document["cells"] += [_attacking_cell(document, attack), _end_cell(attack)]
    return document


def _end_cell(attack: Attack) -> dict[str, Any]:
    end = end_of(attack)
    return {"cell_type": "markdown", "id": f"end{attack.number}", "metadata": {}, "source": end}


def _attacking_cell(document: Any, attack: Attack) -> dict[str, Any]:
    place, _, kind = attack.where.partition(":")
    name = f"attack{attack.number}"
    cell: dict[str, Any] = {"cell_type": "markdown", "id": name, "metadata": {}, "source": "x"}
    if place in ("markdown", "message", "student", "notebook name"):
        cell["source"] = attack.text
    elif place in ("code", "stream", "output"):
        source = attack.text if place == "code" else "1"
        cell |= {"cell_type": "code", "source": source, "execution_count": 1, "outputs": []}
        output: dict[str, Any] = {"output_type": "stream", "name": "stdout", "text": attack.text}
        if place == "output":
            data = {kind: attack.text}
            output = {"output_type": "display_data", "data": data, "metadata": {kind: {"x": 1}}}
        if place != "code":
            cell["outputs"] = [output]
    elif place == "raw":
        cell |= {
            "cell_type": "raw",
            "source": attack.text,
            "metadata": {"raw_mimetype": "text/html"},
        }
    elif place == "attachment":
        cell |= {
            "source": "![x](attachment:a.png)",
            "attachments": {"a.png": {kind: attack.text}},
        }
    elif place == "attachment name":
        cell |= {
            "source": f"![x](<attachment:{attack.text}>)",
            "attachments": {attack.text: {"image/png": "aGk="}},
        }
    elif place == "cell metadata":
        cell["metadata"] = {
            "tags": [attack.text],
            "name": attack.text,
            "nbgrader": {"grade_id": attack.text, "grade": True, "points": attack.text},
        }
    elif place == "cell id":
        cell["id"] = attack.text
    elif place == "notebook metadata":
        document["metadata"] = {
            "title": attack.text,
            "language_info": {"name": attack.text, "pygments_lexer": attack.text},
            "kernelspec": {"name": attack.text, "display_name": attack.text},
            "widgets": {"application/vnd.jupyter.widget-state+json": {"state": attack.text}},
        }
    else:
        raise ValueError(f"{attack.name}: there is no place {attack.where}")
    return cell


def hand_in(submitted: Path, sheet: Sheet) -> None:
    """Write a submission."""
    path = made.hand_in(submitted, sheet.student, made._json_ready(notebook(*sheet.attacks)))
    if sheet.attacks[0].where == "notebook name":
        path.rename(path.with_name(sheet.attacks[0].text.replace("/", "\\") + ".ipynb"))


def result(course: Path, student: str, those: Sequence[Attack]) -> SubmissionResult:
    """A result that fits the submission and holds the attacks in everything that comes from a student's run.

    Each stands in some function at least; one that is alone in every function.
    """
    folder = course / "submitted" / student / CHAPTER
    plain = made.made_up(Found(student, CHAPTER, str(folder)))
    texts = [f"{attack.text[:1450]} {end_of(attack)}" for attack in those]
    count = len(plain.functions)
    functions = tuple(
        FunctionResult(
            each.name,
            0.0,
            each.max_score,
            (
                TestResult("easy", "passed", 1.0, ""),
                *(
                    TestResult(f"t{said}", "failed", 1.0, said)
                    for said in texts[number::count] or texts[:1]
                ),
            ),
        )
        for number, each in enumerate(plain.functions)
    )
    problems = (*plain.problems, *(Problem(said, said) for said in texts))
    return msgspec.structs.replace(plain, functions=functions, problems=problems, score=0.0)


def report_pages(
    those: Sequence[Attack], its_result: SubmissionResult
) -> Iterator[tuple[str, bytes]]:
    """Yield the pages of ours that show attacks: kind and bytes."""
    yield "our feedback", feedback_html.render(its_result, _RUN, COURSE[CHAPTER])
    yield "class report", class_html.render([its_result], _RUN)
    yield "similarity", similarity_report.render(_alike(those))


def _alike(those: Sequence[Attack]) -> Comparison:
    texts = tuple(attack.text for attack in those)
    pairs = tuple(_pair(attack) for attack in those)
    return Comparison(texts[0], 2, texts, 0.5, 0.1, pairs)


def _pair(attack: Attack) -> Pair:
    code = f"{attack.text}\n{end_of(attack)}"
    sides = [
        Fingerprints(f"{attack.student}{end} {attack.text}", {1: code}, (), (), frozenset())
        for end in ("", "'s twin")
    ]
    place = Span(1, 1, code.count("\n") + 1)
    return Pair(sides[0], sides[1], 1.0, 9, (Match(place, place, 9),))


@functools.cache
def _exporter(template: str) -> HTMLExporter:
    return HTMLExporter(template_name=template)


def exported(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield a graded notebook as nbconvert shows it when it is not configured in any way: kind and bytes."""
    for template in ("lab", "classic"):
        page, _ = _exporter(template).from_filename(str(path))
        yield f"exported ({template})", page.encode()


def unsafe_page(attack: Attack) -> bytes:
    """What becomes of an attack where nothing is done about it. The browser has to see that it runs."""
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    shown = attack.text if attack.where == "raw" else markdown2html_mistune(attack.text)
    return f"<!doctype html><meta charset=utf-8><body>{shown}</body>".encode()


def graded_path(course: Path, sheet: Sheet) -> Path:
    """Where the graded notebook of a student lies."""
    return course / "autograded" / sheet.student / CHAPTER / f"{CHAPTER}.ipynb"


def is_whole(path: Path) -> bool:
    """Whether a graded notebook is valid and has all functions of the chapter."""
    document = nbformat.read(path, as_version=4)
    nbformat.validate(document)
    names: Mapping[str, Any] = made.by_id(document)
    return set(FUNCTIONS) <= set(names)


def every(found: Sequence[Attack], step: int) -> list[Attack]:
    """Return a part of the attacks: every so many-th, and all that are not in a text cell."""
    return [a for a in found if a.where != "markdown" or a.number % step == 0]
