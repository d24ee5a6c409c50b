"""The quiz of a chapter: are the answers well formed, and why is the option chosen right or wrong.

The explanations lie in a file that cannot be read as it is: each is encrypted with a key that only a question together
with one of its letters gives. That keeps no secret from a student who writes a program for it; it keeps everyone else
from reading the answers before having chosen.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

from seqlab.chapters import QUIZ, chapters_with_checks, quiz_options, resolve
from seqlab.report import CARD, RIGHT, WRONG
from seqlab.results import CheckResult

EXPLANATIONS = "quiz_explanations.json"
# All of one length, so that the longest, which is often the right one, does not show.
_PADDED = 192


def seal(chapter: str, question: str, letter: str, right: bool, says: str) -> tuple[str, str]:
    """Encrypt what is said about one option; return the entry's name, which tells nothing, and the entry."""
    plain = json.dumps([right, says], ensure_ascii=False).encode()
    name, stream = _key(chapter, question, letter, max(_PADDED, len(plain)))
    mixed = bytes(a ^ b for a, b in zip(plain.ljust(len(stream)), stream, strict=True))
    return name, base64.b85encode(mixed).decode()


def unseal(
    entries: Mapping[str, str], chapter: str, question: str, letter: str
) -> tuple[bool, str] | None:
    """Return whether an option is right, and why; None where nothing is said about it."""
    entry = entries.get(_key(chapter, question, letter, 0)[0])
    if entry is None:
        return None
    mixed = base64.b85decode(entry)
    stream = _key(chapter, question, letter, len(mixed))[1]
    right, says = json.loads(bytes(a ^ b for a, b in zip(mixed, stream, strict=True)))
    return bool(right), str(says)


def _key(chapter: str, question: str, letter: str, length: int) -> tuple[str, bytes]:
    seed = f"{chapter}/{question}/{letter}".encode()
    return hashlib.sha256(b"name " + seed).hexdigest()[:16], hashlib.shake_256(seed).digest(length)


def explanations(chapter: str) -> dict[str, str]:
    """Return the encrypted explanations of a chapter; empty where its release has none."""
    path = files("seqlab").joinpath(EXPLANATIONS)
    return json.loads(path.read_text(encoding="utf-8")).get(chapter, {}) if path.is_file() else {}


def check_quiz(options: Mapping[str, str], answers: Any) -> CheckResult:
    """Say which questions have an answer that is one letter of their options; whether it is right is not said."""
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


@dataclass(frozen=True)
class Explained:
    """One question: the letter chosen, whether it is right, and why; `right` is None where there is no answer."""

    question: str
    letter: str
    right: bool | None
    says: str


@dataclass(frozen=True)
class QuizFeedback:
    """The feedback on a chapter's answers, as HTML and as text."""

    chapter: str
    answers: tuple[Explained, ...]

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": self.html()}

    def text(self) -> str:
        """Render as plain text."""
        lines = [self._summary()]
        for one in self.answers:
            lines.append(f"{_mark(one)} {one.question}{_chosen(one)}: {one.says}")
        return "\n".join(lines)

    def html(self) -> str:
        """Render as HTML: a card per question."""
        cards = ""
        for one in self.answers:
            colour = {True: RIGHT, False: WRONG, None: "#888"}[one.right]
            cards += (
                f'<div style="{CARD.format(colour=colour)}">'
                f'<b style="color:{colour}">{_mark(one)} {escape(one.question)}</b>'
                f"{escape(_chosen(one))}: {escape(one.says)}</div>"
            )
        return f"<div><p>{escape(self._summary())}</p>{cards}</div>"

    def _summary(self) -> str:
        right = sum(one.right is True for one in self.answers)
        rest = sum(one.right is None for one in self.answers)
        todo = f", {rest} to answer" if rest else ""
        return f"Quiz of {self.chapter}: {right} of {len(self.answers)} right{todo}"


def _mark(one: Explained) -> str:
    return {True: "✔", False: "✘", None: "·"}[one.right]


def _chosen(one: Explained) -> str:
    return f" {one.letter}" if one.right is not None else ""


def feedback(chapter: str, answers: Any) -> QuizFeedback:
    """Explain the options chosen, and no other."""
    options, entries = quiz_options(chapter), explanations(chapter)
    malformed = check_quiz(options, answers)
    said = dict(finding.split(": ", 1) for finding in malformed.findings if ": " in finding)
    explained = []
    for question in options:
        if not isinstance(answers, Mapping) or question in said:
            explained.append(Explained(question, "", None, said.get(question, "no answer yet")))
            continue
        letter = answers[question]
        found = unseal(entries, chapter, question, letter)
        if found is None:
            explained.append(Explained(question, letter, None, "there is no explanation of it"))
        else:
            explained.append(Explained(question, letter, *found))
    return QuizFeedback(chapter, tuple(explained))


def quiz(chapter: str | None = None, answers: Mapping[str, str] | None = None) -> QuizFeedback:
    """Explain your answers to the quiz: for the option that you chose, why it is right or wrong.

    Args:
        chapter: its name, or the beginning of it, such as "ch02"; in a notebook it is known.
        answers: question to letter; in a notebook, `quiz_answers` unless given.

    Raises:
        ValueError: it is not clear which chapter is meant.
    """
    namespace = _notebook()
    if chapter is None:
        found = namespace.get("__seqlab_chapter__")
    else:
        found = resolve(chapter)
    if not isinstance(found, str):
        known = ", ".join(chapters_with_checks())
        raise ValueError(f"say which chapter, such as quiz('ch02'); there are: {known}")
    return feedback(found, namespace.get(QUIZ) if answers is None else answers)


def _notebook() -> Mapping[str, Any]:
    """The variables of the notebook that this runs in; none outside one. IPython is there or it is not needed."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell.user_ns if shell is not None else {}
