"""The course's one style of plots, and the few shapes of plot that several chapters share.

Lines differ in colour *and* in dashes, so that a copy in grey and a colour-blind reader lose nothing. Heat maps use one
scale of colours whose lightness only rises: bright is large, on the screen and in print.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

# Neighbours differ in lightness and stay apart for red-, green- and blue-blind eyes; all have a contrast of 3 on white.
COLOURS = ("#004488", "#D55E00", "#0F6B2F", "#C060B0", "#333333", "#2E9BD6")
DASHES: tuple[Any, ...] = (
    "-",
    (0, (5, 1.6)),
    (0, (5, 1.5, 1, 1.5)),
    (0, (1.2, 1.3)),
    (0, (9, 2)),
    (0, (4, 1.3, 1, 1.3, 1, 1.3)),
)
MARKERS = ("o", "s", "^", "D", "v", "P")
GREY = "#767676"
FILL = "#b9c9dc"  # of bars: lines drawn over them stay visible
HEAT = "cividis"


def use_style() -> None:
    """Make the course's style the default of every figure that follows."""
    import matplotlib as mpl
    from cycler import cycler

    mpl.rcParams.update(
        {
            "axes.axisbelow": True,
            "axes.grid": True,
            "axes.labelsize": 10,
            "axes.prop_cycle": cycler(color=COLOURS) + cycler(linestyle=DASHES),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlesize": 10.5,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",  # also on a dark page
            "font.size": 10,
            "grid.color": "#dddddd",
            "grid.linewidth": 0.6,
            "image.aspect": "auto",
            "image.cmap": HEAT,
            "image.interpolation": "nearest",
            "legend.fontsize": 8.5,
            "legend.framealpha": 0.85,
            "legend.handlelength": 3.2,  # long enough to tell the dashes apart
            "lines.linewidth": 1.7,
            "lines.markersize": 4.5,
            "xtick.labelsize": 9,
            "ytick.labelsize": 9,
        }
    )


def series(k: int, *, marker: bool = False) -> dict[str, Any]:
    """Return colour and dashes of the k-th series, for lines that belong together and for single points.

    Args:
        k: which place in the cycle.
        marker: add the series' marker as well.

    Returns:
        Keywords for `plot`.
    """
    k %= len(COLOURS)
    look = {"color": COLOURS[k], "linestyle": DASHES[k]}
    return look | {"marker": MARKERS[k]} if marker else look


def reference(axis: Axes, value: float, label: str | None) -> None:
    """Draw what a curve has to be compared with: a level line in grey."""
    axis.axhline(value, color=GREY, linestyle=":", linewidth=1.4, label=label, zorder=1)


def running_mean(values: npt.ArrayLike, window: int) -> npt.NDArray[np.float64]:
    """Return the mean of the last `window` values at every place, of fewer at the start."""
    sums = np.cumsum(np.concatenate([[0.0], np.asarray(values, dtype=np.float64)]))
    stop = np.arange(1, len(sums))
    start = np.maximum(stop - window, 0)
    return (sums[stop] - sums[start]) / (stop - start)


def loss_curves(
    axis: Axes,
    curves: Mapping[str, npt.ArrayLike],
    *,
    guessing: float | None = None,
    window: int = 1,
    xlabel: str = "update",
    ylabel: str = "cross-entropy in nats",
) -> None:
    """Draw losses against updates, counted from 1.

    Args:
        axis: where to draw.
        curves: names and losses.
        guessing: the loss of whoever guesses, as a line to compare with.
        window: draw the mean of so many losses, where single ones are too noisy to be read.
        xlabel: what is counted.
        ylabel: what is measured.
    """
    if guessing is not None:
        reference(axis, guessing, "guessing")
    for k, (name, losses) in enumerate(curves.items()):
        means = running_mean(losses, window)
        axis.plot(np.arange(1, len(means) + 1), means, **series(k), label=name)
    mean = f" (mean of the last {window})" if window > 1 else ""
    axis.set(xlabel=xlabel + mean, ylabel=ylabel, title="loss while training")
    axis.legend()


def gradient_profile(
    axis: Axes, profiles: Mapping[str, npt.ArrayLike], *, xlabel: str = "step $t$", **settings: Any
) -> None:
    """Draw the sizes of a gradient along the steps, counted from 1, on a logarithmic axis.

    Args:
        axis: where to draw.
        profiles: names and norms, one norm per step.
        xlabel: what the steps are.
        **settings: title, ylabel, limits, as for `axis.set`.
    """
    for k, (name, norms) in enumerate(profiles.items()):
        values = np.asarray(norms, dtype=np.float64)
        # A gradient that is exactly zero has no logarithm: its line ends there.
        shown = np.where(values > 0, values, np.nan)
        axis.semilogy(np.arange(1, len(values) + 1), shown, **series(k), label=name)
    axis.set(**{"xlabel": xlabel, "ylabel": "norm of the gradient", **settings})
    axis.legend()


def heat_map(
    axis: Axes,
    values: npt.ArrayLike,
    label: str,
    *,
    low: float = 0.0,
    high: float = 1.0,
    bar: bool = True,
    **settings: Any,
) -> AxesImage:
    """Draw a matrix of states, gates or attention weights: bright is large.

    Args:
        axis: where to draw.
        values: a matrix, its rows from top to bottom.
        label: what the values are, beside the colour bar.
        low: the value of the darkest colour.
        high: the value of the brightest colour.
        bar: add a colour bar.
        **settings: anything else for `imshow`.

    Returns:
        The image.
    """
    image = axis.imshow(np.asarray(values), vmin=low, vmax=high, cmap=HEAT, **settings)
    axis.grid(False)
    if bar:
        axis.figure.colorbar(image, ax=axis, label=label)
    return image


def token_axis(axis: Axes, tokens: Sequence[str], *, rotation: float = 0, size: float = 9) -> None:
    """Write one token below each step."""
    turned: dict[str, Any] = {"ha": "right", "rotation_mode": "anchor"} if rotation else {}
    axis.set_xticks(range(len(tokens)), tokens, rotation=rotation, fontsize=size, **turned)
