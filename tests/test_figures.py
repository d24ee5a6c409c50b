"""Figures of the text and what experiments print: reading marks, comparing, and the chapters' own."""

from __future__ import annotations

import re

import nbformat
import pytest

from autograder.course.execute import run_notebook
from autograder.course.figures import CitationError, citations, disagreements
from autograder.course.source import chapters, read_notebook


def held(text, printed):
    """Return what is said against a text whose experiments printed this."""
    return disagreements(citations(text), printed)


@pytest.mark.parametrize(
    "text, printed",
    [
        ("recalls 0.63<!-- printed: RNN held -->", "RNN held 0.6349"),
        ("recalls 0.63<!-- ±0.15 printed: RNN held -->", "RNN held 0.75"),
        ("recalls 0.63<!-- ±0.1\nprinted: RNN\nheld -->", "  RNN   held:  0.55"),
        ("$1.2 \\cdot 10^{-3}$<!-- printed: direct path -->", "direct path 1.16e-03"),
        ("$10^{-12}$<!-- ×3 printed: path -->", "path 2e-12"),
        ("$12{,}000$<!-- printed: words -->", "words 12,000"),
        ("3,456<!-- printed: words [2] -->", "words 1 of 3456"),
        ("15 %<!-- printed: dark -->", "dark 15.3 %"),
        ("15 %<!-- ±5 printed: dark -->", "dark 0.19"),
        ("some 20<!-- ×4 printed: ratio -->", "ratio 6"),
        ("more than 0.9<!-- > printed: LSTM -->", "LSTM 0.97"),
        ("less than $10^{-2}$<!-- < printed: last -->", "last 5.6e-04"),
        ("-0.5<!-- printed: slope -->", "slope −0.5"),
        ("no marks, 0.5 <!-- a comment -->", "nothing"),
    ],
)
def test_figures_that_agree(text, printed):
    assert held(text, "before\n" + printed + "\nafter 9") == []


@pytest.mark.parametrize(
    "text, printed",
    [
        ("recalls 0.63<!-- printed: RNN held -->", "RNN held 0.636"),
        ("recalls 0.63<!-- ±0.1 printed: RNN held -->", "RNN held 0.74"),
        ("recalls 0.63<!-- printed: RNN held -->", "LSTM held 0.63"),
        ("recalls 0.63<!-- printed: RNN held -->", "RNN held 0.63\nRNN held 0.63"),
        ("recalls 0.63<!-- printed: RNN held -->", "RNN held 0.63 0.63"),
        ("recalls 0.63<!-- printed: RNN held -->", "RNN held nothing"),
        ("recalls 0.63<!-- printed: RNN held [3] -->", "RNN held 0.63 0.63"),
        ("recalls 0.63<!-- ±9 printed: RNN held -->", "RNN held nan"),
        ("$10^{-12}$<!-- ×3 printed: path -->", "path 4e-12"),
        ("$10^{-12}$<!-- ×3 printed: path -->", "path 0"),
        ("15 %<!-- printed: dark -->", "dark 15"),
        ("more than 0.9<!-- > printed: LSTM -->", "LSTM 0.9"),
        ("less than 0.9<!-- < printed: LSTM -->", "LSTM 0.9"),
    ],
)
def test_figures_that_do_not(text, printed):
    assert len(held(text, printed)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "a figure<!-- printed: RNN -->",
        "0.5<!-- printed: -->",
        "0.5<!-- ±x printed: RNN -->",
        "0.5<!-- ×0.5 printed: RNN -->",
        "0.5<!-- about printed: RNN -->",
    ],
)
def test_a_malformed_mark_is_refused(text):
    with pytest.raises(CitationError):
        citations(text)


def text_of(chapter):
    cells = read_notebook(chapter)["cells"]
    return "\n\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")


@pytest.mark.parametrize("name", chapters())
def test_marks_of_the_chapters_can_be_read(name):
    citations(text_of(chapters()[name]))


@pytest.mark.parametrize(
    "cited, code, said",
    [
        ("0.25", "print(f'a quarter: {1 / 4}')", ""),
        ("0.26", "print(f'a quarter: {1 / 4}')", "the text says 0.26"),
        ("0.25", "pass", "0 printed lines"),
        ("0.25", "raise KeyError('quarter')", "KeyError"),
    ],
)
def test_a_notebook_is_held_to_what_its_text_cites(tmp_path, cited, code, said):
    text = f"Half of a half is {cited}<!-- printed: a quarter -->."
    cells = [nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell(code)]
    seconds, error = run_notebook(nbformat.v4.new_notebook(cells=cells), tmp_path)
    assert said in error and bool(error) == bool(said)
    assert seconds > 0 or "KeyError" in error


@pytest.mark.parametrize("name", chapters())
def test_stated_time_of_a_chapter_covers_its_exercises(name):
    text = text_of(chapters()[name])
    words = {"two": 2, "three": 3, "four": 4}
    stated = re.search(r"Time: about (\w+)( and a half)? hours", text)
    assert stated, "the chapter does not say how long it takes"
    hours = words[stated[1]] + (0.5 if stated[2] else 0.0)
    minutes = sum(int(m) for m in re.findall(r"^\*\*(\d+) min", text, re.MULTILINE))
    assert minutes + 20 <= 60 * hours <= minutes + 75, minutes
