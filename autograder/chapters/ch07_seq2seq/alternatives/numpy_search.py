"""What needs no gradient is done in numpy; what needs one, with the heap of the standard library or by selection."""

import heapq
import itertools

import numpy as np
import torch


def _plain(params):
    return {name: value.detach().numpy() for name, value in params.items()}


def _step(p, y, s, c):
    s = np.tanh(s @ p["Ws"].T + p["E_tgt"][y] @ p["Wy"].T + c @ p["Wc"].T + p["bs"])
    return s @ p["Wo"].T + p["bo"], s


def encode(tokens, lengths, params):
    # The rows sorted by length: at every step the first ones are still running.
    order = torch.argsort(lengths, descending=True, stable=True)
    H = params["bh"].shape[0]
    h = params["bh"].new_zeros(len(tokens), H)
    columns = []
    for t in range(tokens.shape[1]):
        running = int((lengths > t).sum())
        x = params["E_src"][tokens[order[:running], t]]
        new = torch.tanh(x @ params["Wxh"].T + h[:running] @ params["Whh"].T + params["bh"])
        h = torch.cat([new, h[running:]])
        columns.append(torch.cat([new, h.new_zeros(len(tokens) - running, H)]))
    back = torch.argsort(order)
    return torch.stack(columns, dim=1)[back], h[back]


def shift_right(targets, bos):
    shifted = np.full(targets.shape, bos)
    shifted[:, 1:] = targets[:, :-1]
    return torch.from_numpy(shifted)


def decode_greedy(context, params, bos, eos, max_length):
    p, c = _plain(params), context.detach().numpy()
    tokens = np.full((len(c), max_length), eos)
    y, s = np.full(len(c), bos), c
    over = np.zeros(len(c), dtype=bool)
    for t in range(max_length):
        logits, s = _step(p, y, s, c)
        y = np.where(over, eos, logits.argmax(axis=1))
        tokens[:, t] = y
        over |= y == eos
    return torch.from_numpy(tokens)


def scheduled_sampling_rate(step, schedule, k):
    if schedule == "linear":
        return np.maximum(0.0, (k - step) / k)
    if schedule == "exponential":
        return np.exp(step * np.log(k))
    if schedule == "inverse_sigmoid":
        return np.exp(-np.logaddexp(0.0, step / k - np.log(k)))
    raise ValueError(f"{schedule} is not a known schedule")


def decode_scheduled(targets, context, params, bos, use_truth):
    # The tokens first, in numpy; then a pass with gradient over tokens that are known.
    p, c = _plain(params), context.detach().numpy()
    truth, use = targets.numpy(), use_truth.numpy()
    read = np.full(targets.shape, bos)
    s = c
    for t in range(1, targets.shape[1]):
        logits, s = _step(p, read[:, t - 1], s, c)
        read[:, t] = np.where(use[:, t], truth[:, t - 1], logits.argmax(axis=1))
    s, logits = context, []
    for t in range(targets.shape[1]):
        scores, s = decoder_step(torch.from_numpy(read[:, t]), s, context, params)
        logits.append(scores)
    return torch.stack(logits, dim=1)


def sequence_cross_entropy(logits, targets, pad):
    valid = targets != pad
    safe = torch.where(valid[..., None], logits, 0.0)
    picked = torch.where(valid, targets, 0)[..., None]
    losses = safe.logsumexp(-1) - safe.take_along_dim(picked, dim=-1)[..., 0]
    return (losses * valid).sum() / valid.sum().clamp(min=1)


def beam_search(context, params, bos, eos, beam_width, max_length):
    p, c = _plain(params), context.detach().numpy()[0]
    serial = itertools.count()
    beam = [(0.0, next(serial), [bos], c)]
    for _ in range(max_length):
        heap = []
        for total, _, ids, s in beam:
            if ids[1:] and ids[-1] == eos:
                extensions = [(total, ids, s)]
            else:
                logits, s = _step(p, ids[-1], s, c)
                log_p = logits - np.logaddexp.reduce(logits)
                extensions = [(total + log_p[y], [*ids, y], s) for y in range(len(log_p))]
            for total_after, ids_after, s_after in extensions:
                heapq.heappush(heap, (total_after, next(serial), ids_after, s_after))
                if len(heap) > beam_width:
                    heapq.heappop(heap)
        beam = heap
        if all(ids[-1] == eos for _, _, ids, _ in beam):
            break
    total, _, ids, _ = max(beam, key=lambda one: one[0])
    return torch.as_tensor(ids[1:]), np.float64(total)
