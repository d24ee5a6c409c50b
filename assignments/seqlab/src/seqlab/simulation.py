"""The six simulations of the course, in a notebook and as pages of their own.

Each is an ES module in the folder `sims`, with a pure computation and a drawing. All hosts show the same module:
`sim(name)` puts it into a sandboxed frame that a saved notebook keeps, `page(name)` is a document that asks the network
for nothing, and `sim(name, step=my_function)` also draws what the student's own function does.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

TITLES = {
    "unfolding": "Unfolding a recurrence",
    "forward_pass": "The forward pass of a vanilla RNN",
    "gradient_flow": "Gradient flow through time",
    "lstm_cell": "The LSTM cell",
    "encoder_decoder": "Encoder, decoder, and the bottleneck between them",
    "memory_playground": "The memory playground",
}
NAMES = tuple(TITLES)

_SHARED = ("numbers", "drawing", "common")
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.mjs";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|function|let|class)", re.MULTILINE)

# A frame cannot ask its document how long it is. These are pixels at the width of a notebook.
HEIGHTS = {
    "unfolding": 1150,
    "forward_pass": 1090,
    "gradient_flow": 1480,
    "lstm_cell": 1120,
    "encoder_decoder": 1240,
    "memory_playground": 1390,
}


def known(name: str) -> str:
    """Return the name of a simulation, or say which there are."""
    if name not in TITLES:
        raise ValueError(f"there is no simulation {name!r}; there are: {', '.join(NAMES)}")
    return name


def _text(file: str) -> str:
    return files("seqlab").joinpath("sims", file).read_text(encoding="utf-8")


@cache
def stylesheet() -> str:
    """Return the style of all simulations."""
    return _text("sim.css")


@cache
def script(name: str) -> str:
    """Return a simulation and what it imports as one module, in the order in which they need each other."""
    return "\n".join(
        _EXPORT.sub("", _IMPORT.sub("", _text(f"{part}.mjs"))) for part in (*_SHARED, known(name))
    )


def _source(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _document(name: str, *, framed: bool) -> str:
    start = f"render(document.querySelector('main'), {{ hash: {'false' if framed else 'true'} }});"
    code, style = f"\n{script(name)}\n{start}\n", f"\n{stylesheet()}\n"
    # Only these two texts may run and style, and nothing may be fetched, not even from where the page lies.
    policy = (
        f"default-src 'none'; script-src {_source(code)}; style-src {_source(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<link rel="icon" href="data:,">\n<title>{html.escape(TITLES[name])}</title>\n'
        f"<style>{style}</style>\n</head>\n"
        f'<body class="{"framed" if framed else "alone"}">\n<main></main>\n'
        f'<script type="module">{code}</script>\n</body>\n</html>\n'
    )


def page(name: str) -> str:
    """Return a simulation as a whole HTML document that keeps its settings in its address."""
    return _document(known(name), framed=False)


def write_pages(folder: Path) -> list[Path]:
    """Write every simulation as a page into a folder, which is made if it is missing, and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.html" for name in NAMES]
    for path in paths:
        path.write_text(page(path.stem), encoding="utf-8")
    return paths


@dataclass(frozen=True)
class Simulation:
    """What a notebook shows for `seqlab.sim(name)`."""

    name: str

    def _repr_html_(self) -> str:
        # Without allow-same-origin the frame has an origin of its own: it reaches neither the notebook nor its storage.
        document = html.escape(_document(self.name, framed=True), quote=True)
        return (
            f'<iframe title="Simulation: {html.escape(TITLES[self.name])}" sandbox="allow-scripts" width="100%" '
            f'height="{HEIGHTS[self.name]}" style="border: 0; max-width: 1060px" srcdoc="{document}"></iframe>'
        )

    def __repr__(self) -> str:
        return f"{TITLES[self.name]}: a simulation to look at in the notebook, or with: seqlab sim {self.name}"


def sim(name: str, step: Callable[..., Any] | None = None) -> Any:
    """Show a simulation.

    Args:
        name: one of `seqlab.simulation.NAMES`.
        step: your own function, drawn beside ours. Which one belongs to which simulation:

            - unfolding: `step(h, x, theta)` with `theta = {"a": …, "b": …}` and numbers
            - forward_pass, memory_playground: `rnn_step_forward(x, h_prev, params)`
            - gradient_flow: `step_jacobian(h, Whh)`
            - lstm_cell: `lstm_step_forward(x, h_prev, c_prev, params)`
            - encoder_decoder: `additive_attention(s, states, mask, params)`

            This needs the package anywidget and a running kernel; without `step` neither is needed.

    Returns:
        Something that the notebook shows when it is the last line of a cell.
    """
    known(name)
    if step is None:
        return Simulation(name)
    from seqlab.simulation_widget import widget

    return widget(name, step, script(name), stylesheet())
