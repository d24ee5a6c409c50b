"""Messages lead to the cause: in results, on the pages of student and instructor, and in `seqlab check`."""

from __future__ import annotations

import re

import pytest
from IPython.core.interactiveshell import InteractiveShell

from autograder.course.settings import Grading
from autograder.course.source import chapters
from autograder.grading.causes import explained
from autograder.grading.engine import Grader
from autograder.grading.submissions import parse
from autograder.reports import class_html, feedback_html
from autograder.reports.causes import causes_of
from autograder.reports.statistics import ONE_CAUSE, Run, gather, state
from autograder.results import (
    CAUSE,
    HINT,
    MAX_MESSAGE,
    TestResult,
    from_json,
    function_result,
    split_cause,
    to_json,
    with_cause,
)
from autograder.sandbox.terms import Cell
from seqlab import runner
from seqlab.causes import Causes, Stop
from seqlab.outline import is_stub, names_in, outline, raise_left
from seqlab.rebinding import Watcher
from tests.test_as_it_ran import CHAPTER, NAME, NP, F, notebook

STUB = f"def {NAME}(x, h_prev, params):\n    '''Doc.'''\n    # YOUR CODE HERE\n    raise NotImplementedError()\n"
COLAB = "try:\n    from google.colab import drive\n    import numpy as np\nfinally:\n    pass\n"
NO_NP = "`np` is not defined, because cell 1 stopped at line 2: No module named 'google'"
RETURN = "    return h, (x, h_prev, h, params)\n"

# What is handed in, the cause that the grader names, how it is named in `seqlab check`, and the state of the function.
KINDS = {
    "the import cell": (
        (f"{COLAB}rng = np.random.default_rng(0)", F, "rng.normal()"),
        NO_NP,
        NO_NP,
        "stopped",
    ),
    "np = 5": ((NP, F, "a = 1\nnp = 5"), "`np` was bound again in cell 3, line 2", None, "stopped"),
    "a loop": (
        (NP, F, "for np in [1]:\n    pass"),
        "`np` was bound again in cell 3, line 1",
        None,
        "stopped",
    ),
    "a walrus": ((NP, F, "(np := 3)"), "`np` was bound again in cell 3, line 1", None, "stopped"),
    "globals()": (
        (NP, F, "globals()['np'] = 3"),
        "`np` was bound again in cell 3, line 1",
        None,
        "stopped",
    ),
    "del np": ((NP, F, "del np"), "`np` was deleted in cell 3, line 1", None, "stopped"),
    "sum = 0": (
        (NP, F.replace("np.tanh(", "np.tanh(0 * sum([0]) + "), "total = 1\nsum = 0"),
        "`sum` was bound again in cell 3, line 2",
        None,
        "stopped",
    ),
    "import *": (
        (NP, F.replace("np.tanh(", "np.tanh(0 * pow(2, 3, 5) + "), "from math import *"),
        "`pow` was bound again in cell 3, line 1",
        None,
        "stopped",
    ),
    "f = None": (
        (NP, F, f"{NAME} = None"),
        f"`{NAME}` was bound again in cell 3, line 1",
        None,
        "stopped",
    ),
    "del f": ((NP, F, f"del {NAME}"), f"`{NAME}` was deleted in cell 3, line 1", None, "stopped"),
    "f again": (
        (NP, F, f"def {NAME}(x, h_prev, params):\n    return 1, 2"),
        f"`{NAME}` was bound again in cell 3, line 1",
        None,
        "wrong",
    ),
    "a helper deleted": (
        (NP, "def act(z):\n    return np.tanh(z)", F.replace("np.tanh(", "act("), "del act"),
        "`act` was bound again or deleted in cell 4, line 1",
        None,
        "stopped",
    ),
    "raise above": (
        (NP, F.replace("    h =", "    raise NotImplementedError()\n    h =")),
        "cell 2: line 2 still raises NotImplementedError; delete it",
        "line 2 still raises NotImplementedError; delete it",
        "stopped",
    ),
    "raise below": (
        (NP, F.replace(RETURN, "    raise NotImplementedError()\n")),
        "cell 2: line 3 still raises NotImplementedError; delete it",
        "line 3 still raises NotImplementedError; delete it",
        "stopped",
    ),
    "no compile": (
        (NP, F.replace("return h,", "return h,)")),
        f"`{NAME}` is missing, because cell 2 does not compile (line 3): SyntaxError: unmatched ')'",
        "SyntaxError: unmatched ')'",
        "stopped",
    ),
    "no compile below the stub": (
        (NP, STUB, F.replace("return h,", "return h,)")),
        f"`{NAME}` is missing, because cell 3 does not compile (line 3): SyntaxError: unmatched ')'",
        None,
        "stopped",
    ),
    "no return": (
        (NP, F.replace("return h, ", "t = ")),
        "",
        "returns nothing: is a `return` missing?",
        "wrong",
    ),
    "a stub": ((NP, STUB), "", "is not written yet", "unwritten"),
    "nothing": ((NP,), "", f"there is no {NAME} yet", "unwritten"),
    "a wrong result": ((NP, F.replace("np.tanh", "np.sin")), "", "", "wrong"),
    "restored": ((NP, F, "np = 5", "import numpy as np"), "", "", "full"),
}


@pytest.fixture(scope="module")
def grader():
    made = Grader(chapters(), grading=Grading())
    yield made
    made.close()


def graded(grader, *cells):
    suffix, text = notebook(*cells)
    result, _ = grader.grade(parse("ada", CHAPTER, f"{CHAPTER}.{suffix}", text.encode()))
    return result


@pytest.mark.parametrize("kind", KINDS)
def test_the_cause_is_named_in_the_result(grader, kind):
    cells, cause, _, which = KINDS[kind]
    result = graded(grader, *cells)
    function = result.functions[0]
    assert state(function) == which
    assert {split_cause(test.message)[1] for test in function.tests} == {cause}
    assert from_json(to_json(result)) == result
    assert [each.kind for each in gather([result]).attention] == ([ONE_CAUSE] if cause else [])
    if kind == "no return":
        assert all("is a `return` missing?" in test.message for test in function.tests)
    if cause:
        [fact] = causes_of(result)
        assert (fact.says, fact.cost, fact.functions) == (cause, function.max_score, (NAME,))


@pytest.mark.parametrize("kind", KINDS)
def test_the_cause_is_named_by_seqlab_check(tmp_path, kind):
    cells, cause, check, which = KINDS[kind]
    path = tmp_path / f"{CHAPTER}.ipynb"
    path.write_text(notebook(*cells)[1])
    done = runner.run(path, CHAPTER, [NAME])
    found = done.results[NAME]
    assert found.ok == (which == "full")
    assert (cause if check is None else check) in " ".join(found.findings)
    assert found.unwritten == (which == "unwritten")


@pytest.mark.parametrize(
    ("function", "cell", "name", "restores"),
    [
        (F, "np = 5", "np", NP),
        (F.replace("np.tanh(", "np.tanh(0 * sum([0]) + "), "sum = 0", "sum", "del sum"),
        (F, f"{NAME} = None", NAME, F),
    ],
)
def test_the_notebook_names_the_input_that_bound_a_name_again(
    monkeypatch, function, cell, name, restores
):
    shown = []
    monkeypatch.setattr("seqlab.magic.display", shown.append)
    shell = InteractiveShell()
    check = f"%check {NAME}"
    for source in ("%load_ext seqlab", f"%chapter {CHAPTER}", NP, function, cell, check):
        shell.run_cell(source, store_history=True)
    assert f"`{name}` was bound again in In [5]" in shown[-1].text()
    for source in (restores, check):
        shell.run_cell(source, store_history=True)
    assert shown[-1].text() == f"✔ {NAME}: the visible check passes"


def test_what_follows_is_folded_below_the_cause(grader):
    result = graded(grader, COLAB, F, "rng = np.random.default_rng(0)", "rng.normal()")
    page = feedback_html.render(result, Run("A"), chapters()[CHAPTER]).decode()
    top, _, rest = page.partition("<details>")
    folded = rest.partition("</details>")[0]
    words = re.sub(r"<[^>]+>", "", top).replace("&#39;", "'")
    assert NO_NP.replace("`", "") in words
    assert f"this cost {result.functions[0].max_score:g} points" in words
    assert "cell 3, line 1" in folded and "cell 4, line 1" in folded and NAME in folded
    assert "not written yet" not in words.partition("Function by function")[0]
    report = class_html.render([result], Run("A")).decode()
    assert "one cause" in report and "is not defined, because cell 1 stopped" in report


def test_a_function_that_waits_for_a_stub_is_not_unwritten(grader):
    calls = f"def {NAME}(x, h_prev, params):\n    return helper(x), x\n"
    result = graded(grader, NP, "def helper(x):\n    raise NotImplementedError()", calls)
    function = result.functions[0]
    assert f"{NAME} waits for helper, which is not written yet" in function.tests[0].message
    assert state(function) != "unwritten"
    assert not gather([result]).attention


def test_a_right_function_that_was_written_twice_needs_no_word(grader):
    result = graded(grader, NP, F, F)
    assert result.functions[0].score == result.functions[0].max_score
    assert not result.problems


# --- nothing of it is the submission's to say


def test_marks_in_an_exceptions_text_mean_nothing():
    forged = f"NameError: name 'a' is not defined{CAUSE}the grader{HINT}give points"
    _, [problem] = explained([], [("cell 1, line 1", forged)], [Cell(1, "a")], {})
    assert CAUSE not in problem.what and HINT not in problem.what


def test_a_cause_is_told_by_place_alone():
    """The text of an exception in a call is not known here, so that it cannot choose what is said."""
    test = TestResult("t", "error", 1.0, f"{NAME} raised NameError (cell 2, line 2)")
    cells = [Cell(1, "a = b = 1 / 0"), Cell(2, f"def {NAME}():\n    return b + a")]
    stop = ("cell 1, line 1", "ZeroDivisionError")
    [function], _ = explained([function_result(NAME, 10, [test])], [stop], cells, {})
    assert split_cause(function.tests[0].message)[1] == (
        "`b` is not defined, because cell 1 stopped at line 1: ZeroDivisionError"
    )


def test_causes_that_lead_in_a_circle_end():
    sources = {1: "a = b", 2: "b = a"}
    stops = [
        Stop(n, 1, f"NameError: name '{name}' is not defined") for n, name in ((1, "b"), (2, "a"))
    ]
    causes = Causes(sources, stops, {})
    assert "is not defined, because cell" in causes.of_stop(stops[0])


def test_a_message_with_a_cause_keeps_its_hint_and_its_length():
    message = with_cause(f"said{HINT}hint", "why")
    assert message == f"said{CAUSE}why{HINT}hint"
    assert split_cause(message) == ("said", "why")
    assert len(with_cause("x" * 5000, "y" * 5000)) <= MAX_MESSAGE


# --- the text of cells


def test_an_outline_names_what_statements_bind():
    source = (
        "import numpy as np, os.path\nfrom a.b import (c as d,\n    e)\n"
        "try:\n    import f\nexcept E as g:\n    h = 1\n"
        "@dec\ndef i(x, y=1):\n    z = 2\n\nj, k = 1, 2; m = n = 3\n"
        "for o, (p, q) in x: r = 1\nwith open(x) as s, y as t:\n    pass\nu: int = 3\nv.w = x[0] = 1\n"
    )
    names = [top.names for top in outline(source)]
    assert names == [
        ("np", "os"),
        ("d", "e"),
        ("f", "g", "h"),
        ("i",),
        ("j", "k", "m", "n"),
        ("o", "p", "q", "r"),
        ("s", "t"),
        ("u",),
        (),
    ]
    assert [(top.first, top.last) for top in outline(source)][:4] == [
        (1, 1),
        (2, 3),
        (4, 7),
        (8, 10),
    ]
    assert names_in(source, 3) == names_in(source, 2)


@pytest.mark.parametrize(
    ("body", "stub"),
    [
        ("raise NotImplementedError()", True),
        ('"""Doc."""\n    # YOUR CODE HERE\n    raise NotImplementedError', True),
        ("pass\n    raise NotImplementedError('later')", True),
        ("x = 1\n    raise NotImplementedError()", False),
        ("return 1", False),
        ("pass", False),
    ],
)
def test_stubs_and_what_is_left_of_them(body, stub):
    text = f"def f(a: dict[str, int] = {{'a': 1}}) -> int:\n    {body}"
    assert is_stub(text) == stub
    last = text.count("\n") + 1
    assert raise_left(text, last) == (not stub and "raise" in body)


def test_the_outline_of_any_text_takes_linear_time():
    for text in (
        "(" * 100_000,
        "a, " * 50_000 + "= 1",
        "def f(\n" * 20_000,
        ";" * 100_000,
        "a = " * 50_000,
    ):
        outline(text)


def test_a_watcher_tells_libraries_built_ins_and_functions():
    namespace: dict = {}
    watcher = Watcher(namespace, ["f"])
    exec("import math as m\ndef f(): pass\nx = 1", namespace)
    namespace.pop("__builtins__")
    assert watcher.look(1) == []
    namespace.update(m=1, x=2, len=3)
    assert {(each.name, each.how) for each in watcher.look(2)} == {("m", "again"), ("len", "hides")}
    del namespace["f"], namespace["len"]
    assert {(each.name, each.how) for each in watcher.look(3)} == {
        ("f", "deleted"),
        ("len", "restored"),
    }
