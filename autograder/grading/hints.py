"""Which catalogued mistake a wrong function looks like: the one whose results are the same in every test of it.

What the submission returned in the tests that it failed is compared with what each mistake of the catalogue returns
there. Equal results are a reason to guess and no proof, and the hint says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from autograder.course.catalogue import CatalogueError, Mistake, mistaken_source
from autograder.grading.collect import HiddenTest
from autograder.grading.judge import Suite
from autograder.grading.trace_store import TraceStore
from autograder.grading.traces import Traces, by_accident, decode, encode, same
from autograder.results import TestResult, with_hint
from autograder.sandbox.inprocess import InProcessZygote, load_session

_SECONDS = 2.0  # for a call of a catalogued mistake: what takes longer hangs


def telling(traces: Traces, some_passed: bool) -> bool:
    """Whether there is anything to tell one mistake from another by.

    A right result, a wrong one, or an error other than the one that was to be raised; not an exception in every test.
    """
    if by_accident(traces):
        return False
    attempts = [attempt for tests in traces.values() for attempt in tests]
    return some_passed or any(
        attempt.verdict == "failed" or any(answer.values for answer in attempt.answers)
        for attempt in attempts
    )


class Hints:
    """Name the mistakes of one chapter. What a catalogued mistake returns is found out when it is first needed."""

    def __init__(
        self,
        mistakes: Sequence[Mistake],
        run: Callable[[Mistake], Traces],
        known: TraceStore,
    ):
        """Take the catalogue of a chapter, a way to run the tests of a mistake's own function on it, and a store."""
        self._mistakes = mistakes
        self._run = run
        self._known = known

    def close(self) -> None:
        """Give the store back."""
        self._known.close()

    def mistake_in(self, function: str, traces: Traces) -> Mistake | None:
        """Return the first mistake of the catalogue that gives the same results, if there is one."""
        for entry in self._mistakes:
            if entry.function != function:
                continue
            known = self._traces(entry)
            if not by_accident(known) and same(traces, known):
                return entry
        return None

    def _traces(self, entry: Mistake) -> Traces:
        kept = self._known.get(entry.function, entry.name)
        if kept is not None:
            return decode(kept)
        found = self._run(entry)
        self._known.put(entry.function, entry.name, encode(found))
        return found

    def add(
        self, outcomes: dict[str, dict[str, TestResult]], traces: Mapping[str, Traces]
    ) -> dict[str, dict[str, TestResult]]:
        """Add a hint to the first failed test of each function whose mistake has a name."""
        hinted = dict(outcomes)
        for function, seen in traces.items():
            tests = dict(outcomes[function])
            some_passed = any(test.verdict == "passed" for test in tests.values())
            entry = self.mistake_in(function, seen) if telling(seen, some_passed) else None
            if entry is None:
                continue
            first = next(test for name, test in tests.items() if name in seen)
            message = with_hint(first.message, entry.says)
            tests[first.name] = TestResult(first.name, first.verdict, first.weight, message)
            hinted[function] = tests
        return hinted


def traces_of(entry: Mistake, suite: Suite) -> Traces:
    """Return what the tests of a function see of a catalogued mistake in it. Needs no worker: the code is ours.

    A mistake that is too slow says nothing; it gets a short limit, so that this does not take long.
    """
    try:
        source = mistaken_source(suite.chapter, entry)
    except CatalogueError:
        return {}  # the certificate of the chapter reports it
    zygote = InProcessZygote(suite.chapter.libraries, _SECONDS)
    session = load_session(zygote, [source], suite.limits)

    def concerned(test: HiddenTest) -> bool:
        return test.function == entry.function and not suite.takes_long(test)

    judgement = suite.run(
        session,
        concerned,
        until=lambda so_far: by_accident(so_far.traces.get(entry.function, {})),
    )
    return judgement.traces.get(entry.function, {})
