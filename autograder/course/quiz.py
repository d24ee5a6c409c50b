"""The quiz of a chapter as its source says it: practice questions, graded questions and their right answers.

A practice question is a markdown cell `#### Practice 1` with options `- [ ] …`, the right one `- [x] …`, and below each
`  > …`, why it is right or wrong. A graded question is a part `#### q1` of a markdown cell; its right answer stands in
the solution cell alone. `docs/authoring.md` describes both.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import msgspec

from autograder.course.source import QUIZ, Chapter, CourseError, solution_source, text_cells
from seqlab.answers import LETTER, NUMBER, ORDER, Form, letter, numbers, order
from seqlab.quizzes import Option, Question

_PRACTICE = re.compile(r"#### Practice (\d+)\n")
_GRADED = re.compile(r"#### (q\d+)\n")
_OPTION = re.compile(r"- \[([ x])\] ")
_SAYS = re.compile(r"  > ?")
_CHOICES = re.compile(r"^- \*\*([a-zA-Z])\*\* ", re.MULTILINE)
_NUMBER = re.compile(r"^\*Answer: a number, to within (\S+)\.\*$", re.MULTILINE)
_WHOLE = re.compile(r"^\*Answer: a whole number\.\*$", re.MULTILINE)


class GradedQuestion(msgspec.Struct, frozen=True):
    """A graded question: its text, the form of its answer, the right one, and how far a number may be from it."""

    name: str
    text: str
    form: Form
    right: str
    tolerance: Fraction = Fraction(0)

    def accepts(self, answer: str) -> bool:
        """Whether an answer is right: the letter, the order, or a number within the tolerance, borders included."""
        if self.form.kind == NUMBER:
            right = numbers(self.right)[0]
            return any(abs(value - right) <= self.tolerance for value in numbers(answer))
        read = letter if self.form.kind == LETTER else order
        return read(answer, self.form.letters) == self.right


# --- practice -------------------------------------------------------------------------------------------------------


def practice_questions(chapter: Chapter) -> tuple[Question, ...]:
    """Return the practice questions in the order of the text.

    Raises:
        CourseError: a question has no options, not one right option, an option without an explanation, or a number
            that does not follow the one before.
    """
    found = []
    for text in text_cells(chapter):
        try:
            question = _practice(text)
        except ValueError as error:
            raise CourseError(f"{chapter.path}: {error}") from error
        if question is not None:
            found.append(question)
    names = [question.name for question in found]
    if names != [f"p{number}" for number in range(1, len(found) + 1)]:
        raise CourseError(f"{chapter.path}: practice questions are numbered {', '.join(names)}")
    return tuple(found)


def as_released(text: str) -> str:
    """Return a markdown cell as students get it: the options of a practice question become cards to click.

    Raises:
        ValueError: it is a practice question that breaks a rule.
    """
    question = _practice(text)
    if question is None:
        return text
    return f"#### {question.heading()}\n\n{question.text}\n\n{question.cards()}"


def _practice(text: str) -> Question | None:
    heading = _PRACTICE.match(text)
    if not heading:
        return None
    name = f"p{heading[1]}"
    lines = text[heading.end() :].strip().split("\n")
    first = next((n for n, line in enumerate(lines) if _OPTION.match(line)), len(lines))
    options = tuple(_options(lines[first:]))
    if sum(option.right for option in options) != 1:
        raise ValueError(f"{name} has not exactly one right option `- [x]`")
    if not all(option.text and option.says for option in options):
        raise ValueError(f"{name} has an option without a text or without an explanation `  > `")
    return Question(name, "\n".join(lines[:first]).strip(), options)


def _options(lines: list[str]) -> Iterator[Option]:
    blocks: list[list[str]] = []
    for line in lines:
        if _OPTION.match(line):
            blocks.append([])
        if line.strip():
            blocks[-1].append(line)
    for block in blocks:
        mark = _OPTION.match(block[0])
        assert mark is not None
        says = [_SAYS.sub("", line, count=1) for line in block if _SAYS.match(line)]
        words = [block[0][mark.end() :], *(line for line in block[1:] if not _SAYS.match(line))]
        yield Option(_joined(words), mark[1] == "x", _joined(says))


def _joined(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


# --- graded ---------------------------------------------------------------------------------------------------------


def graded_questions(chapter: Chapter) -> dict[str, GradedQuestion]:
    """Return the graded questions by name, in the order of the text.

    Raises:
        CourseError: the key is not about the questions of the text, or an answer of it has not the form that its
            question asks for.
    """
    texts: dict[str, str] = {}
    for cell in text_cells(chapter):
        for part in re.split(r"^(?=#### )", cell, flags=re.MULTILINE):
            heading = _GRADED.match(part)
            if heading:
                texts[heading[1]] = part[heading.end() :].strip()
    key = _literal(chapter, QUIZ)
    if list(texts) != list(key):
        asked = ", ".join(texts) or "none"
        raise CourseError(
            f"{chapter.path}: the key is not about the questions of the text ({asked})"
        )
    try:
        return {name: _graded(name, text, key[name]) for name, text in texts.items()}
    except ValueError as error:
        raise CourseError(f"{chapter.path}: {error}") from error


def quiz_key(chapter: Chapter) -> dict[str, str]:
    """Return graded question to right answer.

    Raises:
        CourseError: as `graded_questions`.
    """
    return {name: question.right for name, question in graded_questions(chapter).items()}


def _graded(name: str, text: str, right: Any) -> GradedQuestion:
    choices = "".join(_CHOICES.findall(text))
    within, whole = _NUMBER.search(text), _WHOLE.search(text)
    if choices and (within or whole):
        raise ValueError(f"{name} asks for a number and has options as well")
    tolerance = Fraction(0)
    if choices:
        kind = LETTER if choices.islower() else ORDER
        form = Form(kind, choices)
        read = letter if kind == LETTER else order
        sound = isinstance(right, str) and read(right, choices) == right
    elif within or whole:
        form = Form(NUMBER)
        if within:
            stated = numbers(within[1])
            if len(stated) != 1 or stated[0] <= 0:
                raise ValueError(f"{name} states no tolerance: {within[1]}")
            tolerance = stated[0]
        sound = isinstance(right, str) and len(numbers(right)) == 1
    else:
        raise ValueError(f"{name} has neither options nor a line `*Answer: a number, to within …*`")
    if not sound:
        raise ValueError(f"the key of {name} has not the form that the question asks for")
    return GradedQuestion(name, text, form, right, tolerance)


def _literal(chapter: Chapter, name: str) -> Any:
    found = None
    for node in ast.parse(solution_source(chapter, QUIZ)).body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            try:
                found = ast.literal_eval(node.value)
            except ValueError as error:
                raise CourseError(f"{chapter.path}: {name} is no literal: {error}") from error
    if not isinstance(found, dict) or not found:
        raise CourseError(f"{chapter.path}: the quiz cell sets no {name}")
    return found
