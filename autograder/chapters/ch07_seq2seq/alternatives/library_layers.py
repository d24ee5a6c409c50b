"""torch.nn wherever it has something: packed sequences, cells, embeddings, losses, attention by masked softmax."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class _Encoder(nn.Module):
    def __init__(self, params):
        super().__init__()
        H, D = params["Wxh"].shape
        self.layer = nn.RNN(D, H, batch_first=True, dtype=params["Wxh"].dtype)

    def forward(self, x, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(
            x, lengths, batch_first=True, enforce_sorted=False
        )
        states, last = self.layer(packed)
        states, _ = nn.utils.rnn.pad_packed_sequence(
            states, batch_first=True, total_length=x.shape[1]
        )
        return states, last[0]


def encode(tokens, lengths, params):
    ids = tokens.clone()
    for row, length in enumerate(lengths):
        ids[row, length:] = 0
    some = (lengths > 0).nonzero()[:, 0]
    states = params["bh"].new_zeros(*tokens.shape, len(params["bh"]))
    context = states[:, 0]
    if len(some):
        weights = {
            "layer.weight_ih_l0": params["Wxh"],
            "layer.weight_hh_l0": params["Whh"],
            "layer.bias_ih_l0": params["bh"],
            "layer.bias_hh_l0": torch.zeros_like(params["bh"]),
        }
        arguments = F.embedding(ids[some], params["E_src"]), lengths[some]
        found = torch.func.functional_call(_Encoder(params), weights, arguments)
        states = states.index_copy(0, some, found[0])
        context = context.index_copy(0, some, found[1])
    return states, context


def decoder_step(y_prev, s_prev, context, params):
    cell = nn.RNNCell(params["Wy"].shape[1] + len(params["bs"]), len(params["bs"]))
    weights = {
        "weight_ih": torch.cat([params["Wy"], params["Wc"]], dim=1),
        "weight_hh": params["Ws"],
        "bias_ih": params["bs"],
        "bias_hh": torch.zeros_like(params["bs"]),
    }
    x = torch.cat([F.embedding(y_prev, params["E_tgt"]), context], dim=1)
    s = torch.func.functional_call(cell, weights, (x, s_prev))
    return F.linear(s, params["Wo"], params["bo"]), s


def shift_right(targets, bos):
    return F.pad(targets, (1, -1), value=bos)


def decode_teacher_forced(targets, context, params, bos):
    H, D = params["Wy"].shape
    T = targets.shape[1]
    layer = nn.RNN(D + H, H, batch_first=True, dtype=context.dtype)
    weights = {
        "weight_ih_l0": torch.cat([params["Wy"], params["Wc"]], dim=1),
        "weight_hh_l0": params["Ws"],
        "bias_ih_l0": torch.zeros_like(params["bs"]),
        "bias_hh_l0": params["bs"],
    }
    x = F.embedding(shift_right(targets, bos), params["E_tgt"])
    x = torch.cat([x, context[:, None].expand(-1, T, -1)], dim=2)
    states, _ = torch.func.functional_call(layer, weights, (x, context[None]))
    return F.linear(states, params["Wo"], params["bo"])


def decode_scheduled(targets, context, params, bos, use_truth):
    # Find out what is read first; then it is teacher forcing with those inputs.
    read = shift_right(targets, bos)
    with torch.no_grad():
        for t in range(1, targets.shape[1]):
            following = torch.cat([read[:, 1 : t + 1], read[:, :1]], dim=1)
            guess = decode_teacher_forced(following[:, :t], context, params, bos)[:, -1].argmax(1)
            read[:, t] = torch.where(use_truth[:, t], read[:, t], guess)
    following = torch.cat([read[:, 1:], targets[:, -1:]], dim=1)
    return decode_teacher_forced(following, context, params, bos)


def decode_greedy(context, params, bos, eos, max_length):
    # The whole prefix is scored again for every token.
    written = torch.zeros(len(context), 0, dtype=torch.int64)
    for _ in range(max_length):
        targets = F.pad(written, (0, 1))
        y = decode_teacher_forced(targets, context, params, bos)[:, -1].argmax(1)
        y[(written == eos).any(1)] = eos
        written = torch.cat([written, y[:, None]], dim=1)
    return written


def scheduled_sampling_rate(step, schedule, k):
    rates = {
        "linear": lambda: np.clip(1 - np.float64(step) / k, 0, 1),
        "exponential": lambda: np.power(np.float64(k), step),
        "inverse_sigmoid": lambda: k / (k + np.exp(min(step / k, 700.0))),
    }
    if schedule not in rates:
        raise ValueError(f"schedule {schedule} is none of {', '.join(rates)}")
    return np.asarray(rates[schedule]())


def sequence_cross_entropy(logits, targets, pad):
    keep = targets.ne(pad)
    log_p = F.log_softmax(logits[keep], dim=1)
    total = F.nll_loss(log_p, targets[keep], reduction="sum")
    return total / keep.sum() if keep.any() else total


def additive_attention(s, states, mask, params):
    hidden = F.linear(s, params["Wa"]).unsqueeze(1) + F.linear(states, params["Ua"])
    scores = F.linear(torch.tanh(hidden), params["va"][None]).squeeze(2)
    # A hidden row looks everywhere for a moment, so that nothing divides by zero.
    open_rows = mask | ~mask.any(dim=1, keepdim=True)
    weights = F.softmax(scores.masked_fill(~open_rows, float("-inf")), dim=1)
    weights = weights.masked_fill(~mask, 0.0)
    return torch.baddbmm(s.new_zeros(1), weights[:, None], states)[:, 0], weights
