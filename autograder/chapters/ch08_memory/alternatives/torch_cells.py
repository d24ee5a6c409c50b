"""PyTorch's cells step by step, another optimiser, clipping by hand."""

import numpy as np
import torch


class Memory(torch.nn.Module):
    def __init__(self, cell, K, H):
        super().__init__()
        kinds = {
            "rnn": torch.nn.RNNCell,
            "lstm": torch.nn.LSTMCell,
            "gru": torch.nn.GRUCell,
        }
        self.cell = kinds[cell](K + 1, H)
        self.head = torch.nn.Linear(H, K, bias=False)
        if cell == "lstm":
            # Two vectors are added: half of the bias in each.
            for bias in (self.cell.bias_ih, self.cell.bias_hh):
                torch.nn.init.constant_(bias.chunk(4)[1].detach(), 2.25)

    @property
    def recurrent_name(self):
        return "cell.weight_hh"

    def forward(self, x):
        if isinstance(x, np.ndarray):
            x = torch.from_numpy(np.ascontiguousarray(x))
        state = None
        for x_t in x.to(torch.get_default_dtype()).transpose(0, 1):
            state = self.cell(x_t, state)
        return self.head(state[0] if isinstance(state, tuple) else state)


def build_memory_model(cell, K, H, seed):
    if cell not in ("rnn", "lstm", "gru"):
        raise ValueError("unknown cell: " + repr(cell))
    torch.manual_seed(seed)
    return Memory(cell, K, H)


def set_recurrent_eigenvalue(model, eigenvalue, seed=None):
    weight = model.get_parameter(model.recurrent_name)
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    torch.nn.init.orthogonal_(weight, gain=1.0, generator=generator)
    weight.data.mul_(eigenvalue)
    weight.requires_grad = False
    return model


def gradient_profile(model, x):
    x = torch.as_tensor(np.array(torch.as_tensor(x).detach()), dtype=torch.float64)
    x.requires_grad = True
    flags = [p.requires_grad for p in model.parameters()]
    for p in model.parameters():
        p.requires_grad_(False)
    model(x).sum().backward()
    for p, flag in zip(model.parameters(), flags):
        p.requires_grad_(flag)
    return np.linalg.norm(x.grad.numpy(), axis=2).mean(axis=0)


def train_recall(model, T, K, steps, seed):
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adamax(parameters, lr=8e-3)
    generator = torch.Generator().manual_seed(seed)
    losses = np.zeros(steps)
    for step in range(steps):
        targets = torch.randint(K, (100,), generator=generator)
        x = torch.zeros(100, T, K + 1)
        x[:, 0, :K] = torch.nn.functional.one_hot(targets, K)
        x[:, -1, K] = 1
        model.zero_grad()
        log_p = torch.log_softmax(model(x), dim=1)
        loss = -log_p.gather(1, targets[:, None]).mean()
        loss.backward()
        norm = torch.sqrt(sum(p.grad.square().sum() for p in parameters))
        for p in parameters:
            p.grad.mul_(torch.clamp(1.0 / (norm + 1e-12), max=1.0))
        optimizer.step()
        losses[step] = loss.detach()
    return list(losses)


def recall_accuracy(model, T, K, seed):
    targets = np.random.RandomState(seed).randint(K, size=1000)
    x = np.zeros((1000, T, K + 1), dtype=np.float32)
    x[range(1000), 0, targets] = 1
    x[:, T - 1, K] = 1
    with torch.inference_mode():
        return np.mean(model(x).numpy().argmax(-1) == targets)
