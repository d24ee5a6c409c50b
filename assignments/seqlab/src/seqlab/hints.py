"""Hints for who asks: first a question, asked again the likely mistake. Never an answer."""

from __future__ import annotations

from seqlab.chapters import QUIZ


def hint_lines(chapter: str, function: str, asked: int) -> list[str]:
    """Return the hints of a function, as many as it was asked for.

    Args:
        chapter: its chapter.
        function: its name.
        asked: the number of times, this one included.
    """
    if function == QUIZ:
        return [
            "Each question is worked out with an equation of the chapter, on paper or with your own functions."
        ]
    from seqlab.registry import checks_of

    check = checks_of(chapter)[function]
    if asked < 2:
        return [f"Ask yourself: {check.question}"]
    return [f"Ask yourself: {check.question}", f"A likely mistake: {check.likely}"]
