"""Divide and conquer: scans over pairs, layers and squashing by recursion; results as tuples."""

import numpy as np


def diagonal_ssm(x, a, b, c):
    def run(h, rest):
        if not len(rest):
            return []
        h = a * h + b * rest[0]
        return [(c * h).sum(), *run(h, rest[1:])]

    return np.array(run(0.0, x))


def ssm_kernel(a, b, c, T):
    if T == 1:
        return np.array([np.sum(b * c)])
    return np.append(np.sum(b * c), ssm_kernel(a, a * b, c, T - 1))


def causal_convolution(x, kernel):
    def transform(v):
        return np.fft.fft(np.concatenate([v, np.zeros(len(v) + 1)]))

    return np.real(np.fft.ifft(transform(x) * transform(kernel)))[: len(x)]


def combine(first, second):
    def apply(h):
        return second[0] * (first[0] * h + first[1]) + second[1]

    u = apply(0.0)
    return second[0] * first[0], u


def parallel_scan(a, u):
    """Scan pairs of neighbours as one step each; those in between follow from them."""
    T = len(a)
    if T == 1:
        return u + 0.0
    even = T - T % 2
    pair = combine((a[0:even:2], u[0:even:2]), (a[1:even:2], u[1:even:2]))
    h = np.empty(u.shape)
    h[1::2] = parallel_scan(*pair)
    h[0] = u[0]
    h[2::2] = a[2::2] * h[1:-1:2] + u[2::2]
    return h


def selective_ssm(x, delta, A, B, C):
    h = parallel_scan(np.exp(np.outer(delta, A)), B * np.outer(delta * x, np.ones(len(A))))
    return np.diagonal(C @ h.T)


def gate(x, squash):
    half, odd = divmod(x.shape[-1], 2)
    if odd:
        raise ValueError("x cannot be halved")
    if x.ndim > 1:
        return np.stack([gate(row, squash) for row in x])
    bounded = np.tanh(x[half:] / 2)
    return squash(x[:half]) * (1 + bounded) / 2


def glu(x):
    return gate(x, np.asarray)


def wavenet_gate(x):
    return gate(x, np.tanh)


def squeeze_excite(x, W1, W2):
    if len(x) > 1:
        return np.concatenate([squeeze_excite(x[:1], W1, W2), squeeze_excite(x[1:], W1, W2)])
    hidden = W1 @ (x[0].sum(1) / x.shape[2])
    hidden[hidden < 0] = 0
    return x * (0.5 + 0.5 * np.tanh(W2 @ hidden / 2))[:, None]


def residual_gradient_norms(weights, x, residual):
    def run(remaining, x):
        if not remaining:
            return np.ones(x.shape), ()
        W, *later = remaining
        y = np.tanh(W @ x)
        g, norms = run(later, x + y if residual else y)
        g = (g if residual else 0) + W.T @ ((1 - y) * (1 + y) * g)
        return g, (np.sqrt(g @ g), *norms)

    return np.array(run(weights, x)[1])


def causal_mask(T):
    if T == 1:
        return np.array([[True]])
    mask = np.zeros((T, T), bool)
    mask[:-1, :-1] = causal_mask(T - 1)
    mask[-1] = True
    return mask


def scaled_dot_product_attention(q, k, v, mask=None):
    N, T, d = q.shape
    if mask is None:
        mask = np.full((T, T), True)
    if mask.ndim == 3:
        pieces = [
            scaled_dot_product_attention(q[n, None], k[n, None], v[n, None], mask[n])
            for n in range(N)
        ]
        return tuple(np.concatenate(parts) for parts in zip(*pieces))
    weights = np.zeros((N, T, T))
    for t in range(T):
        seen = np.flatnonzero(mask[t])
        if len(seen):
            scores = (k[:, seen] @ q[:, t, :, None])[..., 0] / np.sqrt(d)
            logs = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
            weights[:, t, seen] = np.exp(logs)
    return weights @ v, weights
