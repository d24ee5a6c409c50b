"""Read the answers to the quiz from the text of the cells, without running or parsing them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from seqlab.lines import Logical, logical_lines
from seqlab.literals import Token, number_value, string_value, tokens

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_CONSTANTS = ("True", "False", "None")
_HALF = re.compile("[\ud800-\udfff]")
_MOST = 1_000  # answers, far beyond any quiz: what copies them a thousand times is still read in no time
Answers = dict[str, str]


def read(sources: Iterable[str], name: str) -> Answers | None:
    """Return question to answer, None where the name is never assigned a dict.

    Statements of the top level count: `name = {…}`, `name = dict(…)`, `name["q1"] = "a"`, `name.update(…)`,
    `name |= {…}`, with or without an annotation, the later after the earlier. What is no literal is passed over.
    """
    answers: Answers | None = None
    for source in sources:
        if name not in source:
            continue
        for line in logical_lines(source, magics=False):
            is_candidate = line.kind == "code" and line.text == line.start and not line.open
            if is_candidate and source.find(name, line.start, line.end) >= 0:
                if _HALF.search(source, line.start, line.end):
                    continue  # as Python does not compile it
                for statement in _statements(source, line):
                    answers = _applied(statement, name, answers)
    return answers


def _statements(source: str, line: Logical) -> Iterable[list[Token]]:
    """The statements of a line, parted by semicolons."""
    statement: list[Token] = []
    depth = 0
    for token in tokens(source, line.start, line.end):
        if token.kind == "operator":
            depth += (token.text in "([{") - (token.text in ")]}")
            if token.text == ";" and depth == 0:
                yield statement
                statement = []
                continue
        statement.append(token)
    if depth == 0:
        yield statement


def _applied(statement: Sequence[Token], name: str, answers: Answers | None) -> Answers | None:
    if not any(token.kind == "name" and token.text == name for token in statement):
        return answers
    texts = [token.text for token in statement[:3]]
    if texts[0] == name and texts[1:2] == ["|="]:
        return _merged(answers, _dictionary(statement[2:], name, answers))
    if texts[:2] == [name, "."]:
        return _called(statement, texts, name, answers)
    return _assigned(statement, name, answers)


def _called(
    statement: Sequence[Token], texts: Sequence[str], name: str, answers: Answers | None
) -> Answers | None:
    """A method of the dict, as a statement of its own."""
    method = texts[2] if len(texts) > 2 else ""
    if len(statement) < 5 or statement[3].text != "(" or statement[-1].text != ")":
        return answers
    if method == "clear" and answers is not None:
        return {}
    if method != "update":
        return answers
    return _merged(answers, _arguments(statement[4:-1], name, answers))


def _merged(answers: Answers | None, more: Answers | None) -> Answers | None:
    """One dict after the other; into the first, so that ten thousand statements take no longer than their text."""
    if answers is None:
        return more
    for question, answer in (more or {}).items():
        _set(answers, question, answer)
    return answers


def _set(answers: Answers, question: str, answer: str) -> None:
    if question in answers or len(answers) < _MOST:
        answers[question] = answer


def _assigned(statement: Sequence[Token], name: str, answers: Answers | None) -> Answers | None:
    """An assignment to the name, or to a key of it, or neither."""
    targets = _parted(statement, "=")
    value = targets.pop()
    assigned: Answers | None = None
    for target in targets:
        plain = _parted(target, ":")[0]  # without an annotation
        if len(plain) == 1 and plain[0].text == name:
            assigned = assigned or _dictionary(value, name, answers)
            answers = assigned
        elif len(plain) > 3 and [plain[0].text, plain[1].text, plain[-1].text] == [name, "[", "]"]:
            key, answer = _constant(plain[2:-1]), _constant(value)
            if key is not None and answer is not None:
                answers = {} if answers is None else answers
                _set(answers, key, answer)
    return answers


def _dictionary(value: Sequence[Token], name: str, answers: Answers | None) -> Answers | None:
    """The dict that an expression makes; None where it is none that can be read."""
    value = _without_brackets(value)
    parts = _parted(value, "|")
    if len(parts) > 1:
        merged: Answers | None = None
        for part in parts:
            merged = _merged(merged, _dictionary_of(part, name, answers))
        return merged
    return _dictionary_of(value, name, answers)


def _dictionary_of(value: Sequence[Token], name: str, answers: Answers | None) -> Answers | None:
    texts = [token.text for token in value[:2]]
    if texts == [name]:
        return dict(answers) if answers is not None else None
    if len(value) > 1 and texts[0] == "{" and value[-1].text == "}":
        return _entries(value[1:-1], name, answers)
    if len(value) > 2 and texts == ["dict", "("] and value[-1].text == ")":
        return _arguments(value[2:-1], name, answers)
    return None


def _entries(items: Sequence[Token], name: str, answers: Answers | None) -> Answers:
    found: Answers = {}
    for item in _parted(items, ","):
        if item and item[0].text == "**":
            if [token.text for token in item[1:]] == [name]:
                _merged(found, answers)
            continue
        parts = _parted(item, ":")
        if len(parts) == 2:
            _put(found, parts[0], parts[1])
    return found


def _arguments(items: Sequence[Token], name: str, answers: Answers | None) -> Answers:
    """What `dict(…)` and `update(…)` are called with."""
    found: Answers = {}
    for item in _parted(items, ","):
        parts = _parted(item, "=")
        if len(parts) == 2 and len(parts[0]) == 1 and parts[0][0].kind == "name":
            answer = _constant(parts[1])
            if answer is not None:
                _set(found, parts[0][0].text, answer)
        elif item and item[0].text == "**":
            _merged(found, _literal(item[1:], name, answers))
        elif item:
            _merged(found, _literal(item, name, answers))
    return found


def _literal(item: Sequence[Token], name: str, answers: Answers | None) -> Answers:
    """A dict, or a list of pairs; two levels of brackets at most, so that nothing here nests."""
    texts = [item[0].text, item[-1].text] if item else []
    if texts == ["{", "}"]:
        return _entries(item[1:-1], name, answers)
    found: Answers = {}
    if len(item) == 1 and item[0].text == name:
        _merged(found, answers)
    elif texts in (["[", "]"], ["(", ")"]):
        for pair in _parted(item[1:-1], ","):
            if len(pair) > 2 and pair[0].text in "([" and pair[-1].text in ")]":
                parts = _parted(pair[1:-1], ",")
                if len(parts) > 1:
                    _put(found, parts[0], parts[1])
    return found


def _put(found: Answers, key: Sequence[Token], value: Sequence[Token]) -> None:
    question, answer = _constant(key), _constant(value)
    if question is not None and answer is not None:
        _set(found, question, answer)


def _constant(value: Sequence[Token]) -> str | None:
    """The text of a literal: a string, several in a row, a number, True, False or None."""
    value = _without_brackets(value)
    if not value:
        return None
    if all(token.kind == "string" for token in value):
        texts = [string_value(token.text) for token in value]
        return None if None in texts else "".join(text for text in texts if text is not None)
    if len(value) != 1:
        return None
    if value[0].kind == "number":
        return number_value(value[0].text)
    return value[0].text if value[0].text in _CONSTANTS else None


def _without_brackets(value: Sequence[Token]) -> Sequence[Token]:
    """An expression without the brackets around all of it."""
    around = 0
    while (
        2 * around + 1 < len(value) and value[around].text == "(" and value[-1 - around].text == ")"
    ):
        around += 1
    if (
        around
        and len(_parted(value, ",", around)) == 1
        and _balanced(value[around : len(value) - around])
    ):
        return value[around : len(value) - around]
    return value


def _balanced(value: Sequence[Token]) -> bool:
    depth = 0
    for token in value:
        if token.kind == "operator":
            depth += (token.text in "([{") - (token.text in ")]}")
            if depth < 0:
                return False
    return depth == 0


def _parted(value: Sequence[Token], separator: str, level: int = 0) -> list[Sequence[Token]]:
    """Cut at an operator that stands within so many brackets."""
    parts: list[Sequence[Token]] = []
    depth = first = 0
    for place, token in enumerate(value):
        if token.kind != "operator":
            continue
        if token.text in _CLOSING:
            depth += 1
        elif token.text in ")]}":
            depth -= 1
        elif token.text == separator and depth == level:
            parts.append(value[first:place])
            first = place + 1
    parts.append(value[first:])
    return parts
