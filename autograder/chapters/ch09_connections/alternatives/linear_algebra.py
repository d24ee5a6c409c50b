"""Sequences as matrices: triangular systems, Toeplitz and Vandermonde matrices, products of Jacobians."""

import numpy as np


def ssm_kernel(a, b, c, T):
    return np.vander(a, T, increasing=True).T.dot(np.diag(b)).dot(c)


def diagonal_ssm(x, a, b, c):
    T = len(x)
    age = np.subtract.outer(np.arange(T), np.arange(T))
    return np.where(age >= 0, ssm_kernel(a, b, c, T)[np.maximum(age, 0)], 0.0) @ x


def causal_convolution(x, kernel):
    """Blocks of the Toeplitz matrix: what a block of outputs has of a block of inputs."""
    T = len(x)
    size = 1 << max(3, T.bit_length() - 4)
    blocks = -(-T // size)
    x = np.pad(x, (0, blocks * size - T)).reshape(blocks, size)
    kernel = np.pad(kernel, (0, blocks * size - T)).reshape(blocks, size)
    X = np.fft.rfft(x, 2 * size, axis=1)
    K = np.fft.rfft(kernel, 2 * size, axis=1)
    y = np.zeros((blocks + 1) * size)
    for n in range(blocks):
        spectrum = (X[: n + 1] * K[n::-1]).sum(0)
        y[n * size : (n + 2) * size] += np.fft.irfft(spectrum, 2 * size)
    return y[:T]


def combine(first, second):
    """As products of the matrices ((a, u), (0, 1))."""

    def matrix(pair):
        a, u = np.broadcast_arrays(*map(np.asarray, pair))
        return np.stack([np.stack([a, u], -1), np.stack([0 * a, 1 + 0 * a], -1)], -2)

    both = matrix(second) @ matrix(first)
    return both[..., 0, 0], both[..., 0, 1]


def parallel_scan(a, u):
    """Passes like those of carry-lookahead adders: the last of a block is added to the block behind it."""
    T, S = a.shape
    width = 1 << max(0, (T - 1).bit_length())
    A, U = np.ones((width, S)), np.zeros((width, S))
    A[:T], U[:T] = a, u
    block = 1
    while block < width:
        A_pairs, U_pairs = A.reshape(-1, 2, block, S), U.reshape(-1, 2, block, S)
        U_pairs[:, 1] += A_pairs[:, 1] * U_pairs[:, 0, -1:]
        A_pairs[:, 1] *= A_pairs[:, 0, -1:]
        block *= 2
    return U[:T]


def selective_ssm(x, delta, A, B, C):
    """Explicit weight of every input in every output; sums of logarithms are never positive."""
    elapsed = np.cumsum(delta)
    age = np.subtract.outer(elapsed, elapsed)
    T = len(x)
    causal = np.tri(T, dtype=bool)
    kept = np.exp(np.where(causal, age, 0.0)[..., None] * A) * causal[..., None]
    return np.einsum("ts,trs,rs,r->t", C, kept, B, delta * x)


def _halves(x):
    if x.shape[-1] % 2:
        raise ValueError(f"x of shape {x.shape} has an odd last axis")
    return np.moveaxis(x.reshape(*x.shape[:-1], 2, -1), -2, 0)


def glu(x):
    p, g = _halves(x)
    e = np.exp(-np.abs(g))
    return p * np.where(g > 0, 1, e) / (1 + e)


def wavenet_gate(x):
    p, g = _halves(x)
    e = np.exp(-np.abs(g))
    return np.tanh(p) * np.where(g > 0, 1, e) / (1 + e)


def squeeze_excite(x, W1, W2):
    z = x @ np.full(x.shape[2], 1 / x.shape[2])
    hidden = np.einsum("rc,nc->nr", W1, z)
    hidden = hidden * (hidden > 0)
    pre = np.einsum("cr,nr->nc", W2, hidden)
    e = np.exp(-np.abs(pre))
    scale = np.where(pre > 0, 1, e) / (1 + e)
    return np.stack([np.diag(s) @ example for s, example in zip(scale, x)])


def residual_gradient_norms(weights, x, residual):
    factors = []
    for W in weights:
        y = np.tanh(W @ x)
        factors.append(W.T * (1 - y**2) + residual * np.identity(len(x)))
        x = residual * x + y
    products = []
    product = np.identity(len(x))
    for factor in factors[::-1]:
        product = factor @ product
        products.append(product)
    return np.linalg.norm(np.array(products[::-1]).sum(axis=2), axis=1)


def causal_mask(T):
    steps = np.arange(T)
    return steps[:, None] >= steps


def scaled_dot_product_attention(q, k, v, mask=None):
    scores = (q / np.sqrt(q.shape[-1])) @ np.moveaxis(k, 1, 2)
    hidden = np.zeros(scores.shape, bool) if mask is None else np.broadcast_to(~mask, scores.shape)
    masked = np.ma.array(scores, mask=hidden)
    e = np.ma.exp(masked - masked.max(axis=2, keepdims=True)).filled(0.0)
    norm = np.linalg.norm(e, ord=1, axis=2, keepdims=True)
    weights = np.divide(e, norm, out=np.zeros_like(e), where=norm != 0)
    return np.einsum("nts,nsd->ntd", weights, v), weights
