"""`%check`: run the visible checks on the functions of the notebook, and show what they find.

A failed check also raises, so that `nbgrader validate` and an executed notebook show it as failed; the exception
renders as nothing, because the finding is already there to read.
"""

from __future__ import annotations

import difflib
import linecache
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.display import display

from seqlab import doctor, grader, live
from seqlab.causes import Rebound, bound_again
from seqlab.chapters import QUIZ, chapters_with_checks, function_names
from seqlab.checking import Why, student_frame
from seqlab.outline import names_in
from seqlab.quizzes import check_quiz, forms, quiz
from seqlab.rebinding import HIDES, RESTORED, Watcher
from seqlab.registry import checks_of, run_check
from seqlab.report import Report
from seqlab.results import CheckResult

__all__ = ["CheckFailed", "CheckMagics", "Report", "check_quiz", "guess_chapter"]

_BEFORE = "--before-handing-in"


class CheckFailed(Exception):
    """A visible check found something. Everything it has to say has been displayed."""

    def _render_traceback_(self) -> list[str]:
        return []


@magics_class
class CheckMagics(Magics):
    """The magics of a notebook, with what they remember: its chapter, and which checks failed the last time."""

    def __init__(self, shell: Any):
        super().__init__(shell)
        self._chapter: str | None = None
        self._failed: set[tuple[str, str]] = set()
        self._watcher = Watcher(
            shell.user_ns,
            [name for chapter in chapters_with_checks() for name in function_names(chapter)],
        )
        self._watcher.look(0)
        self._rebound: dict[str, Rebound] = {}
        if events := getattr(shell, "events", None):
            events.register("post_run_cell", self._look)

    def _look(self, result: Any = None) -> None:
        """Note, after a cell has run, which names that the course needs it has bound again."""
        assert self.shell is not None
        # The shell counts on before it tells; the result knows the number that the notebook shows.
        number = getattr(result, "execution_count", None) or self.shell.execution_count
        # A function that is written anew is what one works on; a library or a built-in is not.
        for each in self._watcher.look(0):
            if each.how == RESTORED:
                self._rebound.pop(each.name, None)
            elif each.how == HIDES or not callable(self.shell.user_ns.get(each.name)):
                self._rebound[each.name] = Rebound(number, 0, each.how)
            else:
                self._rebound.pop(each.name, None)

    def _why(self, function: str, error: BaseException) -> str:
        """Say which name that stands in the line which raised was bound again, and by which input."""
        frame = student_frame(error)
        names = [function]
        if frame is not None:
            names += names_in("".join(linecache.getlines(frame.filename)), frame.lineno or 0)
        for name in names:
            if name in self._rebound:
                return bound_again(name, self._rebound[name], "In [{}]")
        return ""

    @line_magic
    def chapter(self, line: str) -> None:
        """Say to which chapter the notebook belongs: `%chapter ch04_lstm`."""
        name = line.strip()
        if name not in chapters_with_checks():
            raise UsageError(f"there is no chapter {name!r}; there are: {_listed()}")
        self._chapter = name
        assert self.shell is not None
        self.shell.user_ns["__seqlab_chapter__"] = name

    @line_magic
    def check(self, line: str) -> None:
        """Run the visible check of a function: `%check lstm_step_forward`; all of the chapter: `%check`.

        `%check --before-handing-in` says what the grader would say of the form of the file.
        """
        words = line.split()
        if words == [_BEFORE]:
            self._before_handing_in()
            return
        if len(words) > 1:
            raise UsageError("%check takes the name of one function, or nothing to check them all")
        assert self.shell is not None
        namespace = self.shell.user_ns
        chapter = self._chapter or guess_chapter(words, namespace)
        known = [*checks_of(chapter), QUIZ]
        for name in words:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                meant = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
                raise UsageError(f"{chapter} has no check of {name}; {meant}")
        refused = live.refused_imports(namespace.get("In", ()), chapter, Path.cwd())
        results = tuple(
            live.with_needs(check_one(chapter, name, namespace, self._why), namespace, refused)
            for name in words or known
        )
        notes = [remark for remark in [grader.python_remark()] if remark]
        notes += [] if words else dict.fromkeys(map(str, refused.values()))
        failed = {(chapter, result.function) for result in results if not result.ok}
        repeated = frozenset(name for _, name in failed & self._failed)
        self._failed -= {(chapter, result.function) for result in results}
        # Who has not written anything yet has made no mistake twice.
        self._failed |= {
            (chapter, one.function) for one in results if not (one.ok or one.unwritten)
        }
        display(Report(results, repeated, progress=not words, notes=tuple(notes)))
        if failed:
            names = ", ".join(result.function for result in results if not result.ok)
            raise CheckFailed(f"not right yet: {names}")

    def _before_handing_in(self) -> None:
        assert self.shell is not None
        namespace = self.shell.user_ns
        chapter = self._chapter or guess_chapter([], namespace)
        path = live.path_of(namespace, chapter)
        if path is None:
            raise UsageError(f"there is no {chapter}.ipynb here: save the notebook under this name")
        findings = [*doctor.unsaved(path, chapter, namespace), *doctor.examine(path, chapter)]
        print("\n".join(doctor.lines(path, chapter, findings)))
        if not doctor.is_fit(findings):
            raise CheckFailed(f"{path.name} is not fit to be handed in yet")

    @line_magic
    def quiz(self, line: str) -> None:
        """Show the practice questions: a click on an option says why it is right or wrong."""
        if line.strip():
            raise UsageError("%quiz takes no argument: it shows the chapter's practice questions")
        assert self.shell is not None
        display(quiz(self._chapter or guess_chapter([], self.shell.user_ns)))


def check_one(
    chapter: str,
    function: str,
    namespace: Mapping[str, Any],
    why: Why = lambda _function, _error: "",
) -> CheckResult:
    """Run one visible check of a chapter, or look at the form of the quiz answers."""
    if function == QUIZ:
        return check_quiz(forms(chapter), namespace.get(QUIZ))
    return run_check(checks_of(chapter)[function], namespace, why=why)


def guess_chapter(names: Sequence[str], namespace: Mapping[str, Any]) -> str:
    """Find the chapter of a notebook that does not say it: the one whose functions it defines most of.

    Raises:
        UsageError: no chapter fits, or several fit equally well.
    """
    scores: dict[str, int] = {}
    for chapter in chapters_with_checks():
        known = function_names(chapter)
        if all(name in known or name == QUIZ for name in names):
            scores[chapter] = sum(name in namespace for name in known)
    best = max(scores.values(), default=0)
    found = [chapter for chapter, score in scores.items() if score == best and best > 0]
    if len(found) != 1:
        raise UsageError(f"say first which chapter this is, such as %chapter {_listed(1)}")
    return found[0]


def _listed(count: int | None = None) -> str:
    return ", ".join(chapters_with_checks()[:count])
