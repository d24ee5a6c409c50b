"""Hidden suite of Chapter 8: the recall task, its models, and what becomes of them.

A model may be built in any way, so it is judged from outside: by its logits, by the gradient that automatic
differentiation brings back to its inputs, and by its parameters' names and shapes. Closed forms come from weights of
ours: with a recurrent matrix of 0.5 I a gradient profile halves per step; a latch makes an accuracy exactly 1 or
exactly 0; a latch that changes its sign at each step tells an odd length from an even one.

The functions that take a model are judged with the submission's own models. Where these are not sound, and only
then, a test is run once more with plain models of this file: a wrong `build_memory_model` costs its own points.

Trained models are judged from one side and well away from chance. With K = 4, H = 32, Adam at 3e-3, batches of 64
and clipping at 1, ten LSTMs of ten recalled with accuracy 1.00 after 300 updates at T = 40 (limit 0.95), and what
recalls there recalls at T = 20. The optimiser is free, so a sound submission may learn faster or slower: each training
is first tried with few updates, and with as many as the contract allows where these do not do. The reference and all
six alternatives, of other optimisers, rates, batch sizes and precisions, recall with accuracy 1.00 after 60 updates in
three seeds of three. Recall is never luck, a guess is right for one symbol in four, so one seed that recalls decides,
and two others are asked where it does not.

The reported losses are judged with models whose loss is known: one that answers each symbol with the next one has the
same loss on every batch, and the loss of one that answers a single symbol wrongly counts that symbol. What training does after a single enormous gradient tells
whether gradients are clipped: without that, an optimiser that divides by the gradients it has seen stands still for
hundreds of updates, and one that does not has left the model's range.

Before training, the factor per step back of an RNN held at 0.5 is 0.47 to 0.50 (limit 0.55); that of an LSTM is 0.97
and more with a forget bias of 3 or above, and 0.82 to 0.92 with a bias of 1 (limit 0.95). With weights near zero it is
the logistic function of the bias itself: 0.9933 for 5 and 0.9975 for 6 (limit 0.9965). On one core, 60 updates at T = 40
take 0.2 s with torch's layers and 0.7 s with a loop and a weight per gate; the limit of one call is 60 s.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from autograder.grading.toolkit import (
    HANDLE,
    Student,
    TestEnded,
    compare,
    once,
    raises,
    require,
    scores,
    unchanged,
)
from autograder.sandbox.session import Session

RESULTS = {
    "recall_batch": {"x": "N T K+1", "targets": "N"},
    "rnn_signal": "T",
    "lstm_signal": "T",
    "build_memory_model": HANDLE,
    "set_recurrent_eigenvalue": HANDLE,
    "gradient_profile": "T",
    "train_recall": "",
    "recall_accuracy": "",
}

CELLS = ("rnn", "lstm", "gru")
SINGLE = 1e-4  # models compute in single precision, and so does the way back through their steps
TRAINING = 60.0  # seconds for one call that trains at length
FEW, ALL = 60, 300  # updates: what does for nearly everybody, and what the contract allows

Make = Callable[..., Any]  # (cell, K, H, seed, held=None) -> handle of a model
Inputs = Callable[[int, int, int], np.ndarray]  # (N, T, K) -> x


# --- models, seen from outside --------------------------------------------------------------------


def draw_inputs(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Normal draws that both float widths can hold."""
    return (2 * rng.normal(size=shape)).astype(np.float32).astype(np.float64)


@once
def inputs_case(rng: np.random.Generator, N: int, T: int, K: int) -> np.ndarray:
    return draw_inputs(rng, N, T, K + 1)


def same_inputs(N: int, T: int, K: int) -> np.ndarray:
    """The same in every run, for what is no test of its own."""
    return draw_inputs(np.random.default_rng([N, T, K]), N, T, K + 1)


def recall_inputs(T: int, K: int) -> np.ndarray:
    """Every different sequence of the task, in the order of the symbols."""
    x = np.zeros((K, T, K + 1))
    x[np.arange(K), 0, np.arange(K)] = 1.0
    x[:, -1, K] = 1.0
    return x


def logits_of(student: Any, model: Any, x: Any) -> np.ndarray:
    """The logits of a model as a plain float64 array of the right shape."""
    result = student.invoke(model, x)
    if isinstance(result, torch.Tensor):
        result = result.detach().numpy()
    require(isinstance(result, np.ndarray), "the model returns no tensor of logits")
    return result.astype(np.float64)


def answers_of(student: Any, model: Any, T: int, K: int) -> np.ndarray:
    """The logits for the K different sequences of the task, one row per symbol."""
    logits = logits_of(student, model, recall_inputs(T, K))
    require(logits.shape == (K, K), "the logits are not of shape (N, K)")
    require(bool(np.isfinite(logits).all()), "the logits are not finite")
    return logits


def share_right(student: Any, model: Any, T: int, K: int) -> float:
    """The accuracy to expect: the share of the K different sequences that are answered rightly."""
    return float((answers_of(student, model, T, K).argmax(axis=1) == np.arange(K)).mean())


def input_gradient(student: Any, model: Any, x: np.ndarray) -> np.ndarray:
    """The gradient of the sum of all logits at the inputs, by automatic differentiation in the worker."""
    leaf = torch.from_numpy(x.copy()).requires_grad_()
    call = functools.partial(student._session.call, model, (leaf,), cotangents=[torch.ones(())])
    (gradient,) = student._guard("the model", call).gradients
    require(gradient is not None, "no gradient flows from the logits back to x")
    return gradient.numpy()


def profile_of(student: Any, model: Any, x: np.ndarray) -> np.ndarray:
    """Equation (8.7)."""
    return np.sqrt((input_gradient(student, model, x) ** 2).sum(axis=2)).mean(axis=0)


def factor_per_step_back(profile: np.ndarray) -> float:
    """`exp` of the least-squares slope of the logarithm against the number of steps back."""
    back = np.arange(len(profile))[::-1]
    logarithms = np.log(np.maximum(profile, 1e-300))
    return float(np.exp(np.polyfit(back, logarithms, 1)[0]))


def values_of(student: Any, model: Any) -> dict[str, np.ndarray]:
    state = student.model_state(model)
    return {name: np.array(value.numpy()) for name, (value, _) in state.items()}


def trained_in(student: Any, model: Any) -> list[str]:
    return sorted(name for name, (_, needs) in student.model_state(model).items() if needs)


def same_values(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return sorted(one) == sorted(other) and all(
        np.array_equal(one[name], other[name]) for name in one
    )


def recurrent_in(student: Any, model: Any, H: int) -> str:
    """The name of the recurrent (H, H) matrix: what the model says, or else the only one of this shape.

    H differs from K and K + 1 wherever this is asked.
    """
    found = [name for name, value in values_of(student, model).items() if value.shape == (H, H)]
    try:
        said = student.attribute(model, "recurrent_name")
    except TestEnded:
        said = None
    if isinstance(said, str) and said in found:
        return said
    require(len(found) == 1, "an RNN has exactly one recurrent (H, H) matrix")
    return found[0]


def make_linear(student: Any, model: Any, H: int, matrix: np.ndarray) -> None:
    """Load a recurrent matrix, and make everything else so small that tanh is straight."""
    name = recurrent_in(student, model, H)
    values = {key: 1e-5 * value for key, value in values_of(student, model).items()}
    student.load_model_state(model, values | {name: matrix})


def majority(holds: Callable[[int], bool]) -> bool:
    """Whether something holds for the median of three seeds; the third is asked where two differ."""
    first, second = holds(0), holds(1)
    return first if first == second else holds(2)


def orthogonal(seed: int, H: int) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(H, H)))[0]


# --- what a sound model does ----------------------------------------------------------------------


def check_logits(
    student: Any, cell: str, sizes: tuple[int, int, int, int], inputs: Inputs = inputs_case
) -> None:
    N, T, K, H = sizes
    x = inputs(N, T, K)
    model = student.build_memory_model(cell, K, H, 0)
    logits = logits_of(student, model, x)
    require(logits.shape == (N, K), "the logits are not of shape (N, K)")
    require(bool(np.isfinite(logits).all()), "the logits are not finite")


def check_rows(student: Any, cell: str, inputs: Inputs = inputs_case) -> None:
    x = inputs(4, 6, 3)
    model = student.build_memory_model(cell, 3, 7, 1)
    together = logits_of(student, model, x)
    alone = [logits_of(student, model, x[n : n + 1]) for n in range(len(x))]
    compare("the logits of each row alone", np.concatenate(alone), together, tolerance=SINGLE)
    again = logits_of(student, model, x)
    compare("the logits of a second call", again, together, tolerance=SINGLE)


def check_inputs(student: Any, cell: str, inputs: Inputs = inputs_case) -> None:
    x = inputs(2, 4, 3)
    model = student.build_memory_model(cell, 3, 5, 2)
    logits = logits_of(student, model, x)
    kinds = {
        "a float32 array": x.astype(np.float32),
        "a float64 tensor": torch.from_numpy(x.copy()),
        "a float32 tensor": torch.from_numpy(x.astype(np.float32)),
    }
    for kind, other in kinds.items():
        compare(f"logits for {kind}", logits_of(student, model, other), logits, tolerance=SINGLE)


def check_steps_count(student: Any, cell: str, inputs: Inputs = inputs_case) -> None:
    """Each step has an influence, and its place matters."""
    x = inputs(3, 5, 4)
    model = student.build_memory_model(cell, 4, 6, 3)
    size = np.abs(input_gradient(student, model, x))
    require(bool((size.max(axis=2) > 1e-9).all()), "a step of x has no influence on the logits")
    require(bool((size[:, -1] > 1e-9).all()), "a channel of x has no influence on the logits")
    logits = logits_of(student, model, x)
    for first, second in ((0, 1), (0, 4), (3, 4)):
        swapped = x.copy()
        swapped[:, [first, second]] = x[:, [second, first]]
        change = np.abs(logits_of(student, model, swapped) - logits).max()
        require(change > 1e-4, "the order of the steps makes no difference")


def check_recurrent_name(student: Any, K: int, H: int, inputs: Inputs = inputs_case) -> None:
    model = student.build_memory_model("rnn", K, H, 4)
    name = student.attribute(model, "recurrent_name")
    require(isinstance(name, str), "recurrent_name is no string")
    state = values_of(student, model)
    require(name in state, "recurrent_name is not among the named parameters")
    require(state[name].shape == (H, H), "recurrent_name names no (H, H) matrix")
    require(name in trained_in(student, model), "the recurrent matrix is not trainable")
    # Without it, nothing of an earlier step arrives.
    student.load_model_state(model, {name: np.zeros((H, H))})
    size = np.abs(input_gradient(student, model, inputs(3, 4, K))).max(axis=(0, 2))
    require(bool((size[:-1] == 0).all()), "steps are connected by more than that matrix")
    require(bool(size[-1] > 0), "the last step has no influence")


def check_decay(student: Any, eigenvalue: float) -> None:
    """Geometric decay, and an exact latch at 1: with c I and small weights each step back costs the factor c."""
    model = student.build_memory_model("rnn", 2, 7, 5)
    make_linear(student, model, 7, eigenvalue * np.eye(7))
    profile = profile_of(student, model, recall_inputs(12, 2))
    require(bool(profile[-1] > 0), "the last step has no influence")
    want = eigenvalue ** np.arange(12.0)[::-1]
    compare("the decay of the profile", profile / profile[-1], want, tolerance=SINGLE)


def check_tanh(student: Any) -> None:
    """Units that are saturated do not tell an input from twice that input."""
    model = student.build_memory_model("rnn", 2, 7, 5)
    name = recurrent_in(student, model, 7)
    large = {
        key: np.where(value < 0, -30.0, 30.0)
        for key, value in values_of(student, model).items()
        if value.shape in ((7, 3), (3, 7))
    }
    require(len(large) == 1, "an RNN has exactly one matrix that reads the input")
    student.load_model_state(model, large | {name: np.eye(7)})
    x = np.zeros((1, 3, 3))
    x[:, :, 0] = 1.0
    plain = logits_of(student, model, x)
    doubled = logits_of(student, model, 2 * x)
    compare("logits of saturated units", doubled, plain, tolerance=SINGLE)
    flipped = logits_of(student, model, -x)
    require(float(np.abs(flipped - plain).max()) > 1e-3, "units do not take both signs")


def check_lstm_remembers(student: Any) -> None:
    def holds(seed: int) -> bool:
        model = student.build_memory_model("lstm", 4, 32, seed)
        profile = profile_of(student, model, np.tile(recall_inputs(40, 4), (8, 1, 1)))
        return factor_per_step_back(profile) > 0.95

    require(majority(holds), "an untrained LSTM loses too much gradient per step back at T = 40")


def check_held(student: Any, model: Any, name: str, eigenvalue: float) -> None:
    """Equation (8.6)."""
    weight = values_of(student, model)[name].astype(np.float64)
    square = eigenvalue**2 * np.eye(len(weight))
    off = np.abs(weight.T @ weight - square).max() / max(eigenvalue**2, 1e-6)
    require(bool(off < 1e-5), "the recurrent matrix is not orthogonal times the eigenvalue")
    require(name not in trained_in(student, model), "the recurrent matrix is still trained")


# --- models of ours, lent where a submission's are not sound --------------------------------------

LENT = """
def _lent_memory_model(cell, K, H, seed, held=None):
    import torch

    class LentModel(torch.nn.Module):
        def __init__(self):
            super().__init__()
            layer = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
            self.layer = layer(K + 1, H, batch_first=True)
            self.out = torch.nn.Linear(H, K)

        def forward(self, x):
            x = torch.as_tensor(x).to(torch.float32)
            return self.out(self.layer(x)[0][:, -1])

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LentModel()
    if cell == "rnn":
        model.recurrent_name = "layer.weight_hh_l0"
    with torch.no_grad():
        if cell == "lstm":
            model.layer.bias_ih_l0[H : 2 * H] = 4.0
        if held is not None:
            torch.nn.init.orthogonal_(model.layer.weight_hh_l0).mul_(held)
            model.layer.weight_hh_l0.requires_grad_(False)
    return model
"""


def lent_model(
    student: Any, cell: str, K: int, H: int, seed: int, held: float | None = None
) -> Any:
    """Make a model of ours in the submission's worker."""
    session = student._session
    session.define(LENT)
    return session.call("_lent_memory_model", (cell, K, H, seed, held), hold=True).result


def own_model(student: Any, cell: str, K: int, H: int, seed: int, held: float | None = None) -> Any:
    """Let the submission build a model, and hold its recurrent matrix where that is wanted."""
    model = student.build_memory_model(cell, K, H, seed)
    return model if held is None else student.set_recurrent_eigenvalue(model, held)


LEFT = """
def _left_behind(model):
    import torch

    grads = [p.grad is not None and bool((p.grad != 0).any()) for p in model.parameters()]
    trained = [p.requires_grad for p in model.parameters()]
    state = [model.training, str(torch.get_default_dtype()), torch.is_grad_enabled()]
    return [any(grads), *state, *trained]


def _enormous_at_first(model, factor):
    for p in model.parameters():
        if p.requires_grad:
            def hook(gradient, left=[factor]):
                return gradient * (left.pop() if left else 1.0)
            p.register_hook(hook)
"""


def check_nothing_left(student: Any, model: Any, act: Callable[[], Any]) -> None:
    """Fail where looking at a model leaves gradients in it, or another mode, or torch in another state."""
    session = student._session
    session.define(LEFT)
    before = session.call("_left_behind", (model,)).result
    act()
    gradients, *modes = session.call("_left_behind", (model,)).result
    require(not gradients, "the model's parameters are left with gradients")
    require(modes == before[1:], "the model, or torch, is left in another mode")


_sound: weakref.WeakKeyDictionary[Session, bool] = weakref.WeakKeyDictionary()


def is_sound(student: Any) -> bool:
    """Whether other functions can be judged with the models of a submission; looked into once.

    By a student of its own: which test happens to be the first to ask is not to be seen in what that test records.
    """
    session = student._session
    if session not in _sound:
        apart = Student(session, student._results, student._seconds, student._seed)
        _sound[session] = _found_sound(apart)
    return _sound[session]


def _found_sound(student: Any) -> bool:
    try:
        for cell in CELLS:
            check_logits(student, cell, (2, 5, 3, 7), same_inputs)
            check_rows(student, cell, same_inputs)
            check_inputs(student, cell, same_inputs)
            check_steps_count(student, cell, same_inputs)
        check_recurrent_name(student, 3, 6, same_inputs)
        check_decay(student, 0.5)
        check_tanh(student)
        check_lstm_remembers(student)
        held = own_model(student, "rnn", 2, 5, 0, 0.5)
        check_held(student, held, recurrent_in(student, held, 5), 0.5)
        require(bool(trained_in(student, held)), "nothing is left to be trained")
    except (TestEnded, AttributeError, LookupError, TypeError, ValueError):
        # The last four come from a result of such a form that no check can begin with it.
        return False
    return True


def on_sound_models(student: Any, judge: Callable[[Make], None]) -> None:
    """Judge with the submission's own models, and with ours where these are at fault."""
    try:
        judge(functools.partial(own_model, student))
    except TestEnded as ended:
        if ended.verdict == "timeout" or is_sound(student):
            raise
        judge(functools.partial(lent_model, student))


def on_trainable_models(student: Any, judge: Callable[[Make], None]) -> None:
    """The same for what trains at length: whose models to take is settled before, and not by a training in vain."""
    own, lent = functools.partial(own_model, student), functools.partial(lent_model, student)
    if is_sound(student):
        judge(own)
        return
    try:
        judge(lent)
    except TestEnded as ended:
        if ended.verdict == "timeout":
            raise
        judge(own)


# --- recall_batch ---------------------------------------------------------------------------------


@scores("recall_batch", weight=2.0, title="symbols, cue and targets")
@pytest.mark.parametrize("shape", [(1, 2, 1), (7, 5, 3), (4, 2, 6), (33, 12, 4)], ids=str)
def test_batch_values(student, reference, shape):
    N, T, K = shape
    for seed in (3, 20240817):
        x, targets = student.recall_batch(N, T, K, seed)
        want = np.random.default_rng(seed).integers(K, size=N)
        compare("targets", targets, want, axes="N")
        batch = np.array([recall_inputs(T, K)[k] for k in want])
        compare("x", x, batch, axes="N T K")


@scores("recall_batch", title="two calls in turn")
def test_batch_calls_do_not_depend_on_each_other(student, reference):
    for seed in (5, 6, 5, 0, 5):
        x, targets = student.recall_batch(6, 3, 4, seed)
        want = np.random.default_rng(seed).integers(4, size=6)
        compare("targets", targets, want, axes="N")
        compare("x", x, np.array([recall_inputs(3, 4)[k] for k in want]), axes="N T K")


@scores("recall_batch", title="other sizes")
def test_batch_width(student, reference):
    x, targets = student.recall_batch(3, 4, 2, 1)
    want = np.random.default_rng(1).integers(2, size=3)
    compare("targets", targets, want, axes="N")
    compare("x", x, recall_inputs(4, 2)[want], axes="N T K", dtype=np.float64)


@scores("recall_batch", weight=0.6, title="too few steps")
@pytest.mark.parametrize("T", [1, 0, -3])
def test_batch_too_short(student, reference, T):
    with raises(ValueError, naming="T"):
        student.recall_batch(4, T, 3, 0)


# --- rnn_signal, lstm_signal ----------------------------------------------------------------------


@scores("rnn_signal", title="what is left of a signal")
@pytest.mark.parametrize(
    "T, eigenvalue",
    [(1, 0.5), (10, 0.95), (40, 0.95), (6, 1.0), (9, -0.8), (8, 1.25), (12, -1.0)],
)
def test_rnn_signal_values(student, reference, T, eigenvalue):
    want = np.array([eigenvalue**step for step in range(T)])
    compare("the signal", student.rnn_signal(T, eigenvalue), want, axes="T")


@scores("rnn_signal", title="an eigenvalue of zero")
@pytest.mark.parametrize("T", [1, 5])
def test_rnn_signal_at_eigenvalue_zero(student, reference, T):
    want = np.array([1.0] + (T - 1) * [0.0])
    compare("the signal", student.rnn_signal(T, 0.0), want, axes="T")


@scores("lstm_signal", title="what is left of a signal")
@pytest.mark.parametrize(
    "T, forget, input_gate",
    [(1, 0.7, 0.3), (10, 0.9, 0.4), (40, 0.995, 1.0), (7, 1.0, 0.25), (21, 0.9, 0.8)],
)
def test_lstm_signal_values(student, reference, T, forget, input_gate):
    cell = [input_gate]
    for _ in range(T - 1):
        cell.append(forget * cell[-1])
    compare("the signal", student.lstm_signal(T, forget, input_gate), np.array(cell), axes="T")


@scores("lstm_signal", title="closed and open gates")
@pytest.mark.parametrize("forget, input_gate", [(0.0, 0.6), (0.8, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_lstm_signal_at_closed_and_open_gates(student, reference, forget, input_gate):
    want = input_gate * np.array([1.0, forget, forget, forget, forget])
    compare("the signal", student.lstm_signal(5, forget, input_gate), want, axes="T")


# --- build_memory_model ---------------------------------------------------------------------------


@scores("build_memory_model", title="shape and type of the logits")
@pytest.mark.parametrize("cell", CELLS)
def test_model_logits(student, reference, cell):
    for sizes in ((5, 7, 3, 8), (1, 4, 2, 5), (6, 2, 1, 1)):
        check_logits(student, cell, sizes)


@scores("build_memory_model", title="rows and calls do not depend on each other")
@pytest.mark.parametrize("cell", CELLS)
def test_model_rows_and_calls_are_independent(student, reference, cell):
    check_rows(student, cell)


@scores("build_memory_model", title="arrays and tensors as inputs")
@pytest.mark.parametrize("cell", CELLS)
def test_model_takes_arrays_and_tensors(student, reference, cell):
    check_inputs(student, cell)


@scores("build_memory_model", title="every step matters")
@pytest.mark.parametrize("cell", CELLS)
def test_model_hears_every_step(student, reference, cell):
    check_steps_count(student, cell)


@scores("build_memory_model", weight=2.0, title="every one of many steps matters")
@pytest.mark.parametrize("cell", CELLS)
def test_model_hears_every_step_of_many(student, reference, cell):
    model = student.build_memory_model(cell, 3, 6, 3)
    size = np.abs(input_gradient(student, model, inputs_case(2, 35, 3)))
    require(bool((size.max(axis=(0, 2)) > 0).all()), "an early step of x has no influence")


@scores("build_memory_model", title="the seed decides")
@pytest.mark.parametrize("cell", CELLS)
def test_model_seed(student, reference, cell):
    models = [student.build_memory_model(cell, 3, 6, seed) for seed in (0, 1, 0)]
    x = inputs_case(4, 5, 3)
    first, other, again = (logits_of(student, model, x) for model in models)
    compare("the logits of the same seed", again, first, tolerance=SINGLE)
    weights = [values_of(student, model) for model in models]
    require(same_values(weights[0], weights[2]), "the same seed gives other weights")
    require(float(np.abs(first - other).max()) > 1e-4, "another seed gives the same model")


@scores("build_memory_model", weight=2.0, title="the recurrent matrix can be found")
@pytest.mark.parametrize("K, H", [(3, 6), (4, 32)])
def test_model_names_its_recurrent_matrix(student, reference, K, H):
    check_recurrent_name(student, K, H)


@scores("build_memory_model", weight=2.0, title="a plain RNN with given weights")
@pytest.mark.parametrize("eigenvalue", [0.5, 1.0])
def test_rnn_profile_with_given_weights(student, reference, eigenvalue):
    check_decay(student, eigenvalue)


@scores("build_memory_model", title="the plain RNN has a tanh")
def test_rnn_has_a_tanh(student, reference):
    check_tanh(student)


@scores("build_memory_model", title="a plain RNN that halves its state")
def test_rnn_profile_held_at_one_half(student, reference):
    def holds(seed: int) -> bool:
        model = student.build_memory_model("rnn", 4, 32, seed)
        name = recurrent_in(student, model, 32)
        student.load_model_state(model, {name: 0.5 * orthogonal(seed, 32)})
        profile = profile_of(student, model, np.tile(recall_inputs(40, 4), (8, 1, 1)))
        return factor_per_step_back(profile) < 0.55

    require(majority(holds), "the gradient of an RNN held at 0.5 falls too slowly at T = 40")


# The forget bias is what the chapter is about: without it half of the function is lost.
@scores("build_memory_model", weight=50.0, title="an LSTM before training")
def test_lstm_profile_before_training(student, reference):
    check_lstm_remembers(student)


@scores("build_memory_model", weight=6.0, title="an LSTM that forgets in time")
def test_lstm_forgets_in_time(student, reference):
    """With weights near zero each step back costs the forget gate's value: a bias of 5 in total, and no more."""
    model = student.build_memory_model("lstm", 4, 32, 0)
    values = values_of(student, model)
    small = {name: 1e-4 * v if v.ndim == 2 else v for name, v in values.items()}
    student.load_model_state(model, small)
    profile = profile_of(student, model, recall_inputs(30, 4))
    factor = factor_per_step_back(profile[:-1])  # the last step also acts through the output gate
    require(factor < 0.9965, "the forget gate of an untrained LSTM is too close to 1")


@scores("build_memory_model", weight=5.0, title="numbers of parameters")
def test_cells_differ_in_size(student, reference):
    """An LSTM has four matrices where a GRU has three and an RNN one."""
    counts = []
    for cell in CELLS:
        values = values_of(student, student.build_memory_model(cell, 3, 6, 0))
        counts.append(sum(value.size for value in values.values()))
    rnn, lstm, gru = counts
    require(rnn < gru < lstm, "the three cells are not what their names say")


@scores("build_memory_model", weight=1.5, title="a cell that is not known")
@pytest.mark.parametrize("cell", ["elman", "LSTM", ""])
def test_unknown_cell(student, reference, cell):
    with raises(ValueError, naming="cell"):
        student.build_memory_model(cell, 3, 6, 0)


# --- set_recurrent_eigenvalue ---------------------------------------------------------------------


def rnn_to_hold(make: Make, student: Any, K: int, H: int, seed: int) -> tuple[Any, str]:
    """A vanilla RNN that says which matrix is its recurrent one, and the name of that."""
    model = make("rnn", K, H, seed)
    return model, recurrent_in(student, model, H) if H > 1 else student.attribute(
        model, "recurrent_name"
    )


@scores("set_recurrent_eigenvalue", weight=2.0, title="the eigenvalues of the matrix")
@pytest.mark.parametrize("eigenvalue", [0.5, 0.95, 1.0, 1.5, -0.7])
def test_held_matrix(student, reference, eigenvalue):
    def judge(make: Make) -> None:
        for K, H in ((3, 6), (4, 32), (2, 1)):
            model, name = rnn_to_hold(make, student, K, H, 0)
            student.set_recurrent_eigenvalue(model, eigenvalue)
            check_held(student, model, name, eigenvalue)

    on_sound_models(student, judge)


@scores("set_recurrent_eigenvalue", title="an eigenvalue of zero")
def test_held_at_zero(student, reference):
    def judge(make: Make) -> None:
        model, name = rnn_to_hold(make, student, 3, 6, 0)
        student.set_recurrent_eigenvalue(model, 0.0)
        require(not values_of(student, model)[name].any(), "an eigenvalue of 0 leaves a rest")
        require(name not in trained_in(student, model), "the recurrent matrix is still trained")

    on_sound_models(student, judge)


@scores("set_recurrent_eigenvalue", weight=3.0, title="everything else stays as it is")
def test_everything_else_stays(student, reference):
    def judge(make: Make) -> None:
        model, name = rnn_to_hold(make, student, 3, 6, 1)
        before, trained = values_of(student, model), trained_in(student, model)
        student.set_recurrent_eigenvalue(model, 0.9)
        after = values_of(student, model)
        require(sorted(after) == sorted(before), "the names of the parameters are others")
        others = {key: before[key] for key in before if key != name}
        kept = {key: after[key] for key in others}
        require(same_values(others, kept), "another parameter has new values")
        kept_trained = [key for key in trained if key != name]
        require(trained_in(student, model) == kept_trained, "which parameters are trained is wrong")

    on_sound_models(student, judge)


@scores("set_recurrent_eigenvalue", weight=3.0, title="the same model comes back")
def test_result_is_the_same_model(student, reference):
    def judge(make: Make) -> None:
        model, name = rnn_to_hold(make, student, 3, 6, 2)
        result = student.set_recurrent_eigenvalue(model, 0.8)
        check_held(student, result, name, 0.8)
        # What is written into the one must be read from the other.
        student.load_model_state(result, {name: 0.25 * np.eye(6)})
        found = values_of(student, model)[name].astype(np.float64)
        compare("the matrix of the model", found, 0.25 * np.eye(6), axes="H H")

    on_sound_models(student, judge)


@scores("set_recurrent_eigenvalue", weight=2.0, title="the matrix set twice")
def test_held_once_more(student, reference):
    def judge(make: Make) -> None:
        model, name = rnn_to_hold(make, student, 3, 6, 3)
        for eigenvalue in (0.5, 1.1, 0.0, 0.7):
            student.set_recurrent_eigenvalue(model, eigenvalue)
        check_held(student, model, name, 0.7)

    on_sound_models(student, judge)


@scores("set_recurrent_eigenvalue", weight=2.0, title="two models at once")
def test_two_models_at_once(student, reference):
    def judge(make: Make) -> None:
        one, name = rnn_to_hold(make, student, 3, 6, 4)
        other, _ = rnn_to_hold(make, student, 3, 6, 4)
        student.set_recurrent_eigenvalue(one, 0.5)
        require(name in trained_in(student, other), "another model was changed, too")
        student.set_recurrent_eigenvalue(other, 0.9)
        check_held(student, one, name, 0.5)
        check_held(student, other, name, 0.9)

    on_sound_models(student, judge)


def check_spread(student: Any, make: Make, eigenvalue: float) -> None:
    """The eigenvalues of the random matrix are neither few nor all on one side of the circle.

    Identity and signs leave half of the circle empty, one or two reflections nearly all of it. Of 200 matrices of 32
    units each, orthogonal factors of normal or uniform draws left at most 0.62, shuffles of the units 0.79, exponentials
    1.15 and Cayley transforms 2.99; the mean square of their eigenvalues had a size of at most 0.67.
    """

    def holds(seed: int) -> bool:
        model, name = rnn_to_hold(make, student, 4, 32, seed)
        student.set_recurrent_eigenvalue(model, eigenvalue, 100 + seed)
        check_held(student, model, name, eigenvalue)
        found = np.linalg.eigvals(values_of(student, model)[name].astype(np.float64) / eigenvalue)
        angles = np.sort(np.angle(found))
        gaps = np.diff(np.append(angles, angles[0] + 2 * np.pi))
        return bool(gaps.max() < 3.1 and abs((found**2).mean()) < 0.9)

    require(majority(holds), "with a seed, the eigenvalues do not spread over the circle")


# With a seed the matrix is a random one: half of the function.
@scores("set_recurrent_eigenvalue", weight=17.0, title="how the seed spreads the eigenvalues")
@pytest.mark.parametrize("eigenvalue", [1.0, 0.95])
def test_seed_spreads_the_eigenvalues(student, reference, eigenvalue):
    on_sound_models(student, lambda make: check_spread(student, make, eigenvalue))


def held_by_seed(
    student: Any, make: Make, H: int, model_seed: int, eigenvalue: float, seed: int, before: int
) -> np.ndarray:
    """The matrix of a model that was held by another seed before."""
    model, name = rnn_to_hold(make, student, 3, H, model_seed)
    student.set_recurrent_eigenvalue(model, 0.7, seed=before)
    student.set_recurrent_eigenvalue(model, eigenvalue, seed=seed)
    check_held(student, model, name, eigenvalue)
    return values_of(student, model)[name].astype(np.float64)


@scores("set_recurrent_eigenvalue", weight=2.0, title="the seed decides")
@pytest.mark.parametrize("seeds", [(0, 1), (12, 345678)], ids=str)
def test_seed_decides_the_matrix(student, reference, seeds):
    one, other = seeds

    def judge(make: Make) -> None:
        first = held_by_seed(student, make, 6, 0, 0.9, one, other)
        again = held_by_seed(student, make, 6, 1, 0.9, one, 7)
        apart = held_by_seed(student, make, 6, 0, 0.9, other, one)
        compare("the matrix of the same seed", again, first, axes="H H", tolerance=SINGLE)
        require(float(np.abs(apart - first).max()) > 1e-3, "another seed gives the same matrix")
        for matrix in (first, apart):
            beside = matrix - np.diag(np.diag(matrix))
            require(float(np.abs(beside).max()) > 1e-3, "with a seed, no unit listens to another")
        twice = held_by_seed(student, make, 6, 0, -1.8, one, other)
        compare("the matrix at another eigenvalue", twice, -2 * first, "H H", tolerance=SINGLE)

    on_sound_models(student, judge)


@scores("set_recurrent_eigenvalue", title="a single unit")
def test_seed_and_a_single_unit(student, reference):
    def judge(make: Make) -> None:
        held_by_seed(student, make, 1, 0, 0.9, 3, 4)

    on_sound_models(student, judge)


# --- gradient_profile -----------------------------------------------------------------------------


@scores("gradient_profile", weight=2.0, title="the gradient at every step")
@pytest.mark.parametrize(
    "cell, sizes",
    [
        ("rnn", (1, 4, 2, 5)),
        ("rnn", (5, 7, 3, 6)),
        ("lstm", (1, 4, 2, 5)),
        ("lstm", (3, 20, 4, 16)),
        ("gru", (5, 7, 3, 6)),
    ],
    ids=str,
)
def test_profile_values(student, reference, cell, sizes):
    N, T, K, H = sizes
    x = inputs_case(N, T, K)

    def judge(make: Make) -> None:
        model = make(cell, K, H, 0)
        want = profile_of(student, model, x)
        got = student.gradient_profile(model, x)
        compare("the profile", got, want, axes="T", tolerance=SINGLE)

    on_sound_models(student, judge)


@scores("gradient_profile", title="a model with given weights")
@pytest.mark.parametrize("eigenvalue", [0.5, 1.0, 1.1])
def test_profile_with_given_weights(student, reference, eigenvalue):
    x = recall_inputs(40, 3)

    def judge(make: Make) -> None:
        model = make("rnn", 3, 8, 1)
        make_linear(student, model, 8, eigenvalue * np.eye(8))
        profile = student.gradient_profile(model, x)
        compare("the profile", profile, profile_of(student, model, x), "T", tolerance=SINGLE)
        want = eigenvalue ** np.arange(40.0)[::-1]
        compare("its decay", np.asarray(profile) / profile[-1], want, "T", tolerance=1e-3)

    on_sound_models(student, judge)


@scores("gradient_profile", weight=1.5, title="other sizes")
def test_profile_width(student, reference):
    x = inputs_case(3, 4, 2)

    def judge(make: Make) -> None:
        model = make("gru", 2, 5, 8)
        want, got = profile_of(student, model, x), student.gradient_profile(model, x)
        compare("the profile", got, want, axes="T", tolerance=SINGLE, dtype=np.float64)

    on_sound_models(student, judge)


@scores("gradient_profile", weight=1.5, title="other inputs")
@pytest.mark.parametrize("kind", ["array32", "tensor64", "tensor32"])
def test_profile_of_other_inputs(student, reference, kind):
    x = inputs_case(4, 5, 3)
    given = {
        "array32": x.astype(np.float32),
        "tensor64": torch.from_numpy(x.copy()),
        "tensor32": torch.from_numpy(x.astype(np.float32)),
    }[kind]

    def judge(make: Make) -> None:
        model = make("gru", 3, 6, 2)
        want = profile_of(student, model, x)
        got = student.gradient_profile(model, given)
        compare("the profile", got, want, axes="T", tolerance=SINGLE)

    on_sound_models(student, judge)


@scores("gradient_profile", title="two calls in turn")
def test_profile_called_again(student, reference):
    def judge(make: Make) -> None:
        model, other = make("lstm", 3, 6, 3), make("rnn", 3, 6, 4)
        x, shorter = inputs_case(4, 6, 3), inputs_case(2, 3, 3)
        for turn, batch in ((model, x), (model, x), (other, x), (model, shorter), (model, x)):
            want = profile_of(student, turn, batch)
            got = student.gradient_profile(turn, batch)
            compare("the profile", got, want, axes="T", tolerance=SINGLE)

    on_sound_models(student, judge)


@scores("gradient_profile", title="a model whose parameters are not trained")
def test_profile_of_a_model_without_trained_parameters(student, reference):
    x = inputs_case(3, 5, 2)

    def judge(make: Make) -> None:
        model = make("rnn", 2, 6, 5)
        student.method(model, "requires_grad_", False)
        want = profile_of(student, model, x)
        got = student.gradient_profile(model, x)
        compare("the profile", got, want, axes="T", tolerance=SINGLE)

    on_sound_models(student, judge)


@scores("gradient_profile", title="the model stays as it is")
def test_profile_changes_nothing(student, reference):
    x = inputs_case(3, 5, 2)

    def judge(make: Make) -> None:
        model = make("lstm", 2, 6, 6)
        check_nothing_left(student, model, lambda: student.gradient_profile(model, x))
        before, trained = values_of(student, model), trained_in(student, model)
        unchanged(student, "gradient_profile", model, x)
        unchanged(student, "gradient_profile", model, torch.from_numpy(x.copy()))
        require(same_values(before, values_of(student, model)), "the model has other weights")
        require(trained == trained_in(student, model), "parameters are no longer trained")

    on_sound_models(student, judge)


@scores("gradient_profile", weight=2.0, title="many steps")
def test_profile_of_many_steps(student, reference):
    """Each step apart: the largest would hide the others."""
    x = inputs_case(3, 35, 2)

    def judge(make: Make) -> None:
        model = make("rnn", 2, 7, 7)
        make_linear(student, model, 7, 0.8 * np.eye(7))
        want = profile_of(student, model, x)
        got = student.gradient_profile(model, x)
        compare("the profile", got, want, axes="T", tolerance=SINGLE)
        for first in range(0, 35, 5):
            part = slice(first, first + 5)
            compare(f"the profile from step {first + 1}", got[part], want[part], tolerance=SINGLE)

    on_sound_models(student, judge)


# --- train_recall ---------------------------------------------------------------------------------

BATCHES = ("recall_batch",)


def plain_of(value: Any) -> Any:
    """A tensor as an array; that a plain number is asked for costs one test."""
    return value.detach().numpy() if isinstance(value, torch.Tensor) else value


def losses_of(student: Any, model: Any, T: int, K: int, steps: int, seed: int) -> Sequence[float]:
    """Train; the losses must be as many finite numbers as there are steps."""
    losses = student.train_recall(model, T, K, steps, seed)
    require(isinstance(losses, (list, tuple)), "the losses are no list")
    require(len(losses) == steps, "there should be one loss per update")
    numbers = (int, float, np.number, np.ndarray, torch.Tensor)
    require(
        all(isinstance(loss, numbers) and np.shape(loss) == () for loss in losses),
        "the losses are no numbers",
    )
    plain = [float(plain_of(loss)) for loss in losses]
    require(bool(np.isfinite(plain).all()), "a loss is not finite")
    return plain


@scores("train_recall", steps=BATCHES, title="losses and changed weights")
@pytest.mark.parametrize("cell", CELLS)
def test_training_reports_losses_and_changes_weights(student, reference, cell):
    def judge(make: Make) -> None:
        model = make(cell, 3, 7, 0)
        before, trained = values_of(student, model), trained_in(student, model)
        losses_of(student, model, 4, 3, 1, 0)
        losses_of(student, model, 4, 3, 6, 0)
        after = values_of(student, model)
        require(trained == trained_in(student, model), "which parameters are trained is wrong")
        matrices = [name for name in trained if before[name].ndim == 2]
        moved = [not np.array_equal(before[name], after[name]) for name in matrices]
        require(all(moved), "a trainable matrix was not trained")

    on_sound_models(student, judge)


@scores("train_recall", weight=2.0, steps=BATCHES, title="the seed decides")
def test_training_seed(student, reference):
    def judge(make: Make) -> None:
        runs = []
        for seed in (3, 4, 3):
            model = make("gru", 4, 9, 1)
            runs.append(np.array(losses_of(student, model, 3, 4, 8, seed)))
        first, other, again = runs
        compare("the losses of the same seed", again, first, tolerance=SINGLE)
        require(float(np.abs(first - other).max()) > 1e-6, "another seed gives the same losses")

    on_sound_models(student, judge)


@scores(
    "train_recall", weight=4.0, steps=BATCHES, title="a matrix that is not trained stays as it is"
)
def test_training_leaves_a_held_matrix_alone(student, reference):
    def judge(make: Make) -> None:
        model = make("rnn", 3, 8, 2, 0.9)
        name = recurrent_in(student, model, 8)
        before = values_of(student, model)
        losses_of(student, model, 4, 3, 12, 0)
        after = values_of(student, model)
        require(name not in trained_in(student, model), "the held matrix became trainable")
        require(np.array_equal(before[name], after[name]), "the held matrix was changed")
        require(not same_values(before, after), "nothing was trained")

    on_sound_models(student, judge)


def loss_of(student: Any, model: Any, T: int, K: int) -> np.ndarray:
    """The cross-entropy of each of the K different sequences."""
    logits = answers_of(student, model, T, K)
    below_the_best = logits - logits.max(axis=1, keepdims=True)
    return np.log(np.exp(below_the_best).sum(axis=1)) - np.diag(below_the_best)


@scores(
    "train_recall", weight=3.0, steps=BATCHES, title="the first loss is the one before the update"
)
def test_first_loss_is_the_one_before_the_update(student, reference):
    """All symbols have the same loss, so that of any batch is known."""

    def judge(make: Make) -> None:
        for seed in (0, 1):
            model = latch(student, make, 4, [1, 2, 3, 0])
            each = loss_of(student, model, 4, 4)
            (loss,) = losses_of(student, model, 4, 4, 1, seed)
            compare("the first loss", np.array([loss]), each[:1], tolerance=SINGLE)

    on_sound_models(student, judge)


SURE = 1e4  # the size of logits that a bounded update hardly changes


@scores("train_recall", weight=4.0, steps=BATCHES, title="each loss is that of its own batch")
def test_losses_are_those_of_their_own_batches(student, reference):
    """One symbol alone is answered wrongly, so a loss counts that symbol in its batch: from one batch to the next it jumps.

    Over 20 seeds the variance of the jumps is twice that of the first losses. A running mean that takes a tenth of each
    new loss has a hundredth of that. An F distribution of 19 and 19 degrees of freedom is below 0.1 once in a million.
    """

    def judge(make: Make) -> None:
        model = latch(student, make, 2, [1, 1, 2, 3], sure=SURE)
        weights, losses = values_of(student, model), []
        for seed in range(20):
            student.load_model_state(model, weights)
            losses.append(losses_of(student, model, 2, 4, 2, seed))
        first, second = np.array(losses).T / SURE
        require(first.mean() > 0.1, "the losses are not those of single batches")
        if first.std() < 1e-3:
            return  # as many of each symbol in every batch
        jumps = (second - first).var() / (2 * first.var())
        require(jumps > 0.1, "the losses are not those of single batches")

    on_sound_models(student, judge)


@scores("train_recall", weight=4.0, steps=BATCHES, title="losses are plain numbers")
def test_losses_are_plain_numbers(student, reference):
    def judge(make: Make) -> None:
        losses = student.train_recall(make("rnn", 3, 7, 0), 4, 3, 2, 0)
        plain = [isinstance(loss, (int, float, np.number, np.ndarray)) for loss in losses]
        require(len(plain) == 2 and all(plain), "the losses are no plain numbers")
        require(all(float(loss) > 0.0 for loss in losses), "a cross-entropy is above 0")
        require(len(set(map(float, losses))) == 2, "the model changes, and its loss does not")

    on_sound_models(student, judge)


@scores("train_recall", weight=4.0, steps=BATCHES, title="one enormous gradient does no harm")
def test_one_enormous_gradient_does_no_harm(student, reference):
    """The first gradient is enormous: clipped, it is one update among others."""

    def judge(make: Make) -> None:
        def learns(updates: int) -> bool:
            model = make("rnn", 4, 32, 3)
            student._session.define(LEFT)
            student._session.call("_enormous_at_first", (model, 1e8))
            losses_of(student, model, 3, 4, updates, 1)
            return share_right(student, model, 3, 4) == 1.0

        require(learns(FEW) or learns(ALL), "after one enormous gradient nothing is learnt")

    on_trainable_models(student, judge)


@scores("train_recall", weight=2.0, steps=BATCHES, title="training lowers the loss")
def test_training_lowers_the_loss(student, reference):
    """A short delay is easy for every cell: the loss of a guess is ln 4."""

    def judge(make: Make) -> None:
        def falls(updates: int) -> bool:
            model = make("rnn", 4, 32, 3)
            losses = losses_of(student, model, 3, 4, updates, 1)
            falling = float(np.mean(losses[-20:])) < float(np.mean(losses[:3])) / 2
            # The last losses are those of the model as it is now: noticeably lower than a mean over the training.
            now = float(loss_of(student, model, 3, 4).mean())
            require(
                not falling or float(np.mean(losses[-3:])) < 3 * now + 0.05,
                "the last losses are not those of the trained model",
            )
            return falling and share_right(student, model, 3, 4) == 1.0

        require(falls(FEW) or falls(ALL), "the loss hardly falls, or T = 3 is not recalled")

    on_trainable_models(student, judge)


# What the training sees is what the function is about: half of it.
@scores("train_recall", weight=38.0, steps=BATCHES, title="every update sees a fresh batch")
def test_training_sees_fresh_batches(student, reference):
    """Of forty symbols one batch misses some, and those are never learnt from it."""

    def judge(make: Make) -> None:
        def all_learnt(updates: int) -> bool:
            K = 40
            model = make("rnn", K, 32, 4)
            losses_of(student, model, 2, K, updates, 2)
            logits = answers_of(student, model, 2, K)
            odds = np.exp(logits - logits.max(axis=1, keepdims=True))
            return bool((np.diag(odds) / odds.sum(axis=1) > 1 / K).all())

        require(all_learnt(100) or all_learnt(400), "some symbols were never learnt")

    on_trainable_models(student, judge)


@scores("train_recall", weight=4.0, steps=BATCHES, title="sequences of the given length")
def test_training_uses_the_length(student, reference):
    """Every unit changes its sign at each step: sequences of another length teach the opposite."""

    def judge(make: Make) -> None:
        def recalls(updates: int) -> bool:
            model = make("rnn", 4, 32, 5, 0.9)
            name = recurrent_in(student, model, 32)
            student.load_model_state(model, {name: -0.9 * np.eye(32)})
            losses_of(student, model, 6, 4, updates, 3)
            return share_right(student, model, 6, 4) == 1.0

        require(recalls(100) or recalls(ALL), "the symbols are not recalled at T = 6")

    on_trainable_models(student, judge)


def check_batches(student: Any, T: int, K: int) -> None:
    """A training on other sequences would be in vain: with a wrong `recall_batch` this test runs with a right one."""
    x, targets = student.recall_batch(6, T, K, 0)
    compare("the x of recall_batch", x, recall_inputs(T, K)[targets], axes="N T K")


@scores("train_recall", weight=6.0, steps=BATCHES, seconds=TRAINING, title="a trained LSTM recalls")
def test_trained_lstm_recalls(student, reference):
    def judge(make: Make) -> None:
        def recalls(seed: int, updates: int) -> bool:
            model = make("lstm", 4, 32, seed)
            losses_of(student, model, 40, 4, updates, 10 + seed)
            return share_right(student, model, 40, 4) >= 0.95

        def holds(seed: int) -> bool:
            return recalls(seed, FEW) or recalls(seed, ALL)

        require(holds(0) or (holds(1) and holds(2)), "a trained LSTM does not recall at T = 40")

    check_batches(student, 40, 4)
    on_trainable_models(student, judge)


# --- recall_accuracy ------------------------------------------------------------------------------

SYMBOLS = [0, 1, 2, 3]


def latch(
    student: Any,
    make: Make,
    T: int,
    answers: list[int],
    gain: float = 2.0,
    cue: bool = False,
    sure: float = 1.0,
) -> Any:
    """A vanilla RNN that remembers for ever and answers `answers[k]` to symbol k.

    Symbol k sets unit k, and a recurrent matrix of `gain` times I holds it; with a negative gain the unit changes its sign
    at each step. With `cue`, every answer is symbol 0 as long as there is no cue: a unit that each symbol sets says so,
    and one that the cue sets takes it back. Logits are of the size `sure`. Where a model has another form than the usual one, a lent one is used.
    """
    K, H = len(answers), 2 * len(answers)
    read_in, readout = np.zeros((H, K + 1)), np.zeros((K, H))
    for symbol, answer in enumerate(answers):
        read_in[symbol, symbol] = 3.0
        readout[answer, symbol] = sure
    if cue:
        read_in[K, :K], read_in[K + 1, K] = 3.0, 3.0
        # tanh(3) = 0.9951 at the cue's own step, and 0.9575 is the fixed point of tanh(2 h).
        readout[0, K], readout[0, K + 1] = 4.0, -4.0 * 0.9575 / 0.9951
    wanted = [read_in, readout, gain * np.eye(H)]
    right = [answer == symbol for symbol, answer in enumerate(answers)]
    expected = float(np.mean(right)) if gain > 0 or T % 2 else 0.0
    for source in (make, functools.partial(lent_model, student)):
        model = source("rnn", K, H, 0)
        loaded = {}
        for name, value in values_of(student, model).items():
            fits = [array for array in wanted if array.shape == value.shape]
            turned = [array.T for array in wanted if array.T.shape == value.shape]
            loaded[name] = (fits or turned or [np.zeros(value.shape)])[0]
        student.load_model_state(model, loaded)
        if share_right(student, model, T, K) == expected:
            break
    return model


def accuracy_of(student: Any, model: Any, T: int, K: int, seed: int) -> float:
    value = plain_of(student.recall_accuracy(model, T, K, seed))
    plain = isinstance(value, (int, float, np.number, np.ndarray)) and np.shape(value) == ()
    require(plain, "the accuracy is no number")
    require(0.0 <= float(value) <= 1.0, "the accuracy is not between 0 and 1")
    return float(value)


def turned(answers: list[int]) -> list[int]:
    """The same answers, each to the symbol before: all of them wrong."""
    return answers[1:] + answers[:1]


# Each test asks about a model that is right and one that is not, so that a constant earns nothing.


@scores("recall_accuracy", weight=2.0, steps=BATCHES, title="a model that remembers")
@pytest.mark.parametrize(
    "K, gain, T",
    [(4, 2.0, 7), (4, 2.0, 40), (2, 2.0, 2), (3, 2.0, 5), (7, 2.0, 6), (4, -2.0, 7)],
    ids=["four", "late", "two", "three", "seven", "odd_length"],
)
def test_accuracy_of_a_latch(student, reference, K, gain, T):
    def judge(make: Make) -> None:
        symbols = list(range(K))
        # With a negative gain an even length turns every answer round, and a wrong one does not become right by it.
        other = (T + 1, symbols) if gain < 0 else (T, turned(symbols))
        for (length, answers), want in (((T, symbols), 1.0), (other, 0.0)):
            model = latch(student, make, length, answers, gain)
            for seed in (0, 1):
                got = accuracy_of(student, model, length, K, seed)
                require(abs(got - want) < 1e-6, "the accuracy is not the share of right answers")

    on_sound_models(student, judge)


@scores("recall_accuracy", steps=BATCHES, title="a plain number")
def test_accuracy_is_a_plain_number(student, reference):
    def judge(make: Make) -> None:
        model = latch(student, make, 4, SYMBOLS)
        value = student.recall_accuracy(model, 4, 4, 0)
        require(
            not isinstance(value, torch.Tensor), "the accuracy is a tensor, it should be a float"
        )
        require(abs(float(value) - 1.0) < 1e-6, "the accuracy is not the share of right answers")

    on_sound_models(student, judge)


@scores("recall_accuracy", steps=BATCHES, title="a model that waits for the cue")
def test_accuracy_with_a_cue(student, reference):
    def judge(make: Make) -> None:
        for answers, want in ((SYMBOLS, 1.0), ([2, 3, 1, 0], 0.0)):
            model = latch(student, make, 6, answers, cue=True)
            got = accuracy_of(student, model, 6, 4, 0)
            require(abs(got - want) < 1e-6, "a model that answers at the cue is judged wrongly")

    on_sound_models(student, judge)


@scores("recall_accuracy", steps=BATCHES, title="a model that is right in part")
@pytest.mark.parametrize("answers, want", [([0, 1, 3, 2], 0.5), ([0, 0, 0, 0], 0.25)], ids=str)
def test_accuracy_of_a_half_right_model(student, reference, answers, want):
    """With 256 sequences the chance error is 0.031 at most; the mean of eight batches has a third of it."""

    def judge(make: Make) -> None:
        model = latch(student, make, 5, answers)
        seen = [accuracy_of(student, model, 5, 4, seed) for seed in range(8)]
        require(abs(float(np.mean(seen)) - want) < 0.055, "the accuracy is systematically off")

    on_sound_models(student, judge)


@scores("recall_accuracy", steps=BATCHES, title="enough sequences")
def test_accuracy_batch_is_large(student, reference):
    """All accuracies of a batch of n are multiples of 1 / n, and not all of a smaller fraction."""

    def judge(make: Make) -> None:
        model = latch(student, make, 3, [0, 1, 3, 2])
        seen = np.array([accuracy_of(student, model, 3, 4, seed) for seed in range(20)])
        for size in range(1, 256):
            multiples = seen * size
            off = np.abs(multiples - np.round(multiples)).max()
            require(bool(off > 1e-4), "the batch is smaller than it should be")

    on_sound_models(student, judge)


@scores("recall_accuracy", steps=BATCHES, title="the seed decides")
def test_accuracy_seed(student, reference):
    def judge(make: Make) -> None:
        model = latch(student, make, 3, [0, 1, 3, 2])
        seen = [accuracy_of(student, model, 3, 4, seed) for seed in (0, 1, 2, 3, 4, 0)]
        require(seen[0] == seen[-1], "the same seed gives another accuracy")
        require(len(set(seen)) > 1, "every seed gives the same batch")

    on_sound_models(student, judge)


@scores("recall_accuracy", steps=BATCHES, title="the model stays as it is")
def test_accuracy_changes_nothing(student, reference):
    def judge(make: Make) -> None:
        model = make("lstm", 3, 6, 6)
        check_nothing_left(student, model, lambda: student.recall_accuracy(model, 4, 3, 0))
        before, trained = values_of(student, model), trained_in(student, model)
        got = accuracy_of(student, model, 4, 3, 0)
        want = share_right(student, model, 4, 3)
        require(abs(got - want) < 0.15, "the accuracy is not the share of right answers")
        require(same_values(before, values_of(student, model)), "the model has other weights")
        require(trained == trained_in(student, model), "parameters are no longer trained")

    on_sound_models(student, judge)
