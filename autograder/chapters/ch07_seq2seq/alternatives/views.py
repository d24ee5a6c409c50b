"""Preallocated buffers filled in place, time-major, handed out as transposed, strided or expanded views."""

import torch


def encode(tokens, lengths, params):
    N, S = tokens.shape
    H = len(params["bh"])
    history = params["bh"].new_zeros(S + 1, N, H)
    context = params["bh"].new_zeros(N, H)
    for t in range(S):
        rows = (lengths > t).nonzero().flatten()
        h = torch.tanh(
            params["E_src"][tokens[rows, t]] @ params["Wxh"].T
            + context[rows] @ params["Whh"].T
            + params["bh"]
        )
        history[t + 1, rows] = h
        context = context.index_copy(0, rows, h)
    return history[1:].permute(1, 0, 2), context


def decoder_step(y_prev, s_prev, context, params):
    wide = torch.zeros(len(y_prev), 2 * s_prev.shape[1], dtype=s_prev.dtype)
    wide[:, ::2] = torch.tanh(
        params["bs"]
        + context @ params["Wc"].T
        + params["E_tgt"][y_prev] @ params["Wy"].T
        + s_prev @ params["Ws"].T
    )
    s = wide[:, ::2]
    return (params["Wo"] @ s.T).T + params["bo"], s


def shift_right(targets, bos):
    wide = torch.empty(targets.shape[1] + 1, targets.shape[0], dtype=targets.dtype)
    wide[0] = bos
    wide[1:] = targets.T
    return wide[:-1].T


def decode_teacher_forced(targets, context, params, bos):
    N, T = targets.shape
    buffer = context.new_zeros(T, N, len(params["bo"]))
    s = context
    for t, y in enumerate(shift_right(targets, bos).unbind(1)):
        buffer[t], s = decoder_step(y, s, context, params)
    return buffer.transpose(0, 1)


def decode_greedy(context, params, bos, eos, max_length):
    with torch.inference_mode():
        tokens = torch.full((max_length + 1, len(context)), eos)
        tokens[0] = bos
        s, going = context, torch.arange(len(context))
        for t in range(max_length):
            if len(going) == 0:
                break
            logits, s = decoder_step(tokens[t, going], s, context[going], params)
            tokens[t + 1, going] = logits.argmax(dim=1)
            stays = tokens[t + 1, going] != eos
            going, s = going[stays], s[stays]
        return tokens[1:].T


def decode_scheduled(targets, context, params, bos, use_truth):
    N, T = targets.shape
    inputs = shift_right(targets, bos).clone()
    buffer = context.new_zeros(N, T, len(params["bo"]))
    s = context
    for t in range(T):
        if t:
            guessed = ~use_truth[:, t]
            inputs[guessed, t] = buffer[guessed, t - 1].argmax(dim=1)
        buffer[:, t], s = decoder_step(inputs[:, t].clone(), s, context, params)
    return buffer


def sequence_cross_entropy(logits, targets, pad):
    valid = (targets != pad).nonzero(as_tuple=True)
    rows = logits[valid]
    losses = rows.logsumexp(1) - rows[torch.arange(len(rows)), targets[valid]]
    return losses.mean() if len(losses) else rows.sum()


def additive_attention(s, states, mask, params):
    N, S, H = states.shape
    context, weights = states.new_zeros(N, H), states.new_zeros(N, S)
    seen = mask.any(dim=1)
    if seen.any():
        some = states[seen]
        query = (s[seen] @ params["Wa"].T)[:, None].expand(-1, S, -1)
        scores = torch.tanh(query + some @ params["Ua"].T).matmul(params["va"])
        scores = scores.where(mask[seen], torch.tensor(-torch.inf, dtype=scores.dtype))
        weights[seen] = scores.softmax(dim=1)
        context[seen] = (weights[seen][..., None] * some).sum(dim=1)
    return context, weights


def decode_with_attention(targets, states, mask, params, bos):
    N, T = targets.shape
    logits = states.new_zeros(T, N, len(params["bo"]))
    weights = states.new_zeros(T, N, states.shape[1])
    s = states.new_zeros(N, states.shape[2])
    for j in range(states.shape[1]):
        s = torch.where(mask[:, j, None], states[:, j], s)
    for t, y in enumerate(shift_right(targets, bos).unbind(1)):
        context, row = additive_attention(s, states, mask, params)
        weights[t] = row
        logits[t], s = decoder_step(y, s, context, params)
    return logits.permute(1, 0, 2), weights.movedim(0, 1)
