"""Where submissions lie in a folder: nbgrader's layout, and others that leave no doubt."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from autograder.grading.choice import (
    MAX_COMPARED,
    MAX_DEPTH,
    MAX_ENTRIES,
    Found,
    chapter_of_file,
    listed,
)
from autograder.grading.file_names import chapter_named, is_junk, kind_of
from autograder.grading.one_file import printable
from autograder.results import Problem

_TOOLS_FOLDERS = (".ipynb_checkpoints", ".git", ".DS_Store", "__MACOSX")
_READ = ("notebook", "script", "archive")


class _Handed(msgspec.Struct):
    """What one student has handed in: places by chapter, and files whose chapter cannot be told."""

    places: dict[str, Found] = {}
    unclear: tuple[str, ...] = ()


class Class(msgspec.Struct, frozen=True):
    """What lies in a folder of submissions."""

    students: dict[str, _Handed]
    passed_over: list[Problem]


def given_out(handed_in: int, students: int, *, only_chapter: bool) -> bool:
    """Tell from a class whether a chapter was given out to all, so that having handed in nothing is a zero.

    One student can make a folder of any name. It takes two, and one in twenty, to say that the class has a chapter;
    where there is no other chapter to compare with, one in twenty.
    """
    least = 1 if only_chapter else min(2, students)
    return handed_in >= least and 20 * handed_in >= students


def find(
    root: Path,
    chapters: Sequence[str],
    students: Sequence[str] = (),
    expected: Sequence[str] = (),
    known: Sequence[str] = (),
) -> tuple[list[Found], list[Problem]]:
    """List what there is to grade: what was handed in, and every student in every chapter that was given out.

    Args:
        root: nbgrader's `submitted` folder, or one in which students lie within chapters.
        chapters: the chapters to look for.
        students: only these, where given.
        expected: chapters that everybody has; of the others, `given_out` tells.
        known: all chapters of the course, where `chapters` are not all.

    Returns:
        Submissions by student and chapter, and what was passed over.
    """
    seen = look_through(root, known or chapters)
    passed_over = list(seen.passed_over)
    everybody = seen.students
    people = [person for person in everybody if not students or person in students]
    handed_in = {
        chapter: {person for person, handed in everybody.items() if chapter in handed.places}
        for chapter in chapters
    }
    only_chapter = sum(map(bool, handed_in.values())) == 1
    of_all = set()
    for chapter, those in handed_in.items():
        if not those:
            continue
        told = given_out(len(those), len(everybody), only_chapter=only_chapter)
        if told or chapter in expected:
            of_all.add(chapter)
        else:
            names = ", ".join(printable(person) for person in sorted(those)[:3])
            what = (
                f"handed in by {len(those)} of {len(everybody)} students only ({names}), so the others lose nothing "
                f"there; if it was given out, name it: --chapter {chapter}"
            )
            passed_over.append(Problem(chapter, what))
    found = []
    for person in people:
        handed = everybody[person]
        for chapter, those in handed_in.items():
            if person in those:
                found.append(handed.places[chapter])
            elif chapter in of_all and not those.isdisjoint(people):
                folder = str(root / person / chapter)
                found.append(Found(person, chapter, folder, unclear=handed.unclear))
    return found, passed_over


def look_through(root: Path, chapters: Sequence[str]) -> Class:
    """Sort what lies in a folder of submissions by student and chapter."""
    students: dict[str, _Handed] = {}
    passed_over: list[Problem] = []
    by_chapter = []
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
        if entry.name in _TOOLS_FOLDERS or entry.name.startswith("._"):
            continue
        if not entry.is_dir(follow_symlinks=False):
            passed_over.append(Problem(printable(entry.name), "is no student's folder; ignored"))
        elif entry.name in chapters and _holds_students(root / entry.name, chapters):
            by_chapter.append(entry.name)
        else:
            students[entry.name] = _of_student(root, entry.name, chapters, passed_over)
    for chapter in by_chapter:
        _of_chapter(root, chapter, students, passed_over)
    return Class(dict(sorted(students.items())), passed_over)


def _holds_students(folder: Path, chapters: Sequence[str]) -> bool:
    """Whether a folder that is named as a chapter is one, with students in it, and no student of this name."""
    folders = [name for name, is_folder in _entries(folder) if is_folder and not is_junk(name)]
    return bool(folders) and not any(chapter_named(name, chapters) for name in folders)


def _of_chapter(
    root: Path, chapter: str, students: dict[str, _Handed], passed_over: list[Problem]
) -> None:
    for name, is_folder in _entries(root / chapter):
        if is_junk(name):
            continue
        place = f"{chapter}/{printable(name)}"
        if not is_folder:
            passed_over.append(Problem(place, "is no student's folder; ignored"))
            continue
        handed = students.setdefault(name, _Handed())
        if chapter in handed.places:
            what = f"ignored, as there is {printable(name)}/{chapter}"
            passed_over.append(Problem(place, what))
            continue
        notes = (Problem(place, f"counts as {printable(name)}/{chapter}"),)
        handed.places[chapter] = Found(name, chapter, str(root / chapter / name), notes=notes)


def _of_student(
    root: Path, student: str, chapters: Sequence[str], passed_over: list[Problem]
) -> _Handed:
    folder = root / student
    handed = _Handed()
    loose: list[str] = []
    others: list[str] = []
    for name, is_folder in _entries(folder):
        if name in chapters:
            handed.places[name] = Found(student, name, str(folder / name))
        elif is_junk(name):
            continue
        elif is_folder:
            others.append(name)
        else:
            loose.append(name)
    for name in others:
        chapter = chapter_named(name, chapters)
        shown = f"{printable(student)}/{printable(name)}"
        if chapter is None:
            loose += _files_in(folder, name)
        elif chapter in handed.places:
            what = f"ignored, as there is {printable(handed.places[chapter].folder[len(str(root)) + 1 :])}"
            passed_over.append(Problem(shown, what))
        else:
            notes = (Problem(printable(name), f"counts as {chapter}"),)
            handed.places[chapter] = Found(student, chapter, str(folder / name), notes=notes)
    _place_loose(folder, student, loose, chapters, handed, passed_over)
    return handed


def _place_loose(
    folder: Path,
    student: str,
    loose: Sequence[str],
    chapters: Sequence[str],
    handed: _Handed,
    passed_over: list[Problem],
) -> None:
    """Give files that lie in no chapter's folder to their chapters, as far as name or content tell."""
    of_chapter: dict[str, list[str]] = {}
    unclear = []
    asked = 0
    for name in loose:
        chapter = chapter_named(name.rpartition("/")[2], chapters) or chapter_named(name, chapters)
        if chapter is None and kind_of(name) in _READ and asked < MAX_COMPARED:
            asked += 1
            chapter = chapter_of_file(folder, name, chapters)
        if chapter is None:
            unclear.append(name)
        else:
            of_chapter.setdefault(chapter, []).append(name)
    for chapter, names in of_chapter.items():
        if chapter in handed.places and _holds_something(Path(handed.places[chapter].folder)):
            passed_over.extend(
                Problem(f"{printable(student)}/{printable(name)}", f"ignored, beside {chapter}/")
                for name in names[:MAX_COMPARED]
            )
            continue
        where = ", ".join(map(printable, names[:3]))
        notes = (Problem(where, f"counts as {chapter}; its place is {chapter}/"),)
        handed.places[chapter] = Found(student, chapter, str(folder), tuple(names), notes)
    if unclear:
        what = f"which chapter this is of cannot be told; ignored: {listed(unclear)}"
        passed_over.append(Problem(printable(student), what))
        handed.unclear = tuple(map(printable, unclear[:MAX_COMPARED]))


def _holds_something(folder: Path) -> bool:
    return any(not is_junk(name) for name, _ in _entries(folder))


def _entries(folder: Path) -> list[tuple[str, bool]]:
    """Names in order, each with whether it is a folder; of a larger folder than is bearable, none."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                found.append((entry.name, entry.is_dir(follow_symlinks=False)))
                if len(found) > MAX_ENTRIES:
                    return []
    except OSError:
        return []  # read as nothing: what it is, reading it tells
    return sorted(found)


def _files_in(folder: Path, name: str, depth: int = 1) -> Iterator[str]:
    """Files within a folder that is named after no chapter, by path from the student's folder."""
    for inner, is_folder in _entries(folder / name):
        if is_junk(inner):
            continue
        if not is_folder:
            yield f"{name}/{inner}"
        elif depth < MAX_DEPTH:
            yield from _files_in(folder, f"{name}/{inner}", depth + 1)


def nothing_found(root: Path, chapters: Sequence[str]) -> str:
    """Say what layout was expected and what is there instead, for a run that has nothing to grade."""
    chapter = chapters[0] if len(chapters) == 1 else "<chapter>"
    there = []
    for name, is_folder in _entries(root):
        if is_folder:
            inner = [each for each, _ in _entries(root / name) if not is_junk(each)]
            holds = listed(inner[:3]) + ("" if len(inner) <= 3 else f" and {len(inner) - 3} more")
            there.append(f"{printable(name)}/ ({holds or 'empty'})")
        else:
            there.append(printable(name))
    found = f"{', '.join(there[:5])}{f' and {len(there) - 5} more' if len(there) > 5 else ''}"
    return (
        f"there is nothing to grade in {root}: expected {root}/<student>/{chapter}/{chapter}.ipynb (or .py), "
        f"found {found or 'an empty folder'}"
    )
