"""Which chapters there are, and what each one checks: known without numpy or any library of a chapter."""

from __future__ import annotations

import ast
import re
from importlib.resources import files

QUIZ = "quiz_answers"


def chapters_with_checks() -> list[str]:
    """Names of the chapters that have a module of checks; none of them is imported."""
    names = (path.name for path in files("seqlab.checks").iterdir())
    return sorted(
        name.removesuffix(".py") for name in names if re.fullmatch(r"ch\d+_\w+\.py", name)
    )


def function_names(chapter: str) -> list[str]:
    """Names of the functions that a chapter checks, read from its module without importing it or its libraries.

    Raises:
        KeyError: there is no such chapter.
    """
    path = files("seqlab.checks").joinpath(f"{chapter}.py")
    if not path.is_file():
        raise KeyError(chapter)
    return [
        argument.value
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "visible_check"
        for argument in decorator.args[:1]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


def resolve(word: str) -> str | None:
    """Return the chapter that a word means: its name, its number, or a beginning that only one chapter has."""
    known = chapters_with_checks()
    if word in known:
        return word
    number = re.fullmatch(r"(?:ch|chapter)?0*(\d+)", word.lower())
    if number:
        word = f"ch{int(number[1]):02d}_"
    found = [name for name in known if name.startswith(word.lower())]
    return found[0] if word and len(found) == 1 else None


def chapters_of(function: str) -> list[str]:
    """Return the chapters that check a function of this name."""
    return [name for name in chapters_with_checks() if function in function_names(name)]
