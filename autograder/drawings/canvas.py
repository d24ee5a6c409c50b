"""A canvas for the course's figures: the one style of all of them, its shapes, and text with formulas in it.

A figure is an SVG file of its own, 520 units wide, so that text has one size in all of them. Its colours have roles: blue
is a state that is carried through time, green a factor (a weight, a gate, an attention weight), orange a gradient, and
what is left is a signal. Each role has a kind of line too, so that a print in grey says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH = 520
SHOWN_WIDTH = 640
"""How wide a page shows a figure that has the room, in pixels."""

SIGNAL, STATE, FACTOR, GRADIENT, LANE = "ln", "ls", "lf", "lg", "lane"
_HEADS = {
    SIGNAL: ("i", "currentColor", "10", "9", "8"),
    STATE: ("s", "var(--state)", "10", "9", "8"),
    FACTOR: ("f", "var(--factor)", "10", "9", "8"),
    GRADIENT: ("g", "var(--grad)", "10", "9", "8"),
    LANE: ("l", "var(--state)", "20", "18", "3"),
}
_CLASSES = {"s": "cs", "f": "cf", "g": "cg", "b": "b", "r": "u"}
_SMALL = 0.72
_FORMULA_TO_WORDS = 1.25  # sizes of their letters
_SUBSCRIPT, _SUPERSCRIPT = 0.2, -0.36  # of the formula's size, downwards

STYLE = """
    .rf { --state:#0b5fa5; --state-bg:#e2eef9; --factor:#00735a; --factor-bg:#def2ea;
          --grad:#b8460a; --grad-bg:#fcebe0; --plate:#f4f6f8; --paper:#fff; --fs:19px; --fw:15.5px; --w:2px }
    svg:root.rf { color:#1d2733 }
    @media (prefers-color-scheme:dark) {
      .rf { --state:#7cc0f8; --state-bg:#123150; --factor:#5fd3ae; --factor-bg:#0f3a30;
            --grad:#ffa366; --grad-bg:#44260f; --plate:#1b222a; --paper:#12171d }
      svg:root.rf { color:#e4e9ee } }
    @media (min-width:640px) { .rf { --fs:17.5px; --fw:13.5px; --w:1.7px } }
    .rf .paper { fill:none }  svg:root.rf .paper { fill:var(--paper) }
    .rf text { fill:currentColor; font:var(--fw) system-ui,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif }
    .rf .m { font:italic var(--fs) "STIX Two Text",Cambria,"Times New Roman","Liberation Serif","Cambria Math",serif }
    .rf .mid { text-anchor:middle }  .rf .end { text-anchor:end }
    .rf .u { font-style:normal }  .rf .s { font-size:.72em }
    .rf .b { font-weight:bold }  .rf .q { opacity:.8 }
    .rf .cs { fill:var(--state) }  .rf .cf { fill:var(--factor) }  .rf .cg { fill:var(--grad) }
    .rf .ln { fill:none; stroke:currentColor; stroke-width:var(--w) }
    .rf .ls { fill:none; stroke:var(--state); stroke-width:calc(var(--w)*1.3) }
    .rf .lane { fill:none; stroke:var(--state); stroke-width:9 }
    .rf .lf { fill:none; stroke:var(--factor); stroke-width:3; stroke-dasharray:0 5.5; stroke-linecap:round }
    .rf .lg { fill:none; stroke:var(--grad); stroke-width:calc(var(--w)*1.15); stroke-dasharray:7 4 }
    .rf .nd { fill:var(--plate); stroke:currentColor; stroke-width:var(--w) }
    .rf .ns { fill:var(--state-bg); stroke:var(--state); stroke-width:calc(var(--w)*1.3) }
    .rf .nf { fill:var(--factor-bg); stroke:var(--factor); stroke-width:var(--w) }
    .rf .ng { fill:var(--grad-bg); stroke:var(--grad); stroke-width:var(--w) }
    .rf .hollow { fill:none }  .rf .frame { fill:none; stroke:currentColor; stroke-width:1.2; opacity:.4 }
    .rf .is { fill:var(--state) }  .rf .if { fill:var(--factor) }  .rf .ig { fill:var(--grad) }
    .rf .ii { fill:currentColor }
  """


class Figure:
    """One figure: shapes and texts in the order in which they are drawn.

    Args:
        name: of the file, and the prefix of every identifier in it.
        title: what it shows, in a few words.
        description: the whole story in words, for readers who do not see it.
        height: in units of the canvas.
    """

    def __init__(self, name: str, title: str, description: str, height: int):
        self.name = name
        self.title = title
        self.description = " ".join(description.split())
        self.height = height
        self._parts: list[str] = []
        self._heads: set[str] = set()

    def group(self, comment: str) -> None:
        """Say what comes next, for readers of the file."""
        self._parts.append(f"\n  <!-- {comment} -->")

    # --- shapes -----------------------------------------------------------------------------------------------------

    def line(self, path: str, role: str = SIGNAL, *, head: bool = True, style: str = "") -> None:
        """Draw a path in the line of a role; a head ends it."""
        marker = ""
        if head:
            self._heads.add(role)
            marker = f' marker-end="url(#{self.name}-a{_HEADS[role][0]})"'
        self._parts.append(f'  <path class="{role}" d="{path}"{marker}{_styled(style)}/>')

    def route(
        self,
        points: Sequence[tuple[float, float]],
        role: str = SIGNAL,
        *,
        head: bool = True,
        style: str = "",
    ) -> None:
        """Draw a line through these points, its corners rounded."""
        steps = [f"M{_number(points[0][0])} {_number(points[0][1])}"]
        for before, corner, after in zip(points, points[1:], points[2:], strict=False):
            start, stop = _towards(corner, before, 10), _towards(corner, after, 10)
            steps.append(f"L{_pair(start)}Q{_pair(corner)} {_pair(stop)}")
        steps.append(f"L{_pair(points[-1])}")
        self.line("".join(steps), role, head=head, style=style)

    def circle(self, x: float, y: float, r: float, kind: str) -> None:
        """Draw a circle of a kind of node."""
        self._parts.append(
            f'  <circle class="{kind}" cx="{_number(x)}" cy="{_number(y)}" r="{_number(r)}"/>'
        )

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        kind: str,
        *,
        rx: float = 6,
        style: str = "",
    ) -> None:
        """Draw a rectangle of a kind of node, by its upper left corner."""
        corners = (
            f'x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" height="{_number(height)}"'
        )
        self._parts.append(f'  <rect class="{kind}" {corners} rx="{_number(rx)}"{_styled(style)}/>')

    def dot(self, x: float, y: float, role: str = SIGNAL) -> None:
        """Mark where a line branches."""
        self.circle(x, y, 3.5, "i" + _HEADS[role][0].replace("l", "s"))

    def state(
        self, x: float, y: float, formula: str, *, r: float = 20, given: bool = False
    ) -> None:
        """Draw a state with its name; a given one is hollow."""
        self.circle(x, y, r, "ns hollow" if given else "ns")
        self.text(x, y + 5, f"$\\s{{{formula}}}$", "mid")

    def input(self, x: float, y: float, formula: str, *, r: float = 17) -> None:
        """Draw an input with its name."""
        self.circle(x, y, r, "nd")
        self.text(x, y + 5, f"${formula}$", "mid")

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        text: str,
        kind: str = "nd",
        *,
        rx: float = 6,
    ) -> None:
        """Draw a rectangle around its centre, with a text in it."""
        self.rect(x - width / 2, y - height / 2, width, height, kind, rx=rx)
        self.text(x, y + 5.5, text, "mid")

    def gate(self, x: float, y: float, name: str) -> None:
        """Draw a gate: a logistic layer and what it is called."""
        self.rect(x - 34, y - 24, 68, 48, "nf", rx=24)
        self.text(x, y - 4, "$\\r{σ}$", "mid")
        self.text(x, y + 14, name, "mid")

    def times(self, x: float, y: float, kind: str = "nd") -> None:
        """Draw the product entry by entry."""
        self.circle(x, y, 15, kind)
        self.circle(x, y, 3.5, "is" if kind == "ns" else "ii")

    def plus(self, x: float, y: float, kind: str = "ns") -> None:
        """Draw a sum."""
        role = STATE if kind == "ns" else SIGNAL
        self.circle(x, y, 18 if kind == "ns" else 15, kind)
        cross = f"M{_number(x - 9)} {_number(y)}H{_number(x + 9)}M{_number(x)} {_number(y - 9)}V{_number(y + 9)}"
        self.line(cross, role, head=False, style="stroke-width:3")

    def unfold(self, x: float, y: float) -> None:
        """Draw the hollow arrow from the compact graph to the unfolded one."""
        path = f"M{_number(x - 15)} {_number(y - 5)}h16v-6l14 11l-14 11v-6h-16z"
        self._parts.append(f'  <path class="frame" style="opacity:.8" d="{path}"/>')

    # --- text -------------------------------------------------------------------------------------------------------

    def text(self, x: float, y: float, words: str, kind: str = "") -> None:
        r"""Write words; what stands between dollar signs is a formula.

        In a formula letters are italic and all else is upright. `_` and `^` lower and raise what follows, one character
        or a group in braces; `\s{}`, `\f{}`, `\g{}` give the colours of state, factor and gradient, `\b{}` is bold, `\r{}`
        upright, `\~c` has a tilde, `\-h` a bar, `\>h` and `\<h` an arrow.
        """
        parts = words.split("$")
        place = f'x="{_number(x)}" y="{_number(y)}"'
        if len(parts) == 3 and not parts[0] and not parts[2]:
            kinds = f' class="{" ".join(filter(None, ["m", kind]))}"'
            self._parts.append(f"  <text{kinds} {place}>{formula(parts[1])}</text>")
            return
        written, lowered = [], 0.0
        for number, part in enumerate(parts):
            if number % 2:
                spans, lowered = _spans(part)
                written.append(f'<tspan class="m">{spans}</tspan>')
            elif part and lowered:
                back = _number(-lowered * _FORMULA_TO_WORDS)
                written.append(f'<tspan dy="{back}em">{escape(part)}</tspan>')
            else:
                written.append(escape(part))
        kinds = f' class="{kind}"' if kind else ""
        self._parts.append(f"  <text{kinds} {place}>{''.join(written)}</text>")

    def legend(self, *entries: tuple[str, str, float]) -> None:
        """Write the last line: for each entry the role, what it stands for, and where it begins."""
        y = self.height - 20
        self.group("legend")
        for role, words, x in entries:
            self.line(f"M{_number(x)} {y - 5}h28", role, head=False)
            self.text(x + 36, y, words)

    # --- the file ---------------------------------------------------------------------------------------------------

    def svg(self) -> str:
        """Return the file's text."""
        name = self.name
        shown = round(self.height * SHOWN_WIDTH / WIDTH)
        heads = "".join(
            f'\n    <marker id="{name}-a{key}" viewBox="0 0 10 9" markerWidth="{width}" markerHeight="{height}" refX="{tip}" '
            f'refY="4.5" orient="auto" markerUnits="userSpaceOnUse"><path d="M0 0 10 4.5 0 9 2 4.5z" fill="{colour}"/></marker>'
            for role, (key, colour, width, height, tip) in _HEADS.items()
            if role in self._heads
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="rf" width="{SHOWN_WIDTH}" height="{shown}" '
            f'viewBox="0 0 {WIDTH} {self.height}" role="img" aria-labelledby="{name}-t {name}-d">\n'
            f'  <title id="{name}-t">{escape(self.title)}</title>\n'
            f'  <desc id="{name}-d">{escape(self.description)}</desc>\n'
            f"  <style>{STYLE}</style>\n"
            f"  <defs>{heads}\n  </defs>\n"
            f'  <rect class="paper" width="{WIDTH}" height="{self.height}" rx="8"/>\n'
            + "\n".join(self._parts)
            + "\n</svg>\n"
        )


class _Run(NamedTuple):
    """A run of text of one look: how far it is moved to the right, and how far it stands below the line."""

    text: str
    classes: tuple[str, ...]
    shift: float
    small: bool
    move: float = 0.0


# Marks above a letter: the character, how far back it is set, how far up, whether it is small.
_MARKS = {
    "~": ("˜", -0.42, 0.0, False),
    "-": ("¯", -0.52, -0.32, False),
    ">": ("→", -0.85, -0.6, True),
    "<": ("←", -0.85, -0.6, True),
}


def formula(source: str) -> str:
    """Return a formula as spans of text; `Figure.text` says how one is written.

    Raises:
        ValueError: a brace too many.
    """
    return _spans(source)[0]


def _spans(source: str) -> tuple[str, float]:
    """Return the spans of a formula and how far below the line the last of them stands."""
    reader = _Reader(source)
    reader.read((), 0.0, False)
    if reader.place != len(source):
        raise ValueError(f"a brace too many in the formula {source}")
    written = []
    shift = 0.0
    for run in reader.runs:
        names = [*run.classes, *(["s"] if run.small else [])]
        attributes = f' class="{" ".join(names)}"' if names else ""
        attributes += f' dx="{_number(run.move)}em"' if run.move else ""
        lowered = (run.shift - shift) / (_SMALL if run.small else 1.0)
        attributes += f' dy="{_number(lowered)}em"' if abs(lowered) > 1e-9 else ""
        shift = run.shift
        text = escape(run.text)
        written.append(f"<tspan{attributes}>{text}</tspan>" if attributes else text)
    return "".join(written), shift


class _Reader:
    """Cuts a formula into runs, from left to right."""

    def __init__(self, source: str):
        self.source = source
        self.place = 0
        self.runs: list[_Run] = []

    def read(self, classes: tuple[str, ...], shift: float, small: bool) -> None:
        """Read up to the end or to the brace that closes a group."""
        while self.place < len(self.source) and self.source[self.place] != "}":
            self._item(classes, shift, small)

    def _item(self, classes: tuple[str, ...], shift: float, small: bool) -> None:
        char = self.source[self.place]
        self.place += 1
        if char in "_^":
            self._group(classes, shift + (_SUBSCRIPT if char == "_" else _SUPERSCRIPT), True)
        elif char == "\\":
            self._command(classes, shift, small)
        else:
            upright = not char.isalpha() or char in "σΣ"
            self._add(_Run(char, (*classes, "u") if upright else classes, shift, small))

    def _group(self, classes: tuple[str, ...], shift: float, small: bool) -> None:
        if self.source[self.place] == "{":
            self.place += 1
            self.read(classes, shift, small)
            self.place += 1
        else:
            self._item(classes, shift, small)

    def _command(self, classes: tuple[str, ...], shift: float, small: bool) -> None:
        name = self.source[self.place]
        self.place += 1
        if name in _CLASSES:
            self._group((*classes, _CLASSES[name]), shift, small)
            return
        mark, back, up, is_small = _MARKS[name]
        self._group(classes, shift, small)
        self._add(_Run(mark, classes, shift + up, is_small or small, back))

    def _add(self, run: _Run) -> None:
        run = run._replace(classes=tuple(dict.fromkeys(run.classes)))
        last = self.runs[-1] if self.runs else None
        same = last and (last.classes, last.shift, last.small) == run[1:4]
        blank = last and run.text == " " and last.small == run.small
        if last and not run.move and (same or blank):
            self.runs[-1] = last._replace(text=last.text + run.text)
        else:
            self.runs.append(run)


def _styled(style: str) -> str:
    return f' style="{style}"' if style else ""


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


def _pair(point: tuple[float, float]) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _towards(
    start: tuple[float, float], goal: tuple[float, float], distance: float
) -> tuple[float, float]:
    """Return the point at this distance from one point to another, at most half of the way."""
    dx, dy = goal[0] - start[0], goal[1] - start[1]
    length = (dx * dx + dy * dy) ** 0.5
    share = min(distance, length / 2) / length if length else 0.0
    return start[0] + dx * share, start[1] + dy * share
