"""How the parameters of the course's gated cells are laid out, for messages that name a gate or a block of columns."""

from __future__ import annotations

from seqlab.places import Layout

_COLUMNS = ("the columns for h", "the columns for x")
_LSTM = {"f": "forget gate", "i": "input gate", "o": "output gate", "c": "candidate"}
_GRU = {"z": "update gate", "r": "reset gate", "h": "candidate"}


def lstm_layout(D: int, H: int) -> Layout:
    """Return the layout of an LSTM's params: a matrix and a bias per gate, and columns that read h first."""
    gates = {kind + letter: gate for kind in "Wb" for letter, gate in _LSTM.items()}
    return Layout(gates, _COLUMNS, (H, D))


def gru_layout(D: int, H: int) -> Layout:
    """Return the layout of a GRU's params: a matrix per gate, whose columns read h first."""
    return Layout({f"W{letter}": gate for letter, gate in _GRU.items()}, _COLUMNS, (H, D))
