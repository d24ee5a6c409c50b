"""The course's style of plots: told apart in grey and by the colour-blind, and drawn from the values given."""

from __future__ import annotations

import itertools

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from seqlab import plots

# Machado, Oliveira and Fernandes (2009), full severity, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(colour, sight="normal"):
    """CIELAB of a colour as this sight has it."""
    seen = np.clip(np.asarray(SIGHT[sight]) @ linear(colour), 0, 1)
    f = np.cbrt(np.maximum(TO_XYZ @ seen / TO_XYZ.sum(axis=1), 1e-4))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.fixture
def axis():
    with mpl.rc_context():
        plots.use_style()
        figure, axis = plt.subplots()
        yield axis
        plt.close(figure)


@pytest.mark.parametrize("sight", SIGHT)
def test_colours_stay_apart(sight):
    for one, other in itertools.combinations(plots.COLOURS, 2):
        assert np.linalg.norm(lab(one, sight) - lab(other, sight)) > 10


def test_neighbours_differ_in_grey():
    lightness = [lab(colour)[0] for colour in plots.COLOURS]
    assert np.abs(np.diff(lightness)).min() > 12


def test_every_line_can_be_seen_on_white():
    for colour in (*plots.COLOURS, plots.GREY):
        luminance = TO_XYZ[1] @ linear(colour)
        assert 1.05 / (luminance + 0.05) >= 3


def test_every_line_of_the_cycle_has_dashes_of_its_own(axis):
    lines = [axis.plot([0, 1], [k, k])[0] for k in range(len(plots.COLOURS))]
    patterns = {str(line._dash_pattern) for line in lines}
    assert len(patterns) == len(plots.COLOURS) == len(plots.MARKERS)
    assert [line.get_color() for line in lines] == list(plots.COLOURS)


def test_heat_map_is_lighter_where_values_are_larger(axis):
    image = plots.heat_map(axis, np.linspace(-1, 1, 64)[None], "state", low=-1.0)
    lightness = [lab(colour[:3])[0] for colour in image.cmap(image.norm(np.linspace(-1, 1, 64)))]
    assert np.diff(lightness).min() > 0
    assert lightness[-1] - lightness[0] > 60
    assert [a.get_ylabel() for a in axis.figure.axes[1:]] == ["state"]


def test_heat_map_keeps_its_limits_and_can_do_without_a_bar(axis):
    image = plots.heat_map(axis, [[0.2, 0.4]], "gate", bar=False)
    assert image.get_clim() == (0.0, 1.0)
    assert len(axis.figure.axes) == 1


def test_running_mean():
    np.testing.assert_allclose(
        plots.running_mean([4.0, 2.0, 6.0, 0.0], 2), [4.0, 3.0, 4.0, 3.0], rtol=1e-12
    )
    np.testing.assert_allclose(plots.running_mean([1.0, 2.0], 5), [1.0, 1.5], rtol=1e-12)
    assert plots.running_mean([], 3).shape == (0,)


def test_loss_curves(axis):
    plots.loss_curves(axis, {"a": [3.0, 1.0], "b": [2.0, 2.0]}, guessing=1.5, window=2)
    level, first, second = axis.lines
    assert set(level.get_ydata()) == {1.5}
    assert list(first.get_xdata()) == [1, 2]
    assert list(first.get_ydata()) == [3.0, 2.0]
    assert first.get_color() != second.get_color()
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["guessing", "a", "b"]
    assert axis.get_xlabel() == "update (mean of the last 2)"


def test_gradient_profile_is_logarithmic_and_leaves_zeros_out(axis):
    plots.gradient_profile(axis, {"a": [0.0, 1e-8, 1.0]}, title="profile")
    assert axis.get_yscale() == "log"
    np.testing.assert_array_equal(axis.lines[0].get_ydata(), [np.nan, 1e-8, 1.0])
    assert (axis.get_title(), axis.get_xlabel()) == ("profile", "step $t$")


def test_token_axis(axis):
    plots.token_axis(axis, ["not", "good"], rotation=60)
    assert [label.get_text() for label in axis.get_xticklabels()] == ["not", "good"]
    assert list(axis.get_xticks()) == [0, 1]


def test_series_wraps_around():
    assert plots.series(len(plots.COLOURS)) == plots.series(0)
    assert "marker" in plots.series(1, marker=True)
    assert "marker" not in plots.series(1)
