"""A simulation beside the student's own function, as a notebook widget.

The page says on which inputs to run the function; what comes back is drawn over our own result. So there is no second
copy of any model here, only the loops around a step.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Step = Callable[..., Any]
Inputs = Mapping[str, Any]

# What anywidget runs: new settings are a request, and the answer is drawn when it belongs to the present settings.
HOST = """
export default {
  render({ model, el }) {
    const shown = render(el, {
      student: (settings) => {
        model.set("request", { settings, inputs: inputs(settings) });
        model.save_changes();
      },
    });
    const follow = () => {
      const answer = model.get("answer");
      if (answer.settings) shown.follow(answer.settings, answer);
    };
    model.on("change:answer", follow);
    follow();
    return () => {
      model.off("change:answer", follow);
      shown.remove();
    };
  },
};
"""


class Unusable(ValueError):
    """What the student's function returned cannot be drawn."""


def _array(value: Any, shape: tuple[int, ...], what: str) -> np.ndarray:
    detach = getattr(value, "detach", None)
    array = np.asarray(detach() if detach else value, dtype=float)
    if array.shape != shape:
        raise Unusable(f"{what} has the shape {array.shape}, expected {shape}")
    if not np.isfinite(array).all():
        raise Unusable(f"{what} is not finite")
    return array


def _first(result: Any) -> Any:
    return result[0] if isinstance(result, (tuple, list)) else result


def _arrays(params: Mapping[str, Any]) -> dict[str, np.ndarray]:
    return {name: np.array(value, dtype=float) for name, value in params.items()}


def _unfolding(step: Step, inputs: Inputs) -> dict[str, Any]:
    states = [float(inputs["h0"])]
    for x in inputs["x"]:
        h = step(states[-1], float(x), dict(inputs["theta"]))
        states.append(float(_array(h, (), "your state")))
    return {"states": states}


def _rnn_states(step: Step, inputs: Inputs, x: np.ndarray, h: np.ndarray) -> list[np.ndarray]:
    params, states = _arrays(inputs["params"]), [h]
    for x_t in x:
        result = step(x_t.copy(), states[-1].copy(), params)
        states.append(_array(_first(result), h.shape, "your h"))
    return states


def _forward_pass(step: Step, inputs: Inputs) -> dict[str, Any]:
    x = np.array(inputs["x"], dtype=float)[:, None, None]
    states = _rnn_states(step, inputs, x, np.array(inputs["h0"], dtype=float)[None])
    return {"states": [state[0].tolist() for state in states]}


def _memory_playground(step: Step, inputs: Inputs) -> dict[str, Any]:
    # One batch of two: the signal and its opposite. Half of what tells them apart is the signal that is left.
    x = np.repeat(np.array(inputs["x"], dtype=float)[:, None], 2, axis=1)
    states = _rnn_states(step, inputs, x, np.array(inputs["h0"], dtype=float))
    lengths = [float(np.linalg.norm(state[0] - state[1])) for state in states]
    return {"rnn": [length / lengths[0] for length in lengths]}


def _gradient_flow(step: Step, inputs: Inputs) -> dict[str, Any]:
    states, weights = np.array(inputs["states"], float), np.array(inputs["Whh"], float)
    delta = np.array(inputs["delta"], float)
    norms = [float(np.linalg.norm(delta))]
    for h in states[:0:-1]:
        jacobian = _array(step(h.copy(), weights.copy()), weights.shape, "your Jacobian")
        delta = jacobian.T @ delta
        norms.insert(0, float(np.linalg.norm(delta)))
    return {"norms": norms}


def _lstm_cell(step: Step, inputs: Inputs) -> dict[str, Any]:
    params = _arrays(inputs["params"])
    h, c = np.array([inputs["h0"]], float), np.array([inputs["c0"]], float)
    hidden, cell = [h], [c]
    for x in inputs["x"]:
        result = step(np.array([[x]], float), hidden[-1].copy(), cell[-1].copy(), params)
        if not isinstance(result, (tuple, list)) or len(result) < 2:
            raise Unusable("your step returns no h and c")
        hidden.append(_array(result[0], h.shape, "your h"))
        cell.append(_array(result[1], c.shape, "your c"))
    return {"hidden": [v.item() for v in hidden], "cell": [v.item() for v in cell]}


def _encoder_decoder(step: Step, inputs: Inputs) -> dict[str, Any]:
    queries, states = np.array(inputs["queries"], float), np.array(inputs["states"], float)
    steps = len(queries)
    arguments = (queries, np.repeat(states[None], steps, axis=0), np.ones((steps, steps), bool))
    params = _arrays(inputs["params"])
    # The chapter of this function works on tensors. Whoever wrote it has torch loaded; this package does without.
    torch = sys.modules.get("torch")
    if torch is None:
        result = step(*arguments, params)
    else:
        tensors = {name: torch.from_numpy(value) for name, value in params.items()}
        result = step(*map(torch.from_numpy, arguments), tensors)
    if not isinstance(result, (tuple, list)) or len(result) < 2:
        raise Unusable("your function returns no context and weights")
    return {"weights": _array(result[1], (steps, steps), "your weights").tolist()}


DRIVERS: dict[str, Callable[[Step, Inputs], dict[str, Any]]] = {
    "unfolding": _unfolding,
    "forward_pass": _forward_pass,
    "gradient_flow": _gradient_flow,
    "lstm_cell": _lstm_cell,
    "encoder_decoder": _encoder_decoder,
    "memory_playground": _memory_playground,
}


def drive(name: str, step: Step, inputs: Inputs) -> dict[str, Any]:
    """Run the student's function on a simulation's inputs; what goes wrong in it is a sentence under `problem`."""
    try:
        with np.errstate(all="ignore"):
            return DRIVERS[name](step, inputs)
    except Unusable as problem:
        return {"problem": f"Not drawn: {problem}."}
    except (
        Exception
    ) as error:  # the student's code may raise anything, and the figure should say what
        return {"problem": f"Your function raised {type(error).__name__}: {error}"}


def widget(name: str, step: Step, script: str, stylesheet: str) -> Any:
    """Return a widget that draws the student's function beside ours.

    Args:
        name: of the simulation.
        step: the student's function.
        script: the simulation's module.
        stylesheet: the style of all simulations.
    """
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise ImportError(
            "seqlab.sim(…, step=…) needs the package anywidget: pip install anywidget"
        ) from error

    class Driven(anywidget.AnyWidget):
        _esm = script + HOST
        _css = stylesheet
        request = traitlets.Dict().tag(sync=True)
        answer = traitlets.Dict().tag(sync=True)

        @traitlets.observe("request")
        def _answer(self, change: Any) -> None:
            wanted = change["new"]
            self.answer = {
                "settings": wanted["settings"],
                **drive(name, step, wanted["inputs"]),
            }

    return Driven()
