"""`%check`: run the visible checks on the functions of the notebook, and show what they find.

A failed check also raises, so that `nbgrader validate` and an executed notebook show it as failed; the exception
renders as nothing, because the finding is already there to read.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.display import display

from seqlab.registry import CheckResult, chapters_with_checks, checks_of, run_check

QUIZ = "quiz_answers"

_CARD = (
    "border:1px solid #8888;border-left:4px solid {colour};border-radius:4px;"
    "padding:.5em .9em;margin:.3em 0;max-width:54em;overflow-x:auto"
)
_RIGHT, _WRONG = "#2a7f3f", "#c2410c"


class CheckFailed(Exception):
    """A visible check found something. Everything it has to say has been displayed."""

    def _render_traceback_(self) -> list[str]:
        return []


@dataclass(frozen=True)
class Report:
    """Results as a notebook shows them: HTML, and the same as text.

    `repeated` names the functions whose check failed the last time too: for these the likely mistake is told.
    """

    results: tuple[CheckResult, ...]
    repeated: frozenset[str] = frozenset()

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": self.html()}

    def text(self) -> str:
        """Render as plain text."""
        return "\n".join("\n".join(self._lines(result)) for result in self.results)

    def html(self) -> str:
        """Render as HTML, every word of a result escaped."""
        return "".join(self._card(result) for result in self.results)

    def _lines(self, result: CheckResult) -> list[str]:
        if result.ok:
            return [f"✔ {result.function}: {self._praise(result)}"]
        lines = [f"✘ {result.function}"]
        lines += [f"  - {finding}" for finding in result.findings]
        lines += [f"  {label}: {said}" for label, said in self._advice(result)]
        return lines

    def _card(self, result: CheckResult) -> str:
        name = f"<code>{escape(result.function)}</code>"
        if result.ok:
            head = f'<b style="color:{_RIGHT}">✔</b> {name}: {escape(self._praise(result))}'
            return f'<div style="{_CARD.format(colour=_RIGHT)}">{head}</div>'
        findings = "".join(f"<li>{escape(finding)}</li>" for finding in result.findings)
        advice = "".join(
            f"<div><b>{escape(label)}:</b> {escape(said)}</div>"
            for label, said in self._advice(result)
        )
        return (
            f'<div style="{_CARD.format(colour=_WRONG)}">'
            f'<b style="color:{_WRONG}">✘</b> {name}'
            f'<ul style="margin:.3em 0">{findings}</ul>{advice}</div>'
        )

    def _praise(self, result: CheckResult) -> str:
        if result.function == QUIZ:
            return "every question has an answer (whether it is right, grading tells)"
        return "the visible check passes"

    def _advice(self, result: CheckResult) -> list[tuple[str, str]]:
        advice = [("Ask yourself", result.question)] if result.question else []
        if result.likely and result.function in self.repeated:
            advice.append(("A likely mistake", result.likely))
        return advice


@magics_class
class CheckMagics(Magics):
    """The magics of a notebook, with what they remember: its chapter, and which checks failed the last time."""

    def __init__(self, shell: Any):
        super().__init__(shell)
        self._chapter: str | None = None
        self._failed: set[tuple[str, str]] = set()

    @line_magic
    def chapter(self, line: str) -> None:
        """Say to which chapter the notebook belongs: `%chapter ch04_lstm`."""
        name = line.strip()
        if name not in chapters_with_checks():
            raise UsageError(f"there is no chapter {name!r}; there are: {_listed()}")
        self._chapter = name

    @line_magic
    def check(self, line: str) -> None:
        """Run the visible check of a function: `%check lstm_step_forward`; all of the chapter: `%check`."""
        words = line.split()
        if len(words) > 1:
            raise UsageError("%check takes the name of one function, or nothing to check them all")
        assert self.shell is not None
        namespace = self.shell.user_ns
        chapter = self._chapter or guess_chapter(words, namespace)
        known = [*checks_of(chapter), QUIZ]
        for name in words:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                meant = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
                raise UsageError(f"{chapter} has no check of {name}; {meant}")
        results = tuple(check_one(chapter, name, namespace) for name in words or known)
        failed = {(chapter, result.function) for result in results if not result.ok}
        repeated = frozenset(name for _, name in failed & self._failed)
        self._failed -= {(chapter, result.function) for result in results}
        self._failed |= failed
        display(Report(results, repeated))
        if failed:
            names = ", ".join(result.function for result in results if not result.ok)
            raise CheckFailed(f"not right yet: {names}")


def check_one(chapter: str, function: str, namespace: Mapping[str, Any]) -> CheckResult:
    """Run one visible check of a chapter, or look at the form of the quiz answers."""
    if function == QUIZ:
        return check_quiz(quiz_options(chapter), namespace.get(QUIZ))
    return run_check(checks_of(chapter)[function], namespace)


def check_quiz(options: Mapping[str, str], answers: Any) -> CheckResult:
    """Say which questions have an answer that is one letter of their options; whether it is right is not known here."""
    if not isinstance(answers, Mapping):
        said = (f"there is no dict {QUIZ}: run its cell",)
        return CheckResult(QUIZ, False, said)
    findings = []
    for question, letters in options.items():
        answer = answers.get(question, "")
        if answer == "":
            findings.append(f"{question}: no answer yet")
        elif not isinstance(answer, str) or len(answer) != 1 or answer not in letters:
            findings.append(f"{question}: {answer!r} is none of {', '.join(letters)}")
    findings += [f"{name}: there is no such question" for name in answers if name not in options]
    return CheckResult(QUIZ, not findings, tuple(findings))


def quiz_options(chapter: str) -> dict[str, str]:
    """Return question to the letters of its options, from the file that the release of the notebooks writes."""
    text = files("seqlab").joinpath("quiz.json").read_text(encoding="utf-8")
    return json.loads(text).get(chapter, {})


def guess_chapter(names: Sequence[str], namespace: Mapping[str, Any]) -> str:
    """Find the chapter of a notebook that does not say it: the one whose functions it defines most of.

    Raises:
        UsageError: no chapter fits, or several fit equally well.
    """
    scores: dict[str, int] = {}
    for chapter in chapters_with_checks():
        try:
            known = checks_of(chapter)
        except ImportError:  # a chapter whose libraries are not installed is not this one
            continue
        if all(name in known or name == QUIZ for name in names):
            scores[chapter] = sum(name in namespace for name in known)
    best = max(scores.values(), default=0)
    found = [chapter for chapter, score in scores.items() if score == best and best > 0]
    if len(found) != 1:
        raise UsageError(f"say first which chapter this is, such as %chapter {_listed(1)}")
    return found[0]


def _listed(count: int | None = None) -> str:
    return ", ".join(chapters_with_checks()[:count])
