"""The imports of a cell, read from its source: which module, where, and whether its absence is provided for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from seqlab.statements import parse

_CAUGHT = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_BY_NAME = {"importlib.import_module", "import_module", "__import__"}
# A condition that names one of these asks where it runs; the grader answers no.
_ASKS_WHERE = ("colab", "kaggle", "type_checking", "find_spec", "sys.modules", "get_ipython")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True)
class Imported:
    """An import.

    Attributes:
        module: the full name of the module.
        line: in the cell.
        names: what it binds.
        function: the function in whose body it stands, "" at the top level.
        provided: the code goes on where the module is not there, or asks before.
        attributes: of `from m import a as b`, the names in the module, in the order of `names`.
    """

    module: str
    line: int
    names: tuple[str, ...]
    function: str = ""
    provided: bool = False
    attributes: tuple[str, ...] = ()


def imports(source: str) -> list[Imported]:
    """Return the imports of a cell in the order of its lines; of what does not parse, none."""
    found: list[Imported] = []
    for statement in parse(source, "<cell>"):
        if statement.tree is not None:
            found += _within(statement.tree)
    return sorted(found, key=lambda one: one.line)


def _within(tree: ast.AST) -> Iterator[Imported]:
    waiting: list[tuple[ast.AST, str, bool]] = [(tree, "", False)]
    assigned: set[ast.AST] = set()  # calls that were told with the names which they are bound to
    while waiting:  # no recursion: a formula may be nested as deeply as the parser allows
        node, function, provided = waiting.pop()
        if node not in assigned:
            yield from _of(node, function, provided)
        if isinstance(node, ast.Assign):
            assigned.add(node.value)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = function or node.name
        for field, value in ast.iter_fields(node):
            children = value if isinstance(value, list) else [value]
            inside = provided or _provides(node, field)
            waiting += [
                (child, function, inside) for child in children if isinstance(child, ast.AST)
            ]


def _provides(node: ast.AST, field: str) -> bool:
    """Whether what stands in this part of a statement is left out, or may fail, where a module is missing."""
    if isinstance(node, ast.Try) and field == "body":
        return any(_catches(handler) for handler in node.handlers)
    if isinstance(node, ast.With | ast.AsyncWith) and field == "body":
        return any("suppress" in ast.unparse(item.context_expr) for item in node.items)
    if isinstance(node, ast.If) and field == "body":
        if isinstance(node.test, ast.Constant) and not node.test.value:
            return True
        asked = ast.unparse(node.test).lower()
        return not asked.startswith("not ") and any(word in asked for word in _ASKS_WHERE)
    return False


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    named = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(one, ast.Name) and one.id in _CAUGHT for one in named)


def _of(node: ast.AST, function: str, provided: bool) -> Iterator[Imported]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            yield Imported(alias.name, node.lineno, (name,), function, provided)
    elif isinstance(node, ast.ImportFrom):
        names = tuple(alias.asname or alias.name for alias in node.names)
        module = "." * node.level + (node.module or "")
        attributes = tuple(alias.name for alias in node.names)
        yield Imported(module, node.lineno, names, function, provided, attributes)
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        module = _imported_by_call(node.value)
        names = tuple(target.id for target in node.targets if isinstance(target, ast.Name))
        if module:
            yield Imported(module, node.value.lineno, names, function, provided)
    elif isinstance(node, ast.Call) and (module := _imported_by_call(node)):
        yield Imported(module, node.lineno, (), function, provided)


def _imported_by_call(call: ast.Call) -> str:
    """The module that a call such as `importlib.import_module("x")` imports, where it is said."""
    if not isinstance(call.func, ast.Name | ast.Attribute) or not call.args:
        return ""
    first = call.args[0]
    if ast.unparse(call.func) not in _BY_NAME or not isinstance(first, ast.Constant):
        return ""
    return first.value if isinstance(first.value, str) else ""
