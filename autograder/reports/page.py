"""How the HTML reports are rendered: by the templates beside them, with everything in them escaped that is no template."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.reports.text import clean, counted, points, shorten

TEMPLATES = Path(__file__).parent / "templates"
_CODE = re.compile(r"`([^`\n]+)`")


def render(template: str, folder: Path = TEMPLATES, **values: Any) -> bytes:
    """Return a whole page.

    Args:
        template: its name.
        folder: where it lies; the templates that it extends or imports may also be those of the reports.
        values: what it is filled with. Text of others is cleaned and escaped.
    """
    return (_reports(folder).get_template(template).render(values) + "\n").encode()


@functools.cache
def _reports(folder: Path) -> Environment:
    made = environment(folder, TEMPLATES, finalize=_cleaned)
    made.filters |= {
        "counted": counted,
        "passages": passages,
        "points": points,
        "shorten": shorten,
        "thousands": "{:,}".format,
    }
    return made


def environment(*folders: Path, finalize: Callable[[Any], Any] | None = None) -> Environment:
    """Return an environment that escapes all values, and does not let one be missing.

    Args:
        folders: where templates are looked for, in this order.
        finalize: what becomes of every value before it is escaped.
    """
    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        auto_reload=False,
        finalize=finalize,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )


def _cleaned(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Markup) and not value.isprintable():
        return clean(value)
    return value


def passages(message: str) -> list[tuple[bool, str]]:
    """Split a message into code, which stands between backticks, and other text; true goes with code."""
    parts = _CODE.split(clean(message))
    return [(place % 2 == 1, part) for place, part in enumerate(parts) if part]


def whole_percents(share: float) -> int:
    """Return how far a bar for a share is filled: from 0 to 100."""
    return round(100 * min(1.0, max(0.0, share)))
