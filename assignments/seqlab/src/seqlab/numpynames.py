"""Names of numpy in a student's code that the grader's numpy does not have, such as those that a newer one dropped."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from seqlab import grader
from seqlab.imports import imports
from seqlab.statements import parse


def aliases(source: str) -> dict[str, str]:
    """Return the names that a cell's imports bind to numpy and its parts, each with its part."""
    found: dict[str, str] = {}
    for one in imports(source):
        if one.attributes:
            pairs = zip(one.names, one.attributes, strict=True)
            found |= {name: f"{one.module}.{attribute}" for name, attribute in pairs}
        elif one.module.partition(".")[0] == "numpy":
            found |= {name: "numpy" if name == "numpy" else one.module for name in one.names}
    return {name: part for name, part in found.items() if grader.numpy_names(part)}


def missing(source: str, known: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Yield line and full name of what the grader's numpy lacks.

    Args:
        source: of a cell, without magics.
        known: what the names of the notebook are bound to, as `aliases` returns it.
    """
    for one in imports(source):
        for attribute in one.attributes:
            if _lacks(one.module, attribute):
                yield one.line, f"{one.module}.{attribute}"
    for statement in parse(source, "<cell>"):
        for node in ast.walk(statement.tree) if statement.tree else ():
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                part = _part(node.value, known)
                if part and _lacks(part, node.attr):
                    yield node.lineno, f"{part}.{node.attr}"


def _part(node: ast.expr, known: Mapping[str, str]) -> str:
    """Which part of numpy an expression such as `np` or `np.linalg` is, "" of any other."""
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        part = f"{known.get(node.value.id, '')}.{node.attr}"
        return part if grader.numpy_names(part) else ""
    return ""


def _lacks(part: str, name: str) -> bool:
    names = grader.numpy_names(part)
    return bool(names) and name != "*" and not name.startswith("_") and name not in names
