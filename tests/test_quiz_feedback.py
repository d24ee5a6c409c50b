"""Feedback on a quiz: of the option chosen and no other, from a file in which nothing can be read."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from importlib.resources import files

import pytest

from autograder.course.source import chapters, quiz_feedback, quiz_key
from seqlab import quiz_text, quizzes
from seqlab.quizzes import EXPLANATIONS, explanations, feedback, seal, unseal

NAMES = list(chapters())
FIRST = NAMES[0]


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_explained_as_the_source_does(name):
    key, said = quiz_key(chapters()[name]), quiz_feedback(chapters()[name])
    for question, options in said.items():
        for letter, text in options.items():
            right = key[question] == letter
            assert unseal(explanations(name), name, question, letter) == (right, text)


def test_nothing_can_be_read_in_the_file():
    text = files("seqlab").joinpath(EXPLANATIONS).read_text(encoding="utf-8")
    entries = [entry for chapter in json.loads(text).values() for entry in chapter.values()]
    together = "\n".join(entries)
    for name in NAMES:
        for options in quiz_feedback(chapters()[name]).values():
            for said in options.values():
                assert not [word for word in said.split() if len(word) > 5 and word in together]
    assert len({len(entry) for entry in entries}) == 1, "the length tells an option apart"
    assert len(set(entries)) == len(entries)


def test_an_entry_opens_with_its_own_option_only():
    name, entry = seal("ch", "q1", "a", True, "because")
    assert unseal({name: entry}, "ch", "q1", "a") == (True, "because")
    for other in (("ch", "q1", "b"), ("ch", "q2", "a"), ("other", "q1", "a")):
        assert unseal({name: entry}, *other) is None


def test_a_long_explanation_keeps_its_end():
    name, entry = seal("ch", "q1", "a", False, "é" * 400)
    assert unseal({name: entry}, "ch", "q1", "a") == (False, "é" * 400)


def test_only_the_chosen_options_are_explained():
    said, key = quiz_feedback(chapters()[FIRST]), quiz_key(chapters()[FIRST])
    questions = list(key)
    wrong = next(letter for letter in said[questions[0]] if letter != key[questions[0]])
    answers = key | {questions[0]: wrong, questions[1]: ""}
    shown = feedback(FIRST, answers)
    assert [one.right for one in shown.answers[:3]] == [False, None, True]
    html = shown.html()
    for text in (shown.text(), html):
        assert f"{len(key) - 2} of {len(key)} right, 1 to answer" in text
    for question, options in said.items():
        for letter, explanation in options.items():
            chosen = answers[question] == letter
            assert (explanation in shown.text()) == chosen, (question, letter)


@pytest.mark.parametrize("answers", [None, [], {}, {"q1": 7}, {"q1": ["a"]}, {"q1": "zz"}])
def test_malformed_answers_are_no_error(answers):
    shown = feedback(FIRST, answers)
    assert all(one.right is None for one in shown.answers)
    assert "0 of" in shown.text() and shown.html()


def test_html_is_escaped():
    shown = feedback(FIRST, {"q1": "<script>"})
    assert "<script>" not in shown.html() and "&lt;script&gt;" in shown.html()
    assert set(shown._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_the_notebook_is_found_and_so_is_its_chapter(monkeypatch):
    key = quiz_key(chapters()[FIRST])
    shell = types.SimpleNamespace(user_ns={"__seqlab_chapter__": FIRST, "quiz_answers": key})
    monkeypatch.setattr(quizzes, "_notebook", lambda: shell.user_ns)
    assert all(one.right for one in quizzes.quiz().answers)
    assert quizzes.quiz(FIRST[:4]).chapter == FIRST
    other = quizzes.quiz("ch00", {"q1": "a"})
    assert other.answers[0].letter == "a"
    with pytest.raises(ValueError, match="there are: ch00"):
        quizzes.quiz("ch77")
    monkeypatch.setattr(quizzes, "_notebook", dict)
    with pytest.raises(ValueError, match="say which chapter"):
        quizzes.quiz()


@pytest.mark.parametrize(
    ("sources", "answers"),
    [
        (['quiz_answers = {"q1": "a"}'], {"q1": "a"}),
        (['quiz_answers = {"q1": "a"}', 'quiz_answers = {"q1": "b"}'], {"q1": "b"}),
        (["def (", 'quiz_answers = {"q1": "a"}'], {"q1": "a"}),
        (["quiz_answers = dict(q1='a')"], {"q1": "a"}),
        (["quiz_answers = [1]"], None),
        ([], None),
    ],
)
def test_answers_are_read_without_running_anything(sources, answers):
    assert quiz_text.read(sources, "quiz_answers") == answers


def test_seqlab_offers_it_and_needs_no_notebook():
    program = (
        "import sys, seqlab\n"
        "assert 'quiz' in dir(seqlab) and 'numpy' not in sys.modules\n"
        f"print(seqlab.quiz({FIRST!r}, {{'q1': 'a'}}).text())\n"
        "assert 'numpy' not in sys.modules and 'IPython' not in sys.modules"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert f"Quiz of {FIRST}" in ran.stdout
