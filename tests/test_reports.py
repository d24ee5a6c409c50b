"""What the class report and the feedback say of results, checked against numbers that were worked out by hand."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import pytest

from autograder.course.catalogue import mistakes
from autograder.course.source import QUIZ, chapters
from autograder.reports import class_html, feedback_html
from autograder.reports.statistics import (
    ChapterFacts,
    MistakeFacts,
    Run,
    Spread,
    gather,
    look_first,
    state,
    to_repair,
    told,
)
from autograder.results import (
    FunctionResult,
    Problem,
    TestResult,
    Verdict,
    function_result,
    with_hint,
)
from tests.made_up_class import class_of, result

CHAPTER, OTHER = "ch04_lstm", "ch05_gru"
RUN = Run("A", seconds=12.0, jobs=2, graded=3, reused=4, unrun=1)
UNSAFE = Run("D", unsafe=True)


def lost(name: str, verdict: Verdict = "failed", message: str = "dx is wrong in every entry"):
    return TestResult(name, verdict, 1.0, message)


def passed(name: str):
    return TestResult(name, "passed", 1.0, "")


def function(name: str, *tests: TestResult, points: float = 10.0) -> FunctionResult:
    return function_result(name, points, tests)


@pytest.fixture(scope="module")
def known():
    """A mistake of the catalogue."""
    return next(entry for entry in mistakes(CHAPTER) if entry.function == "lstm_step_forward")


@pytest.fixture(scope="module")
def small(known):
    """Four students, two chapters: 100, 75, 50 and 0 percent in one, everything else in the other."""
    hinted = with_hint("h is wrong in every entry", known.says)
    right = function("lstm_step_forward", passed("values"), passed("arguments"))
    half = function("lstm_step_forward", lost("values", message=hinted), passed("arguments"))
    none = function("lstm_step_forward", lost("values", message=hinted), lost("arguments"))
    quiz = function(QUIZ, passed("q1"), passed("q2"))
    no_quiz = function(
        QUIZ, lost("q1", message="another option fits better"), lost("q2", "missing")
    )
    slow = function("gru_step_forward", lost("values", "timeout", "took too long"))
    return [
        result("dan", CHAPTER, (none, no_quiz)),
        result("ada", CHAPTER, (right, quiz)),
        result("cem", CHAPTER, (half, function(QUIZ, passed("q1"), lost("q2", message="no")))),
        result("bo", CHAPTER, (half, quiz)),
        result("ada", OTHER, (slow,)),
        result("bo", OTHER, status="missing"),
        result("cem", OTHER, status="refused", problems=(Problem("x.ipynb", "is a link"),)),
        result("dan", OTHER, status="grader_error", problems=(Problem("grader", "it ended"),)),
    ]


def test_scores_of_a_chapter(small):
    lstm, gru = gather(small).chapters
    assert lstm == ChapterFacts(
        CHAPTER,
        ("lstm_step_forward", QUIZ),
        4,
        0,
        Spread(4, 62.5, 37.5, 81.25, 1, (1, 0, 0, 0, 0, 1, 0, 1, 0, 1)),
    )
    # Of the other chapter one was graded, with nothing.
    assert gru.missing == 1
    assert gru.spread == Spread(1, 0.0, 0.0, 0.0, 0, (1, *[0] * 9))


def test_who_needs_a_human_and_why(small):
    facts = gather(small)
    assert [(a.student, a.chapter, a.kind, a.why) for a in facts.attention] == [
        ("dan", OTHER, "grader_error", "grader: it ended"),
        ("cem", OTHER, "refused", "x.ipynb: is a link"),
        ("ada", OTHER, "timeout", "gru_step_forward took too long"),
    ]
    assert facts.missing == (("bo", OTHER),)


def test_mistakes_are_counted_by_students(small, known):
    named = known.name.replace("_", " ")
    assert gather(small).mistakes == (
        MistakeFacts(CHAPTER, "lstm_step_forward", named, known.says, 3),
        MistakeFacts(CHAPTER, QUIZ, "question q1", "", 1),
        MistakeFacts(CHAPTER, QUIZ, "question q2", "", 1),
    )


def test_a_message_has_no_name_unless_the_catalogue_has_it():
    forged = with_hint("h is wrong", "This hint is in no catalogue.")
    plain = "step raised TypeError (cell 3, line 9)"
    facts = gather(
        [
            result("ada", CHAPTER, (function("lstm_forward", lost("a", message=forged)),)),
            result("bo", CHAPTER, (function("lstm_forward", lost("a", "error", plain)),)),
            result("bo", "no_such_chapter", (function("f", lost("a", message=forged)),)),
        ]
    )
    assert [(m.named, m.name, m.says) for m in facts.mistakes] == [
        (False, "", "h is wrong"),
        (False, "", "step raised TypeError"),
        (False, "", "h is wrong"),
    ]


def test_a_stub_is_no_mistake():
    stub = "lstm_forward raised NotImplementedError (cell 3, line 9)"
    unwritten = function("lstm_forward", lost("a", "error", stub), lost("b", "missing", ""))
    facts = gather([result("ada", CHAPTER, (unwritten,))])
    assert (facts.mistakes, facts.hardest, state(unwritten)) == ((), (), "unwritten")


def test_how_well_a_test_separates():
    """One test that the strong pass and the weak fail, one that the weak pass and the strong fail."""
    class_ = []
    for place in range(24):
        strong = place >= 12
        rest = [
            passed(f"t{n}") if n < 2 + 6 * strong + place % 3 else lost(f"t{n}") for n in range(12)
        ]
        first = function("good", passed("good") if strong else lost("good"), points=1)
        second = function("bad", lost("bad") if strong else passed("bad"), points=1)
        class_.append(
            result(f"s{place}", CHAPTER, (first, second, function("rest", *rest, points=98)))
        )
    facts = gather(class_)
    tests = {test.name: test for test in facts.hardest}
    good, bad = tests["good"], tests["bad"]
    assert (good.failed, good.tried, bad.failed, bad.tried) == (12, 24, 12, 24)
    assert good.separates is not None and good.separates > 0.9 and not good.suspect
    assert bad.separates is not None and bad.separates < -0.9 and bad.suspect
    assert facts.suspects == (bad,)
    page = class_html.render(class_, RUN).decode()
    assert page.count("⚠ suspect") == 1
    # The correlation itself, worked out another way: both halves have 12, so it is a difference of two means.
    rests = [r.score - r.functions[0].score for r in class_]
    mean = sum(rests) / 24
    spread = (sum((x - mean) ** 2 for x in rests) / 24) ** 0.5
    by_hand = (sum(rests[12:]) / 12 - sum(rests[:12]) / 12) / (2 * spread)
    assert good.separates == pytest.approx(by_hand, rel=1e-12)


def test_few_submissions_make_no_test_suspect():
    class_ = [
        result(
            f"s{n}",
            CHAPTER,
            (
                function("f", lost("a") if n % 2 else passed("a")),
                function("g", lost("b") if n < 3 else passed("b")),
            ),
        )
        for n in range(8)
    ]
    assert gather(class_).suspects == ()


def test_what_to_look_at_first(small):
    things = look_first(gather(small), RUN)
    assert len(things) == 3
    assert things[0] == f"1 submission without a score by a fault of the grader: dan {OTHER}"
    assert things[1] == f"2 submissions for a human to look at: cem {OTHER}, ada {OTHER}"
    assert things[2].startswith("For the next lecture, 3 students in lstm_step_forward (ch04_lstm)")


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        ([passed("a")], "full"),
        ([passed("a"), lost("b")], "part"),
        ([lost("a"), lost("b", "error", "f raised KeyError")], "wrong"),
        ([lost("a", "error", "f raised KeyError")], "stopped"),
        ([passed("a"), lost("b", "timeout")], "stopped"),
        ([lost("a", "missing", "")], "unwritten"),
    ],
)
def test_state_of_a_function(tests, expected):
    assert state(function("f", *tests)) == expected


def test_parameters_of_hidden_tests_are_not_told():
    tests = [passed("values[3-7-2]"), lost("values[1-1-1]"), lost("values[2-5-4]")]
    [group] = told(function("f", *tests), "no_such_chapter")
    assert (group.name, group.passed, group.total) == ("values", 1, 3)
    page = feedback_html.render(result("ada", CHAPTER, (function("f", *tests),)), RUN).decode()
    assert "1 of 3 cases passed" in page
    assert "3-7-2" not in page and "1-1-1" not in page


def test_what_to_repair_first_is_in_the_order_of_the_text_with_the_quiz_last():
    functions = (
        function(QUIZ, lost("q1")),
        function("a", lost("x")),
        function("b", passed("x")),
        function("c", lost("x")),
        function("d", lost("x")),
    )
    submission = result("ada", CHAPTER, functions)
    assert [f.name for f in to_repair(submission)] == ["a", "c", "d"]
    assert [f.name for f in to_repair(submission, most=9)] == ["a", "c", "d", QUIZ]


def test_feedback_says_points_messages_and_hint(known):
    message = with_hint("`h` is wrong in every entry", known.says)
    half = function("lstm_step_forward", passed("values"), lost("long_input", message=message))
    submission = result(
        "ada",
        CHAPTER,
        (half,),
        problems=(Problem("cell 3", "SyntaxError: x"), Problem("grader", "ours")),
    )
    page = feedback_html.render(submission, RUN).decode()
    assert "5 of 10 points" in page
    assert "<code>h</code> is wrong in every entry" in page
    [hint] = re.findall("<p class=hint>Perhaps: (.*?)</p>", page)
    assert html.unescape(re.sub("</?code>", "`", hint)) == known.says
    assert "Hint (perhaps)" not in page
    assert "cell 3" in page and "ours" not in page
    assert "<a href='#lstm_step_forward'>" in page and "id='lstm_step_forward'" in page


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("`h` & `c < 0`", "<code>h</code> &amp; <code>c &lt; 0</code>"),
        ("one\r\ntwo\u2028three", "one<br>two<br>three"),
        ("a `lone\nmark` <b>", "a `lone<br>mark` &lt;b&gt;"),
        ("`{{ 7 * 7 }}` {% raw %} {# x #}", "<code>{{ 7 * 7 }}</code> {% raw %} {# x #}"),
    ],
)
def test_a_message_is_shown_as_code_and_lines_and_never_as_markup(said, shown):
    page = feedback_html.render(
        result("ada", CHAPTER, problems=(Problem("cell 1", said),)), RUN
    ).decode()
    assert f"<li><bdi>cell 1</bdi>: {shown}</li>" in page


@pytest.mark.parametrize("status", ["missing", "unreadable", "refused", "grader_error"])
def test_feedback_without_functions_says_why(status):
    page = feedback_html.render(result("ada", CHAPTER, status=status), RUN).decode()
    assert feedback_html.REASONS[status] in page
    assert ("of 100 points" in page) == (status != "grader_error")


def test_every_page_of_an_unsafe_run_says_so(small):
    pages = [class_html.render(small, UNSAFE), *(feedback_html.render(r, UNSAFE) for r in small)]
    for page in pages:
        assert b"--unsafe-own-code at sandbox level D" in page
    assert b"unsafe-own-code" not in class_html.render(small, RUN)


def test_a_level_below_a_needs_a_human(small):
    assert "sandbox reached level B" in class_html.render(small, Run("B")).decode()
    assert "sandbox level A" in class_html.render(small, RUN).decode()
    assert "sandbox reached level" not in class_html.render(small, RUN).decode()


# --- any size -------------------------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [v or "" for k, v in attrs if k in ("src", "href", "srcset", "action")]


@pytest.mark.parametrize("count", [1, 8, 40, 500])
def test_the_class_report_is_one_small_file_that_fetches_nothing(count):
    class_ = class_of(count)
    names = {result.chapter for result in class_}
    page = class_html.render(class_, RUN)
    assert len(page) < 500_000
    reader = Reader()
    reader.feed(page.decode())
    assert not {"script", "link", "img", "iframe", "form", "object"} & set(reader.tags)
    assert all(address.startswith("feedback/") for address in reader.addresses)
    assert b"url(" not in page and b"@import" not in page
    [policy] = re.findall(r'Content-Security-Policy content="(.*?)"', page.decode())
    directives = dict(part.split(None, 1) for part in policy.split("; "))
    assert directives.pop("style-src") == "'unsafe-inline'"
    assert directives == dict.fromkeys(("default-src", "base-uri", "form-action"), "'none'")
    assert reader.tags.count("svg") == len(names)
    # Everybody stands in the matrix, with a mark for each function.
    assert page.count(b"<th scope=row>") == count
    if count == 8:
        marks = re.findall(r"<td class=m>(.*?)<td>", page.decode())
        assert len(marks) == sum(r.status == "graded" for r in class_)
        first = next(r for r in class_ if r.status == "graded")
        assert {len(re.sub(r"<.*?>", "", m)) for m in marks} >= {len(first.functions)}


def test_a_class_of_thousands_still_makes_a_page():
    one = {CHAPTER: chapters()[CHAPTER]}
    page = class_html.render(class_of(6000, one), RUN)
    assert len(page) < 500_000


def test_the_same_results_give_the_same_bytes_in_any_order():
    class_ = class_of(12)
    assert class_html.render(class_, RUN) == class_html.render(class_[::-1], RUN)


def test_a_class_of_nobody_is_no_error():
    page = class_html.render([], RUN).decode()
    assert "0 students" in page
