"""Visible checks: what a check finds, what `%check` shows and remembers, and what nbgrader sees of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import threading
import types
from collections import Counter

import nbformat
import numpy as np
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from autograder.course.quiz import quiz_key
from autograder.course.source import QUIZ, chapters, load_reference
from seqlab import magic, registry
from seqlab.answers import Form
from seqlab.magic import CheckFailed, CheckMagics, Report, check_quiz, guess_chapter
from seqlab.nested import leaves, mapped
from seqlab.quizzes import forms
from seqlab.registry import (
    CheckResult,
    VisibleCheck,
    chapters_with_checks,
    checks_of,
    run_check,
    visible_check,
)
from seqlab.results import GradientRow
from tests import needs


def find(check, **namespace):
    """Run a check on some functions; return its findings."""
    result = run_check(VisibleCheck("f", check, "Why?", "A slip."), namespace)
    assert result.ok == (not result.findings)
    return list(result.findings)


def only(findings):
    assert len(findings) == 1, findings
    return findings[0]


# --- call


def test_a_right_function_passes_with_its_result_handed_over():
    seen = []
    assert find(lambda c: seen.append(c.call("f", 2, scale=3)), f=lambda x, scale: x * scale) == []
    assert seen == [6]


def test_a_missing_function_is_told_and_ends_the_check():
    def check(c):
        c.call("f", 1)
        raise AssertionError("the check went on")

    assert "no f yet" in only(find(check))


def test_a_stub_is_told_as_not_written():
    def f():
        raise NotImplementedError()

    assert "not written yet" in only(find(lambda c: c.call("f"), f=f))


def test_an_exception_is_told_with_its_line():
    namespace = {}
    source = "def f(x):\n    y = x + 1\n    return undefined_name\n"
    exec(compile(source, "/tmp/ipykernel_77/123.py", "exec"), namespace)
    said = only(find(lambda c: c.call("f", 1), f=namespace["f"]))
    assert "NameError" in said and "undefined_name" in said and "line 3" in said


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (None, "nothing"),
        (np.zeros(2), "one ndarray"),
        ((1,), "returned 1"),
        ((1, 2, 3), "returned 3"),
    ],
)
def test_a_wrong_number_of_results_is_told(result, words):
    said = only(find(lambda c: c.call("f", results=2), f=lambda: result))
    assert "2 results" in said and words in said


def test_lists_and_named_tuples_are_several_results():
    got = []
    for result in ([1, 2], (1, 2)):
        assert find(lambda c: got.append(c.call("f", results=2)), f=lambda r=result: r) == []
    assert got == [(1, 2), (1, 2)]


def test_the_interrupt_of_a_kernel_is_not_swallowed():
    def f():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find(lambda c: c.call("f"), f=f)


def test_a_result_of_another_form_is_told_without_a_traceback():
    def check(c):
        grads = c.call("f")
        c.expect("dW", grads["W"], np.zeros(2))

    assert "KeyError" in only(find(check, f=dict))
    assert "TypeError" in only(find(check, f=lambda: 1))
    assert "returns nothing: is a `return` missing?" in only(find(check, f=lambda: None))


def test_what_follows_from_an_earlier_finding_is_not_told():
    def check(c):
        h = c.call("f")
        c.expect("h", h, np.zeros((2, 3)))
        c.expect("its sum", h @ np.ones(3), np.zeros(2))

    assert "shape" in only(find(check, f=lambda: np.zeros((3, 2))))


def test_a_long_list_of_findings_is_cut():
    def check(c):
        for number in range(12):
            c.expect(f"value {number}", c.call("f"), 1.0)

    findings = find(check, f=lambda: 2.0)
    assert len(findings) == registry.MAX_FINDINGS + 1
    assert findings[-1] == "and 4 more"


# --- expect


def test_both_values_are_shown():
    said = only(
        find(
            lambda c: c.expect("h", c.call("f"), np.array([0.25, 0.5])),
            f=lambda: np.array([0.25, 2.0]),
        )
    )
    assert "h" in said and "2" in said and "0.5" in said


def test_expect_knows_axes_and_dtypes():
    got = np.zeros((2, 3, 1), dtype=np.float32)
    wrong = got.copy()
    wrong[1, 2] = 1.0
    assert "step 3" in only(find(lambda c: c.expect("h", wrong, got, axes="N T H")))
    assert "float32" in only(find(lambda c: c.expect("h", got, got, dtype=np.float64)))


# --- gradients

POINT = np.array([[0.3, -1.2], [0.7, 2.0]])


def cubed(x):
    return float(np.sum(np.sin(x) * x**2))


def slope(x):
    return np.cos(x) * x**2 + 2 * x * np.sin(x)


def gradient_findings(got, f=cubed, at=POINT):
    return find(lambda c: c.expect_gradient("dx", got, f, at=at))


def test_a_right_gradient_passes():
    assert gradient_findings(slope(POINT)) == []
    assert gradient_findings(slope(POINT).astype(np.float32)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        lambda g: -g,
        lambda g: 1.001 * g,
        lambda g: g.T,
        lambda g: g[:1],
        lambda g: g * np.array([1.0, 0.0]),
        lambda g: np.where(g == g.max(), np.nan, g),
        lambda g: g.tolist(),
        lambda g: None,
    ],
)
def test_a_wrong_gradient_is_told(wrong):
    assert "dx" in only(gradient_findings(wrong(slope(POINT))))


def test_a_forward_in_single_precision_is_no_mistake():
    def single(x):
        x = x.astype(np.float32)
        return float(np.sum(np.tanh(x) * x))

    right = (1 - np.tanh(POINT) ** 2) * POINT + np.tanh(POINT)
    assert gradient_findings(right, single) == []
    assert gradient_findings(1.001 * right, single)


def test_a_gradient_of_zero_passes_in_spite_of_rounding():
    weights = np.array([1e3, 0.0])

    def first_only(x):
        return float(weights @ np.exp(x[:, 0])) + 0.0 * float(x[0, 1])

    right = np.zeros((2, 2))
    right[0, 0] = 1e3 * np.exp(POINT[0, 0])
    assert gradient_findings(right, first_only) == []
    assert gradient_findings(np.zeros((2, 2)), lambda x: 1e4) == []
    assert gradient_findings(np.full((2, 2), 1e-3), lambda x: 1e4)


def test_a_gradient_of_a_number_is_a_number():
    at = np.array(1.5)
    for value in (3.0, np.float64(3.0), np.array(3.0)):
        assert gradient_findings(value, lambda v: float(v) ** 2, at) == []
    assert gradient_findings(2.0, lambda v: float(v) ** 2, at)


def test_tensors_are_known_without_importing_their_library():
    torch = pytest.importorskip("torch", reason=needs.NO_TORCH)
    at = torch.tensor(POINT, requires_grad=True)
    right = torch.tensor(slope(POINT))

    def f(v):
        assert isinstance(v, torch.Tensor)
        return float((torch.sin(v) * v**2).sum())

    assert gradient_findings(right, f, at) == []
    assert gradient_findings(-right, f, at)

    def grows(x):
        return x.add_(1)

    said = only(find(lambda c: c.call("f", torch.zeros(2)), f=grows))
    assert "modifies its argument number 1" in said


# --- errors


def raising(error):
    def f(temperature):
        raise error

    return f


def error_findings(f, naming="temperature"):
    return find(lambda c: c.expect_error(ValueError, naming, "f", 0.0), f=f)


def test_the_error_that_is_asked_for_passes():
    class Mine(ValueError):
        pass

    assert error_findings(raising(ValueError("temperature must be positive"))) == []
    assert error_findings(raising(Mine("the temperature"))) == []
    assert error_findings(raising(ValueError()), None) == []
    assert error_findings(raising(ValueError("b has another shape")), ("a", "b")) == []


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda temperature: 1, "returned a result"),
        (raising(KeyError("temperature")), "raised KeyError"),
        (raising(ValueError("too cold")), "does not name temperature"),
        (raising(ValueError("temperatures")), "does not name temperature"),
        (raising(NotImplementedError()), "not written yet"),
    ],
)
def test_any_other_end_is_told(f, words):
    assert words in only(error_findings(f))


# --- arguments


def test_a_modified_argument_is_told_and_restored():
    def f(x, params):
        x += 1
        params["W"][0] = 7
        params["new"] = 1

    x, params = np.zeros(3), {"W": np.ones(2)}
    findings = find(lambda c: c.expect_unchanged("f", x, params), f=f)
    assert [finding.split(":")[0] for finding in findings] == [
        "f modifies its argument number 1",
        "f modifies its argument number 2",
    ]
    assert not x.any() and list(params) == ["W"] and (params["W"] == 1).all()


@pytest.mark.parametrize(
    "change",
    [
        list.reverse,
        list.pop,
        lambda v: v.append(1),
        lambda v: v[0].fill(3),
        lambda v: v.__setitem__(0, None),
        lambda v: v.__setitem__(2, 6),
    ],
)
def test_modified_lists_are_told_and_restored(change):
    arrays = [np.zeros(2), np.ones(2), 5]
    said = only(find(lambda c: c.call("f", arrays), f=change))
    assert "argument number 1" in said
    zeros, ones, five = arrays
    assert not zeros.any() and ones.all() and five == 5


def test_nan_in_an_argument_is_no_change():
    assert find(lambda c: c.expect_unchanged("f", np.array([np.nan])), f=lambda x: x.copy()) == []


def test_an_exception_does_not_hide_a_modified_argument():
    def f(x):
        x[0] = 1
        raise ValueError("oh")

    findings = find(lambda c: c.call("f", np.zeros(1)), f=f)
    assert any("modifies" in finding for finding in findings)
    assert any("ValueError" in finding for finding in findings)


def cached_square():
    return {"forward": lambda x: (x**2, [x])}


def check_cache(c):
    x = np.array([1.0, 2.0])
    _, cache = c.call("forward", x, results=2)
    c.expect_unchanged("backward", np.ones(2), cache)


def test_a_cache_may_hold_and_do_what_it_likes():
    def memoising(dy, cache):
        cache.append("seen")
        return 2 * cache[0] * dy

    assert find(check_cache, backward=memoising, **cached_square()) == []

    class Cache:
        def __eq__(self, other):
            raise RuntimeError("compared")

        def __bool__(self):
            raise RuntimeError("tested for truth")

        def __deepcopy__(self, memo):
            raise RuntimeError("copied")

    functions = {"forward": lambda x: (x, Cache()), "backward": lambda dy, cache: dy}
    assert find(check_cache, **functions) == []


def test_a_cache_that_serves_once_is_told():
    def spending(dy, cache):
        return 2 * cache.pop() * dy if cache else np.zeros(2)

    assert "called again" in only(find(check_cache, backward=spending, **cached_square()))


# --- the real checks


@pytest.mark.parametrize("name", needs.each_reference(chapters()))
def test_the_visible_checks_of_a_chapter_fit_it(name):
    chapter = chapters()[name]
    checks = checks_of(name)
    assert set(checks) == {function.name for function in chapter.functions} - {QUIZ}
    reference = vars(load_reference(chapter))
    for check in checks.values():
        assert run_check(check, reference).findings == ()
        assert check.question.rstrip().endswith(("?", ".")) and check.likely
        stub = {function.name: raising(NotImplementedError()) for function in chapter.functions}
        assert not run_check(check, reference | {check.function: stub[check.function]}).ok


@pytest.mark.parametrize("name", needs.each_reference(chapters()))
def test_results_of_none_and_zero_fail_every_visible_check(name):
    reference = vars(load_reference(chapters()[name]))
    for check in checks_of(name).values():
        for wrong in (lambda *a, **k: None, lambda *a, **k: 0, lambda *a, **k: (0, 0, 0)):
            assert not run_check(check, reference | {check.function: wrong}).ok, check.function


def test_importing_seqlab_brings_neither_torch_nor_a_test_runner():
    program = (
        "import sys, seqlab, seqlab.magic, seqlab.registry, seqlab.compare\n"
        "heavy = {'torch', 'pytest', 'scipy', 'matplotlib', 'autograder'} & set(sys.modules)\n"
        "checks = [name for name in sys.modules if name.startswith('seqlab.checks.')]\n"
        "print(sorted(heavy), checks)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[] []"


def test_a_function_has_one_check_in_a_chapter():
    def register():
        visible_check("f", question="?", likely=".")(
            types.FunctionType(compile("0", "", "eval"), {"__name__": "x.ch98"})
        )

    try:
        register()
        with pytest.raises(ValueError, match="two visible checks of f"):
            register()
    finally:
        registry._registry.pop("ch98", None)


# --- rendering

NASTY = CheckResult("f", False, ("<script>alert(1)</script> & 'x'",), "Is 1 < 2?", "<b>no</b>")


def test_html_is_escaped_and_says_what_the_text_says():
    bundle = Report((NASTY,), frozenset({"f"}))._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert "<script" not in bundle["text/html"] and "<b>no" not in bundle["text/html"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#x27;x&#x27;" in bundle["text/html"]
    for words in ("<script>alert(1)", "Is 1 < 2?", "<b>no</b>"):
        assert words in bundle["text/plain"]


def test_the_likely_mistake_waits_for_the_second_failure():
    for render in (Report.text, Report.html):
        assert "no" not in render(Report((NASTY,))).replace("not", "").replace("yellow", "")
        assert "likely mistake" in render(Report((NASTY,), frozenset({"f"})))
        assert "Ask yourself" in render(Report((NASTY,)))


def test_the_table_of_gradients_is_escaped_html_and_text():
    rows = (
        GradientRow("d<x>", True, 1e-9),
        GradientRow("dW", False, 0.25, "row 2, unit 1", 1.5, -2.0),
    )
    result = CheckResult("f", False, ("dW is wrong",), gradients=rows, mend_first=("g", "h"))
    html, text = Report((result,)).html(), Report((result,)).text()
    assert "d&lt;x&gt;" in html and "<table" in html and 'scope="row"' in html
    for words in ("2.5e-01", "row 2, unit 1", "1.5", "-2", "g and h"):
        assert words in html and words in text


def test_progress_is_shown_for_a_whole_chapter():
    stub = CheckResult("f", False, ("f is not written yet: it raises NotImplementedError",))
    waits = CheckResult("g", False, ("f is not written yet: it raises NotImplementedError",))
    report = Report((stub, waits, CheckResult("h", True)), progress=True)
    for words in ("1 of 3", "not written yet", "waits for f"):
        assert words in report.text() and words in report.html()
    assert "<progress" in report.html()


# --- several functions together


def chained():
    def check_first(c):
        c.expect("the double", c.call("first", 2.0), 4.0)

    def check_second(c):
        x = np.array([1.0, 2.0])
        c.expect_gradient(
            "dx", c.call("second", x), lambda v: float(c.call("first", v).sum()), at=x
        )
        c.expect_gradient("zero", np.zeros(2), lambda v: 0.0 * c.call("first", v).sum(), at=x)

    return {
        name: VisibleCheck(name, check, "?", ".", "ch97_toy")
        for name, check in (("first", check_first), ("second", check_second))
    }


@pytest.fixture
def chain(monkeypatch):
    monkeypatch.setitem(registry._registry, "ch97_toy", chained())
    return registry._registry["ch97_toy"]


def test_a_wrong_backward_has_a_table_where_the_forward_is_right(chain):
    namespace = {"first": lambda v: 2 * v, "second": lambda x: 3 * np.ones(2)}
    result = run_check(chain["second"], namespace)
    assert [(row.name, row.ok) for row in result.gradients] == [("dx", False), ("zero", True)]
    row = result.gradients[0]
    assert row.own == 3.0 and abs(row.estimate - 2.0) < 1e-6 and abs(row.error - 0.5) < 1e-6
    assert result.mend_first == ()


def test_a_wrong_forward_is_named_first_and_there_is_no_table(chain):
    namespace = {"first": lambda v: 5 * v, "second": lambda x: 3 * np.ones(2)}
    result = run_check(chain["second"], namespace)
    assert result.mend_first == ("first",) and result.gradients == ()
    consistent = {"first": lambda v: 5 * v, "second": lambda x: 5 * np.ones(2)}
    assert run_check(chain["second"], consistent).ok, "a backward is judged by its own forward"


def test_a_function_that_never_ends_is_stopped_with_a_sentence():
    def f():
        while True:
            try:
                sum(range(100))
            except:  # noqa: E722 - swallows the first interruption
                continue

    check = VisibleCheck("f", lambda c: c.call("f"), "?", ".")
    said = only(run_check(check, {"f": f}, seconds=0.2).findings)
    assert "f had not finished after 0.2 s" in said
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
    for timer in (signal.ITIMER_REAL, signal.ITIMER_PROF):
        assert signal.getitimer(timer) == (0.0, 0.0)


def test_waiting_for_the_machine_is_no_endless_loop():
    waited = VisibleCheck("f", lambda c: c.call("f"), "?", ".")
    pause = threading.Event()
    assert run_check(waited, {"f": lambda: pause.wait(0.6)}, seconds=0.2).ok
    said = only(run_check(waited, {"f": lambda: pause.wait(60)}, seconds=0.2).findings)
    assert "f had not finished after 0.2 s" in said


# --- %check


FORMS = {"q1": Form("letter", "abc"), "q2": Form("number"), "q3": Form("order", "ABC")}


@pytest.fixture
def shell(monkeypatch):
    """A shell with `%check` and a chapter of its own; `shown` collects what is displayed."""
    shell = InteractiveShell()
    shell.user_ns.clear()
    magics = CheckMagics(shell)
    shell.register_magics(magics)

    def check_double(c):
        c.expect("the double", c.call("double", 2.0), 4.0)

    def check_half(c):
        c.expect("the half", c.call("half", 2.0), 1.0)

    monkeypatch.setitem(
        registry._registry,
        "ch99_toy",
        {
            "double": VisibleCheck("double", check_double, "Twice what?", "A sum is missing."),
            "half": VisibleCheck("half", check_half, "Half of what?", "Turn it over."),
        },
    )
    monkeypatch.setattr(magic, "chapters_with_checks", lambda: ["ch99_toy"])
    monkeypatch.setattr(magic, "forms", lambda _chapter: FORMS)
    shell.shown = []
    monkeypatch.setattr(magic, "display", shell.shown.append)
    shell.run_line_magic("chapter", "ch99_toy")
    return shell


def test_a_right_function_is_shown_and_raises_nothing(shell):
    shell.user_ns["double"] = lambda x: 2 * x
    shell.run_line_magic("check", "double")
    assert "✔ double" in shell.shown[0].text()


def test_a_wrong_function_is_shown_first_with_a_question_then_with_the_likely_mistake(shell):
    shell.user_ns["double"] = lambda x: x**3
    for said in (False, True, True):
        with pytest.raises(CheckFailed):
            shell.run_line_magic("check", "double")
        text = shell.shown.pop().text()
        assert "Twice what?" in text
        assert ("A sum is missing." in text) == said
    shell.user_ns["double"] = lambda x: 2 * x
    shell.run_line_magic("check", "double")
    shell.user_ns["double"] = lambda x: x**3
    with pytest.raises(CheckFailed):
        shell.run_line_magic("check", "double")
    assert "A sum is missing." not in shell.shown.pop().text(), "a success starts anew"


def test_a_stub_checked_twice_is_no_mistake_made_twice(shell):
    shell.user_ns["double"] = raising(NotImplementedError())
    for _ in range(2):
        with pytest.raises(CheckFailed):
            shell.run_line_magic("check", "double")
        assert "A sum is missing." not in shell.shown.pop().text()


def test_without_a_name_everything_is_checked(shell):
    shell.user_ns.update(
        double=lambda x: 2 * x, half=lambda x: x, quiz_answers={"q1": "a", "q2": ""}
    )
    with pytest.raises(CheckFailed, match="half, quiz_answers"):
        shell.run_line_magic("check", "")
    [report] = shell.shown
    assert [(result.function, result.ok) for result in report.results] == [
        ("double", True),
        ("half", False),
        ("quiz_answers", False),
    ]


def test_the_exception_renders_as_nothing():
    assert CheckFailed("x")._render_traceback_() == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("duoble", "did you mean double"),
        ("zzz", "there are: double, half"),
        ("double half", "one function"),
    ],
)
def test_a_name_that_is_not_there_is_a_usage_error(shell, line, words):
    with pytest.raises(UsageError, match=words):
        shell.run_line_magic("check", line)
    assert not shell.shown


def test_an_unknown_chapter_is_a_usage_error(shell):
    with pytest.raises(UsageError, match="ch99_toy"):
        shell.run_line_magic("chapter", "ch77")


def test_a_notebook_that_does_not_say_its_chapter_is_recognised():
    first, *others = [name for name in chapters_with_checks() if name in chapters()]
    for name in (first, *others):
        namespace = dict.fromkeys(checks_of(name))
        assert guess_chapter([], namespace) == name
        assert guess_chapter([next(iter(namespace))], namespace) == name
    with pytest.raises(UsageError, match="%chapter"):
        guess_chapter([], {})


# --- the quiz


@pytest.mark.parametrize(
    ("answers", "findings"),
    [
        ({"q1": "c", "q2": "1/2", "q3": "CAB"}, []),
        ({"q1": " C ", "q2": " 0,5 ", "q3": "c, a, b"}, []),
        ({"q1": "", "q2": "  ", "q3": "CAB"}, ["q1: no answer yet", "q2: no answer yet"]),
        ({"q2": "3", "q3": "CAB"}, ["q1: no answer yet"]),
        (
            {"q1": "d", "q2": "half", "q3": "CA"},
            [
                "q1: 'd' is not one of a, b, c",
                'q2: \'half\' is not a number, such as "0.5" or "1/2"',
                "q3: 'CA' is not an order in which each of A, B, C stands once",
            ],
        ),
        (
            {"q1": 1, "q2": 0.5, "q3": None},
            [
                'q1: 1 is no text: write it in quotes, such as "a"',
                'q2: 0.5 is no text: write it in quotes, such as "0.5"',
                'q3: None is no text: write it in quotes, such as "ABC"',
            ],
        ),
        ({"q1": "a", "q2": "1", "q3": "ABC", "q9": "a"}, ["q9: there is no such question"]),
        (None, ["there is no dict quiz_answers: run its cell"]),
    ],
)
def test_answers_are_checked_for_their_form(answers, findings):
    result = check_quiz(FORMS, answers)
    assert list(result.findings) == findings
    assert result.ok == (not findings)


def test_quiz_shows_the_practice_questions(shell, monkeypatch):
    monkeypatch.setattr(magic, "quiz", lambda chapter: chapter)
    shell.run_line_magic("quiz", "")
    assert shell.shown == ["ch99_toy"]
    with pytest.raises(UsageError):
        shell.run_line_magic("quiz", "ch02")


@pytest.mark.parametrize("name", list(chapters()))
def test_right_and_wrong_answers_look_the_same(name):
    key, expected = quiz_key(chapters()[name]), forms(name)
    wrong = {
        question: "-123" if form.kind == "number" else form.letters[:1]
        for question, form in expected.items()
    } | {question: form.letters for question, form in expected.items() if form.kind == "order"}
    assert wrong != key
    assert check_quiz(expected, key) == check_quiz(expected, wrong) == CheckResult(QUIZ, True)


# --- what nbgrader sees


def test_nbgrader_validate_sees_which_checks_fail(tmp_path):
    name = next(iter(chapters()))
    chapter = chapters()[name]
    from autograder.course.source import solution_source

    first, second = [f.name for f in chapter.functions if f.name != QUIZ][:2]

    def test_cell(function):
        nbgrader = {
            "grade": True,
            "grade_id": f"test_{function}",
            "locked": True,
            "points": 1,
            "schema_version": 3,
            "solution": False,
            "task": False,
            "cell_type": "code",
        }
        return nbformat.v4.new_code_cell(f"%check {function}", metadata={"nbgrader": nbgrader})

    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("import numpy as np"),
            nbformat.v4.new_code_cell(f"%load_ext seqlab\n%chapter {name}"),
            nbformat.v4.new_code_cell(solution_source(chapter, first)),
            test_cell(first),
            nbformat.v4.new_code_cell(
                f"def {second}(*arguments):\n    raise NotImplementedError()"
            ),
            test_cell(second),
        ],
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
        },
    )
    path = tmp_path / f"{name}.ipynb"
    nbformat.write(notebook, str(path))
    program = textwrap.dedent(
        """
        import json, sys
        from nbgrader.validator import Validator
        print(json.dumps(Validator().validate(sys.argv[1])))
        """
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    found = json.loads(ran.stdout.strip().split("\n")[-1])
    [failed] = found["failed"]
    assert failed["source"].strip() == f"%check {second}"


def test_leaves_come_in_order_and_are_changed_in_their_places():
    tree = {"a": [1, (2, {"b": 3})], "c": 4, "d": []}
    assert list(leaves(tree)) == [1, 2, 3, 4]
    assert mapped(lambda leaf: 10 * leaf, tree) == {"a": [10, (20, {"b": 30})], "c": 40, "d": []}
    assert list(leaves("word")) == ["word"]
    odd = Counter(a=1)
    assert mapped(lambda leaf: leaf, [odd])[0] is odd
