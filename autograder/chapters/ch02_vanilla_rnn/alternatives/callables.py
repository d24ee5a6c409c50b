"""Instances, partials and lambdas bound to the names; closures and named tuples as caches."""

import functools
from collections import OrderedDict
from typing import NamedTuple

import numpy as np


class StepResult(NamedTuple):
    h: np.ndarray
    cache: object


class StepGradients(NamedTuple):
    dx: np.ndarray
    dh: np.ndarray
    grads: dict


class Step:
    def __call__(self, x, h_prev, params):
        h = np.tanh(np.dot(params["Whh"], h_prev.T).T + np.dot(x, params["Wxh"].T) + params["bh"])

        def pull(dh):
            da = np.multiply(dh, np.subtract(1.0, np.square(h)))
            grads = OrderedDict(bh=da.sum(0), Whh=da.T.dot(h_prev), Wxh=da.T.dot(x))
            return StepGradients(da.dot(params["Wxh"]), da.dot(params["Whh"]), grads)

        return StepResult(h, pull)


def _pull(gradient, pullback):
    return pullback(gradient)


class Unrolled:
    """Forward when it is made; the made object is the pair of results."""

    def __new__(cls, x, h0, params):
        pulls, states = [], [h0]
        for x_t in x.swapaxes(0, 1):
            h, pull = rnn_step_forward(x_t, states[-1], params)
            states.append(h)
            pulls.append(pull)
        return [np.array(states[1:]).swapaxes(0, 1), functools.partial(cls.pull, tuple(pulls))]

    @staticmethod
    def pull(pulls, dh):
        def back(t, later):
            dx, earlier, grads = rnn_step_backward(dh[:, t] + later, pulls[t])
            if t == 0:
                return [dx], earlier, grads
            dxs, dh0, others = back(t - 1, earlier)
            return [*dxs, dx], dh0, {name: grads[name] + others[name] for name in grads}

        dxs, dh0, grads = back(dh.shape[1] - 1, np.zeros_like(dh[:, -1]))
        return StepGradients(np.stack(dxs, 1), dh0, grads)


class Readout:
    @classmethod
    def forward(cls, h, readout):
        return h @ readout["Why"].T + readout["by"], lambda dy: (
            dy @ readout["Why"],
            {"Why": sum(d.T @ s for d, s in zip(dy, h)), "by": sum(d.sum(0) for d in dy)},
        )


rnn_step_forward = Step()
rnn_step_backward = _pull
rnn_forward = Unrolled
rnn_backward = functools.partial(_pull)
readout_forward = Readout.forward
readout_backward = lambda dy, cache: list(cache(dy))  # noqa: E731
