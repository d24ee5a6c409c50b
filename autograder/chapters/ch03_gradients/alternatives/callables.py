"""Names bound to lambdas, partials, classes and instances; results read-only, views or of a subclass of dict."""

from collections import OrderedDict, UserString, namedtuple
from functools import partial
from operator import matmul

import numpy as np

Window = namedtuple("Window", "start stop")
Clipped = namedtuple("Clipped", "gradients norm")


class Jacobian:
    def __call__(self, h, Whh):
        J = np.empty((len(h), 2 * len(h)))[:, ::2]  # strided
        np.multiply(Whh, (1 - h**2)[:, None], out=J)
        J.flags.writeable = False
        return J


step_jacobian = Jacobian()


def _accumulate(start, h, Whh, side):
    product = start
    for state in h[:0:-1]:
        product = matmul(product, step_jacobian(state, Whh))
        side(product)
    return product


jacobian_product = lambda h, Whh: _accumulate(np.eye(len(Whh)), h, Whh, id)  # noqa: E731


def gradient_norms(dh_last, h, Whh):
    norms = [np.linalg.norm(dh_last)]
    _accumulate(dh_last, h, Whh, lambda row: norms.append(np.linalg.norm(row)))
    return np.array(norms)[::-1]


spectral_radius = lambda W: np.array(np.abs(np.linalg.eigvals(W)).max())  # noqa: E731


class Rescaled(np.ndarray):
    def __new__(cls, W, radius):
        own = spectral_radius(W)
        if own == 0:
            raise ValueError(str(UserString("no eigenvalue of W but zero")))
        return (W * (radius / own)).view(cls)


rescale_spectral_radius = Rescaled


def _orthogonal(bits, H, seed):
    # Cayley transform of a random skew-symmetric matrix.
    draws = np.random.Generator(bits(seed)).normal(size=(H, H))
    skew = draws - draws.T
    return np.linalg.solve(np.eye(H) + skew, np.eye(H) - skew)


orthogonal_matrix = partial(_orthogonal, np.random.PCG64)


class Gradients(OrderedDict):
    @property
    def norm(self):
        peak = max([np.abs(g).max() for g in self.values()], default=0.0)
        if peak == 0:
            return 0.0
        return peak * sum(((g / peak) ** 2).sum() for g in self.values()) ** 0.5


global_norm = lambda grads: Gradients(grads).norm  # noqa: E731


def clip_by_global_norm(grads, threshold):
    if not threshold > 0:
        raise ValueError("threshold")
    if not all(np.isfinite(g).all() for g in grads.values()):
        raise FloatingPointError("grads")
    norm = global_norm(grads)
    if norm <= threshold:
        return Clipped(Gradients(grads), norm)  # the same arrays: nothing was changed
    return Clipped(Gradients({k: threshold * (g / norm) for k, g in reversed(grads.items())}), norm)


class ClipByValue:
    def __call__(self, grads, limit):
        if not limit > 0:
            raise ValueError("limit")
        return Gradients(
            (k, np.where(abs(g) > limit, np.sign(g) * limit, g)) for k, g in grads.items()
        )


clip_by_value = ClipByValue()


def truncated_windows(T, k):
    if k < 1:
        raise ValueError("k")
    return tuple(Window(start, min(start + k, T)) for start in range(0, T, k))
