"""What readers are shown of a hidden test: its title, never its name, in which parameters of hidden inputs stand.

A title stands in the suite, as `@scores(..., title="a hidden state of zero")`. It is read from the source: reports need
neither a test runner nor what a suite imports.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Mapping

from autograder.course.source import SUITES


def title(chapter: str, test: str) -> str:
    """Return the title of a test that has this name in results; where it has none, its name without parameters."""
    name = test.partition("[")[0]
    return titles(chapter).get(name) or " ".join(name.replace("_", " ").split())


@functools.cache
def titles(chapter: str) -> Mapping[str, str]:
    """Return the titles of a chapter's hidden tests by name; none where there is no such suite."""
    path = SUITES / chapter / f"test_{chapter}.py"
    if not path.is_file():
        return {}
    found = {}
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if said := _title(decorator):
                    found[node.name.removeprefix("test_")] = said
    return found


def _title(decorator: ast.expr) -> str:
    if not isinstance(decorator, ast.Call) or ast.unparse(decorator.func) != "scores":
        return ""
    for keyword in decorator.keywords:
        if keyword.arg == "title" and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value)
    return ""
