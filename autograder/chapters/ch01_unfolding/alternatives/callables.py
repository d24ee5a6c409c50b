"""Names bound to lambdas, partials, classes and instances; results read-only, Fortran-ordered or views."""

from collections import OrderedDict, namedtuple
from functools import partial

import numpy as np

Parents = namedtuple("Parents", ["state", "input", "parameters"])


class Graph(dict):
    """A dict that builds itself."""

    def __init__(self, T):
        if T <= -1:
            raise ValueError("T < 0")
        super().__init__(theta=(), h0=())
        for t in range(T):
            self[f"x{t + 1}"] = ()
            self[f"h{t + 1}"] = Parents(f"h{t}", f"x{t + 1}", "theta")


unfolded_graph = Graph


class Unroller:
    def __call__(self, step, h0, xs, theta):
        states = np.full((len(xs) + 2, *np.shape(h0)), np.nan, order="F")
        states[0] = h0
        for t, x in enumerate(xs, start=1):
            states[t] = step(states[t - 1].copy(), x, theta)
        view = states[:-1]
        view.flags.writeable = False
        return view


unroll = Unroller()


def _central(order, f, x, eps=1e-5):
    x = np.array(x, dtype=np.float64, order=order)
    frozen = x.copy()
    frozen.flags.writeable = False
    gradient = np.zeros(x.shape)
    walker = np.nditer(frozen, flags=["multi_index", "zerosize_ok"])
    for centre in walker:
        i = walker.multi_index
        x[i] = centre + eps
        gradient[i] += f(x)
        x[i] = centre - eps
        gradient[i] -= f(x)
        x[i] = centre
    return gradient * (0.5 / eps)


numerical_gradient = partial(_central, "K")

linear_rnn_forward = (
    lambda a, b, h0, xs: unroll(  # noqa: E731
        lambda h, x, theta: theta[0] * h + theta[1] * x, np.array(h0), xs, (a, b)
    )[1:]
)


class LinearBackward:
    def __new__(cls, a, b, h0, xs, hs, dhs):
        delta = np.zeros(len(xs) + 1)
        for t in range(len(xs))[::-1]:
            delta[t] = dhs[t] + a * delta[t + 1]
        delta = delta[:-1]
        states = np.append(h0, hs)
        grads = OrderedDict(da_per_step=delta * states[:-1], db_per_step=delta * xs, dxs=b * delta)
        for array in grads.values():
            array.setflags(write=False)
        grads["da"] = grads["da_per_step"].sum()
        grads["db"] = grads["db_per_step"].sum()
        grads["dh0"] = a * delta[0]
        return grads


linear_rnn_backward = LinearBackward

relative_error = lambda a, b: (  # noqa: E731
    float(np.max(np.abs(np.subtract(a, b, dtype=float)) / np.maximum(_size(a) + _size(b), 1e-12)))
    if np.shape(a) == np.shape(b) and np.size(a)
    else _edge(a, b)
)


def _size(v):
    return np.abs(np.asarray(v, dtype=float))


def _edge(a, b):
    if np.shape(a) != np.shape(b):
        raise ValueError(f"shape of a: {np.shape(a)}, shape of b: {np.shape(b)}")
    return 0.0
