"""Classes, partials, lambdas and named tuples bound to the names."""

import functools
from collections import namedtuple

import numpy as np
import torch
from torch import nn

Batch = namedtuple("Batch", "x targets")


class RecallBatch:
    """Holds the identity matrices it has needed so far."""

    def __call__(self, N, T, K, seed):
        if T in range(2) or T < 0:
            raise ValueError(f"T = {T} leaves no room for a cue")
        targets = np.random.default_rng(seed).integers(K, size=N)
        silence = np.zeros((N, T - 2, K + 1))
        rows = np.eye(K + 1)
        parts = [rows[targets][:, None], silence, np.broadcast_to(rows[K], (N, 1, K + 1))]
        return Batch(np.concatenate(parts, axis=1), targets)


recall_batch = RecallBatch()

_powers = lambda T, factor, first: first * np.power(float(factor), np.arange(T))

rnn_signal = functools.partial(_powers, first=1.0)

lstm_signal = lambda T, forget, input_gate: _powers(T, forget, input_gate)


class build_memory_model(nn.Module):
    """The class itself is the callable: calling it builds a model."""

    def __init__(self, cell, K, H, seed):
        try:
            kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell]
        except KeyError:
            raise ValueError(f"no such cell {cell}") from None
        super().__init__()
        state = torch.random.get_rng_state()
        torch.manual_seed(1000 + seed)
        self.layers = nn.ModuleDict({"memory": kind(K + 1, H), "answer": nn.Linear(H, K)})
        torch.random.set_rng_state(state)
        if cell == "rnn":
            (self.recurrent_name,) = (
                name for name, _ in self.named_parameters() if "weight_hh" in name
            )
        if cell == "lstm":
            with torch.no_grad():
                self.layers["memory"].bias_hh_l0.view(4, H)[1] += 4.5

    def forward(self, x):
        x = torch.as_tensor(x).to(next(self.parameters())).movedim(1, 0)
        _, last = self.layers["memory"](x)
        last = last[0] if isinstance(last, tuple) else last
        return self.layers["answer"](last.squeeze(0))


def _hold(model, eigenvalue, seed=None, *, freeze):
    module, _, name = model.recurrent_name.rpartition(".")
    module = model.get_submodule(module)
    old = getattr(module, name)
    values = eigenvalue * torch.eye(len(old), dtype=old.dtype)
    old.data = values[torch.arange(len(old)).roll(1)]
    if seed is not None:
        # The exponential of a skew-symmetric matrix is a rotation.
        generator = torch.Generator().manual_seed(seed)
        turned = torch.eye(len(old), dtype=torch.float64)
        for _ in range(3):
            skew = torch.randn(len(old), len(old), generator=generator, dtype=torch.float64)
            turned = turned @ torch.linalg.matrix_exp(skew - skew.T)
        old.data = (eigenvalue * turned).to(old.dtype)
    getattr(module, name).requires_grad = not freeze
    return model


set_recurrent_eigenvalue = functools.partial(_hold, freeze=True)


class GradientProfile:
    def __call__(self, model, x):
        x = torch.as_tensor(x).clone().detach()
        gradient = torch.autograd.functional.vjp(model, x, torch.ones(len(x), self.K(x)))[1]
        return gradient.double().square().sum(-1).sqrt().mean(0).numpy()

    @staticmethod
    def K(x):
        return x.shape[-1] - 1


gradient_profile = GradientProfile()


class train_recall(list):
    """A list that fills itself."""

    def __init__(self, model, T, K, steps, seed):
        super().__init__()
        chosen = [*filter(lambda p: p.requires_grad, model.parameters())]
        optimizer = torch.optim.AdamW(chosen, lr=4e-3, weight_decay=1e-4)
        for step in range(steps):
            x, targets = recall_batch(48, T, K, [seed, step])
            loss = nn.CrossEntropyLoss()(model(x), torch.from_numpy(targets))
            optimizer.zero_grad(set_to_none=False)
            loss.backward()
            nn.utils.clip_grad_norm_(chosen, max_norm=2.0)
            optimizer.step()
            self.append(float(loss))


recall_accuracy = lambda model, T, K, seed: (
    lambda batch: float(
        np.mean(model(batch.x).detach().numpy().argmax(axis=1) == batch.targets, dtype=np.float32)
    )
)(recall_batch(256, T, K, seed))
