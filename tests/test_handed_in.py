"""Whatever file it is, it is found and read, or flagged: names, folders and archives as people and platforms make them."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder.cli import main as grade
from autograder.commands.shared import USAGE
from autograder.course.source import chapters
from autograder.grading import archives, choice
from autograder.grading.file_names import chapter_named, is_junk, kind_of
from autograder.grading.layouts import find, nothing_found
from autograder.grading.one_file import printable
from autograder.grading.submissions import read
from autograder.reports.statistics import gather
from autograder.results import SCHEMA, SubmissionResult

CHAPTER, OTHER = "ch02_vanilla_rnn", "ch04_lstm"
RELEASED = Path("assignments") / CHAPTER / f"{CHAPTER}.ipynb"
COURSE = list(chapters())
NAME = CHAPTER


def notebook(answer: str = "1", chapter: str = CHAPTER) -> bytes:
    """A notebook with one function of a chapter written; another answer makes other work."""
    function = {CHAPTER: "rnn_step_forward", OTHER: "lstm_step_forward"}[chapter]
    source = f"def {function}(x, h_prev, params):\n    return {answer}"
    cell = nbformat.v4.new_code_cell(source, id="a")
    return nbformat.writes(nbformat.v4.new_notebook(cells=[cell])).encode()


def untouched() -> bytes:
    """The chapter as it is given out."""
    return RELEASED.read_bytes()


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def lay_out(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def submissions(root: Path) -> dict[tuple[str, str], object]:
    found, _ = find(root, COURSE)
    return {(place.student, place.chapter): read(place) for place in found}


def handed_in(root: Path, files: dict[str, bytes]):
    """What becomes of these files in ada's folder of the chapter."""
    lay_out(root, {f"ada/{CHAPTER}/{name}": data for name, data in files.items()})
    return submissions(root)["ada", CHAPTER]


def said(submission) -> str:
    return "; ".join(f"{problem.where}: {problem.what}" for problem in submission.problems)


# --- the names of one file


@pytest.mark.parametrize(
    "files",
    [
        {f"{NAME}.ipynb.json": notebook()},
        {f"{NAME}.ipynb.txt": notebook()},
        {f"{NAME}.IPYNB": notebook()},
        {f"{NAME}.json": notebook()},
        {f"{NAME}.txt": notebook()},
        {f"{NAME}": notebook()},
        {f"{NAME}.ipynb (1).json": notebook()},
        {f"{NAME}.PY": b"def rnn_step_forward(x, h_prev, params):\n    return 1"},
        {f"{NAME}.py.txt": b"def rnn_step_forward(x, h_prev, params):\n    return 1"},
        {f"{NAME} (1).py": b"def rnn_step_forward(x, h_prev, params):\n    return 1"},
        {f"{NAME} (1).ipynb": notebook(), f"{NAME} (2).ipynb": notebook()},
        {f"{NAME} (1).ipynb": notebook(), f"._{NAME} (1).ipynb": b"\0\5\x16\7"},
        {f"{NAME} (1).ipynb": notebook(), f"{NAME} (2).ipynb": untouched()},
        {f"{NAME}/{NAME}.ipynb": notebook()},
        {f"work/week 2/{NAME}.ipynb": notebook(), "work/notes.pdf": b"%PDF"},
        {f"{NAME}.zip": zipped({f"{NAME}.ipynb": notebook()})},
        {
            f"{NAME}.zip": zipped(
                {f"{NAME}/": b"", f"{NAME}/x.ipynb": notebook(), "__MACOSX/._x.ipynb": b"\0"}
            )
        },
        {f"{NAME}.zip": zipped({".DS_Store": b"\0", f"{NAME}.ipynb.json": notebook()})},
        {f"{NAME}.ipynb": untouched(), f"{NAME}-Copy1.ipynb": notebook()},
        {f"{NAME}.ipynb": untouched(), f"{NAME}.zip": zipped({"x.ipynb": notebook()})},
        {f"{NAME}.ipynb": untouched(), "a.ipynb": notebook(), "b.ipynb": notebook()},
        {f"Copy of {NAME}.ipynb": notebook(), ".ipynb_checkpoints/x.ipynb": notebook("2")},
        {f"{NAME}.ipynb": b"{", f"{NAME}-Copy1.ipynb": notebook()},
    ],
    ids=lambda files: " + ".join(files),
)
def test_what_leaves_no_doubt_is_read_and_said(tmp_path, files):
    got = handed_in(tmp_path, files)
    assert got.status == "graded", said(got)
    assert "return 1" in got.cells[0].source
    assert "counts, as" in said(got)


def test_a_notebook_in_the_name_of_a_module_is_read_as_a_notebook(tmp_path):
    got = handed_in(tmp_path, {f"{NAME}.py": notebook()})
    assert got.status == "graded"
    assert got.is_notebook
    assert got.cells[0].source.endswith("return 1")


@pytest.mark.parametrize(
    "files",
    [
        {f"{NAME}.py.html": b"<html>"},
        {f"{NAME}.pdf": b"%PDF", "picture.png": b"PNG"},
        {f"{NAME} (1).ipynb": notebook("1"), f"{NAME} (2).ipynb": notebook("2")},
        {
            f"{NAME}.ipynb": untouched(),
            f"{NAME}-Copy1.ipynb": notebook("1"),
            f"{NAME}-Copy2.ipynb": notebook("2"),
        },
        {"a/x.ipynb": notebook("1"), "b/x.ipynb": notebook("2")},
        {f"{NAME}.zip": zipped({"a.ipynb": notebook("1"), "b.ipynb": notebook("2")})},
        {f"{NAME}.zip": zipped({})},
        {f"{NAME}.zip": b"PK\3\4 and then nothing"},
        {f"{NAME}.zip": zipped({"x.zip": zipped({"x.ipynb": notebook()})})},
        {f"{NAME}.zip": zipped({"x.ipynb": b"0" * (archives.MAX_UNPACKED + 1)})},
        {f"{NAME}.rar": b"Rar!"},
        {f"{number}.ipynb": notebook(str(number)) for number in range(choice.MAX_COMPARED + 1)},
    ],
    ids=lambda files: " + ".join(list(files)[:3]),
)
def test_what_leaves_doubt_is_listed_and_flagged_for_a_human(tmp_path, files):
    got = handed_in(tmp_path, files)
    assert got.status == "unreadable"
    assert "nothing was handed in" not in said(got)
    named = [name for name in files if name.rpartition("/")[2] in said(got) or name in said(got)]
    assert named, said(got)
    result = SubmissionResult(
        SCHEMA, "ada", CHAPTER, got.status, 0.0, 100.0, (), got.problems, got.digest, "x"
    )
    [attention] = gather([result]).attention
    assert attention.kind == "unreadable"
    assert not gather([result]).missing


@pytest.mark.parametrize(
    "name", [".DS_Store", "timestamp.txt", "submission_secret.txt", "._x.ipynb", "__MACOSX/x.ipynb"]
)
def test_what_systems_leave_behind_is_nothing(tmp_path, name):
    assert handed_in(tmp_path, {name: notebook()}).status == "missing"


def test_a_copy_beside_work_does_not_count(tmp_path):
    files = {f"{NAME}.ipynb": notebook("1"), f"{NAME}-Copy1.ipynb": notebook("2")}
    got = handed_in(tmp_path, files)
    assert "return 1" in got.cells[0].source
    assert said(got) == f"{NAME}-Copy1.ipynb: ignored"


# --- hostile ones


def test_links_and_pipes_among_other_names_are_passed_over(tmp_path):
    (tmp_path / "secret.ipynb").write_bytes(notebook("2"))
    folder = tmp_path / "class" / "eve" / CHAPTER
    lay_out(folder, {"x (1).ipynb": notebook("1")})
    (folder / "x (2).ipynb").symlink_to(tmp_path / "secret.ipynb")
    os.mkfifo(folder / "x (3).ipynb")
    (folder / "linked").symlink_to(tmp_path, target_is_directory=True)
    got = submissions(tmp_path / "class")["eve", CHAPTER]
    assert "return 1" in got.cells[0].source
    (folder / "x (1).ipynb").unlink()
    got = submissions(tmp_path / "class")["eve", CHAPTER]
    assert got.status in ("refused", "unreadable")
    assert not got.cells


def test_odd_bytes_in_names_cost_nothing(tmp_path):
    folder = os.path.join(os.fsencode(tmp_path), b"ad\xff", CHAPTER.encode(), b"w\xfe")
    os.makedirs(folder)
    with open(os.path.join(folder, b"\xfd\n.ipynb"), "wb") as file:
        file.write(notebook())
    [got] = submissions(tmp_path).values()
    assert got.status == "graded"
    json.dumps([got.student, said(got)]).encode()
    assert "\\xfd" in said(got)


def test_a_huge_folder_is_told_and_not_read(tmp_path):
    folder = tmp_path / "eve" / CHAPTER
    folder.mkdir(parents=True)
    for number in range(choice.MAX_ENTRIES + 1):
        (folder / str(number)).touch()
    got = submissions(tmp_path)["eve", CHAPTER]
    assert got.status == "unreadable"
    assert "more than 2,000 files" in said(got)
    (folder / f"{NAME}.ipynb").write_bytes(notebook())
    got = submissions(tmp_path)["eve", CHAPTER]
    assert got.status == "graded"
    assert "more remarks are left out" in said(got)


def test_an_archive_that_swells_is_bounded(tmp_path):
    bomb = zipped({"x.ipynb": b"\0" * (200 << 20)})
    assert len(bomb) < 1 << 20
    got = handed_in(tmp_path, {"x.zip": bomb})
    assert got.status == "unreadable"
    assert "holds more than 10 MiB" in said(got)


# --- folders


@pytest.mark.parametrize(
    "path",
    [
        f"{CHAPTER}/ada/{CHAPTER}.ipynb",
        f"ada/{CHAPTER}.ipynb",
        "ada/final.ipynb",
        "ada/homework/final.ipynb",
        f"ada/ch02/{CHAPTER}.ipynb",
        "ada/Ch02_Vanilla_RNN/x.ipynb",
        "ada/Chapter 2/x.ipynb",
        "ada/ch02-vanilla-rnn/x.ipynb",
        f"ada/{CHAPTER} (1)/x.ipynb",
        f"ada/{CHAPTER}.ipynb.json",
    ],
)
def test_other_layouts_are_read_and_said(tmp_path, path):
    lay_out(tmp_path, {path: notebook()})
    (tmp_path / "bob" / CHAPTER).mkdir(parents=True)
    got = submissions(tmp_path)
    assert got["ada", CHAPTER].status == "graded"
    assert "counts as" in said(got["ada", CHAPTER])
    assert set(got) == {("ada", CHAPTER), ("bob", CHAPTER)}


def test_archives_in_a_students_folder_are_told_by_their_content(tmp_path):
    lay_out(tmp_path, {"ada/hand-in.zip": zipped({"x.ipynb": notebook(chapter=OTHER)})})
    assert submissions(tmp_path)["ada", OTHER].status == "graded"


def test_a_file_whose_chapter_cannot_be_told_is_no_nothing(tmp_path):
    lay_out(tmp_path, {"ada/homework.pdf": b"%PDF", f"bob/{CHAPTER}/{CHAPTER}.ipynb": notebook()})
    got = submissions(tmp_path)["ada", CHAPTER]
    assert got.status == "unreadable"
    assert "homework.pdf" in said(got)
    _, passed_over = find(tmp_path, COURSE)
    assert [problem.where for problem in passed_over] == ["ada"]


def test_a_student_who_is_named_like_a_chapter_keeps_the_name(tmp_path):
    lay_out(tmp_path, {f"{CHAPTER}/{OTHER}/{OTHER}.ipynb": notebook(chapter=OTHER)})
    assert list(submissions(tmp_path)) == [(CHAPTER, OTHER)]


@pytest.mark.parametrize(
    "files",
    [{}, {f"{CHAPTER}.ipynb": notebook()}, {"ada/essay.pdf": b"%PDF"}, {"ada/.DS_Store": b""}],
    ids=lambda files: " + ".join(files) or "empty",
)
def test_a_run_that_finds_nothing_says_so_and_ends_with_2(tmp_path, capsys, files):
    root = lay_out(tmp_path / "submitted", files)
    root.mkdir(exist_ok=True)
    options = ["--submissions", str(root), "--output", str(tmp_path / "graded"), "--no-gradebook"]
    assert grade(["grade", *options]) == USAGE
    told = capsys.readouterr().err
    assert "<student>/<chapter>/<chapter>.ipynb" in told
    for name in files:
        assert name.split("/")[0] in told


def test_what_was_expected_and_found_is_one_line(tmp_path):
    (tmp_path / "a\nb").mkdir()
    told = nothing_found(tmp_path, [CHAPTER])
    assert f"<student>/{CHAPTER}/{CHAPTER}.ipynb" in told
    assert "(empty)" in told


# --- names


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("x.ipynb", "notebook"),
        ("x.IPYNB.TXT", "notebook"),
        ("x.ipynb (3).json", "notebook"),
        ("x.py", "script"),
        ("x.py.html", "other"),
        ("x.zip", "archive"),
        ("x.json", "text"),
        ("x", "text"),
        ("x.pdf", "other"),
        ("a" * 5000 + ".ipynb", "notebook"),
    ],
)
def test_the_kind_of_a_file(name, kind):
    assert kind_of(name) == kind


def test_the_chapter_that_a_name_speaks_of():
    assert chapter_named("hand-in CH2 final.ipynb", COURSE) == CHAPTER
    assert chapter_named("Copy of ch02_vanilla_rnn.ipynb", COURSE) == CHAPTER
    assert chapter_named("02", COURSE) == CHAPTER
    assert chapter_named("ch02 and ch04.ipynb", COURSE) is None
    assert chapter_named("ch99.ipynb", COURSE) is None
    assert chapter_named("research2.ipynb", COURSE) is None
    assert chapter_named("2026-11-02.ipynb", COURSE) is None


def test_junk_and_printable_names():
    assert is_junk("._x.ipynb") and is_junk("__MACOSX")
    assert not is_junk("x.ipynb")
    assert printable("x") == "x"
