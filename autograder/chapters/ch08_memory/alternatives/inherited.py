"""Models as subclasses of the layers; the parameter is reached through parametrised access, training in closures."""

import numpy as np
import torch
from torch import nn


def _with_readout(base):
    class Model(base):
        def __init__(self, K, H):
            super().__init__(input_size=K + 1, hidden_size=H, batch_first=True)
            self.decoder = nn.Linear(H, K)

        def forward(self, x):
            x = x if torch.is_tensor(x) else torch.tensor(x)
            return self.decoder(super().forward(x.float())[0].select(1, -1))

    return Model


MODELS = {
    "rnn": _with_readout(nn.RNN),
    "lstm": _with_readout(nn.LSTM),
    "gru": _with_readout(nn.GRU),
}
MODELS["rnn"].recurrent_name = "weight_hh_l0"


def build_memory_model(cell, K, H, seed):
    model_class = MODELS.get(cell)
    if model_class is None:
        raise ValueError(f"cell {cell!r}: use one of {list(MODELS)}")
    torch.random.manual_seed(seed)
    model = model_class(K, H)
    if cell == "lstm":
        state = model.state_dict()
        state["bias_ih_l0"][H : 2 * H] = 3.0
        state["bias_hh_l0"][H : 2 * H].zero_()
    return model


def set_recurrent_eigenvalue(model, eigenvalue, seed=None):
    name = model.recurrent_name
    size = model.get_parameter(name).shape[0]
    # A product of two reflections.
    v, w = torch.linspace(1, 2, size).double(), torch.linspace(-1, 3, size).double().cos()
    reflect = lambda u: torch.eye(size).double() - 2 * torch.outer(u, u) / (u @ u)
    orthogonal = reflect(v) @ reflect(w)
    if seed is not None:
        # One reflection for each unit, of random directions.
        generator = torch.Generator().manual_seed(seed)
        for _ in range(size):
            direction = torch.randn(size, generator=generator, dtype=torch.float64)
            orthogonal = orthogonal @ reflect(direction)
    model.load_state_dict({name: eigenvalue * orthogonal}, strict=False)
    for other, parameter in model.named_parameters():
        parameter.requires_grad_(parameter.requires_grad and other != name)
    return model


def gradient_profile(model, x):
    x = torch.as_tensor(x).detach()
    jacobian_rows = []
    for n in range(len(x)):
        row = x[n : n + 1].double()
        jacobian = torch.autograd.functional.jacobian(model, row)
        jacobian_rows.append(jacobian.sum(dim=(0, 1, 2)).norm(dim=-1))
    return torch.stack(jacobian_rows).mean(dim=0).to(torch.float64).numpy()


def train_recall(model, T, K, steps, seed):
    generator = np.random.default_rng(seed)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.NAdam(parameters, lr=3e-3)

    def closure():
        targets = torch.from_numpy(generator.integers(K, size=80))
        x = torch.zeros(80, T, K + 1).index_put(
            (torch.arange(80), torch.tensor(0), targets), torch.tensor(1.0)
        )
        x[:, T - 1, K] = 1.0
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), targets)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0, norm_type=2)
        return loss

    return [optimizer.step(closure).item() for _ in range(steps)]
