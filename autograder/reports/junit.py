"""`junit.xml`, as GitLab and Jenkins read it: a suite for each submission, a case for each function.

There is a case per function and not per hidden test: a class of 500 has 350,000 of those, more than either will take.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from autograder.course.titles import title
from autograder.reports.statistics import VERDICTS, Run
from autograder.reports.text import clean, points, shorten
from autograder.results import FunctionResult, SubmissionResult

_STATUS_CASE = "submission"
_MESSAGE = 300
_BODY = 8000


def render(results: Sequence[SubmissionResult], run: Run) -> bytes:
    """Return the file's bytes."""
    root = ElementTree.Element("testsuites", name="autograder")
    counts = dict.fromkeys(("tests", "failures", "errors"), 0)
    for result in sorted(results, key=lambda result: (result.student, result.chapter)):
        suite, mine = _suite(result, run)
        root.append(suite)
        for key in counts:
            counts[key] += mine[key]
    root.attrib.update({key: str(count) for key, count in counts.items()})
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _suite(result: SubmissionResult, run: Run) -> tuple[ElementTree.Element, dict[str, int]]:
    name = f"{clean(result.student)}/{clean(result.chapter)}"
    suite = ElementTree.Element("testsuite", name=name)
    if run.warning:
        about = ElementTree.SubElement(suite, "properties")
        ElementTree.SubElement(about, "property", name="warning", value=clean(run.warning))
    class_name = f"{clean(result.chapter)}.{clean(result.student)}"
    cases = (
        [_case(class_name, function, result.chapter) for function in result.functions]
        if result.status == "graded"
        else [_status_case(class_name, result)]
    )
    suite.extend(cases)
    counts = {"tests": len(cases)}
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        counts[key] = sum(case.find(tag) is not None for case in cases)
    suite.attrib.update({key: str(count) for key, count in counts.items()})
    return suite, counts


def _case(class_name: str, function: FunctionResult, chapter: str) -> ElementTree.Element:
    """A function: a failure where results were wrong, an error where the code ended otherwise before any was."""
    case = ElementTree.Element("testcase", classname=class_name, name=clean(function.name))
    if function.score >= function.max_score:
        return case
    lost = [test for test in function.tests if test.verdict != "passed"]
    raised = bool(lost) and all(test.verdict not in ("failed", "missing") for test in lost)
    lines = list(
        dict.fromkeys(
            f"{title(chapter, test.name)}: {test.message or VERDICTS[test.verdict]}"
            for test in lost
        )
    )
    score = f"{points(function.score)} of {points(function.max_score)} points"
    found = ElementTree.SubElement(
        case,
        "error" if raised else "failure",
        type=lost[0].verdict if lost else "failed",
        message=clean(shorten(f"{score}; {lines[0]}" if lines else score, _MESSAGE)),
    )
    found.text = clean(shorten("\n".join(lines), _BODY))
    return case


def _status_case(class_name: str, result: SubmissionResult) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname=class_name, name=_STATUS_CASE)
    why = clean("; ".join(f"{problem.where}: {problem.what}" for problem in result.problems))
    if result.status == "missing":
        ElementTree.SubElement(case, "skipped", message="nothing was handed in")
    else:
        tag = "error" if result.status == "grader_error" else "failure"
        found = ElementTree.SubElement(
            case, tag, type=result.status, message=shorten(why or result.status, _MESSAGE)
        )
        found.text = shorten(why, _BODY)
    return case
