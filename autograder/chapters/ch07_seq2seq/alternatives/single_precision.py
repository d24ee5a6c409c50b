"""Computes in float32 whatever it is given."""

import torch


def _single(params):
    return {name: value.float() for name, value in params.items()}


def encode(tokens, lengths, params):
    p = _single(params)
    N, S = tokens.shape
    keep = (torch.arange(S)[None] < lengths[:, None]).float()
    ids = (tokens * keep.long()).clamp(0, p["E_src"].shape[0] - 1)
    x = p["E_src"][ids] @ p["Wxh"].T + p["bh"]
    h = torch.zeros(N, p["bh"].shape[0])
    states = []
    for t in range(S):
        m = keep[:, t : t + 1]
        new = torch.tanh(x[:, t] + h @ p["Whh"].T)
        h = m * new + (1 - m) * h
        states.append(m * new)
    return torch.stack(states, 1), h


def _step(y, s, c, p):
    s = torch.tanh(s @ p["Ws"].T + p["E_tgt"][y] @ p["Wy"].T + c @ p["Wc"].T + p["bs"])
    return s @ p["Wo"].T + p["bo"], s


def decoder_step(y_prev, s_prev, context, params):
    return _step(y_prev, s_prev.float(), context.float(), _single(params))


def decode_teacher_forced(targets, context, params, bos):
    p, c = _single(params), context.float()
    y, s, logits = torch.full((len(targets),), bos), c, []
    for t in range(targets.shape[1]):
        scores, s = _step(y, s, c, p)
        logits.append(scores)
        y = targets[:, t]
    return torch.stack(logits, 1)


@torch.no_grad()
def decode_greedy(context, params, bos, eos, max_length):
    p, c = _single(params), context.float()
    tokens = torch.full((len(c), max_length), eos)
    y, s = torch.full((len(c),), bos), c
    alive = torch.ones(len(c), dtype=torch.bool)
    for t in range(max_length):
        scores, s = _step(y, s, c, p)
        y = scores.max(dim=1).indices
        tokens[alive, t] = y[alive]
        alive &= y != eos
        if not alive.any():
            break
    return tokens


def decode_scheduled(targets, context, params, bos, use_truth):
    p, c = _single(params), context.float()
    y, s, logits = torch.full((len(targets),), bos), c, []
    for t in range(targets.shape[1]):
        scores, s = _step(y, s, c, p)
        logits.append(scores)
        if t + 1 < targets.shape[1]:
            y = torch.where(use_truth[:, t + 1], targets[:, t], scores.argmax(1))
    return torch.stack(logits, 1)


def sequence_cross_entropy(logits, targets, pad):
    keep = targets != pad
    if not keep.any():
        return torch.tensor(0.0)
    return torch.nn.functional.cross_entropy(logits[keep].float(), targets[keep])


def additive_attention(s, states, mask, params):
    p, states = _single(params), states.float()
    scores = torch.tanh((s.float() @ p["Wa"].T).unsqueeze(1) + states @ p["Ua"].T) @ p["va"]
    weights = torch.softmax(scores.masked_fill(~mask, -1e9), dim=1) * mask
    return (weights.unsqueeze(2) * states).sum(1), weights


def decode_with_attention(targets, states, mask, params, bos):
    p, states = _single(params), states.float()
    positions = torch.arange(mask.shape[1])
    last = (positions * mask).max(dim=1).values
    s = states[torch.arange(len(states)), last] * mask.any(1, keepdim=True)
    y, logits, weights = torch.full((len(targets),), bos), [], []
    for t in range(targets.shape[1]):
        c, row = additive_attention(s, states, mask, p)
        scores, s = _step(y, s, c, p)
        logits.append(scores)
        weights.append(row)
        y = targets[:, t]
    return torch.stack(logits, 1), torch.stack(weights, 1)


@torch.no_grad()
def beam_search(context, params, bos, eos, beam_width, max_length):
    p, c = _single(params), context.float()
    beam = [(torch.tensor(0.0), [bos], c)]
    for _ in range(max_length):
        pool = []
        for total, ids, s in beam:
            if len(ids) > 1 and ids[-1] == eos:
                pool.append((total, ids, s))
            else:
                scores, new = _step(torch.tensor([ids[-1]]), s, c, p)
                best = torch.log_softmax(scores[0], 0).topk(min(beam_width, scores.shape[1]))
                for value, y in zip(best.values, best.indices):
                    pool.append((total + value, [*ids, int(y)], new))
        beam = sorted(pool, key=lambda one: float(one[0]), reverse=True)[:beam_width]
        if all(ids[-1] == eos for _, ids, _ in beam):
            break
    total, ids, _ = beam[0]
    return torch.tensor(ids[1:]), total
