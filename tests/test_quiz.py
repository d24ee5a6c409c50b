"""The quiz: practice questions that answer at once, answers read as text, and a key that students never get."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import types
from fractions import Fraction
from importlib.resources import files

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.course.quiz import as_released, graded_questions, practice_questions, quiz_key
from autograder.course.release import ASSIGNMENTS
from autograder.course.source import chapters
from autograder.grading.engine import grade_quiz
from seqlab import quizzes
from seqlab.answers import (
    LETTER,
    MAX_LENGTH,
    NUMBER,
    ORDER,
    Form,
    letter,
    malformed,
    numbers,
    order,
)
from seqlab.quizzes import Practice, forms, inline, practice
from tests import browser

COURSE = chapters()
NAMES = list(COURSE)
FIRST = NAMES[0]


# --- answers as text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5", Fraction(1, 2)),
        (" 0,5 ", Fraction(1, 2)),
        ("1/2", Fraction(1, 2)),
        ("1 / 2", Fraction(1, 2)),
        ("-1/2", Fraction(-1, 2)),
        ("0,5/2", Fraction(1, 4)),
        ("5e-1", Fraction(1, 2)),
        (".5", Fraction(1, 2)),
        ("5.", Fraction(5)),
        ("5.e1", Fraction(50)),
        ("+.5E+1", Fraction(5)),
        ("−2", Fraction(-2)),
        ("\t14\n", Fraction(14)),
        ("0,125", Fraction(1, 8)),
        ("00", Fraction(0)),
    ],
)
def test_numbers_are_read(text, value):
    assert numbers(text) == (value,)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "a",
            "0.5.1",
            "1/0",
            "1/0.0",
            "1/2/3",
            "1e",
            "e5",
            "1e999",
            "--1",
            "+-1",
            "0x10",
        ),
        *(
            "nan",
            "inf",
            "-inf",
            "infinity",
            "1_000",
            "１",
            "½",
            "٣",
            "1 000",
            "0.5 %",
            "2*3",
            "2**9",
        ),
        *(
            "1+1",
            "(1)",
            "1j",
            ".",
            ",",
            "/",
            "1/",
            "/2",
            "1/-2",
            "1e1/2",
            "__import__('os')",
            "0.5\0",
        ),
        *(
            "1" * (MAX_LENGTH + 1),
            "1/" + "9" * 10**6,
            "9" * 10**6 + "e99",
            "1,,5",
            "1,2,3",
            "1.000.000",
        ),
    ],
)
def test_what_is_no_number_is_none(text):
    assert numbers(text) == ()


def test_a_comma_that_may_part_thousands_is_read_both_ways():
    assert set(numbers("2,624")) == {Fraction(2624), Fraction("2.624")}
    assert numbers("1,234,567.5") == (Fraction("1234567.5"),)
    assert "leave the comma out" in (malformed(Form(NUMBER), "2,624") or "")


@given(st.fractions(min_value=-(10**6), max_value=10**6, max_denominator=10**6))
def test_every_ratio_is_read_exactly(value):
    assert numbers(str(value)) == (value,)


@given(st.floats(min_value=1e-90, max_value=1e90), st.sampled_from(["", "-", "+"]))
def test_every_float_is_read_as_python_reads_it(value, sign):
    assert numbers(sign + repr(value)) == (Fraction(sign + repr(value)),)


@given(st.text())
def test_no_text_is_an_error(text):
    for form in (Form(NUMBER), Form(LETTER, "abcd"), Form(ORDER, "ABCD")):
        said = malformed(form, text)
        assert said is None or said


def test_letters_and_orders_are_read():
    assert [letter(text, "abcd") for text in ("b", " B ", "", "e", "ab", "b" * 99, "ß")] == (
        ["b", "b", None, None, None, None, None]
    )
    for text in ("BDAC", "b, d, a, c", " B > D > A > C ", "b→d→a→c", "B-D-A-C", "b;d;a;c"):
        assert order(text, "ABCD") == "BDAC"
    for text in ("", "BDA", "BDAA", "BDACE", "BDAX", "B D A C " * 99):
        assert order(text, "ABCD") is None


FORMS = {"q1": Form(NUMBER), "q2": Form(LETTER, "ab"), "q3": Form(ORDER, "ABC")}


def test_a_form_survives_its_json():
    for form in FORMS.values():
        assert Form.from_data(json.loads(json.dumps(form.as_data()))) == form


def test_an_object_that_cannot_be_shown_is_no_error():
    class Odd:
        def __repr__(self):
            raise RuntimeError

    for form in FORMS.values():
        assert "type Odd" in (malformed(form, Odd()) or "")
        assert len(malformed(form, "x" * 10**6) or "") < 300


# --- grading


def questions():
    """A question of each kind, from the course."""
    by_kind = {}
    for name in NAMES:
        for question in graded_questions(COURSE[name]).values():
            by_kind.setdefault(question.form.kind, question)
    return by_kind


def verdict(question, answer):
    [test] = grade_quiz(1.0, {question.name: question}, {question.name: answer}).tests
    return test


def test_a_number_is_right_within_its_tolerance_borders_included():
    question = graded_questions(COURSE["ch00_sequences"])["q2"]
    right, tolerance = Fraction(question.right), question.tolerance
    assert tolerance > 0
    for shift, expected in (
        (0, "passed"),
        (1, "passed"),
        (-1, "passed"),
        (1.01, "failed"),
        (-1.01, "failed"),
    ):
        answer = str(right + Fraction(shift) * tolerance)
        if len(answer) > MAX_LENGTH:
            answer = f"{float(right + Fraction(shift) * tolerance):.9f}"
        assert verdict(question, answer).verdict == expected, shift


def test_a_whole_number_has_no_tolerance():
    question = graded_questions(COURSE["ch00_sequences"])["q1"]
    for answer in ("376", " 376.0 ", "752/2", "3.76e2"):
        assert verdict(question, answer).verdict == "passed"
    for answer in ("376.0001", "375", "377"):
        assert verdict(question, answer).verdict == "failed"


def test_thousands_may_be_parted_by_a_comma():
    question = graded_questions(COURSE["ch00_sequences"])["q1"]
    large = msgspec.structs.replace(question, right="2624")
    assert verdict(large, "2,624").verdict == "passed"
    assert verdict(large, "2,625").message == "another number is right"


def test_of_the_right_answer_nothing_is_said():
    for kind, question in questions().items():
        for answer in (
            "",
            " ",
            "x",
            "a b c d",
            "1/0",
            "9" * 10**6,
            "0",
            "\ud800",
            "b",
            "DCBA",
            "dcba",
        ):
            if question.accepts(answer):
                continue
            test = verdict(question, answer)
            assert test.verdict == ("failed" if answer.strip() else "missing")
            assert not re.search(r"\d[\d.]+\d", test.message.replace("0.5", "")), (kind, test)
            assert question.right not in test.message.split()


def test_a_wrong_answer_and_an_unreadable_one_are_told_apart():
    for kind, wrong in ((NUMBER, "-77"), (ORDER, "ABCD")):
        question = questions()[kind]
        assert "right" in verdict(question, wrong).message
        assert "is not" in verdict(question, "what?").message


# --- practice


@pytest.mark.parametrize("name", NAMES)
def test_what_students_have_is_what_the_source_says(name):
    assert practice(name) == practice_questions(COURSE[name])
    graded = graded_questions(COURSE[name])
    assert forms(name) == {question: one.form for question, one in graded.items()}


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_explained(name):
    for question in practice(name):
        verdicts = [question.explained(letter) for letter in question.letters]
        assert sum(said.startswith("✔") for said in verdicts) == 1
        for option, said in zip(question.options, verdicts, strict=True):
            assert said.endswith(option.says) and said.startswith("✔") == option.right
        for other in ("", "z", "ab", question.letters):
            with pytest.raises(ValueError, match=question.name):
                question.explained(other)


PRACTICE = """#### Practice 1
What is *it*
now?

- [ ] one `<x>` and
  more, $a < b$
  > no, since
  > there is & more
- [x] two

  > yes
"""


def test_a_practice_question_becomes_cards():
    text = as_released(PRACTICE)
    assert text.startswith("#### Practice 1\n\nWhat is *it*\nnow?\n\n<details ")
    cards = text.split("\n\n")[-1]
    assert cards.count("<details ") == 2 and "\n\n" not in cards
    assert "<b>a</b> one <code>&lt;x&gt;</code> and more, $a &lt; b$</summary>" in cards
    assert "<p>✘ a is not right. no, since there is &amp; more</p>" in cards
    assert "<p>✔ b is right. yes</p>" in cards
    assert as_released(text.replace("#### P", "#### p")) == text.replace("#### P", "#### p")


@pytest.mark.parametrize(
    "broken",
    [
        PRACTICE.replace("[x]", "[ ]"),
        PRACTICE.replace("[ ]", "[x]"),
        PRACTICE.replace("  > yes\n", ""),
        "#### Practice 1\nNothing to choose from?\n",
    ],
)
def test_a_practice_question_that_breaks_a_rule_is_refused(broken):
    with pytest.raises(ValueError, match="p1"):
        as_released(broken)


def test_text_outside_practice_stays_as_it_is():
    for text in ("", "# Title\n\n- [ ] a list", "text\n#### Practice 1\n", "#### q1\nWhich?"):
        assert as_released(text) == text


def test_inline_text_is_escaped():
    assert inline("<script>`<b>`$x<y$") == "&lt;script&gt;<code>&lt;b&gt;</code>$x&lt;y$"


def test_the_notebook_is_found_and_so_is_its_chapter(monkeypatch):
    shell = types.SimpleNamespace(user_ns={"__seqlab_chapter__": FIRST})
    monkeypatch.setattr(quizzes, "_notebook", lambda: shell.user_ns)
    shown = quizzes.quiz()
    assert shown == quizzes.quiz(FIRST[:4]) == Practice(FIRST, practice(FIRST))
    bundle = shown._repr_mimebundle_()
    for question in shown.questions:
        assert question.options[0].text in bundle["text/plain"]
        assert inline(question.options[0].says) in bundle["text/html"]
    with pytest.raises(ValueError, match="there are: ch00"):
        quizzes.quiz("ch77")
    monkeypatch.setattr(quizzes, "_notebook", dict)
    with pytest.raises(ValueError, match="say which chapter"):
        quizzes.quiz()


def test_a_chapter_without_practice_says_so():
    shown = Practice("ch99_none", practice("ch99_none"))
    assert "no practice questions" in shown.text() and "no practice questions" in shown.html()


def test_seqlab_offers_it_and_needs_no_notebook():
    program = (
        "import sys, seqlab\n"
        "assert 'quiz' in dir(seqlab) and 'numpy' not in sys.modules\n"
        f"print(seqlab.quiz({FIRST!r}).text())\n"
        "assert 'numpy' not in sys.modules and 'IPython' not in sys.modules"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert practice(FIRST)[0].options[0].text in ran.stdout


@pytest.mark.skipif(browser.executable() is None, reason="no Chromium here")
def test_a_click_unfolds_an_option_without_a_script(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{quizzes.quiz(FIRST).html()}")
    question = practice(FIRST)[0]
    page = browser.Page()
    try:
        page.open(path.as_uri(), "document.querySelectorAll('details').length > 3")
        assert page.run("document.scripts.length") == 0
        for number, option in enumerate(question.options):
            one = f"document.querySelectorAll('details')[{number}]"
            assert page.run(f"{one}.open") is False
            assert page.run(f"{one}.querySelector('summary').tabIndex") == 0
            page.run(f"{one}.querySelector('summary').click()")
            assert page.run(f"{one}.open") is True
            assert option.says in page.run(f"{one}.innerText")
            assert option.text in page.run(f"{one}.innerText"), "the option stays to be read"
        assert [address for address in page.requests if not address.startswith("file:")] == []
    finally:
        page.close()


# --- the key stays here


def distinctive(question):
    """Whether a number is one that does not stand in a text by chance."""
    digits = re.sub(r"e.*|\D", "", question.right).strip("0")
    return question.form.kind == NUMBER and len(digits) >= 3


def leaks(chapter, assignments):
    """Where the released files say the right answer to a graded question of a chapter."""
    found = []
    key = graded_questions(chapter)
    for path in sorted(assignments.rglob("*")):
        if not path.is_file() or path.suffix == ".pyc":
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".json":
            text = json.dumps(json.loads(text).get(chapter.name), ensure_ascii=False)
        # A filled-in answer to a question, in Python, in JSON or in JSON within JSON.
        filled = re.findall(r"""\bq\d+\\?["']\s*:\s*\\?["']([^"'\\]+)""", text)
        found += [(path.name, answer) for answer in filled]
        own = chapter.name in (path.stem, path.parent.name) or path.suffix == ".json"
        for question in key.values():
            if question.form.kind == ORDER and question.right in text:
                found.append((path.name, question.right))
            elif own and distinctive(question):
                said = re.findall(r"[0-9]*[.,]?[0-9]+(?:e-?[0-9]{1,2})?", text)
                found += [
                    (path.name, number)
                    for number in said
                    if question.accepts(number) or question.accepts(f"-{number}")
                ]
    return found


@pytest.fixture(scope="session")
def assignments(tmp_path_factory):
    """A copy of what students get."""
    folder = tmp_path_factory.mktemp("students") / "assignments"
    unwanted = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.egg-info")
    shutil.copytree(ASSIGNMENTS, folder, ignore=unwanted)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_no_right_answer_is_released(name, assignments):
    assert leaks(COURSE[name], assignments) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_leak_would_be_found(name, assignments, tmp_path):
    folder = tmp_path / "assignments"
    (folder / name).mkdir(parents=True)
    path = folder / name / f"{name}.ipynb"
    shutil.copy(assignments / name / path.name, path)
    clean = path.read_text(encoding="utf-8")
    assert leaks(COURSE[name], folder) == []
    key = quiz_key(COURSE[name])
    for leaked in (json.dumps(json.dumps(key)), json.dumps(key), repr(key)):
        path.write_text(clean + leaked, encoding="utf-8")
        assert len(leaks(COURSE[name], folder)) >= len(key)
    for question in graded_questions(COURSE[name]).values():
        if question.form.kind == ORDER or distinctive(question):
            path.write_text(f"{clean} it is {question.right}.", encoding="utf-8")
            assert leaks(COURSE[name], folder), question.name


def test_of_graded_questions_the_bundle_holds_names_and_forms_and_nothing_else():
    held = json.loads(files("seqlab").joinpath("quiz.json").read_text(encoding="utf-8"))
    assert list(held) == NAMES
    for name, asked in held.items():
        assert list(asked) == list(quiz_key(COURSE[name]))
        for form in asked.values():
            if form["kind"] == NUMBER:
                assert form == {"kind": NUMBER}
            else:
                assert set(form) == {"kind", "letters"}
                assert form["letters"] == "".join(sorted(form["letters"])), (
                    "an order of its own tells"
                )
