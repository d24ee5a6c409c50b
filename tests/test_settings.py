"""The settings file: its defaults, what is wrong in it, and what each setting changes."""

from __future__ import annotations

import io
import json
import os
import sys
import zipfile
from datetime import datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import msgspec
import pytest

from autograder import cli
from autograder.chapters import conftest as by_hand
from autograder.classroom import dask_worker
from autograder.classroom.dask_worker import Order, Refused
from autograder.classroom.scheduler import Conditions
from autograder.course import settings
from autograder.course.settings import Grading, Libraries, Settings, SettingsError, importable
from autograder.course.source import ROOT, chapters
from autograder.grading.choice import Found
from autograder.grading.submissions import read
from autograder.grading.version import fingerprint, grader_version
from autograder.platforms.gradebook import preprocessors
from autograder.platforms.gradebook.late import policy_in_force
from autograder.platforms.gradebook.settings import configure
from autograder.platforms.gradebook.timestamps import local, read_timestamp
from autograder.platforms.gradescope import __main__ as gradescope_command
from autograder.platforms.gradescope import grade as gradescope
from autograder.platforms.gradescope.package import archive
from autograder.results import from_json
from autograder.sandbox.terms import Limits
from tests import needs

CHAPTER = "ch01_unfolding"
COURSE = chapters()


@pytest.fixture
def course_toml(tmp_path, monkeypatch):
    """Write a settings file that takes the place of the course's own."""
    monkeypatch.setattr(settings, "FILE", tmp_path / "course.toml")
    return settings.FILE.write_text


# --- what the file may say ------------------------------------------------------------------------------------------


def test_a_missing_or_empty_file_means_the_defaults(tmp_path):
    assert settings.load(tmp_path / "course.toml") == Settings()
    (tmp_path / "course.toml").write_text("")
    assert settings.load(tmp_path / "course.toml") == Settings()
    assert Settings().grading.limits == Limits()


def test_what_is_printed_can_be_read_back():
    shown = "\n".join(settings.lines(Settings()))
    assert settings.read(shown, "course.toml") == Settings()
    changed = "[grading.limits]\ncall = 7\n[grading.libraries.chapters]\nch03_gradients = ['jax']\n"
    found = settings.read(changed, "course.toml")
    assert settings.read("\n".join(settings.lines(found)), "course.toml") == found
    assert found.grading.limits == Limits(call=7.0)


def test_the_file_of_this_repository_can_be_used():
    settings.load(ROOT / "course.toml")


def test_a_byte_order_mark_and_other_line_ends_are_fine(tmp_path):
    path = tmp_path / "course.toml"
    path.write_bytes(b"\xef\xbb\xbf[course]\r\nname = 'A'\r\n")
    assert settings.load(path).course.name == "A"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[grading.limits]\ncal = 1", "grading.limits.cal is no setting; did you mean grading.limits.call?"),
        ("[limits]\ncall = 1", "limits is no setting; did you mean grading.limits?"),
        ("slip_days = 1", "slip_days is no setting; did you mean late.slip_days?"),
        ("[course]\nName = 'x'", "did you mean course.name?"),
        ("zzz = 1", "zzz is no setting; the file may have course, late, run, grading"),
        ("[run]\nzzz = 1", "run.zzz is no setting; [run] may have jobs"),
        ("[grading.limits]\ncall = 'fast'", 'grading.limits.call must be a number above 0 and at most 3,600, not "fast"'),
        ("[grading.limits]\ncall = 0", "must be a number above 0 and at most 3,600, not 0"),
        ("[grading.limits]\ncall = nan", "grading.limits.call must be a number above 0"),
        ("[grading.limits]\ncall = inf", "grading.limits.call must be a number above 0"),
        ("[grading.limits]\nmemory = 1.5e9", "grading.limits.memory must be a whole number of at least"),
        ("[grading.limits]\nmemory = 5", "grading.limits.memory must be a whole number of at least 16,777,216"),
        ("[grading]\nseed = true", "grading.seed must be a whole number"),
        ("[grading]\nseed = -1", "grading.seed must be a whole number of at least 0"),
        (f"[grading]\nseed = {'9' * 4000}", "grading.seed must be a whole number"),
        ("[grading]\nseed = 2026-01-01", "grading.seed must be a whole number"),
        ("[late]\nenabled = 1", "late.enabled must be true or false, not 1"),
        ("[late]\npercent_per_day = 100.5", "late.percent_per_day must be a number of at least 0 and at most 100"),
        ("[course]\nname = 3", "course.name must be text of at most 200 characters, not 3"),
        ("[course]\naddress = 'javascript:alert(1)'", "course.address must be an address that begins with https://"),
        ("[course]\nid = 'a/b'", "course.id must be a name of letters"),
        ("[course]\nid = \"a\\n\"", "course.id must be a name of letters"),
        ("[course]\ntime_zone = 'Europe/Zurch'", 'such as Europe/Zurich, not "Europe/Zurch"; did you mean "Europe/Zurich"?'),
        ("[course]\ntime_zone = ''", "course.time_zone must be the name of a time zone"),
        ("[course]\ntime_zone = '../../etc/passwd'", "course.time_zone must be the name of a time zone"),
        ("[course]\ntime_zone = 'Europe'", "course.time_zone must be the name of a time zone"),
        ("grading = 3", "grading must be a table of settings, [grading], not 3"),
        ("[[late]]\nenabled = true", "late must be a table of settings"),
        ("[grading.libraries]\ncommon = 'numpy'", 'common must be a list of names of top-level modules, not "numpy"'),
        ("[grading.libraries]\ncommon = ['scipy.stats']", "must be a list of names of top-level modules"),
        ("[grading.libraries.chapters]\nch07_seqseq = ['torch']", "names no chapter; did you mean grading.libraries.chapters.ch07_seq2seq?"),
        ("[grading.libraries.chapters]\nx = ['torch']", "names no chapter; there are ch00_sequences, "),
        ("[grading.libraries.chapters]\nch07_seq2seq = 'torch'", "chapters.ch07_seq2seq must be a list"),
        ("[course", "is not TOML: "),
        ("a = 1\na = 2", "is not TOML: "),
        ("a = " + "[" * 5000, "is not TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line_and_ends_with_2(text, says, course_toml, capsys):
    course_toml(text)
    assert cli.main(["settings"]) == 2
    out, said = capsys.readouterr()
    assert not out
    assert says in said
    assert f"{settings.FILE}: " in said
    assert said.count("\n") == 1
    assert len(said) < 500


@pytest.mark.parametrize(
    "command", ["grade", "certify", "notebooks", "release", "similarity --chapter x", "doctor"]
)
def test_every_command_stops_at_a_wrong_file(command, course_toml, capsys):
    course_toml("[grading.limits]\ncal = 1\n")
    assert cli.main(command.split()) == 2
    assert "did you mean grading.limits.call?" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        settings.load(tmp_path)
    (tmp_path / "course.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(SettingsError, match="is not UTF-8"):
        settings.load(tmp_path / "course.toml")


def test_the_page_is_up_to_date():
    page = (ROOT / "docs" / "settings.md").read_bytes()
    assert page == settings.page(), "make settings-page"


def test_the_page_describes_every_setting():
    rows = [line for line in settings.page().decode().splitlines() if line.startswith("| `")]
    tables = dict(settings.sections())
    assert len(rows) == len([name for name in settings.key_names() if name not in tables])
    assert all(row.rstrip(" |").endswith(".") for row in rows)


def test_the_page_is_written_by_the_command(tmp_path):
    assert cli.main(["settings", "--page", str(tmp_path / "settings.md")]) == 0
    assert (tmp_path / "settings.md").read_bytes() == settings.page()


# --- what decides a result ------------------------------------------------------------------------------------------


def other_gradings():
    """The defaults with one setting changed, for each that there is."""
    for name in msgspec.structs.asdict(Limits()):
        yield Grading(limits=msgspec.structs.replace(Limits(), **{name: 1 << 26}))
    yield Grading(seed=11)
    yield Grading(libraries=Libraries(common=("numpy",)))
    yield Grading(libraries=Libraries(chapters={}))


def test_the_digest_follows_every_setting_that_can_change_a_result():
    seen = {grader_version(COURSE[CHAPTER], grading) for grading in other_gradings()}
    seen.add(grader_version(COURSE[CHAPTER], Grading()))
    assert len(seen) == len(list(other_gradings())) + 1
    assert grader_version(COURSE[CHAPTER], Grading()) == grader_version(COURSE[CHAPTER], Grading())


def test_the_digest_does_not_follow_names(course_toml):
    course_toml("")
    before = fingerprint()
    course_toml("[course]\nname = 'Other'\n[run]\njobs = 3\n[late]\nenabled = true\n")
    assert fingerprint() == before
    course_toml("[grading]\nseed = 11\n")
    assert fingerprint() != before


@pytest.mark.parametrize(
    "text",
    ["[grading]\nseed = 11", "[grading.limits]\ncall = 4", "[grading.libraries]\ncommon = []"],
)
def test_a_cluster_worker_with_other_settings_is_refused(text, course_toml, tmp_path):
    course_toml("")
    submission = read(unreadable(tmp_path))
    order = Order(fingerprint(), Conditions(), "B", submission)
    course_toml(text)  # of the worker
    reply = dask_worker.answer(order, "here")
    assert isinstance(reply, Refused)
    assert "other settings" in reply.reason
    assert "course.toml" in reply.reason


def test_a_chapter_may_import_its_libraries():
    everywhere = {"math", "numpy", "scipy", "matplotlib", "tqdm", "pandas", "einops", "seqdata"}
    for name in COURSE:
        allowed = importable(Grading(), name)
        assert everywhere <= allowed
        assert ("torch" in allowed) == (name in ("ch07_seq2seq", "ch08_memory"))
        assert "torch" not in allowed or COURSE[name].libraries == "torch"
        assert not {"autograd", "autograder"} & allowed  # gradients are written by hand
    more = "[grading.libraries]\ncommon = ['numpy']\nchapters.ch03_gradients = ['jax']"
    grading = settings.read(more, "course.toml").grading
    assert "jax" in importable(grading, "ch03_gradients")
    assert "jax" not in importable(grading, CHAPTER)
    assert "scipy" not in importable(grading, CHAPTER)
    assert "torch" in importable(grading, "ch07_seq2seq")


# --- what follows for the commands ----------------------------------------------------------------------------------


def unreadable(tmp_path):
    """A submission in which there is nothing to run."""
    folder = tmp_path / "submitted" / "ada" / CHAPTER
    folder.mkdir(parents=True)
    (folder / f"{CHAPTER}.ipynb").write_text("{")
    return Found("ada", CHAPTER, str(folder))


def grade(tmp_path, *options):
    arguments = ["--submissions", str(tmp_path / "submitted"), "--output", str(tmp_path / "graded")]
    chapter = ["--chapter", CHAPTER, "--no-gradebook"]
    assert cli.main(["grade", *arguments, *chapter, *options]) == 0
    result = from_json((tmp_path / "graded" / "results" / "ada" / f"{CHAPTER}.json").read_bytes())
    run = json.loads((tmp_path / "graded" / "run.json").read_text())
    return result, run, (tmp_path / "graded" / "report.html").read_text()


def test_grade_takes_seed_jobs_and_name_from_the_file(course_toml, tmp_path):
    unreadable(tmp_path)
    course_toml(
        "[grading]\nseed = 7\n[run]\njobs = 3\n[course]\nname = 'A < B'\n"
        "address = 'https://example.org/?a&b'\ncopyright = 'Ada & Co'\n"
    )
    result, run, page = grade(tmp_path)
    assert result.grader == grader_version(COURSE[CHAPTER], Grading(seed=7))
    assert run["jobs"] == 3
    assert "<title>A &lt; B · Class report</title>" in page
    assert '<a href="https://example.org/?a&amp;b">A &lt; B</a> · © Ada &amp; Co</footer>' in page
    feedback = (tmp_path / "graded" / "feedback" / "ada" / f"{CHAPTER}.html").read_text()
    assert "<title>A &lt; B · Feedback: " in feedback
    assert "© Ada &amp; Co" in feedback
    assert grade(tmp_path, "--jobs", "2")[1]["jobs"] == 2


def test_what_is_empty_is_not_made_up(course_toml, tmp_path):
    unreadable(tmp_path)
    course_toml("[course]\nname = ''\n")
    _result, run, page = grade(tmp_path)
    assert run["jobs"] == os.cpu_count()
    assert "<title>Class report</title>" in page
    assert "<footer" not in page
    assert "©" not in page


@needs.graded(CHAPTER)
def test_the_limits_of_the_file_hold_a_submission(course_toml, tmp_path):
    name = COURSE[CHAPTER].functions[0].name
    folder = tmp_path / "submitted" / "ada" / CHAPTER
    folder.mkdir(parents=True)
    source = f"import time\ndef {name}(*args, **kwargs):\n    time.sleep(1.5)\n"
    (folder / f"{CHAPTER}.py").write_text(source)
    course_toml("[grading.limits]\ncall = 0.5\nchapter = 3.0\n")
    result, _run, _page = grade(tmp_path, "--no-cache")
    function = next(each for each in result.functions if each.name == name)
    assert {test.verdict for test in function.tests} == {"timeout"}
    course_toml("")
    result, _run, _page = grade(tmp_path)  # the result of other limits is no cache
    function = next(each for each in result.functions if each.name == name)
    assert "failed" in {test.verdict for test in function.tests}


def test_nbgraders_commands_grade_with_the_file(course_toml):
    course_toml("[grading.limits]\ncall = 3\n")
    grader = preprocessors._grader.__wrapped__(os.getpid())
    assert grader._conditions.grading == Grading(limits=Limits(call=3.0))


def test_a_suite_by_hand_runs_with_the_file(course_toml, tmp_path):
    course_toml("[grading.limits]\ncal = 3\n")
    path = tmp_path / "ch02_vanilla_rnn.py"
    path.write_text("x = 1\n")
    options = {"--submission": str(path), "--chapter": None, "--collect-only": False}
    with pytest.raises(pytest.UsageError, match="did you mean"):
        by_hand.pytest_configure(SimpleNamespace(getoption=options.get))


def test_the_late_policy_is_in_the_file(course_toml):
    course_toml("")
    assert policy_in_force() is None
    course_toml("[late]\nenabled = true\nslip_days = 1\npercent_per_day = 25\n")
    policy = policy_in_force()
    assert policy is not None
    assert (policy.slip_days, policy.percent_per_day) == (1, 25.0)


def test_nbgrader_does_not_run_without_its_configuration(course_toml, tmp_path, capsys):
    course_toml("[late]\nenable = true\n")
    with pytest.raises(SystemExit) as ended:
        configure(SimpleNamespace(), tmp_path)
    assert ended.value.code == 2
    assert "did you mean late.enabled?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-01 21:00:00", datetime(2026, 3, 1, 12)),
        ("2026-03-01 21:00:00 UTC", datetime(2026, 3, 1, 21)),
        ("2026-03-01 21:00:00+02:00", datetime(2026, 3, 1, 19)),
        ("2026-03-01T21:00:00Z", datetime(2026, 3, 1, 21)),
        ("0001-01-01 00:00:00", None),
    ],
)
def test_a_time_without_a_zone_is_one_of_the_course(text, utc, tmp_path):
    (tmp_path / "timestamp.txt").write_text(text)
    assert read_timestamp(tmp_path, ZoneInfo("Asia/Tokyo")).time == utc


def test_a_time_is_shown_as_clocks_of_the_course_show_it():
    zurich = ZoneInfo("Europe/Zurich")
    assert local(datetime(2026, 7, 1, 12), zurich) == datetime(2026, 7, 1, 14)
    assert local(datetime(2026, 1, 1, 12), zurich) == datetime(2026, 1, 1, 13)
    assert local(datetime.max, zurich) == datetime.max


# --- elsewhere ------------------------------------------------------------------------------------------------------


def test_gradescope_grades_with_the_file(course_toml, tmp_path):
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission" / f"{CHAPTER}.ipynb").write_text("{")
    course_toml("[grading]\nseed = 7\n")
    assert gradescope.grade(tmp_path) == 0
    results = json.loads((tmp_path / "results" / "results.json").read_text())
    expected = grader_version(COURSE[CHAPTER], Grading(seed=7))
    assert results["extra_data"]["grader"] == expected
    course_toml("[grading]\nsed = 7\n")
    assert gradescope.grade(tmp_path) == 2
    results = json.loads((tmp_path / "results" / "results.json").read_text())
    assert "score" not in results


def test_the_archive_holds_the_file(course_toml, tmp_path, monkeypatch, capsys):
    with zipfile.ZipFile(io.BytesIO(archive([CHAPTER], "visible"))) as file:
        assert file.read("course.toml") == (ROOT / "course.toml").read_bytes()
    course_toml("[grading]\nsed = 7\n")
    monkeypatch.setattr(sys, "argv", ["gradescope", "--output", str(tmp_path / "out.zip")])
    with pytest.raises(SystemExit) as ended:
        gradescope_command.main()
    assert ended.value.code == 2
    assert "did you mean grading.seed?" in capsys.readouterr().err
    assert not (tmp_path / "out.zip").exists()


def test_the_image_holds_the_file():
    assert "!course.toml" in (ROOT / ".dockerignore").read_text().splitlines()
