"""What a check found, as plain data: every front end shows the same record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

# What `checking` says of a stub, and of a function or a library that is not there.
_UNWRITTEN = re.compile(
    r"(\w+) is not written yet|\w+ waits for (\w+)|there is no (\w+) yet|(\w+) is missing here"
)


@dataclass(frozen=True)
class GradientRow:
    """One gradient beside central differences of the student's own forward.

    Attributes:
        name: what the gradient is called.
        ok: whether the two agree.
        error: the relative error of the norm; None where they cannot be compared.
        place: where they differ most.
        own: the student's entry there.
        estimate: what the differences give there.
        remark: what is wrong, where it is not the numbers.
    """

    name: str
    ok: bool
    error: float | None = None
    place: str = ""
    own: float | None = None
    estimate: float | None = None
    remark: str = ""


@dataclass(frozen=True)
class CheckResult:
    """What a check found; `ok` where it found nothing wrong.

    Attributes:
        function: whose check it is.
        ok: whether it passes.
        findings: sentences that say what is wrong and where.
        question: what to ask oneself.
        likely: the mistake that is made most often, for who asks again.
        gradients: for a backward, every gradient that was compared with central differences.
        mend_first: functions that the check called and that fail their own check.
    """

    function: str
    ok: bool
    findings: tuple[str, ...] = ()
    question: str = ""
    likely: str = ""
    gradients: tuple[GradientRow, ...] = ()
    mend_first: tuple[str, ...] = ()

    @property
    def unwritten(self) -> bool:
        """Whether there is nothing to judge yet: a stub, no function or no library, here or in what the check calls."""
        return len(self.findings) == 1 and _UNWRITTEN.match(self.findings[0]) is not None

    @property
    def waiting(self) -> str:
        """What to say of a function that is not judged yet."""
        found = _UNWRITTEN.match(self.findings[0]) if self.findings else None
        missing = next(filter(None, found.groups())) if found else self.function
        return "not written yet" if missing == self.function else f"waits for {missing}"


def as_data(result: CheckResult) -> dict[str, Any]:
    """Return what JSON can hold of a result: everything."""
    return asdict(result)


def from_data(data: Mapping[str, Any]) -> CheckResult:
    """Return the result that `as_data` made this of."""
    return CheckResult(
        function=data["function"],
        ok=data["ok"],
        findings=tuple(data["findings"]),
        question=data["question"],
        likely=data["likely"],
        gradients=tuple(GradientRow(**row) for row in data["gradients"]),
        mend_first=tuple(data["mend_first"]),
    )
