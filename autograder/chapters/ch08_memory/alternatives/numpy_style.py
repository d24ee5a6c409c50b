"""Vectorised numpy, views and unusual strides, torch through its functional interface."""

import numpy as np
import torch
import torch.nn.functional as F


def recall_batch(N, T, K, seed):
    if T < 2:
        raise ValueError("T: two steps are the least")
    targets = np.random.default_rng(seed).integers(K, size=N)
    time_first = np.zeros((T, N, K + 1))
    np.put_along_axis(time_first[0], targets[:, None], 1.0, axis=1)
    time_first[-1, ..., -1] = 1.0
    x = time_first.swapaxes(0, 1)
    x.flags.writeable = False
    return x, targets


def rnn_signal(T, eigenvalue):
    signal = np.ones(2 * T)[::2]
    signal[1:] = eigenvalue
    return np.multiply.accumulate(signal)


def lstm_signal(T, forget, input_gate):
    signal = np.full(T, forget, dtype=np.float64)
    signal[0] = input_gate
    return signal.cumprod()[::-1][::-1]


def gradient_profile(model, x):
    x = np.array(x.detach().numpy() if torch.is_tensor(x) else x, dtype=np.float64)
    with torch.enable_grad():
        leaf = torch.from_numpy(x).requires_grad_()
        logits = model(leaf)
    kept = {name: p.grad for name, p in model.named_parameters()}
    logits.backward(torch.ones_like(logits))
    for name, p in model.named_parameters():
        p.grad = kept[name]
    return np.sqrt(np.einsum("ntd,ntd->nt", leaf.grad, leaf.grad)).mean(axis=0)


def train_recall(model, T, K, steps, seed):
    rng = np.random.default_rng(seed)
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    mean = {name: torch.zeros_like(p) for name, p in trained.items()}
    square = {name: torch.zeros_like(p) for name, p in trained.items()}
    losses = []
    for step in range(1, steps + 1):
        x, targets = recall_batch(64, T, K, rng.integers(2**31))
        loss = F.nll_loss(F.log_softmax(model(np.array(x)), dim=1), torch.tensor(targets))
        gradients = torch.autograd.grad(loss, list(trained.values()))
        norm = sum(float(g.square().sum()) for g in gradients) ** 0.5
        with torch.no_grad():
            for (name, p), g in zip(trained.items(), gradients):
                g = g * min(1.0, 1.0 / max(norm, 1e-12))
                mean[name].lerp_(g, 0.1)
                square[name].lerp_(g * g, 0.001)
                size = (square[name] / (1 - 0.999**step)).sqrt() + 1e-8
                p -= 5e-3 * mean[name] / (1 - 0.9**step) / size
        losses.append(np.float32(loss.detach()))
    return tuple(losses)


def recall_accuracy(model, T, K, seed):
    x, targets = recall_batch(777, T, K, seed + 10**6)
    logits = model(torch.tensor(x, dtype=torch.float32)).detach().numpy()
    return np.array(np.count_nonzero(np.argmax(logits, axis=-1) == targets) / len(targets))
