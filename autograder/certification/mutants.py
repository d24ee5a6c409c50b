"""Small changes to right code, run against the hidden suite: what survives is equivalent, or a hole in the suite.

The catalogue is written by the hand that writes the tests; these mistakes are made by rules, from the reference and from
every alternative. Each survivor is judged once, in `equivalent.toml` beside the suite, where its reason stands.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import multiprocessing
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import msgspec

from autograder.course.catalogue import alternatives
from autograder.course.settings import Grading
from autograder.course.source import QUIZ, Chapter, hidden_folder, module_source, solution_source
from autograder.grading.collect import HiddenTest
from autograder.grading.judge import Judgement, Suite
from autograder.sandbox.inprocess import InProcessZygote, load_session

EQUIVALENT = "equivalent.toml"
"""Beside a chapter's suite: `"function digest" = "reason"` for each survivor that is no mistake."""

REFERENCE = "reference"
_SECONDS = 2.0  # for a call: what takes longer loops, and is caught


class Mutant(msgspec.Struct, frozen=True):
    """One change to right code of a function.

    Attributes:
        function: the function that is tested.
        origin: the reference, or the alternative whose code was changed.
        change: the operator's name.
        before: the statement or expression as it was.
        after: as it is now.
        line: of the source of the origin.
        number: among the changes of this origin that are alike, from 0.
        source: the code to run, in place of the function's or after the reference.
    """

    function: str
    origin: str
    change: str
    before: str
    after: str
    line: int
    number: int
    source: str

    @property
    def key(self) -> str:
        """What a judgement refers to: the function, and a digest of what was changed. Other lines may come and go."""
        text = f"{self.origin}\0{self.change}\0{self.before}\0{self.after}\0{self.number}"
        return f"{self.function} {hashlib.sha256(text.encode()).hexdigest()[:12]}"


class Survivors(msgspec.Struct):
    """What became of the mutants of a chapter."""

    chapter: str
    mutants: int = 0
    holes: list[Mutant] = []
    equivalent: list[tuple[Mutant, str]] = []
    stale: list[str] = []  # judgements of what no longer survives


# --- operators ------------------------------------------------------------------------------------------------------

_SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
_COMMUTE = ast.Sub, ast.Div, ast.MatMult, ast.Pow
_SYMMETRIC = ("swapaxes", "logaddexp", "maximum", "minimum", "isinstance", "range")
_FUNCTIONS = {
    "tanh": "sin",
    "sum": "mean",
    "mean": "sum",
    "max": "min",
    "min": "max",
    "argmax": "argmin",
    "zeros": "ones",
    "zeros_like": "ones_like",
    "floor": "ceil",
    "ceil": "floor",
    "softmax": "log_softmax",
    "cumsum": "cumprod",
}


def changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield what may stand in place of a node: the operator's name and the new node."""
    if isinstance(node, ast.BinOp):
        yield from _operand_changes(node)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _SWAPPED:
        yield "another comparison", ast.Compare(node.left, [_other(node.ops[0])], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield "another connective", ast.BoolOp(_other(node.op), node.values)
    elif isinstance(node, ast.UnaryOp):
        yield "without the sign", node.operand
    elif isinstance(node, ast.Constant):
        yield from _constant_changes(node)
    elif isinstance(node, ast.Attribute) and node.attr == "T" and isinstance(node.ctx, ast.Load):
        yield "not transposed", node.value
    elif isinstance(node, ast.Call):
        yield from _call_changes(node)
    elif isinstance(node, ast.If):
        yield "branch always", ast.If(ast.Constant(True), node.body, node.orelse)
        yield "branch never", ast.If(ast.Constant(False), node.body, node.orelse)
    elif isinstance(node, ast.IfExp):
        yield "first choice", node.body
        yield "second choice", node.orelse
    elif isinstance(node, ast.AugAssign):
        yield "not accumulated", ast.Assign([node.target], node.value, lineno=node.lineno)
        yield "left out", ast.Pass()
    elif _acts(node):
        yield "left out", ast.Pass()
    elif isinstance(node, ast.For):
        yield (
            "backwards",
            ast.For(
                node.target,
                ast.Call(
                    ast.Name("list", ast.Load()),
                    [ast.Call(ast.Name("reversed", ast.Load()), [_listed(node.iter)], [])],
                    [],
                ),
                node.body,
                node.orelse,
            ),
        )
        yield (
            "one round less",
            ast.For(
                node.target,
                ast.Subscript(_listed(node.iter), ast.Slice(upper=ast.Constant(-1)), ast.Load()),
                node.body,
                node.orelse,
            ),
        )
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
        yield (
            "first two exchanged",
            ast.Tuple([node.elts[1], node.elts[0], *node.elts[2:]], ast.Load()),
        )


def _acts(node: ast.AST) -> bool:
    """Whether a statement does something to a value that there is already."""
    if isinstance(node, ast.Assign):
        return isinstance(node.targets[0], ast.Subscript)
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)


def _listed(node: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("list", ast.Load()), [node], [])


def _other(operator: ast.AST) -> Any:
    return _SWAPPED[type(operator)]()


def _operand_changes(node: ast.BinOp) -> Iterator[tuple[str, ast.AST]]:
    if type(node.op) in _SWAPPED:
        yield "another operator", ast.BinOp(node.left, _other(node.op), node.right)
    if isinstance(node.op, _COMMUTE):
        yield "operands swapped", ast.BinOp(node.right, node.op, node.left)
    if isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow):
        yield "second term dropped", node.left
    if isinstance(node.op, ast.Add | ast.Mult):
        yield "first term dropped", node.right


def _constant_changes(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    value = node.value
    if isinstance(value, bool):
        yield "the other truth value", ast.Constant(not value)
    elif isinstance(value, int):
        yield "one more", ast.Constant(value + 1)
        yield "one less", ast.Constant(value - 1)
    elif isinstance(value, float):
        yield "doubled", ast.Constant(2.0 * value if value else 1.0)


def _call_changes(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    if name in _FUNCTIONS and isinstance(called, ast.Attribute):
        other = ast.Attribute(called.value, _FUNCTIONS[name], ast.Load())
        yield f"{_FUNCTIONS[name]} for {name}", ast.Call(other, node.args, node.keywords)
    if name in ("copy", "ascontiguousarray", "astype", "clip", "abs", "detach", "sorted", "list"):
        inner = called.value if isinstance(called, ast.Attribute) else None
        if inner is not None and not (isinstance(inner, ast.Name) and inner.id in ("np", "torch")):
            yield f"without {name}", inner
        elif node.args:
            yield f"without {name}", node.args[0]
    if len(node.args) == 2 and name not in _SYMMETRIC:
        yield "arguments swapped", ast.Call(called, node.args[::-1], node.keywords)
    for place, keyword in enumerate(node.keywords):
        if keyword.arg in ("keepdims", "axis", "dim", "where", "initial"):
            rest = node.keywords[:place] + node.keywords[place + 1 :]
            yield f"without {keyword.arg}", ast.Call(called, node.args, rest)


def _keys(tree: ast.AST) -> list[str]:
    """The texts that something is looked up by, in the order of the source."""
    return list(
        dict.fromkeys(
            node.slice.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
        )
    )


def mutated(source: str) -> Iterator[tuple[str, str, str, int, str]]:
    """Yield every mutant of a source: operator, before, after, line, the whole new source."""
    tree = ast.parse(source)
    keys = _keys(tree)
    texts = [ast.unparse(statement) for statement in tree.body]
    for number, statement in enumerate(tree.body):
        for node, place in list(_places(tree.body, number)):
            for change, new in [*changes(node), *_key_changes(node, keys)]:
                if not hasattr(new, "lineno"):
                    ast.copy_location(new, node)
                before, after = ast.unparse(node), ast.unparse(new)
                if before == after:
                    continue
                place(new)
                text = "\n\n".join(
                    [*texts[:number], ast.unparse(tree.body[number]), *texts[number + 1 :]]
                )
                place(node)
                yield change, before, after, getattr(node, "lineno", statement.lineno), text


def _places(block: list[ast.stmt], number: int) -> Iterator[tuple[ast.AST, Callable[[Any], None]]]:
    """Yield the nodes of one statement of a block, each with what puts another one in its place; no docstrings."""
    yield block[number], functools.partial(block.__setitem__, number)
    yield from _within(block[number])


def _within(node: ast.AST) -> Iterator[tuple[ast.AST, Callable[[Any], None]]]:
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            yield value, functools.partial(setattr, node, name)
            yield from _within(value)
        elif isinstance(value, list):
            for place, item in enumerate(value):
                if isinstance(item, ast.AST) and not (_is_text(item) or _is_check(item)):
                    yield item, functools.partial(value.__setitem__, place)
                    yield from _within(item)


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_check(node: ast.AST) -> bool:
    """Whether this is the `strict` of a `zip`, which changes nothing where lengths agree."""
    return isinstance(node, ast.keyword) and node.arg == "strict"


def _key_changes(node: ast.AST, keys: Sequence[str]) -> Iterator[tuple[str, ast.AST]]:
    if not (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)):
        return
    others = [key for key in keys if key != node.slice.value]
    if isinstance(node.slice.value, str) and others:
        other = others[keys.index(node.slice.value) % len(others)]
        yield "another key", ast.Subscript(node.value, ast.Constant(other), node.ctx)


def mutants_of(chapter: Chapter) -> Iterator[Mutant]:
    """Yield the mutants of the reference and of all alternatives, function by function."""
    seen: Counter[tuple[str, ...]] = Counter()

    def made(function: str, origin: str, found: tuple[str, str, str, int, str]) -> Mutant:
        change, before, after, line, text = found
        alike = (function, origin, change, before, after)
        seen[alike] += 1
        return Mutant(function, origin, change, before, after, line, seen[alike] - 1, text)

    names = [function.name for function in chapter.functions if function.name != QUIZ]
    for name in names:
        for found in mutated(solution_source(chapter, name)):
            yield made(name, REFERENCE, found)
    for style, source in alternatives(chapter.name).items():
        tree = ast.parse(source)
        for found in mutated(source):
            line = found[3]
            inside = [
                node.name
                for node in tree.body
                if isinstance(node, ast.FunctionDef)
                and node.lineno <= line <= (node.end_lineno or 0)
            ]
            # What several functions share is tested with each; of a helper any test may tell.
            tested = inside[0] if inside and inside[0] in names else ""
            yield made(tested, style, found)


# --- running --------------------------------------------------------------------------------------------------------


def survives(suite: Suite, mutant: Mutant) -> bool:
    """Tell whether no test of the suite fails; those of its own function come first."""
    if _fails(suite, mutant, lambda test: test.function == mutant.function):
        return False
    return not _fails(suite, mutant, lambda test: test.function != mutant.function)


def _fails(suite: Suite, mutant: Mutant, chosen: Callable[[HiddenTest], bool]) -> bool:
    chapter = suite.chapter
    if mutant.origin == REFERENCE:
        sources = [module_source(chapter, {mutant.function: mutant.source})]
    else:
        sources = [module_source(chapter), mutant.source]
    session = load_session(InProcessZygote(chapter.libraries, _SECONDS), sources, suite.limits)

    def failed(so_far: Judgement) -> bool:
        return any(
            test.verdict != "passed"
            for tests in so_far.outcomes.values()
            for test in tests.values()
        )

    judgement = suite.run(
        session, lambda test: chosen(test) and not suite.takes_long(test), until=failed
    )
    return failed(judgement)


def judgements(chapter: str) -> dict[str, str]:
    """Return the reasons why survivors of a chapter are no mistakes."""
    path = hidden_folder(chapter) / EQUIVALENT
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


@functools.cache
def _suite(chapter: Chapter, seed: int) -> Suite:
    if chapter.libraries == "torch":
        import torch

        torch.set_num_threads(1)
    return Suite(chapter, Grading(seed=seed))


def _survived(chapter: Chapter, seed: int, some: Sequence[Mutant]) -> list[bool]:
    suite = _suite(chapter, seed)
    return [survives(suite, mutant) for mutant in some]


def _answers(
    chapter: Chapter, jobs: int, seed: int, chunks: Sequence[Sequence[Mutant]]
) -> Iterator[list[bool]]:
    if jobs <= 1:
        for chunk in chunks:
            yield _survived(chapter, seed, chunk)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for answer in [pool.submit(_survived, chapter, seed, chunk) for chunk in chunks]:
            yield answer.result()


def survivors(
    chapter: Chapter,
    jobs: int,
    grading: Grading,
    said: Callable[[Mutant], None] = lambda _mutant: None,
) -> Survivors:
    """Run all mutants of a chapter; `said` is called with each hole as it is found."""
    everything = list(mutants_of(chapter))
    result, known = Survivors(chapter.name, len(everything)), judgements(chapter.name)
    size = 50
    chunks = [everything[start : start + size] for start in range(0, len(everything), size)]
    for chunk, survived in zip(chunks, _answers(chapter, jobs, grading.seed, chunks), strict=True):
        for mutant in (one for one, alive in zip(chunk, survived, strict=True) if alive):
            if mutant.key in known:
                result.equivalent.append((mutant, known[mutant.key]))
            else:
                result.holes.append(mutant)
                said(mutant)
    judged = {mutant.key for mutant, _reason in result.equivalent}
    result.stale = sorted(set(known) - judged)
    return result
