"""What a live notebook tells before it is handed in: its file, and what its cells imported that the grader lacks.

A kernel knows what was run and in which order, not what stands in the file. So an import is told with the number of its
input, and only where a function that is checked uses what it bound, or where the whole chapter is checked.
"""

from __future__ import annotations

import os
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqlab import asgraded, grader, magics, notebook
from seqlab.imports import imports
from seqlab.results import CheckResult


@dataclass(frozen=True)
class Refused:
    """An import at the top level of an input that the grader refuses."""

    module: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def refused_imports(inputs: Sequence[str], chapter: str, folder: Path) -> dict[str, Refused]:
    """Return the names that such imports have bound, as far as no later one binds them to something else.

    Args:
        inputs: what was run, as `In` holds it.
        chapter: of the notebook.
        folder: of the notebook.
    """
    found: dict[str, Refused] = {}
    for number, source in enumerate(inputs):
        if "import" not in source:
            continue
        for one in imports(magics.strip(source)[0]):
            top = one.module.partition(".")[0]
            if one.function or one.provided:
                continue
            for name in one.names:
                found.pop(name, None)
            # Experiments import what the course brings; which cells those are, a kernel does not know.
            if top and top not in grader.OURS and grader.lacks(one.module, chapter):
                own = asgraded.is_own(top, folder)
                what = grader.why_lacking(one.module, chapter, own)
                refused = Refused(top, f"In [{number}], line {one.line}", what)
                found |= dict.fromkeys(one.names, refused)
    return found


def with_needs(
    result: CheckResult, namespace: Mapping[str, Any], refused: Mapping[str, Refused]
) -> CheckResult:
    """Return a result that also says which of these the function needs."""
    used = list(dict.fromkeys(_used(result.function, namespace)))
    needs = {refused[name].module: refused[name] for name in used if name in refused}
    if not needs:
        return result
    said = tuple(
        f"{result.function} needs `{module}`, which the grader does not have ({one.place})"
        for module, one in needs.items()
    )
    return replace(result, ok=False, findings=(*said, *result.findings))


def _used(function: str, namespace: Mapping[str, Any]) -> Iterator[str]:
    """Names of the notebook that a function reads, itself or in the functions that it calls."""
    waiting, seen = [function], {function}
    while waiting:
        value = namespace.get(waiting.pop())
        code = getattr(value, "__code__", None)
        codes = [code] if isinstance(code, types.CodeType) else []
        while codes:
            one = codes.pop()
            codes += [const for const in one.co_consts if isinstance(const, types.CodeType)]
            for name in one.co_names:
                yield name
                if name in namespace and name not in seen:
                    seen.add(name)
                    waiting.append(name)


def path_of(namespace: Mapping[str, Any], chapter: str) -> Path | None:
    """Return the file of the notebook, as far as its editor or its folder tells."""
    told = [namespace.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")]
    for name in told:
        if isinstance(name, str):
            for path in (Path(name), Path.cwd() / Path(name).name):
                if path.suffix == ".ipynb" and path.is_file():
                    return path
    return notebook.find(chapter, Path.cwd())
