"""scipy's routines where there is one: Haar sampling, nrm2, batched generators."""

import itertools
import math

import numpy as np
import scipy.linalg
import scipy.stats


def step_jacobian(h, Whh):
    return np.asfortranarray(np.multiply(Whh.T, 1 - h * h).T)


def jacobian_product(h, Whh):
    H = len(Whh)
    if len(h) == 1:
        return np.eye(H)
    return jacobian_product(h[1:], Whh) @ step_jacobian(h[1], Whh)


def spectral_radius(W):
    return np.abs(scipy.linalg.eigvals(W)).max()


def rescale_spectral_radius(W, radius):
    own = spectral_radius(W)
    if own > 0:
        return np.divide(W, own) * radius
    raise ValueError("W has only the eigenvalue 0")


def orthogonal_matrix(H, seed):
    if H == 1:
        return np.array([[np.random.default_rng(seed).choice([-1.0, 1.0])]])
    return scipy.stats.ortho_group.rvs(H, random_state=seed)


def steps_until_vanished(radius, threshold):
    if threshold > 1:
        return 0
    if not (radius < 1 and threshold > 0):
        return None
    if radius == 0:
        return 1
    guess = math.floor(math.log(threshold) / math.log1p(radius - 1.0))
    around = range(max(guess - 3, 0), guess + 4)
    return next(k for k in around if math.pow(radius, k) < threshold)


def global_norm(grads):
    return float(
        scipy.linalg.norm([scipy.linalg.norm(np.ravel(g)) for g in grads.values()] + [0.0])
    )


def truncated_windows(T, k):
    if k < 1:
        raise ValueError(f"{k=} is below 1")
    cuts = [*range(0, T, k), T]
    return tuple(itertools.pairwise(cuts))
