"""The simulations: their numbers against numpy, what their pages may do, and the widget's side in Python."""

from __future__ import annotations

import html
import importlib
import itertools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seqlab
from seqlab import simulation
from tests import needs, simulation_reference

SIMS = Path(simulation.__file__).parent / "sims"
TOLERANCE = 1e-9

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node runs the modules, and is not installed")

# Ends of every slider, the start of the text, and what lies between.
GRIDS: dict[str, dict[str, list[Any]]] = {
    "unfolding": {"length": [1, 3, 4, 12], "weight": [-1.5, -0.5, 0, 0.5, 1, 1.3]},
    "forward_pass": {
        "length": [2, 16, 32],
        "eigenvalue": [0, 0.9, 1.6],
        "strength": [0, 1, 3],
        "signal": ["pulse", "wave", "switch"],
        "unit": [1],
    },
    "gradient_flow": {
        "length": [2, 20, 100],
        "eigenvalue": [0.5, 0.95, 1, 1.3],
        "threshold": [0.5, 2, 20],
        "drive": [0, 0.5, 2],
        "logarithmic": [False],
    },
    "lstm_cell": {
        "forget": [0, 0.5, 0.9, 0.995, 1],
        "input": [0, 0.3, 1],
        "output": [0, 0.7, 1],
        "length": [1, 20, 60],
        "signal": ["wave", "silence", "late"],
    },
    "encoder_decoder": {
        "length": [2, 12, 40],
        "width": [4, 32, 64],
        "keep": [0.5, 0.85, 1],
        "sharpness": [0, 4, 8],
    },
    "memory_playground": {
        "length": [1, 10, 20, 60],
        "eigenvalue": [0.5, 0.95, 1, 1.3],
        "forget": [0.5, 0.9, 0.995, 1],
        "noise": [0, 0.4, 1.5],
        "tanh": [True, False],
    },
}

COMPUTE = """
const [file, exported] = process.argv.slice(1);
const module = await import(file);
let text = "";
for await (const part of process.stdin) text += part;
process.stdout.write(JSON.stringify(JSON.parse(text).map((settings) => module[exported](settings))));
"""


def node(program: str, *arguments: str, given: str = "") -> str:
    command = [NODE or "node", "--input-type=module", "-e", program, "--", *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_module(name: str, exported: str, settings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    url = (SIMS / f"{name}.mjs").as_uri()
    return json.loads(node(COMPUTE, url, exported, given=json.dumps(settings)))


def grid(name: str) -> list[dict[str, Any]]:
    names, values = GRIDS[name].keys(), GRIDS[name].values()
    return [dict(zip(names, each, strict=True)) for each in itertools.product(*values)]


def start_of(name: str) -> dict[str, Any]:
    program = (
        "const m = await import(process.argv[1]); process.stdout.write(JSON.stringify(m.DEFAULTS));"
    )
    return json.loads(node(program, (SIMS / f"{name}.mjs").as_uri()))


def assert_equal(where: str, got: Any, want: Any) -> None:
    if isinstance(want, dict):
        assert got.keys() == want.keys(), where
        for key, value in want.items():
            assert_equal(f"{where}.{key}", got[key], value)
        return
    got_array, want_array = np.asarray(got, float), np.asarray(want, float)
    assert got_array.shape == want_array.shape, where
    scale = np.maximum(1.0, np.abs(want_array))
    assert np.all(np.abs(got_array - want_array) <= TOLERANCE * scale), where


# --- the numbers ----------------------------------------------------------------------------------------------------


@needs_node
@pytest.mark.parametrize("name", simulation.NAMES)
def test_the_computation_equals_the_reference(name: str) -> None:
    settings = grid(name)
    assert {*settings[0]} == {*start_of(name)}
    for each, got in zip(settings, run_module(name, "compute", settings), strict=True):
        want = getattr(simulation_reference, name)(**each)
        if name == "encoder_decoder":
            # Two letters that fit alike to the last digit may be picked either way.
            for decoder in ("bottleneck", "attention"):
                ties(got[decoder], want[decoder])
        assert_equal(f"{name} {each}", got, want)


def ties(got: dict[str, Any], want: dict[str, Any]) -> None:
    """Take over the choice of the module where the two best letters cannot be told apart."""
    best = np.sort(want["scores"], axis=1)
    for k in np.flatnonzero(best[:, -1] - best[:, -2] < TOLERANCE):
        letter = got["picked"][k]
        assert want["scores"][k, letter] > best[k, -1] - TOLERANCE
        want["picked"][k], want["right"][k] = letter, got["right"][k]
    want["accuracy"] = np.mean(want["right"])


@needs_node
def test_the_start_is_that_of_the_text() -> None:
    assert start_of("unfolding")["length"] == 4
    assert start_of("gradient_flow").items() >= {"length": 20, "eigenvalue": 0.95}.items()
    assert start_of("lstm_cell").items() >= {"forget": 0.9, "input": 0.3, "output": 0.7}.items()
    assert start_of("memory_playground").items() >= {"length": 20, "eigenvalue": 0.95}.items()


@needs_node
def test_what_the_sentences_claim() -> None:
    def playground(**changed: Any) -> dict[str, Any]:
        return run_module(
            "memory_playground", "compute", [{**start_of("memory_playground"), **changed}]
        )[0]

    ten = playground(length=10)
    assert ten["linear"][-1] == pytest.approx(0.95**10) and round(100 * ten["linear"][-1]) == 60
    assert 0.02 < ten["rnn"][-1] < 0.1  # with tanh and inputs: barely
    assert playground(length=10, tanh=False)["rnn"][-1] == pytest.approx(0.95**10)
    assert playground(length=10, noise=0)["rnn"][-1] > 3 * ten["rnn"][-1]
    assert playground(length=40)["rnn"][-1] < 0.001
    assert playground(length=40, eigenvalue=1, tanh=False)["rnn"][-1] == pytest.approx(1)
    assert playground(length=40, eigenvalue=1)["rnn"][-1] < 0.01
    # The LSTM: with an open gate it keeps its signal, with one of 0.90 it does not, and loud inputs move the gate.
    told = playground(length=40, noise=0)
    assert round(100 * told["constant"][-1]) == 82 and told["lstm"][-1] > 0.5
    assert playground(length=40, forget=0.9)["lstm"][-1] < 0.1
    kept = [playground(length=40, noise=noise)["lstm"][-1] for noise in (0, 0.4, 1.5)]
    assert len({round(part, 3) for part in kept}) == 3
    assert playground(length=40)["lstmGradient"][-1] > 100 * playground(length=40)["gradient"][-1]
    by_hand = run_module("unfolding", "compute", [{"length": 3, "weight": 0.5}])[0]
    assert by_hand["states"] == [4, 4, 2, 7] and by_hand["gradient"] == 5


@needs_node
@pytest.mark.parametrize("network", ["linear", "tanh"])
def test_what_is_clipped_are_the_gradients_of_the_parameters(network: str) -> None:
    settings = {**start_of("gradient_flow"), "length": 7, "eigenvalue": 1.2, "threshold": 0.5}
    (got,) = run_module("gradient_flow", "compute", [settings])
    W = simulation_reference.scaled_orthogonal(8, 1.2)
    x = settings["drive"] * np.sin(1.1 * np.arange(1, 8)[:, None] + 2 * np.arange(8))

    def loss(flat: np.ndarray) -> Any:
        Whh, Wxh, bh = flat[:64].reshape(8, 8), flat[64:128].reshape(8, 8), flat[128:]
        h = np.zeros(8)
        for x_t in x:
            h = Whh @ h + Wxh @ x_t + bh
            h = np.tanh(h) if network == "tanh" else h
        return h.sum() / np.sqrt(8)

    # A complex step gives derivatives to the last digit, without any backpropagation.
    start = np.concatenate([W.ravel(), np.eye(8).ravel(), np.zeros(8)])
    step = 1e-30j * np.eye(start.size)
    gradient = np.array([loss(start + each).imag / 1e-30 for each in step])
    for array, part in (("Whh", gradient[:64]), ("Wxh", gradient[64:128]), ("bh", gradient[128:])):
        assert got[network][array][0] == pytest.approx(np.linalg.norm(part), rel=1e-9), array
    total = np.linalg.norm(gradient)
    assert got[network]["total"][0] == pytest.approx(total, rel=1e-9)
    assert total > 0.5 and got[network]["factor"] == pytest.approx(0.5 / total, rel=1e-9)


@needs_node
@pytest.mark.parametrize("name", simulation.NAMES)
def test_every_preset_has_an_answer_among_its_options_and_a_reason(name: str) -> None:
    # The object of a simulation is private to its module; the bundle of the page has it in scope.
    program = (
        simulation.script(name)
        + """
    process.stdout.write(JSON.stringify(SIMULATION.presets.map((preset) => {
      const run = compute(preset.set);
      const views = [];
      for (let step = 0; step <= SIMULATION.steps(run); step += 1) {
        const view = { settings: preset.set, run, step, width: 640, student: null };
        views.push([SIMULATION.moment(run, step), SIMULATION.verdict(view), ...SIMULATION.equations(view)]);
      }
      return { set: preset.set, taken: admissible(SIMULATION.controls, presetDefaults(), preset.set),
        options: preset.options, answer: preset.answer(preset.set, run),
        text: [preset.question(preset.set, run), preset.why(preset.set, run), ...views.flat()] };
    })));
    function presetDefaults() { return SIMULATION.presets[0].set; }
    """
    )
    presets = json.loads(node(program))
    assert len(presets) >= 4
    assert len({json.dumps(preset["set"], sort_keys=True) for preset in presets}) == len(presets)
    for preset in presets:
        assert preset["set"] == preset["taken"], "a preset stands beside the notches of its sliders"
        assert 0 <= preset["answer"] < len(preset["options"])
        for text in preset["text"]:
            assert text and not re.search(r"NaN|undefined|null|Infinity|\[object", text), text
            assert text.count("{") == text.count("}"), text


@needs_node
def test_settings_from_an_address_are_brought_onto_their_sliders() -> None:
    program = (
        simulation.script("memory_playground")
        + """
    const wanted = { length: "7.4", eigenvalue: "9", forget: "x", noise: "", tanh: "false", other: "1" };
    process.stdout.write(JSON.stringify(admissible(SIMULATION.controls, DEFAULTS, wanted)));
    """
    )
    assert json.loads(node(program)) == {
        "length": 7,
        "eigenvalue": 1.3,
        "forget": 0.995,
        "noise": 0.4,
        "tanh": False,
    }


# --- the pages ------------------------------------------------------------------------------------------------------


def documents(name: str) -> dict[str, str]:
    frame = simulation.sim(name)._repr_html_()
    inside = re.search(r'srcdoc="([^"]*)"', frame)
    assert inside
    return {"page": simulation.page(name), "frame": html.unescape(inside[1])}


@pytest.mark.parametrize("name", simulation.NAMES)
def test_a_page_may_run_its_own_script_and_fetch_nothing(name: str) -> None:
    import base64
    import hashlib

    for document in documents(name).values():
        found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', document)
        assert found
        policy = dict(part.strip().split(" ", 1) for part in found[1].split(";"))
        assert policy.pop("default-src") == "'none'"
        for tag, directive in (("script", "script-src"), ("style", "style-src")):
            contents = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", document, re.DOTALL)
            digests = [
                base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()
                for each in contents
            ]
            assert len(digests) == 1 and policy.pop(directive) == f"'sha256-{digests[0]}'"
        assert policy == {"img-src": "data:", "base-uri": "'none'", "form-action": "'none'"}
        assert not re.search(r"https?:|//[a-z0-9-]+\.[a-z]|\bimport\b|\bfetch\b|XMLHttp", document)
        assert document.index("Content-Security-Policy") < document.index("<style")


@pytest.mark.parametrize("name", simulation.NAMES)
def test_the_frame_of_a_notebook_is_sandboxed_and_whole(name: str) -> None:
    shown = seqlab.sim(name)
    frame = shown._repr_html_()
    assert frame.startswith("<iframe ") and 'sandbox="allow-scripts"' in frame
    assert "allow-same-origin" not in frame and " src=" not in frame
    assert simulation.TITLES[name] in repr(shown) and f"seqlab sim {name}" in repr(shown)
    assert len(frame) < 120_000


@needs_node
@pytest.mark.parametrize("name", simulation.NAMES)
def test_the_bundle_is_one_module_without_clashes(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bundle.mjs"
    path.write_text(simulation.script(name), encoding="utf-8")
    done = subprocess.run([NODE or "node", "--check", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_module_imports_its_neighbours_only_and_writes_no_markup() -> None:
    for path in SIMS.glob("*.mjs"):
        text = path.read_text(encoding="utf-8")
        for source in re.findall(r'from "([^"]*)"', text):
            assert source in {f"./{part}.mjs" for part in ("numbers", "drawing", "common")}, path
        markup = re.findall(r"innerHTML = (.*);", text)
        assert markup in ([], ['"<svg></svg>"']), path
        assert not re.search(r"\beval\(|new Function|localStorage|document\.write", text), path


def test_pages_are_written(tmp_path: Path) -> None:
    paths = simulation.write_pages(tmp_path / "new" / "folder")
    assert [path.stem for path in paths] == list(simulation.NAMES)
    for path in paths:
        assert path.read_text(encoding="utf-8") == simulation.page(path.stem)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    for call in (simulation.sim, simulation.page):
        with pytest.raises(ValueError, match=r"memory_playground"):
            call("memory")


def test_a_frame_needs_nothing_but_the_standard_library() -> None:
    program = (
        "import sys, seqlab; seqlab.sim('lstm_cell')._repr_html_();"
        "print([m for m in ('numpy', 'anywidget', 'IPython', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


# --- the student's own function -------------------------------------------------------------------------------------


def own_step(h: float, x: float, theta: dict[str, float]) -> float:
    return theta["a"] * h + theta["b"] * x


def own_rnn(x: Any, h_prev: Any, params: dict[str, Any]) -> Any:
    h = np.tanh(h_prev @ params["Whh"].T + x @ params["Wxh"].T + params["bh"])
    return h, None


def own_jacobian(h: Any, Whh: Any) -> Any:
    return np.diag(1 - h**2) @ Whh


def own_lstm(x: Any, h_prev: Any, c_prev: Any, params: dict[str, Any]) -> Any:
    joined = np.concatenate([h_prev, x], axis=1)
    f, i, o = (
        1 / (1 + np.exp(-(joined @ params[f"W{g}"].T + params[f"b{g}"]))) for g in ("f", "i", "o")
    )
    c = f * c_prev + i * np.tanh(joined @ params["Wc"].T + params["bc"])
    return o * np.tanh(c), c, None


def own_attention(s: Any, states: Any, mask: Any, params: dict[str, Any]) -> Any:
    s, states = np.asarray(s), np.asarray(states)
    Wa, Ua, va = (np.asarray(params[name]) for name in ("Wa", "Ua", "va"))
    scores = np.tanh((s @ Wa.T)[:, None] + states @ Ua.T) @ va
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return np.einsum("ns,nsh->nh", weights, states), weights


STEPS = {
    "unfolding": own_step,
    "forward_pass": own_rnn,
    "gradient_flow": own_jacobian,
    "lstm_cell": own_lstm,
    "encoder_decoder": own_attention,
    "memory_playground": own_rnn,
}
# What is drawn from the student's code, beside what is drawn from ours.
DRAWN = {
    "unfolding": {"states": "states"},
    "forward_pass": {"states": "states"},
    "gradient_flow": {"norms": "tanh.norms"},
    "lstm_cell": {"cell": "cell", "hidden": "hidden"},
    "encoder_decoder": {"weights": "weights"},
    "memory_playground": {"rnn": "rnn"},
}


@needs_node
@pytest.mark.parametrize("name", simulation.NAMES)
def test_a_right_function_draws_what_ours_draws(name: str) -> None:
    from seqlab.simulation_widget import drive

    start = start_of(name)
    longer = {**start, "length": start["length"] + 3}
    for settings in (start, longer):
        inputs = run_module(name, "inputs", [settings])[0]
        ours = run_module(name, "compute", [settings])[0]
        answer = drive(name, STEPS[name], inputs)
        assert answer.keys() == DRAWN[name].keys(), answer
        for key, path in DRAWN[name].items():
            want: Any = ours
            for part in path.split("."):
                want = want[part]
            np.testing.assert_allclose(answer[key], want, rtol=1e-9, atol=1e-12)
        json.dumps(answer, allow_nan=False)


@needs_node
@pytest.mark.parametrize("name", simulation.NAMES)
def test_a_wrong_function_is_told_so_in_a_sentence(name: str) -> None:
    from seqlab.simulation_widget import drive

    inputs = run_module(name, "inputs", [start_of(name)])[0]

    def raises(*_: Any) -> Any:
        raise KeyError("Whh")

    assert drive(name, raises, inputs) == {"problem": "Your function raised KeyError: 'Whh'"}
    for result in (None, float("nan"), (np.zeros((7, 7)), np.zeros((7, 7)), None)):
        problem = drive(name, lambda *_, result=result: result, inputs)
        assert problem.keys() == {"problem"}, (result, problem)


@needs_node
def test_a_function_of_tensors_is_given_tensors() -> None:
    torch = pytest.importorskip("torch", reason=needs.NO_TORCH)
    from seqlab.simulation_widget import drive

    seen = []

    def attention(s: Any, states: Any, mask: Any, params: dict[str, Any]) -> Any:
        seen.extend([s, states, mask, *params.values()])
        context, weights = own_attention(s, states, mask, params)
        return torch.tensor(context), torch.tensor(weights, requires_grad=True)

    settings = start_of("encoder_decoder")
    answer = drive(
        "encoder_decoder", attention, run_module("encoder_decoder", "inputs", [settings])[0]
    )
    assert all(isinstance(each, torch.Tensor) for each in seen)
    assert np.shape(answer["weights"]) == (settings["length"], settings["length"])


@needs_node
def test_the_widget_answers_a_request_with_what_the_function_gives() -> None:
    pytest.importorskip("anywidget")
    settings = start_of("unfolding")
    inputs = run_module("unfolding", "inputs", [settings])[0]
    shown = seqlab.sim("unfolding", step=own_step)
    shown.request = {"settings": settings, "inputs": inputs}
    ours = run_module("unfolding", "compute", [settings])[0]
    assert shown.answer == {"settings": settings, "states": ours["states"]}
    assert "http" not in shown._esm and "export default" in shown._esm


def test_without_anywidget_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = importlib.import_module("seqlab.simulation_widget")
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ImportError, match="pip install anywidget"):
        module.widget("unfolding", own_step, "", "")
