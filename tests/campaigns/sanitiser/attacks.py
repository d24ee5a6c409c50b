"""The attacks of `attacks.toml`, each handed in by a student of its own, and every page that shows it."""

from __future__ import annotations

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


def notebook(attack: Attack) -> Any:
    """The notebook that a student hands in: the released one, with the attack in it and some text after it."""
    document = made.untouched()
    place, _, kind = attack.where.partition(":")
    cell: dict[str, Any] = {"cell_type": "markdown", "id": "attack", "metadata": {}, "source": "x"}
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
    end = {"cell_type": "markdown", "id": "end", "metadata": {}, "source": END}
    document["cells"] += [cell, end]
    return document


def hand_in(submitted: Path, attack: Attack) -> None:
    """Write a submission."""
    path = made.hand_in(submitted, attack.student, made._json_ready(notebook(attack)))
    if attack.where == "notebook name":
        path.rename(path.with_name(attack.text.replace("/", "\\") + ".ipynb"))


def result(course: Path, attack: Attack) -> SubmissionResult:
    """A result that fits the submission and holds the attack in everything that comes from a student's run."""
    folder = course / "submitted" / attack.student / CHAPTER
    plain = made.made_up(Found(attack.student, CHAPTER, str(folder)))
    said = attack.text[:1500]
    functions = tuple(
        FunctionResult(
            each.name,
            0.0,
            each.max_score,
            (TestResult("easy", "passed", 1.0, ""), TestResult(f"t{said}", "failed", 1.0, said)),
        )
        for each in plain.functions
    )
    problems = (*plain.problems, Problem(said, said))
    return msgspec.structs.replace(plain, functions=functions, problems=problems, score=0.0)


def report_pages(attack: Attack, its_result: SubmissionResult) -> Iterator[tuple[str, bytes]]:
    """Yield the pages of ours that show an attack: kind and bytes."""
    yield "our feedback", feedback_html.render(its_result, _RUN, COURSE[CHAPTER])
    yield "class report", class_html.render([its_result], _RUN)
    yield "similarity", similarity_report.render(_alike(attack))


def _alike(attack: Attack) -> Comparison:
    lines = attack.text.count("\n") + 1
    sides = [
        Fingerprints(f"{attack.student}{end} {attack.text}", {1: attack.text}, (), (), frozenset())
        for end in ("", "'s twin")
    ]
    place = Span(1, 1, lines)
    pair = Pair(sides[0], sides[1], 1.0, 9, (Match(place, place, 9),))
    return Comparison(attack.text, 2, (attack.text,), 0.5, 0.1, (pair,))


def exported(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield a graded notebook as nbconvert shows it when it is not configured in any way: kind and bytes."""
    for template in ("lab", "classic"):
        page, _ = HTMLExporter(template_name=template).from_filename(str(path))
        yield f"exported ({template})", page.encode()


def unsafe_page(attack: Attack) -> bytes:
    """What becomes of an attack where nothing is done about it. The browser has to see that it runs."""
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    shown = attack.text if attack.where == "raw" else markdown2html_mistune(attack.text)
    return f"<!doctype html><meta charset=utf-8><body>{shown}</body>".encode()


def graded_path(course: Path, attack: Attack) -> Path:
    """Where the graded notebook of a student lies."""
    return course / "autograded" / attack.student / CHAPTER / f"{CHAPTER}.ipynb"


def is_whole(path: Path) -> bool:
    """Whether a graded notebook is valid and has all functions of the chapter."""
    document = nbformat.read(path, as_version=4)
    nbformat.validate(document)
    names: Mapping[str, Any] = made.by_id(document)
    return set(FUNCTIONS) <= set(names)


def every(found: Sequence[Attack], step: int) -> list[Attack]:
    """Return a part of the attacks: every so many-th, and all that are not in a text cell."""
    return [a for a in found if a.where != "markdown" or a.number % step == 0]
