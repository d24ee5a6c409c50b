"""What has to be installed so that a chapter can be graded; PyTorch can be left out (`make setup TORCH=none`)."""

from __future__ import annotations

import ast
import functools
import importlib.util

from autograder.course.source import SUITES, Chapter

_TORCH = "torch"


@functools.cache
def needs_torch(chapter: Chapter) -> bool:
    """Whether students use it in this chapter, or its hidden tests work expected values out with it."""
    if chapter.libraries == _TORCH:
        return True
    path = SUITES / chapter.name / f"test_{chapter.name}.py"
    if not path.is_file():
        return False
    for node in ast.walk(ast.parse(path.read_bytes())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        if any(name.partition(".")[0] == _TORCH for name in names):
            return True
    return False


def why_not_gradable(chapter: Chapter) -> str:
    """Return in a sentence what is missing for a chapter; empty where nothing is."""
    if not needs_torch(chapter) or importlib.util.find_spec(_TORCH) is not None:
        return ""
    use = "is written" if chapter.libraries == _TORCH else "is tested"
    return f"{chapter.name} {use} with PyTorch, which is not installed here: make setup TORCH=auto adds it"
