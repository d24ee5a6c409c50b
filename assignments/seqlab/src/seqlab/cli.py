"""The command `seqlab`: the visible checks outside a notebook."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seqlab import grader, memory, notebook, terminal
from seqlab.chapters import QUIZ, chapters_of, chapters_with_checks, function_names, resolve
from seqlab.report import progress_line
from seqlab.results import CheckResult


class UsageProblem(Exception):
    """What was asked for cannot be done; the message says why."""


@dataclass(frozen=True)
class Target:
    """What a word on the command line means: a notebook, and which of its functions."""

    path: Path
    chapter: str
    functions: tuple[str, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0 where all is right, 1 where a check fails, 2 for a wrong use."""
    terminal.speak_plainly(sys.stdout, sys.stderr)
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (UsageProblem, notebook.NotebookError) as problem:
        print(f"seqlab: {problem}", file=sys.stderr)
        return 2
    except OSError as problem:
        if isinstance(problem, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1  # as in `seqlab check | head`: the reader has gone
        print(f"seqlab: {problem.filename or ''}: {problem.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="seqlab", description="Checks for the notebooks of the course."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    what = "a chapter (ch04, 4), a function or a file; without it, the notebook of this folder"

    check = commands.add_parser("check", help="run the visible checks")
    check.add_argument("what", nargs="?", help=what)
    check.set_defaults(run=_check)

    doctor = commands.add_parser(
        "doctor", help="before you hand in: what the grader would say of the form of the file"
    )
    doctor.add_argument("what", nargs="?", help="a file or a chapter; without it, as for check")
    doctor.add_argument("--chapter", help="which chapter the file is, where its name does not say")
    doctor.set_defaults(run=_doctor)

    watch = commands.add_parser("watch", help="check again whenever you save")
    watch.add_argument("what", nargs="?", help=what)
    watch.set_defaults(run=_watch)

    hint = commands.add_parser(
        "hint", help="a question to think about; asked again, a likely mistake"
    )
    hint.add_argument("what", nargs="?", help=what)
    hint.set_defaults(run=_hint)

    quiz = commands.add_parser(
        "quiz", help="practice questions; `quiz p1 b` says why option b is right or wrong"
    )
    quiz.add_argument("what", nargs="*", help="a chapter; a question; an option of it")
    quiz.set_defaults(run=_quiz)

    sim = commands.add_parser("sim", help="open a simulation in the browser")
    sim.add_argument("name", nargs="?", help="which; without it, they are listed")
    sim.add_argument("--output", type=Path, metavar="FILE", help="write the page, open nothing")
    sim.set_defaults(run=_sim)
    return parser


# --- what a word means ----------------------------------------------------------------------------------------------


def targets(what: str | None, folder: Path) -> list[Target]:
    """Find what is meant, from a folder.

    Raises:
        UsageProblem: nothing fits, or several things do.
    """
    if what is None:
        return _all_in(folder)
    path = folder / what
    if path.suffix in notebook.SUFFIXES and path.is_file():
        chapter = notebook.chapter_of(path)
        if chapter is None:
            raise UsageProblem(
                f"the name of {what} does not begin with a chapter's, such as ch04_lstm"
            )
        return [_whole(path, chapter)]
    if path.is_dir() and what not in chapters_with_checks():
        return _all_in(path)
    chapter = resolve(what)
    if chapter is not None:
        return [_whole(_file_of(chapter, folder), chapter)]
    return [_one_function(what, folder)]


def _whole(path: Path, chapter: str) -> Target:
    return Target(path, chapter, (*function_names(chapter), QUIZ))


def _file_of(chapter: str, folder: Path) -> Path:
    path = notebook.find(chapter, folder)
    if path is None:
        raise UsageProblem(f"there is no {chapter}.ipynb here, in {chapter}/ or beside this folder")
    return path


def _all_in(folder: Path) -> list[Target]:
    files = sorted(path for path in folder.iterdir() if path.suffix in notebook.SUFFIXES)
    named = [(path, notebook.chapter_of(path)) for path in files if path.stem.startswith("ch")]
    here = [_whole(path, chapter) for path, chapter in named if chapter]
    if here:
        return here
    below = [(name, notebook.find(name, folder)) for name in chapters_with_checks()]
    found = [_whole(path, name) for name, path in below if path]
    if not found:
        raise UsageProblem("there is no notebook of the course here; go to the folder of a chapter")
    return found


def _one_function(name: str, folder: Path) -> Target:
    chapters = chapters_of(name)
    if name == QUIZ or len(chapters) > 1:
        near = [target for target in _all_in(folder) if name in target.functions]
        if len(near) != 1:
            listed = ", ".join(chapters) or "every chapter"
            raise UsageProblem(f"{name} is in {listed}: go to the folder of one")
        return Target(near[0].path, near[0].chapter, (name,))
    if not chapters:
        raise UsageProblem(f"{name} is neither a chapter nor a function of one{_near(name)}")
    return Target(_file_of(chapters[0], folder), chapters[0], (name,))


def _near(name: str) -> str:
    import difflib

    known = [one for chapter in chapters_with_checks() for one in function_names(chapter)]
    close = difflib.get_close_matches(name, known + chapters_with_checks(), 1)
    return f"; did you mean {close[0]}?" if close else ""


def _single(what: str | None) -> Target:
    found = targets(what, Path.cwd())
    if len(found) > 1:
        raise UsageProblem("say which chapter, such as ch04")
    return found[0]


# --- the commands ---------------------------------------------------------------------------------------------------


def _check(options: argparse.Namespace) -> int:
    found = targets(options.what, Path.cwd())
    oks = [_check_one(target, brief=len(found) > 1) for target in found]
    return 0 if all(oks) else 1


def _check_one(target: Target, brief: bool) -> bool:
    from seqlab.runner import run

    remembered = memory.load(target.path.parent)
    columns, colours = terminal.width(), terminal.shows_colours(sys.stdout)

    def show(result: CheckResult) -> None:
        remembered.add([result])
        if not brief:
            repeated = result.function in remembered.repeated
            lines = terminal.lines_of(result, repeated, columns, colours)
            print("\n".join(lines), flush=True)

    done = run(target.path, target.chapter, target.functions, on_result=show)
    memory.save(remembered, target.path.parent)
    remark = grader.python_remark()
    for note in [*([remark] if remark else []), *done.notes.values()]:
        print("\n".join(terminal.wrapped(note, columns, "! ")))
    if done.problem:
        raise UsageProblem(done.problem)
    passed = [name in done.results and done.results[name].ok for name in target.functions]
    if brief or len(passed) > 1:
        name = terminal.paint(target.chapter, "bold", colours)
        print(f"{name}  {progress_line(passed)}", flush=True)
    return all(passed)


def _doctor(options: argparse.Namespace) -> int:
    from seqlab import doctor

    columns = terminal.width()
    statuses = []
    for path, chapter in _to_examine(options.what, options.chapter):
        if chapter is None:
            said = [f"✘ {path.name}: neither its name nor its functions tell which chapter it is"]
            statuses.append(False)
        else:
            findings = doctor.examine(path, chapter)
            said = doctor.lines(path, chapter, findings)
            statuses.append(doctor.is_fit(findings))
        for line in said:
            print("\n".join(terminal.wrapped(line, columns, "")), flush=True)
    return 0 if all(statuses) else 1


def _to_examine(what: str | None, named: str | None) -> list[tuple[Path, str | None]]:
    from seqlab.doctor import chapter_of

    chapter = None
    if named is not None:
        chapter = resolve(named)
        if chapter is None:
            raise UsageProblem(f"there is no chapter {named}")
    path = Path.cwd() / what if what is not None else None
    if path is not None and path.is_file():
        return [(path, chapter or chapter_of(path))]
    if path is not None and path.suffix.lower() in notebook.SUFFIXES:
        raise UsageProblem(f"there is no file {what}")
    found = {target.path: target.chapter for target in targets(what, Path.cwd())}
    return [(path, chapter or own) for path, own in found.items()]


def _watch(options: argparse.Namespace) -> int:
    from seqlab.watch import Watch

    target = _single(options.what)
    watch = Watch(target.path, target.chapter)
    if len(target.functions) == 1:
        watch.state.current, watch.state.chosen = target.functions[0], True
    watch.loop()
    return 0


def _hint(options: argparse.Namespace) -> int:
    from seqlab.hints import hint_lines

    target = _single(options.what)
    remembered = memory.load(target.path.parent)
    passed = {name for name, count in remembered.failed.items() if count == 0}
    open_ones = [name for name in target.functions if name not in passed]
    if not open_ones and len(target.functions) > 1:
        print(f"Every check of {target.chapter} passed the last time.")
        return 0
    function = (open_ones or list(target.functions))[0]
    asked = remembered.ask(function)
    memory.save(remembered, target.path.parent)
    columns = terminal.width()
    print(terminal.paint(function, "bold", terminal.shows_colours(sys.stdout)))
    for line in hint_lines(target.chapter, function, asked):
        print("\n".join(terminal.wrapped(line, columns, "  ")))
    if asked == 1 and function != QUIZ:
        print("  (Ask again for the likely mistake.)")
    return 0


def _quiz(options: argparse.Namespace) -> int:
    from seqlab.quizzes import Practice, practice

    words = list(options.what)
    chapter = None
    if words and not re.fullmatch(r"p\d+", words[0]):
        what = words.pop(0)
        chapter = resolve(what) or _single(what).chapter
    chapter = chapter or _single(None).chapter
    questions = practice(chapter)
    said = Practice(chapter, questions).text()
    if words:
        found = [question for question in questions if question.name == words[0]]
        if not found or len(words) > 2:
            names = ", ".join(question.name for question in questions)
            raise UsageProblem(f"name one practice question of {chapter}, and one option: {names}")
        [question] = found
        try:
            said = question.explained(words[1]) if words[1:] else "\n".join(question.lines())
        except ValueError as error:
            raise UsageProblem(str(error)) from error
    columns = terminal.width()
    for line in said.splitlines():
        print("\n".join(terminal.wrapped(line, columns)))
    return 0


def _sim(options: argparse.Namespace) -> int:
    import tempfile
    import webbrowser

    from seqlab.simulation import NAMES, page

    if options.name is None:
        print("\n".join(NAMES))
        return 0
    if options.name not in NAMES:
        raise UsageProblem(f"there is no simulation {options.name}; there are: {', '.join(NAMES)}")
    path = options.output or Path(tempfile.mkdtemp(prefix="seqlab-")) / f"{options.name}.html"
    path.write_text(page(options.name), encoding="utf-8")
    print(path)
    if options.output is None:
        webbrowser.open(path.as_uri())
    return 0


if __name__ == "__main__":
    sys.exit(main())
