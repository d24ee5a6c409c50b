"""What the doctor's findings come to: whether graded code is held here, and what is weaker than it could be."""

from __future__ import annotations

import os
from collections.abc import Sequence

from .client import Zygote, is_own_folder, usual_cache_folder
from .confine import cgroups, identity, libraries
from .doctor import Available, Row, has_own_user
from .session import FunctionMissing, Session, StudentRaised
from .terms import SAFE_LEVELS, Cell, GraderFault, Limits, WorkerEnded

NO_TORCH = "PyTorch is not installed: chapters whose tests need it are refused"
NO_DELAY = (
    "waiting cannot be told from starving here: limits are by the wall clock "
    "(no delays in /proc/<pid>/schedstat)"
)
_TRAINING = """
import torch
def train():
    torch.manual_seed(0)
    model = torch.nn.LSTM(2, 4, batch_first=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    x = torch.linspace(-1, 1, 24).reshape(3, 4, 2)
    losses = []
    for _ in range(5):
        loss = (model(x)[0] - 0.2).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return [torch.cuda.is_available(), losses[-1] < losses[0]]
"""
_WHAT = "train with PyTorch in a worker, without an accelerator"


def torch_row(level: str) -> Row | None:
    """Train a small model in a worker of a torch chapter; None where PyTorch is not installed.

    Args:
        level: "A" or "B".
    """
    if "torch" not in libraries.importable(torch=True):
        return None
    try:
        outcome = _train(level)
    except (GraderFault, WorkerEnded, StudentRaised, FunctionMissing, OSError) as error:
        return Row(_WHAT, "allowed", str(error), False)
    return Row(_WHAT, "allowed", outcome, outcome == "done")


def _train(level: str) -> str:
    zygote = Zygote("torch", {"level": level})
    session = Session(zygote, [Cell(1, _TRAINING)], is_notebook=False, limits=Limits(call=60.0))
    try:
        session.load()
        if session.problems:
            return session.problems[0][1]
        accelerated, learns = session.call("train", []).result
    finally:
        session.close()
        zygote.close()
    if accelerated:
        return "an accelerator is in reach"
    return "done" if learns else "the loss does not fall"


def weaker(found: Available) -> list[str]:
    """Return, a line each, what this machine lacks though its level may be enough."""
    lines = [f"no {layer} ({reason})" for layer, reason in found.missing.items()]
    if cgroups.delegated() is None:
        lines.append("no cgroup is delegated, so memory is bounded for each worker, not for all")
    if os.name == "posix" and os.geteuid() == 0 and not identity.can_change_user():
        lines.append("root may not change its user here, so workers keep the grader's")
    own_user = has_own_user(found.level)
    if identity.possible() and not own_user:
        lines.append(
            "Python lies in a folder that only root may enter, so workers keep the grader's user"
        )
    if not is_own_folder(usual_cache_folder()):
        lines.append(
            "the folder for caches cannot be written to, so the first start after a reboot is slower"
        )
    if found.level == "B" and cgroups.delegated() is None and not own_user:
        lines.append("the threads of a submission cannot be counted, so it may start none")
    if not tells_waiting():
        lines.append(NO_DELAY)
    if "torch" not in libraries.importable(torch=True):
        lines.append(NO_TORCH)
    return lines


def tells_waiting(path: str = "/proc/self/schedstat") -> bool:
    """Whether the kernel tells how long a process has waited for a processor.

    Args:
        path: three numbers: nanoseconds on a processor, nanoseconds in the queue, turns. A kernel that does not count
            says three zeros.
    """
    try:
        with open(path, encoding="ascii") as file:
            numbers = file.read().split()
    except OSError:
        return False
    return len(numbers) == 3 and all(map(str.isdigit, numbers)) and int(numbers[2]) > 0


def verdict(found: Available, rows: Sequence[Row], weak: Sequence[str]) -> str:
    """Sum up in a line.

    Args:
        found: what the machine can do.
        rows: what was attempted, none where the level is too low.
        weak: what `weaker` returned.
    """
    broken = [row.what for row in rows if not row.held]
    if found.level not in SAFE_LEVELS:
        word = "graded code is not held, so grading is refused"
    elif broken:
        word = f"graded code is NOT HELD: {len(broken)} of {len(rows)} attempts did not end as they must"
        weak = [*broken, *weak]
    else:
        word = "graded code is held"
    if not weak:
        return f"level {found.level}: {word}; nothing is weaker"
    count = "1 thing is" if len(weak) == 1 else f"{len(weak)} things are"
    told = "" if broken else f"{count} weaker: "
    return f"level {found.level}: {word}; {told}{'; '.join(weak)}"
