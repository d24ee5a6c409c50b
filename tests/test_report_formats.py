"""JUnit, Gradescope, GitHub and the terminal: structure as those read it, and nothing that a submission could say itself."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from xml.etree import ElementTree

import pytest
from rich.console import Console

from autograder.reports import class_html, feedback_html, github, gradescope, junit, terminal
from autograder.reports.statistics import Run
from autograder.results import Problem, TestResult, function_result
from tests.made_up_class import class_of, result

RUN = Run("A", seconds=2.0, jobs=1, graded=1)
UNSAFE = Run("D", unsafe=True)
CHAPTER = "ch04_lstm"

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'onmouseover='alert(1)",
    "]]>&lt;/failure>",
    "\x1b[2J\x1b]0;owned\x07",
    "\x9b31m",
    "\u202egnp.exe",
    "a\n::error::owned\n::add-mask::e",
    "a\r::warning::owned",
    "%0A::error::owned",
    "[link](javascript:alert(1)) | cell | @everyone #1",
    "`code` </code> <!-- -->",
    "\x00\x01\ufffe\ud800",
    "[bold red]markup[/bold red] [/]",
    "=HYPERLINK(1)",
    "x" * 5000,
]


def hostile(text: str):
    """Results in which one text stands everywhere that a submission can bring text to."""
    tests = [
        TestResult(f"values[{text}]", "failed", 1.0, f"{text} is wrong"),
        TestResult("b", "passed", 1.0, ""),
    ]
    return [
        result(
            text,
            CHAPTER,
            (function_result(f"f{text}", 10, tests),),
            problems=(Problem(text, text),),
        ),
        result(text, "ch05_gru", status="refused", problems=(Problem(text, text),)),
        result(
            text, "ch06_bidirectional", status="grader_error", problems=(Problem("grader", text),)
        ),
        result(
            text,
            "ch07_seq2seq",
            (function_result("g", 10, [TestResult("a", "timeout", 1.0, text)]),),
        ),
    ]


def obeyed(text: str) -> list[str]:
    """The characters of a text that a terminal would obey, or that turn what follows around."""
    return [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c not in "\n\t"]


# --- JUnit ----------------------------------------------------------------------------------------------------------

# The format as Jenkins' xunit plugin and GitLab read it: attributes that have to be there, others that may, and children.
SCHEMA: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {
            "skipped",
            "time",
            "timestamp",
            "hostname",
            "id",
            "package",
            "file",
            "log",
            "url",
            "group",
        },
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": (
        {"name"},
        {"classname", "time", "group"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": (set(), {"type", "message"}, set()),
    "error": (set(), {"type", "message"}, set()),
    "skipped": (set(), {"type", "message"}, set()),
}


def against_schema(element: ElementTree.Element) -> list[str]:
    must, may, children = SCHEMA[element.tag]
    names = set(element.keys())
    wrong = [f"{element.tag} without {name}" for name in must - names]
    wrong += [f"{element.tag} with {name}" for name in names - must - may]
    if element.tag not in ("failure", "error", "skipped") and (element.text or "").strip():
        wrong.append(f"text in {element.tag}")
    for child in element:
        if child.tag in children:
            wrong += against_schema(child)
        else:
            wrong.append(f"{child.tag} in {element.tag}")
    return wrong


def counted(suite: ElementTree.Element) -> dict[str, str]:
    """What a suite's attributes have to say of its cases."""
    cases = suite.findall("testcase")
    kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    counts = {
        name: sum(case.find(tag) is not None for case in cases) for name, tag in kinds.items()
    }
    return {name: str(count) for name, count in {"tests": len(cases), **counts}.items()}


@pytest.mark.parametrize("run", [RUN, UNSAFE])
def test_junit_has_the_structure_that_ci_reads(run):
    class_ = class_of(30)
    root = ElementTree.fromstring(junit.render(class_, run))
    assert root.tag == "testsuites" and against_schema(root) == []
    suites = root.findall("testsuite")
    assert len(suites) == len(class_)
    assert len({suite.get("name") for suite in suites}) == len(suites)
    for suite in suites:
        assert {name: suite.get(name) for name in counted(suite)} == counted(suite)
        assert all(len(case) <= 1 for case in suite.findall("testcase"))
    for name in ("tests", "failures", "errors"):
        assert root.get(name) == str(sum(int(suite.get(name, "")) for suite in suites))
    cases = {(c.get("classname"), c.get("name")) for c in root.iter("testcase")}
    assert len(cases) == sum(1 for _ in root.iter("testcase"))  # GitLab drops what is there twice
    warnings = [p.get("value") for p in root.iter("property")]
    assert warnings == ([run.warning] * len(suites) if run.warning else [])


def test_the_check_of_the_structure_finds_what_is_wrong():
    bad = "<testsuites><testsuite name='a' tests='1' failures='0' colour='red'>x<testcase/><b/></testsuite></testsuites>"
    assert sorted(against_schema(ElementTree.fromstring(bad))) == [
        "b in testsuite",
        "testcase without name",
        "testsuite with colour",
        "testsuite without errors",
        "text in testsuite",
    ]


def test_junit_tells_a_wrong_result_from_code_that_ended():
    wrong, raised = (
        TestResult("a", "failed", 1.0, "h is wrong"),
        TestResult("b", "error", 1.0, "f raised"),
    )
    functions = (
        function_result("right", 10, [TestResult("a", "passed", 1.0, "")]),
        function_result("wrong", 10, [wrong, raised]),
        function_result("raised", 10, [raised]),
    )
    class_ = [result("ada", CHAPTER, functions)]
    class_ += [
        result(status, CHAPTER, status=status) for status in ("missing", "refused", "grader_error")
    ]
    root = ElementTree.fromstring(junit.render(class_, RUN))
    ends = {
        (suite.get("name"), case.get("name")): [child.tag for child in case]
        for suite in root
        for case in suite.findall("testcase")
    }
    assert ends == {
        ("ada/ch04_lstm", "right"): [],
        ("ada/ch04_lstm", "wrong"): ["failure"],
        ("ada/ch04_lstm", "raised"): ["error"],
        ("missing/ch04_lstm", "submission"): ["skipped"],
        ("refused/ch04_lstm", "submission"): ["failure"],
        ("grader_error/ch04_lstm", "submission"): ["error"],
    }
    assert root.find(".//failure[@message]").get("message") == "0 of 10 points; a: h is wrong"


# --- Gradescope -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("visibility", ["visible", "hidden", "after_due_date", "after_published"])
def test_gradescope_gets_the_fields_that_it_documents(visibility):
    for each in class_of(20):
        content = json.loads(gradescope.render(each, RUN, visibility))
        assert set(content) <= {
            "score", "output", "output_format", "test_output_format", "test_name_format",
            "visibility", "stdout_visibility", "tests", "extra_data",
        }  # fmt: skip
        assert content["visibility"] == visibility
        assert content["stdout_visibility"] == "hidden"
        assert ("score" in content) == (each.status != "grader_error")
        if each.status == "graded":
            assert content["score"] == each.score
            assert content["score"] == pytest.approx(sum(t["score"] for t in content["tests"]))
        for test in content["tests"]:
            assert set(test) == {
                "name",
                "number",
                "score",
                "max_score",
                "status",
                "output",
                "visibility",
            }
            assert 0 <= test["score"] <= test["max_score"]
            assert test["status"] == ("passed" if test["score"] == test["max_score"] else "failed")
            assert test["visibility"] == visibility


# --- GitHub ---------------------------------------------------------------------------------------------------------


def test_at_most_ten_annotations():
    commands = github.annotation_commands(class_of(200), RUN)
    assert len(commands) == 10
    assert commands[0].startswith("::error title=") and "grader error" in commands[0]
    assert commands[-1].endswith("more; see report.html")
    [unsafe, *_] = github.annotation_commands(class_of(2), UNSAFE)
    assert unsafe.startswith("::error title=No sandbox::")


def test_nothing_is_said_outside_of_actions(monkeypatch, tmp_path):
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    log = io.StringIO()
    with github.no_commands(log):
        print("line", file=log)
    github.tell(class_of(3), RUN, log)
    assert log.getvalue() == "line\n" and not (tmp_path / "summary.md").exists()


def test_the_log_is_closed_to_commands_while_student_names_are_shown(monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    (tmp_path / "summary.md").write_text("before\n")
    log = io.StringIO()
    with pytest.raises(KeyboardInterrupt), github.no_commands(log):
        print("::error::owned", file=log)
        raise KeyboardInterrupt
    github.tell(class_of(3), RUN, log)
    first, said, last, *_rest = log.getvalue().splitlines()
    token = first.removeprefix("::stop-commands::")
    assert re.fullmatch("[0-9a-f]{32}", token)
    assert (said, last) == ("::error::owned", f"::{token}::")
    summary = (tmp_path / "summary.md").read_text()
    assert summary.startswith("before\n## Class report\n") and len(summary.encode()) < 1 << 20


def test_the_summary_does_not_grow_with_the_class():
    assert len(github.step_summary(class_of(500), RUN)) < 40_000
    assert "[!CAUTION]" in github.step_summary(class_of(2), UNSAFE)


# --- the terminal ---------------------------------------------------------------------------------------------------


def shown(class_, run, *, width: int = 200) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False)
    terminal.show_end(console, class_, run, "graded")
    return out.getvalue()


def test_the_end_shows_a_table_and_what_to_look_at():
    text = shown(class_of(2), RUN)
    assert text.count("ch04_lstm") >= 2
    assert "To look at first:" in text and "graded/report.html" in text
    large = shown(class_of(100), RUN)
    assert len(large.splitlines()) < 40 and "100 students" in large


def bar(**options) -> tuple[terminal.Bar, io.StringIO]:
    out = io.StringIO()
    return terminal.Bar(Console(file=out, width=120, **options)), out


def test_plain_lines_without_a_terminal():
    plain, out = bar(force_terminal=False)
    with plain:
        for done in range(101):
            plain.running([f"ada {done}"])
            plain.show(done, 100, "ada")
    lines = out.getvalue().splitlines()
    assert 10 <= len(lines) <= 12
    assert all(
        re.fullmatch(r"graded \d+ of 100(, about \d+ (s|min) left)?", line) for line in lines
    )
    assert lines[-1] == "graded 100 of 100"


def test_no_color_means_plain_lines(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    plain, out = bar(force_terminal=True)
    with plain:
        plain.show(1, 1, "ada")
    assert out.getvalue() == "graded 1 of 1\n"


def test_a_bar_on_a_terminal(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    fancy, out = bar(force_terminal=True)
    with fancy:
        fancy.show(3, 10, "ada")
        fancy.running(["bo ch04_lstm", "a[b]\x1b[2J", "c", "d", "e"])
    text = out.getvalue()
    assert "3/10" in text and "bo ch04_lstm" in text and "+2" in text
    assert "\x1b[2J" not in text


# --- hostile text, everywhere ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:30])
def test_hostile_text_stays_text(text):
    class_ = hostile(text)
    root = ElementTree.fromstring(junit.render(class_, RUN))
    assert against_schema(root) == []
    pages = [class_html.render(class_, RUN), *(feedback_html.render(r, RUN) for r in class_)]
    for page in pages:
        # Every tag and attribute in the page is one that is there for a harmless text, too.
        assert tags(page) <= HARMLESS
        assert b"\x1b" not in page
    for each in class_:
        assert not obeyed(json.loads(gradescope.render(each, RUN))["output"])
    assert not obeyed(shown(class_, RUN))
    summary = github.step_summary(class_, RUN)
    assert "<script" not in summary and "](javascript" not in summary and "@everyone" not in summary
    for command in github.annotation_commands(class_, RUN):
        assert len(command.splitlines()) == 1 and not obeyed(command)
        assert re.match(r"::(error|warning) title=[^:,\n]*::", command)


def tags(page: bytes) -> set[str]:
    """Each tag with the names of its attributes."""
    from html.parser import HTMLParser

    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: set[str] = set()

        def handle_starttag(self, tag, attrs):
            self.found.add(f"{tag} {sorted(name for name, _ in attrs)}")

        def handle_comment(self, data):
            self.found.add("comment")

    reader = Tags()
    reader.feed(page.decode())
    return reader.found


HARMLESS = {
    tag
    for run in (RUN, UNSAFE)
    for each in (hostile("ada `x` y"), hostile("two\nlines"), class_of(20))
    for page in (class_html.render(each, run), *(feedback_html.render(r, run) for r in each[:40]))
    for tag in tags(page)
} | {tag for each in (hostile("ada"),) for r in each for tag in tags(feedback_html.render(r, RUN))}
