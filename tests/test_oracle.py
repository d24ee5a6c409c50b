"""What judges gradients: right where it can be checked by hand, by differences and by torch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from autograder.course.source import ROOT, chapters, hidden_folder
from autograder.grading.oracle import gradients, sigmoid
from autograder.grading.oracle import np as oracle


def test_gradients_of_a_product_are_its_factors():
    leaves = {"a": np.array([2.0, 3.0]), "b": np.array([5.0, 7.0]), "unused": np.ones(3)}
    found = gradients(lambda g: g["a"] * g["b"], leaves, np.array([1.0, 10.0]))
    assert found["a"].tolist() == [5.0, 70.0]
    assert found["b"].tolist() == [2.0, 30.0]
    assert found["unused"].tolist() == [0.0, 0.0, 0.0]


def test_several_results_have_an_upstream_gradient_each():
    x = np.array([0.5, -1.0])
    found = gradients(lambda g: (g["x"] ** 2, oracle.sum(g["x"])), {"x": x}, np.ones(2), 3.0)
    assert found["x"].tolist() == [4.0, 1.0]
    with pytest.raises(ValueError):
        gradients(lambda g: (g["x"], g["x"]), {"x": x}, np.ones(2))


def test_gradients_equal_differences():
    rng = np.random.default_rng(3)
    x, W, weight = rng.normal(size=4), rng.normal(size=(3, 4)), rng.normal(size=3)

    def formula(g):
        return sigmoid(oracle.dot(g["W"], oracle.tanh(g["x"])))

    found = gradients(formula, {"x": x, "W": W}, weight)["x"]
    step = 1e-6
    for k in range(4):
        up, down = x.copy(), x.copy()
        up[k] += step
        down[k] -= step
        values = [float(weight @ formula({"x": one, "W": W})) for one in (up, down)]
        assert found[k] == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-7)


def test_a_saturated_sigmoid_keeps_its_digits():
    extreme = np.array([-800.0, -40.0, 0.0, 40.0, 800.0])
    found = gradients(lambda g: sigmoid(g["x"]), {"x": extreme}, np.ones(5))["x"]
    assert np.isfinite(found).all()
    assert found[1] == pytest.approx(np.exp(-40.0), rel=1e-12)
    assert sigmoid(extreme)[0] == 0.0 and sigmoid(extreme)[-1] == 1.0


def test_leaves_may_be_nested():
    leaves = {"layers": [{"W": np.array([2.0])}, {"W": np.array([3.0])}], "x": np.array([5])}
    found = gradients(
        lambda g: g["x"] * g["layers"][0]["W"] * g["layers"][1]["W"], leaves, np.ones(1)
    )
    assert found["x"].tolist() == [6.0]
    assert [layer["W"].tolist() for layer in found["layers"]] == [[15.0], [10.0]]


LSTM_AND_SUITE = """
import runpy, sys
import numpy as np, torch
N, T, D, H = 2, 5, 3, 4
rng = np.random.default_rng(5)
arrays = [rng.normal(size=shape) for shape in ((4 * H, D), (4 * H, H), (4 * H,), (4 * H,))]
x = rng.normal(size=(N, T, D))
layer = torch.nn.LSTM(D, H, batch_first=True, dtype=torch.float64)
names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
layer.load_state_dict({name: torch.tensor(array) for name, array in zip(names, arrays)})
want = layer(torch.tensor(x))[0].detach().numpy()
got = runpy.run_path(sys.argv[1])["as_torch_computes"](*arrays, x)
np.testing.assert_allclose(got, want, rtol=1e-12)
"""


GRU_AND_SUITE = """
import runpy, sys
import numpy as np, torch
N, D, H = 2, 3, 4
rng = np.random.default_rng(5)
arrays = [rng.normal(size=shape) for shape in ((3 * H, D), (3 * H, H), (3 * H,), (3 * H,))]
x, h = rng.normal(size=(N, D)), rng.normal(size=(N, H))
cell = torch.nn.GRUCell(D, H, dtype=torch.float64)
names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
cell.load_state_dict({name: torch.tensor(array) for name, array in zip(names, arrays)})
want = cell(torch.tensor(x), torch.tensor(h)).detach().numpy()
got = runpy.run_path(sys.argv[1])["as_torch_computes"](x, h, *arrays)
np.testing.assert_allclose(got, want, rtol=1e-12)
"""


def python(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    ("code", "chapter"), [(LSTM_AND_SUITE, "ch04_lstm"), (GRU_AND_SUITE, "ch05_gru")]
)
def test_a_suite_computes_what_torch_computes(code, chapter):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    done = python(code, str(hidden_folder(chapter) / f"test_{chapter}.py"))
    assert done.returncode == 0, done.stderr


def test_suites_of_numpy_chapters_need_no_torch():
    numpy_chapters = [name for name, each in chapters().items() if each.libraries == "numpy"]
    code = (
        "import sys, runpy\n"
        "for path in sys.argv[1:]:\n    runpy.run_path(path)\n"
        "assert 'torch' not in sys.modules\n"
    )
    paths = [str(hidden_folder(name) / f"test_{name}.py") for name in numpy_chapters]
    done = python(code, *paths)
    assert done.returncode == 0, done.stderr
