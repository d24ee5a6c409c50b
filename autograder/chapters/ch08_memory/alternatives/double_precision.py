"""Double precision inside, gates fused into one matrix, the gradient by torch.func."""

import numpy as np
import torch


def rnn_signal(T, eigenvalue):
    return np.concatenate([[1.0], np.cumprod(np.full(T - 1, eigenvalue, dtype=np.float64))])


def lstm_signal(T, forget, input_gate):
    return np.vander([forget], T, increasing=True)[0] * input_gate


class Fused(torch.nn.Module):
    """All gates of a cell in one matrix on [h, x]; the vanilla RNN keeps its two apart."""

    def __init__(self, cell, K, H, rng):
        super().__init__()
        self.cell, self.H = cell, H
        D, blocks = K + 1, {"rnn": 1, "lstm": 4, "gru": 3}[cell]

        def draw(*shape):
            values = rng.uniform(-1, 1, size=shape) / np.sqrt(H)
            return torch.nn.Parameter(torch.from_numpy(values))

        if cell == "rnn":
            self.Whh, self.Wxh = draw(H, H), draw(H, D)
            self.recurrent_name = "Whh"
        else:
            self.W = draw(blocks * H, H + D)
        self.b = torch.nn.Parameter(torch.zeros(blocks * H, dtype=torch.float64))
        if cell == "lstm":
            self.b.data[-H:] = 5.0  # the forget gate comes last here
        self.Wy, self.by = draw(K, H), draw(K)

    def step(self, x, h, c):
        if self.cell == "rnn":
            return torch.tanh(x @ self.Wxh.T + h @ self.Whh.T + self.b), c
        if self.cell == "lstm":
            joined = torch.hstack([h, x]) @ self.W.T + self.b
            new, i, o, f = joined.split(self.H, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * new.tanh()
            return o.sigmoid() * c.tanh(), c
        Wz, Wr, Wn = self.W.split(self.H)
        bz, br, bn = self.b.split(self.H)
        joined = torch.hstack([h, x])
        z, r = torch.sigmoid(joined @ Wz.T + bz), torch.sigmoid(joined @ Wr.T + br)
        return (1 - z) * h + z * torch.tanh(torch.hstack([r * h, x]) @ Wn.T + bn), c

    def forward(self, x):
        x = torch.as_tensor(x).double()
        h = c = torch.zeros(x.shape[0], self.H, dtype=torch.float64)
        for t in range(x.shape[1]):
            h, c = self.step(x[:, t], h, c)
        return torch.nn.functional.linear(h, self.Wy, self.by)


def build_memory_model(cell, K, H, seed):
    if cell not in {"rnn", "lstm", "gru"}:
        raise ValueError("cell")
    return Fused(cell, K, H, np.random.default_rng(seed))


def set_recurrent_eigenvalue(model, eigenvalue, seed=None):
    H = model.H
    seed = 0 if seed is None else seed
    u, _, vt = np.linalg.svd(np.random.default_rng([H, seed]).normal(size=(H, H)))
    model.Whh = torch.nn.Parameter(torch.from_numpy(eigenvalue * (u @ vt)), requires_grad=False)
    return model


def gradient_profile(model, x):
    x = torch.as_tensor(x).detach().double()
    gradient = torch.func.grad(lambda inputs: model(inputs).sum())(x)
    return torch.linalg.vector_norm(gradient, dim=-1).mean(0).detach().numpy()


def recall_accuracy(model, T, K, seed):
    # Only K different sequences exist: ask each once, then look the answers up.
    every = np.zeros((K, T, K + 1))
    every[:, 0, :K], every[:, -1, K] = np.eye(K), 1.0
    right = model(every).detach().numpy().argmax(axis=1) == np.arange(K)
    drawn = np.random.default_rng([seed, 8]).integers(K, size=4096)
    return right[drawn].mean()
