"""From what was measured on a class to what a larger one takes: least squares, and a page that says which is which."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
LEAST_RATE = {"numpy": 20.0, "torch": 10.0}
"""Chapter gradings per second and core, student functions aside, that are expected."""

_MIB = 1 << 20


class Grading(msgspec.Struct, frozen=True):
    """One grading, in seconds: the workers' start and the student's cells, calls of student functions, all of it."""

    chapter: str
    load: float
    calls: float
    total: float

    @property
    def own(self) -> float:
        """All but the calls of student functions. Starting workers and running cells counts as ours."""
        return self.total - self.calls


class Footprint(msgspec.Struct, frozen=True):
    """Memory of a process, with the submissions graded so far by all and the current chapter."""

    process: str
    chapter: str
    done: int
    bytes: int


class Measured(msgspec.Struct, frozen=True):
    """A run. CPU seconds are of the writer, the graders and their workers, `main_cpu` those of the writer alone."""

    students: int
    seed: int
    jobs: int
    cores: int
    level: str
    libraries: dict[str, str]  # chapter to "numpy" or "torch"
    seconds: float
    cpu: float
    main_cpu: float
    gradings: list[Grading]
    footprints: list[Footprint]
    handed_in_bytes: int
    result_files: int
    result_bytes: int
    message_bytes: int  # what would have crossed to the workers of a cluster
    load_average: float  # of the machine before the run: above 1, others were busy on it

    @property
    def count(self) -> int:
        """How many submissions were graded."""
        return len(self.gradings)


class Rate(msgspec.Struct, frozen=True):
    """What was found for a chapter. `drift` is what a grading takes longer or shorter per 1000 before it, in percent."""

    chapter: str
    libraries: str
    count: int
    total: float
    load: float
    calls: float
    own: float
    drift: float | None
    uncertainty: float | None

    @property
    def per_second(self) -> float:
        """Gradings per second and core, student functions aside."""
        return 1.0 / self.own


def slope(x: np.ndarray, y: np.ndarray, groups: Sequence[object]) -> tuple[float, float] | None:
    """Fit one slope and a constant for each group; the slope and its standard error, None where points are too few."""
    names = sorted(set(groups), key=str)
    columns = [np.array([group == name for group in groups], dtype=float) for name in names]
    design = np.column_stack([x.astype(float), *columns])
    free = len(y) - np.linalg.matrix_rank(design)
    if free < 3 or not any(np.ptp(x[column > 0]) > 0 for column in columns):
        return None
    solution, *_ = np.linalg.lstsq(design, y, rcond=None)
    residual = y - design @ solution
    covariance = np.linalg.pinv(design.T @ design) * float(residual @ residual) / free
    return float(solution[0]), float(np.sqrt(covariance[0, 0]))


def rates(measured: Measured) -> list[Rate]:
    """What a grading of each chapter takes, and whether it takes longer as more have gone before."""
    found = []
    for chapter in sorted(measured.libraries):
        these = [grading for grading in measured.gradings if grading.chapter == chapter]
        if not these:
            continue
        # The first gradings of each process pay for the suite and the zygote.
        settled = these[measured.jobs :] if len(these) > 4 * measured.jobs else these
        own = np.array([grading.own for grading in settled])
        # Mistakes that are met for the first time take longer to be named: most of them come early.
        late = np.arange(len(own) // 4, len(own))
        fitted = slope(late, own[late], [0] * len(late))
        scale = 1e5 / float(own.mean())
        found.append(
            Rate(
                chapter=chapter,
                libraries=measured.libraries[chapter],
                count=len(settled),
                total=float(np.mean([grading.total for grading in settled])),
                load=float(np.mean([grading.load for grading in settled])),
                calls=float(np.mean([grading.calls for grading in settled])),
                own=float(np.median(own)),
                drift=fitted and fitted[0] * scale,
                uncertainty=fitted and fitted[1] * scale,
            )
        )
    return found


def growth(measured: Measured, process: str) -> tuple[float, float] | None:
    """MiB that a kind of process grows by per 1000 submissions in the later half of a chapter, and the standard error.

    Every chapter has a constant of its own: a suite that is loaded stays, and so does what names the mistakes, which is
    made as they are met for the first time. Neither is growth.
    """
    these = []
    for chapter in measured.libraries:
        seen = [
            mark
            for mark in measured.footprints
            if mark.process.startswith(process) and mark.chapter == chapter
        ]
        middle = (seen[0].done + seen[-1].done) / 2 if seen else 0.0
        these += [mark for mark in seen if mark.done >= middle]
    if not these:
        return None
    fitted = slope(
        np.array([mark.done for mark in these]),
        np.array([mark.bytes / _MIB for mark in these]),
        [(mark.process, mark.chapter) for mark in these],
    )
    return fitted and (1000 * fitted[0], 1000 * fitted[1])


def peak(measured: Measured, process: str) -> float:
    """The largest footprint of a kind of process, in MiB."""
    return (
        max(
            (mark.bytes for mark in measured.footprints if mark.process.startswith(process)),
            default=0,
        )
        / _MIB
    )


def render(measured: Measured, students: int = 10_000) -> str:
    """The measured section of `docs/scale.md`, with what follows for a class of so many students."""
    return "\n".join([*_measured(measured), "", *_extrapolated(measured, students), ""])


def _with_error(fitted: tuple[float, float] | None, unit: str) -> str:
    return (
        "too few points to fit" if fitted is None else f"{fitted[0]:+.1f} ± {fitted[1]:.1f} {unit}"
    )


def _measured(measured: Measured) -> list[str]:
    busy = " The machine was not quiet: times are too long." if measured.load_average > 0.5 else ""
    lines = [
        "### Measured",
        "",
        f"{measured.students} students × {len(measured.libraries)} chapters, {measured.count:,} submissions graded with "
        f"{measured.jobs} grader processes on {measured.cores} cores, sandbox level {measured.level}, load average before "
        f"the run {measured.load_average:.1f}.{busy}",
        "",
        "| chapter | libraries | graded | all, ms | start and cells, ms | student functions, ms | per second and core, "
        "student functions aside | expected | drift, % per 1000 |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for rate in rates(measured):
        least = LEAST_RATE[rate.libraries]
        reached = "reached" if rate.per_second >= least else "not reached"
        drift = "–" if rate.drift is None else f"{rate.drift:+.0f} ± {rate.uncertainty:.0f}"
        lines.append(
            f"| `{rate.chapter}` | {rate.libraries} | {rate.count} | {1e3 * rate.total:.0f} | {1e3 * rate.load:.0f} | "
            f"{1e3 * rate.calls:.0f} | {rate.per_second:.1f} | {least:.0f}: {reached} | {drift} |"
        )
    each = measured.count
    lines += [
        "",
        "| quantity | value |",
        "|---|---|",
        f"| the whole run | {measured.seconds:.0f} s, {each / measured.seconds:.2f} submissions a second |",
        f"| CPU of the writer, the graders and their workers | {measured.cpu / each:.3f} s a submission |",
        f"| CPU of the process that reads, hands out and writes | {1e3 * measured.main_cpu / each:.1f} ms a submission |",
        f"| grader process, peak | {peak(measured, 'grader'):.0f} MiB |",
        f"| grader process, growth per 1000, later half of a chapter | {_with_error(growth(measured, 'grader'), 'MiB')} |",
        f"| zygotes of a grader, peak of one | {peak(measured, 'zygote'):.0f} MiB |",
        f"| zygotes, growth per 1000, later half of a chapter | {_with_error(growth(measured, 'zygote'), 'MiB')} |",
        f"| writing process, peak | {peak(measured, 'main'):.0f} MiB |",
        f"| writing process, growth per 1000 (it holds the results) | {_with_error(growth(measured, 'main'), 'MiB')} |",
        f"| handed in | {measured.handed_in_bytes / each / 1024:.0f} KiB a submission |",
        f"| result files | {measured.result_files:,}, {measured.result_bytes / each / 1024:.1f} KiB each |",
        f"| would cross the network to a cluster and back | {measured.message_bytes / each / 1024:.1f} KiB a submission |",
    ]
    return lines


def _extrapolated(measured: Measured, students: int) -> list[str]:
    """Every line says what it multiplies."""
    found = rates(measured)
    count = students * len(found)
    seconds = students * sum(rate.total for rate in found)
    main = count * measured.main_cpu / measured.count
    memory = growth(measured, "main")
    held = "not known: too few points"
    if memory is not None:
        held = f"{(peak(measured, 'main') + memory[0] * count / 1000) / 1024:.1f} GiB"
    graders = "–" if not main else f"{seconds / main:.0f}"
    rows = [
        ("one core, everything", "count × mean time of each chapter", f"{seconds / 3600:.1f} h"),
        *(
            (f"{cores} cores", "the same, shared evenly", f"{seconds / cores / 60:.0f} min")
            for cores in (2, 16, 64)
        ),
        ("the one writer", "count × its CPU", f"{main / 60:.1f} min"),
        ("graders that one writer keeps busy", "time of a grading over CPU of the writer", graders),
        ("memory of the writer", "peak + growth × count", held),
        (
            "memory of each grader with its zygotes",
            "peaks, which do not depend on the count",
            f"{(peak(measured, 'grader') + 2 * peak(measured, 'zygote')) / 1024:.1f} GiB",
        ),
        (
            "result files",
            "count × size",
            f"{count:,}, {count * measured.result_bytes / measured.count / 2**30:.1f} GiB",
        ),
        (
            "submitted files",
            "count × size",
            f"{count * measured.handed_in_bytes / measured.count / 2**30:.1f} GiB",
        ),
        (
            "network of a cluster",
            "count × bytes of order and reply",
            f"{count * measured.message_bytes / measured.count / 2**30:.1f} GiB",
        ),
    ]
    return [
        f"### Extrapolated to {students:,} students × {len(found)} chapters",
        "",
        "| what | from | gives |",
        "|---|---|---|",
        *(f"| {what} | {source} | {gives} |" for what, source, gives in rows),
    ]


def put_into(page: Path, section: str) -> None:
    """Replace what stands between the marks of a page."""
    text = page.read_text()
    before, found, rest = text.partition(BEGIN)
    _old, closed, after = rest.partition(END)
    if not found or not closed:
        raise ValueError(f"{page} lacks {BEGIN} or {END}")
    page.write_text(f"{before}{BEGIN}\n\n{section}\n{END}{after}")
