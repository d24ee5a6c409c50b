"""Row by row and step by step; no function uses another."""

import math

import torch


def encode(tokens, lengths, params):
    rows, lasts = [], []
    for row, length in zip(tokens, lengths.tolist()):
        h = torch.zeros_like(params["bh"])
        states = []
        for t in range(len(row)):
            if t < length:
                x = params["E_src"][int(row[t])]
                h = torch.tanh(params["Wxh"] @ x + params["Whh"] @ h + params["bh"])
                states.append(h)
            else:
                states.append(torch.zeros_like(h))
        rows.append(torch.stack(states))
        lasts.append(h)
    return torch.stack(rows), torch.stack(lasts)


def decoder_step(y_prev, s_prev, context, params):
    states, scores = [], []
    for n in range(len(y_prev)):
        inside = params["bs"] + params["Ws"].mv(s_prev[n])
        inside = inside + params["Wy"].mv(params["E_tgt"][y_prev[n]])
        inside = inside + params["Wc"].mv(context[n])
        states.append(inside.tanh())
        scores.append(params["bo"] + params["Wo"].mv(states[-1]))
    return torch.stack(scores), torch.stack(states)


def shift_right(targets, bos):
    return torch.tensor([[bos] + row[:-1] for row in targets.tolist()])


def decode_teacher_forced(targets, context, params, bos):
    rows = []
    for ids, c in zip(targets.tolist(), context):
        s, logits, y = c, [], bos
        for following in ids:
            inside = params["Ws"] @ s + params["Wy"] @ params["E_tgt"][y] + params["Wc"] @ c
            s = torch.tanh(inside + params["bs"])
            logits.append(params["Wo"] @ s + params["bo"])
            y = following
        rows.append(torch.stack(logits))
    return torch.stack(rows)


def decode_greedy(context, params, bos, eos, max_length):
    result = []
    for c in context.detach():
        s, y, row = c, bos, []
        while len(row) < max_length:
            inside = params["Ws"] @ s + params["Wy"] @ params["E_tgt"][y] + params["Wc"] @ c
            s = torch.tanh(inside + params["bs"])
            scores = (params["Wo"] @ s + params["bo"]).tolist()
            y = scores.index(max(scores))
            row.append(y)
            if y == eos:
                row += [eos] * (max_length - len(row))
        result.append(row)
    return torch.tensor(result)


def scheduled_sampling_rate(step, schedule, k):
    if schedule not in ("linear", "exponential", "inverse_sigmoid"):
        raise ValueError("schedule: " + repr(schedule) + " is not known")
    if schedule == "linear":
        return 0 if step >= k else (k - step) / k
    if schedule == "exponential":
        return k**step
    try:
        return k / (k + math.exp(step / k))
    except OverflowError:
        return 0.0


def decode_scheduled(targets, context, params, bos, use_truth):
    rows = []
    for n in range(len(targets)):
        c = s = context[n]
        logits = []
        for t in range(targets.shape[1]):
            if t == 0:
                y = bos
            elif use_truth[n, t]:
                y = int(targets[n, t - 1])
            else:
                y = int(torch.argmax(logits[t - 1]))
            inside = params["Ws"] @ s + params["Wy"] @ params["E_tgt"][y] + params["Wc"] @ c
            s = torch.tanh(inside + params["bs"])
            logits.append(params["Wo"] @ s + params["bo"])
        rows.append(torch.stack(logits))
    return torch.stack(rows)


def sequence_cross_entropy(logits, targets, pad):
    losses = [
        torch.logsumexp(logits[n, t], 0) - logits[n, t, targets[n, t]]
        for n in range(targets.shape[0])
        for t in range(targets.shape[1])
        if targets[n, t] != pad
    ]
    return sum(losses) / len(losses) if losses else torch.zeros((), dtype=logits.dtype)


def additive_attention(s, states, mask, params):
    contexts, weights = [], []
    for n in range(len(s)):
        visible = [j for j in range(states.shape[1]) if mask[n, j]]
        context, row = torch.zeros_like(s[n]), [s.new_zeros(())] * states.shape[1]
        if visible:
            scores = [
                params["va"] @ torch.tanh(params["Wa"] @ s[n] + params["Ua"] @ states[n, j])
                for j in visible
            ]
            highest = max(float(score.detach()) for score in scores)
            shares = [torch.exp(score - highest) for score in scores]
            for j, share in zip(visible, shares):
                row[j] = share / sum(shares)
                context = context + row[j] * states[n, j]
        contexts.append(context)
        weights.append(torch.stack(row))
    return torch.stack(contexts), torch.stack(weights)


def decode_with_attention(targets, states, mask, params, bos):
    all_logits, all_weights = [], []
    for n in range(len(targets)):
        s = states.new_zeros(states.shape[2])
        for j in range(states.shape[1]):
            if mask[n, j]:
                s = states[n, j]
        y, logits, weights = bos, [], []
        for t in range(targets.shape[1]):
            c, row = additive_attention(s[None], states[n : n + 1], mask[n : n + 1], params)
            inside = params["Ws"] @ s + params["Wy"] @ params["E_tgt"][y] + params["Wc"] @ c[0]
            s = torch.tanh(inside + params["bs"])
            logits.append(params["Wo"] @ s + params["bo"])
            weights.append(row[0])
            y = int(targets[n, t])
        all_logits.append(torch.stack(logits))
        all_weights.append(torch.stack(weights))
    return torch.stack(all_logits), torch.stack(all_weights)


def beam_search(context, params, bos, eos, beam_width, max_length):
    c = context.detach()[0]
    beam = [{"score": 0.0, "ids": (bos,), "state": c, "done": False}]
    length = 0
    while length < max_length and not all(one["done"] for one in beam):
        pool = [one for one in beam if one["done"]]
        for one in beam:
            if one["done"]:
                continue
            y = one["ids"][-1]
            inside = params["Ws"] @ one["state"] + params["Wc"] @ c + params["bs"]
            s = torch.tanh(inside + params["Wy"] @ params["E_tgt"][y]).detach()
            scores = (params["Wo"] @ s + params["bo"]).detach()
            log_p = scores - torch.logsumexp(scores, 0)
            for y in range(len(log_p)):
                total = one["score"] + float(log_p[y])
                pool.append({"score": total, "ids": (*one["ids"], y), "state": s, "done": y == eos})
        pool = sorted(pool, key=lambda one: one["score"], reverse=True)
        beam = pool[:beam_width]
        length += 1
    best = max(beam, key=lambda one: one["score"])
    return torch.tensor(best["ids"][1:]), best["score"]
