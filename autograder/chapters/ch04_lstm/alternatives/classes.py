"""Instances with `__call__`, classes and partials bound to the names; named tuples as results and caches."""

from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from functools import partial

import numpy as np

Step = namedtuple("Step", "h c cache")
StepGradients = namedtuple("StepGradients", "dx dh_prev dc_prev grads")
Layer = namedtuple("Layer", "h c cache")


@dataclass
class Remembered:
    joined: np.ndarray
    c_prev: np.ndarray
    gates: dict
    squashed: np.ndarray
    params: dict


class Logistic:
    def __call__(self, z):
        with np.errstate(over="ignore"):
            return 1.0 / (1.0 + np.exp(-z))

    def slope(self, value):
        return value * (1.0 - value)


class HyperbolicTangent:
    def __call__(self, z):
        return np.tanh(z)

    def slope(self, value):
        return 1.0 - value**2


SQUASH = {"f": Logistic(), "i": Logistic(), "o": Logistic(), "c": HyperbolicTangent()}


class StepForward:
    def __call__(self, x, h_prev, c_prev, params):
        joined = np.block([h_prev, x])
        g = {k: SQUASH[k](joined @ params[f"W{k}"].T + params[f"b{k}"]) for k in SQUASH}
        c = g["f"] * c_prev + g["i"] * g["c"]
        squashed = np.tanh(c)
        return Step(g["o"] * squashed, c, Remembered(joined, c_prev, g, squashed, params))


class StepBackward:
    def __call__(self, dh, dc, cache):
        g = cache.gates
        at_c = dc + dh * g["o"] * (1 - cache.squashed**2)
        outer = {
            "f": at_c * cache.c_prev,
            "i": at_c * g["c"],
            "o": dh * cache.squashed,
            "c": at_c * g["i"],
        }
        grads, at_joined = OrderedDict(), 0
        for k, value in outer.items():
            dz = value * SQUASH[k].slope(g[k])
            grads[f"b{k}"] = np.ones(len(dz)) @ dz
            grads[f"W{k}"] = np.tensordot(dz, cache.joined, axes=(0, 0))
            at_joined = at_joined + dz @ cache.params[f"W{k}"]
        dh_prev, dx = np.split(at_joined, [dh.shape[1]], axis=1)
        return StepGradients(dx, dh_prev, at_c * g["f"], grads)


lstm_step_forward = StepForward()
lstm_step_backward = StepBackward()


def _run(step, x, h0, c0, params):
    steps = []
    h, c = h0, c0
    for t in range(x.shape[1]):
        steps.append(step(x[:, t], h, c, params))
        h, c = steps[-1].h, steps[-1].c
    stacked = (np.stack([getattr(s, key) for s in steps], axis=1) for key in ("h", "c"))
    return Layer(*stacked, [s.cache for s in steps])


lstm_forward = partial(_run, StepForward())


class lstm_backward:  # noqa: N801
    """A class whose instances are what the function returns: a sequence of four."""

    def __new__(cls, dh, dc_last, cache):
        at_h, at_c, dxs, total = np.zeros(dc_last.shape), dc_last, {}, {}
        for t in reversed(range(len(cache))):
            back = StepBackward()(at_h + dh[:, t], at_c, cache[t])
            dxs[t], at_h, at_c = back.dx, back.dh_prev, back.dc_prev
            for name, value in back.grads.items():
                total.setdefault(name, []).append(value)
        grads = {name: np.sum(values, axis=0) for name, values in total.items()}
        return [np.stack([dxs[t] for t in sorted(dxs)], axis=1), at_h, at_c, grads]


class Params(dict):
    """A dict subclass with attribute access."""

    __getattr__ = dict.__getitem__


def init_lstm(D, H, seed, forget_bias=1.0):
    state = np.random.RandomState(seed)
    bound = 1 / H**0.5
    params = Params(bc=np.zeros(H), bo=np.zeros(H), bi=np.zeros(H), bf=forget_bias * np.ones(H))
    for k in "cofi":
        params["W" + k] = state.uniform(low=-bound, high=bound, size=(H, H + D))
    return params
