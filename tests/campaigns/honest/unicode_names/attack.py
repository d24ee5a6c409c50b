import numpy as np

σ = np.tanh
ширина = 3
𝐱 = "🙂 naïve — “quoted”"
_sample = sample


def sample(params, readout, h0, first_token, length, temperature, seed):
    """Λ: the same, told in Greek."""
    τ = temperature
    return _sample(params, readout, h0, first_token, length, τ, seed)
