"""Plain loops: every weight by hand, inputs first in a weight, one sequence or step at a time."""

import math
import random

import numpy as np
import torch
from torch import nn


def recall_batch(N, T, K, seed):
    if not T >= 2:
        raise ValueError("need T >= 2")
    generator = np.random.default_rng(seed)
    targets = generator.integers(K, size=N)
    x = np.zeros((N, T, K + 1), order="F")
    for n, target in enumerate(targets):
        x[n][0][target] = 1
        x[n][T - 1][K] = 1
    return [x, targets]


def rnn_signal(T, eigenvalue):
    signal = [1.0]
    while len(signal) < T:
        signal.append(signal[-1] * eigenvalue)
    return np.array(signal)


def lstm_signal(T, forget, input_gate):
    c = np.zeros(T)
    for t in range(T):
        c[t] = input_gate if t == 0 else forget * c[t - 1]
    return c


def uniform(generator, bound, *shape):
    return nn.Parameter((2 * torch.rand(shape, generator=generator) - 1) * bound)


class Rnn(nn.Module):
    recurrent_name = "from_state"

    def __init__(self, D, H, K, generator):
        super().__init__()
        bound = 1 / math.sqrt(H)
        self.from_input = uniform(generator, bound, D, H)
        self.from_state = uniform(generator, bound, H, H)
        self.bias = uniform(generator, bound, H)
        self.to_logits = uniform(generator, bound, H, K)

    def forward(self, x):
        x = torch.as_tensor(x).float()
        h = x.new_zeros(len(x), len(self.bias))
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.from_input + h @ self.from_state + self.bias)
        return h @ self.to_logits


class Gated(nn.Module):
    def __init__(self, D, H, K, generator, gates):
        super().__init__()
        bound = 1 / math.sqrt(H)
        self.weights = nn.ParameterDict(
            {gate: uniform(generator, bound, H + D, H) for gate in gates}
        )
        self.biases = nn.ParameterDict({gate: nn.Parameter(torch.zeros(H)) for gate in gates})
        self.to_logits = uniform(generator, bound, H, K)
        self.H = H

    def layer(self, gate, h, x):
        return torch.cat([h, x], dim=1) @ self.weights[gate] + self.biases[gate]


class Lstm(Gated):
    def __init__(self, D, H, K, generator):
        super().__init__(D, H, K, generator, ("forget", "input", "output", "candidate"))
        self.biases["forget"].data.fill_(3.5)

    def forward(self, x):
        x = torch.as_tensor(x).float()
        h = c = x.new_zeros(len(x), self.H)
        for x_t in x.unbind(dim=1):
            f, i, o = (
                torch.sigmoid(self.layer(gate, h, x_t)) for gate in ("forget", "input", "output")
            )
            c = f * c + i * torch.tanh(self.layer("candidate", h, x_t))
            h = o * torch.tanh(c)
        return h @ self.to_logits


class Gru(Gated):
    def __init__(self, D, H, K, generator):
        super().__init__(D, H, K, generator, ("update_gate", "reset_gate", "candidate"))

    def forward(self, x):
        x = torch.as_tensor(x).float()
        h = x.new_zeros(len(x), self.H)
        for x_t in x.unbind(dim=1):
            z = torch.sigmoid(self.layer("update_gate", h, x_t))
            r = torch.sigmoid(self.layer("reset_gate", h, x_t))
            h = (1 - z) * h + z * torch.tanh(self.layer("candidate", r * h, x_t))
        return h @ self.to_logits


def build_memory_model(cell, K, H, seed):
    generator = torch.Generator().manual_seed(seed)
    if cell == "rnn":
        return Rnn(K + 1, H, K, generator)
    if cell == "lstm":
        return Lstm(K + 1, H, K, generator)
    if cell == "gru":
        return Gru(K + 1, H, K, generator)
    raise ValueError("this cell is not known")


def _gram_schmidt(rows):
    """Orthonormal rows, one after the other."""
    done = []
    for row in rows:
        for _ in range(2):  # once more, as rounding leaves a rest
            for other in done:
                overlap = sum(a * b for a, b in zip(row, other))
                row = [a - overlap * b for a, b in zip(row, other)]
        length = sum(a * a for a in row) ** 0.5
        done.append([a / length for a in row])
    return done


def set_recurrent_eigenvalue(model, eigenvalue, seed=None):
    for name, parameter in model.named_parameters():
        if name == model.recurrent_name:
            parameter.requires_grad = False
            parameter.zero_()
            for unit in range(len(parameter)):
                parameter[unit, len(parameter) - 1 - unit] = eigenvalue
            if seed is not None:
                draw = random.Random(seed)
                units = range(len(parameter))
                rows = _gram_schmidt([[draw.gauss(0.0, 1.0) for _ in units] for _ in units])
                for unit in units:
                    for other in units:
                        parameter[unit, other] = eigenvalue * rows[unit][other]
    return model


def gradient_profile(model, x):
    x = np.asarray(torch.as_tensor(x).detach())
    N, T, _ = x.shape
    total = np.zeros(T)
    for n in range(N):
        leaf = torch.tensor(x[n : n + 1], dtype=torch.float32, requires_grad=True)
        (gradient,) = torch.autograd.grad(model(leaf).sum(), [leaf])
        for t in range(T):
            total[t] += math.sqrt(sum(float(entry) ** 2 for entry in gradient[0, t]))
    return total / N


def recall_accuracy(model, T, K, seed):
    x, targets = recall_batch(300, T, K, seed)
    right = 0
    for logits, target in zip(model(x).tolist(), targets.tolist()):
        right += logits.index(max(logits)) == target
    return right / 300
