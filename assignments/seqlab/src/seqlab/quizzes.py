"""The quiz of a chapter: practice questions that answer at once, and the form of the answers to the graded ones.

A practice question is a card: under each option stands, folded away, why it is right or wrong. Folding is the
browser's own, so that a card needs neither a kernel nor a script, and keeps its words in an exported page.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from importlib.resources import files
from typing import Any

from seqlab.answers import Form, malformed
from seqlab.chapters import QUIZ, chapters_with_checks, resolve
from seqlab.results import CheckResult

PRACTICE = "practice.json"
_OPTION = "border:1px solid #8888;border-radius:4px;padding:.4em .9em;margin:.3em 0;max-width:54em"
_SUMMARY = "cursor:pointer"
_LETTERS = "abcdefgh"
# Formulas and code are taken as they are, and what stands around them as text.
_INLINE = re.compile(r"(\$[^$]+\$|`[^`]+`)")


@dataclass(frozen=True)
class Option:
    """One option of a practice question: its text, whether it is right, and why."""

    text: str
    right: bool
    says: str


@dataclass(frozen=True)
class Question:
    """A practice question; the text is Markdown."""

    name: str
    text: str
    options: tuple[Option, ...]

    @property
    def letters(self) -> str:
        """The letters of the options."""
        return _LETTERS[: len(self.options)]

    def explained(self, letter: str) -> str:
        """Say of one option whether it is right, and why.

        Raises:
            ValueError: the question has no such option.
        """
        if len(letter) != 1 or letter not in self.letters:
            raise ValueError(f"{self.name} has the options {', '.join(self.letters)}")
        option = self.options[self.letters.index(letter)]
        return f"{_verdict(letter, option)} {option.says}"

    def heading(self) -> str:
        """Return its title."""
        return f"Practice {self.name.removeprefix('p')}"

    def cards(self) -> str:
        """Render the options as HTML that a click unfolds, without an empty line: it may stand in Markdown."""
        return "\n".join(
            f'<details style="{_OPTION}"><summary style="{_SUMMARY}"><b>{letter}</b> {inline(option.text)}</summary>'
            f"<p>{escape(_verdict(letter, option))} {inline(option.says)}</p></details>"
            for letter, option in zip(self.letters, self.options, strict=True)
        )

    def lines(self) -> list[str]:
        """Render the question with its options, without explanations, as text."""
        return [
            f"{self.name}  {' '.join(self.text.split())}",
            *(
                f"  {letter}  {option.text}"
                for letter, option in zip(self.letters, self.options, strict=True)
            ),
        ]

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {"text": self.text, "options": [asdict(option) for option in self.options]}


def _verdict(letter: str, option: Option) -> str:
    return f"✔ {letter} is right." if option.right else f"✘ {letter} is not right."


def inline(text: str) -> str:
    """Render a line of Markdown with nothing but formulas and code in it as HTML."""
    parts = _INLINE.split(text)
    return "".join(
        f"<code>{escape(part[1:-1])}</code>" if part.startswith("`") else escape(part, quote=False)
        for part in parts
    )


def practice(chapter: str) -> tuple[Question, ...]:
    """Return the practice questions of a chapter; none where its release has none."""
    path = files("seqlab").joinpath(PRACTICE)
    held = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return tuple(
        Question(name, one["text"], tuple(Option(**option) for option in one["options"]))
        for name, one in held.get(chapter, {}).items()
    )


def forms(chapter: str) -> dict[str, Form]:
    """Return graded question to the form of its answer, from the file that the release of the notebooks writes."""
    text = files("seqlab").joinpath("quiz.json").read_text(encoding="utf-8")
    return {name: Form.from_data(one) for name, one in json.loads(text).get(chapter, {}).items()}


def check_quiz(expected: Mapping[str, Form], answers: Any) -> CheckResult:
    """Say which questions have an answer of the form that they ask for; whether it is right is not said."""
    if not isinstance(answers, Mapping):
        return CheckResult(QUIZ, False, (f"there is no dict {QUIZ}: run its cell",))
    findings = []
    for question, form in expected.items():
        said = malformed(form, answers.get(question, ""))
        if said:
            findings.append(f"{question}: {said}")
    findings += [f"{name}: there is no such question" for name in answers if name not in expected]
    return CheckResult(QUIZ, not findings, tuple(findings))


@dataclass(frozen=True)
class Practice:
    """The practice questions of a chapter as a notebook shows them: HTML, and the same as text."""

    chapter: str
    questions: tuple[Question, ...]

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": self.html()}

    def text(self) -> str:
        """Render as plain text; explanations are asked for one by one."""
        if not self.questions:
            return f"{self.chapter} has no practice questions"
        blocks = ["\n".join(question.lines()) for question in self.questions]
        return "\n\n".join(blocks)

    def html(self) -> str:
        """Render as HTML: a card per option."""
        if not self.questions:
            return f"<p>{escape(self.text())}</p>"
        return "".join(
            f"<h4>{escape(question.heading())}</h4><p>{inline(question.text)}</p>{question.cards()}"
            for question in self.questions
        )


def quiz(chapter: str | None = None) -> Practice:
    """Show the practice questions of a chapter: click an option, and it says why it is right or wrong.

    Args:
        chapter: its name, or the beginning of it, such as "ch02"; in a notebook it is known.

    Raises:
        ValueError: it is not clear which chapter is meant.
    """
    found = _notebook().get("__seqlab_chapter__") if chapter is None else resolve(chapter)
    if not isinstance(found, str):
        known = ", ".join(chapters_with_checks())
        raise ValueError(f"say which chapter, such as quiz('ch02'); there are: {known}")
    return Practice(found, practice(found))


def _notebook() -> Mapping[str, Any]:
    """The variables of the notebook that this runs in; none outside one. IPython is there or it is not needed."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell.user_ns if shell is not None else {}
