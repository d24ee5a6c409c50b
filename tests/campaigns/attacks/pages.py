"""What the text of a submission must not do to the reports: become markup, a terminal's command or a formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from html.parser import HTMLParser
from xml.etree import ElementTree

from autograder.course.source import Chapter
from autograder.reports import class_html, feedback_html, grades_csv, gradescope, junit
from autograder.reports.statistics import Run
from autograder.results import SubmissionResult

_ACTIVE = {"script", "img", "iframe", "object", "embed", "form", "input", "base", "link", "audio"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_RUN = Run("B")


class _Reader(HTMLParser):
    """Collects what a page may not hold."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag."""
        if tag in _ACTIVE:
            self.wrong.append(f"a <{tag}>")
        for name, value in attrs:
            if name.startswith("on"):
                self.wrong.append(f"a handler {name}")
            if "script:" in (value or "").lower():
                self.wrong.append(f"a script in {name}")


def acting(page: str) -> list[str]:
    """Say what in a page could act."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.wrong


def harm_of_reports(result: SubmissionResult, course: Mapping[str, Chapter]) -> list[str]:
    """Render every report on a result and say what is wrong with one."""
    chapter = course.get(result.chapter)
    pages = {
        "the class report": class_html.render([result], _RUN),
        "the feedback": feedback_html.render(result, _RUN, chapter),
    }
    table = grades_csv.render([result])
    upload = gradescope.render(result, _RUN)
    suite = junit.render([result], _RUN)
    wrong = []
    for name, page in pages.items():
        wrong += [f"{name} holds {each}" for each in acting(page.decode())]
    # Not the table: a program reads it, and looks for the names of folders as they are.
    for name, data in {**pages, "results.json": upload, "junit": suite}.items():
        if b"\x1b" in data:
            wrong.append(f"{name} holds a terminal's command")
    lines = list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")))
    if len(lines) != 2:
        wrong.append(f"the table has {len(lines)} lines")
    for row in lines:
        wrong += [f"the table holds the formula {one}" for one in row if one.startswith(_FORMULA)]
    json.loads(upload)
    ElementTree.fromstring(
        suite
    )  # our own writer's output, of which it is to be seen that it is XML
    return wrong
