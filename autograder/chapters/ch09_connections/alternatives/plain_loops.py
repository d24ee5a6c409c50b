"""Scalar loops and Python's own floats; only what has to be fast is an array."""

import math

import numpy as np


def logistic(v):
    return 1 / (1 + math.exp(-v)) if v >= 0 else 1 - 1 / (1 + math.exp(v))


def diagonal_ssm(x, a, b, c):
    state = [0.0 for _ in a]
    outputs = []
    for value in x:
        total = 0.0
        for i in range(len(a)):
            state[i] = float(a[i]) * state[i] + float(b[i]) * float(value)
            total += float(c[i]) * state[i]
        outputs.append(total)
    return np.array(outputs)


def ssm_kernel(a, b, c, T):
    kernel = np.zeros(T)
    for i in range(len(a)):
        weight = c[i] * b[i]
        for j in range(T):
            kernel[j] += weight
            weight *= a[i]
    return kernel


def causal_convolution(x, kernel):
    # One transform of a complex signal holds both: the square's imaginary part is twice the product.
    both = np.zeros(2 * len(x), dtype=complex)
    both.real[: len(x)] = x
    both.imag[: len(x)] = kernel
    return np.fft.ifft(np.fft.fft(both) ** 2).imag[: len(x)] / 2


def combine(first, second):
    return [second[0] * first[0], second[0] * first[1] + second[1]]


def parallel_scan(a, u):
    result = np.zeros(u.shape)
    for i in range(u.shape[1]):
        decay, total = np.array(a[:, i]), np.array(u[:, i])
        distance = 1
        while distance < len(total):
            total[distance:] += decay[distance:] * total[:-distance]
            decay[distance:] *= decay[:-distance]
            distance += distance
        result[:, i] = total
    return result


def selective_ssm(x, delta, A, B, C):
    state = [0.0] * len(A)
    y = np.zeros(len(x))
    for t in range(len(x)):
        for i in range(len(A)):
            keep = math.exp(delta[t] * A[i])
            state[i] = keep * state[i] + delta[t] * B[t][i] * x[t]
            y[t] += C[t][i] * state[i]
    return y


def gated(x, squash):
    if len(x.T) % 2 == 1:
        raise ValueError("x: an odd number of channels")
    out = np.zeros((*x.shape[:-1], x.shape[-1] // 2))
    for index in np.ndindex(out.shape):
        *front, last = index
        gate = x[(*front, last + out.shape[-1])]
        out[index] = squash(x[index]) * logistic(gate)
    return out


def glu(x):
    return gated(x, float)


def wavenet_gate(x):
    return gated(x, math.tanh)


def squeeze_excite(x, W1, W2):
    N, C, T = x.shape
    out = np.empty((N, C, T))
    for n in range(N):
        z = [sum(x[n, c]) / T for c in range(C)]
        hidden = [max(0.0, sum(w * v for w, v in zip(row, z))) for row in W1]
        for c in range(C):
            s = logistic(sum(w * v for w, v in zip(W2[c], hidden)))
            for t in range(T):
                out[n, c, t] = s * x[n, c, t]
    return out


def residual_gradient_norms(weights, x, residual):
    H = len(x)
    states, slopes = [list(map(float, x))], []
    for W in weights:
        squashed = [math.tanh(sum(W[i, j] * states[-1][j] for j in range(H))) for i in range(H)]
        slopes.append([1 - v * v for v in squashed])
        states.append([s + v if residual else v for s, v in zip(states[-1], squashed)])
    gradient = [1.0] * H
    norms = []
    for W, slope in zip(reversed(weights), reversed(slopes)):
        gradient = [
            sum(W[i, j] * slope[i] * gradient[i] for i in range(H))
            + (gradient[j] if residual else 0.0)
            for j in range(H)
        ]
        norms.insert(0, math.hypot(*gradient))
    return np.array(norms)


def causal_mask(T):
    mask = np.zeros((T, T), dtype=bool)
    for t in range(T):
        for s in range(t + 1):
            mask[t, s] = True
    return mask


def scaled_dot_product_attention(q, k, v, mask=None):
    N, T, d = q.shape
    out, weights = np.zeros((N, T, d)), np.zeros((N, T, T))
    for n in range(N):
        for t in range(T):
            seen = []
            for s in range(T):
                visible = mask is None or (mask[t, s] if mask.ndim == 2 else mask[n, t, s])
                if visible:
                    seen.append((s, sum(q[n, t] * k[n, s]) / math.sqrt(d)))
            if not seen:
                continue
            top = max(score for _, score in seen)
            total = sum(math.exp(score - top) for _, score in seen)
            for s, score in seen:
                weights[n, t, s] = math.exp(score - top) / total
                out[n, t] += weights[n, t, s] * v[n, s]
    return out, weights
