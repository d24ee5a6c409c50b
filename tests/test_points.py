"""Points follow what an exercise asks for: its minutes and its difficulty."""

from __future__ import annotations

import re

import pytest

from autograder.course.source import QUIZ, chapters, read_notebook


def exercises(name):
    """Name, minutes, difficulty and points of the exercises of a chapter."""
    chapter = chapters()[name]
    text = "\n\n".join(
        cell["source"]
        for cell in read_notebook(chapter)["cells"]
        if cell["cell_type"] == "markdown"
    )
    said = {
        match[1]: (int(match[2]), len(match[3]))
        for match in re.finditer(
            r"^### Exercise [\d.]+ · `(\w+)`\n\*\*(\d+) min · (●+)○*\*\*", text, re.MULTILINE
        )
    }
    functions = [function for function in chapter.functions if function.name != QUIZ]
    assert [*said] == [function.name for function in functions], "an exercise states no time"
    return [(function.name, *said[function.name], function.points) for function in functions]


@pytest.mark.parametrize("name", chapters())
def test_what_is_quicker_and_no_harder_earns_no_more(name):
    found = exercises(name)
    assert not [
        (one[0], other[0])
        for one in found
        for other in found
        if one[1] < other[1] and one[2] <= other[2] and one[3] > other[3]
    ]


@pytest.mark.parametrize("name", chapters())
def test_a_minute_earns_about_the_same_everywhere(name):
    found = exercises(name)
    usual = sum(points for *_, points in found) / sum(minutes for _, minutes, _, _ in found)
    for function, minutes, _, points in found:
        assert 0.6 * usual < points / minutes < 1.5 * usual, function
