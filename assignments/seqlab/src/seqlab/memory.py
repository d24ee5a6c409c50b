"""What the commands remember between two calls: what passed, what failed how often, which hints were given."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from seqlab.results import CheckResult

NAME = ".seqlab.json"


@dataclass
class Memory:
    """How often each check failed in a row, 0 where it passes; how many hints were asked for since it last passed."""

    failed: dict[str, int] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)

    @property
    def repeated(self) -> frozenset[str]:
        """The functions whose check failed twice in a row or more."""
        return frozenset(name for name, count in self.failed.items() if count > 1)

    def add(self, results: Iterable[CheckResult]) -> None:
        """Take in results. A function that is not written yet has not failed."""
        for result in results:
            if result.ok:
                self.failed[result.function] = 0
                self.hints.pop(result.function, None)
            elif result.unwritten:
                self.failed.pop(result.function, None)
            else:
                self.failed[result.function] = self.failed.get(result.function, 0) + 1

    def ask(self, function: str) -> int:
        """Count a hint; return how many this makes."""
        self.hints[function] = self.hints.get(function, 0) + 1
        return self.hints[function]


def load(folder: Path) -> Memory:
    """Read what is remembered beside a notebook; nothing, where that is not there or not readable."""
    try:
        data = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return Memory(
            {str(name): int(count) for name, count in data["failed"].items()},
            {str(name): int(count) for name, count in data["hints"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Memory()


def save(memory: Memory, folder: Path) -> None:
    """Write it, whole or not at all; a folder that cannot be written to only means that nothing is remembered."""
    path = folder / NAME
    fresh = path.with_name(f"{NAME}.{os.getpid()}")
    try:
        fresh.write_text(json.dumps({"failed": memory.failed, "hints": memory.hints}), "utf-8")
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()
