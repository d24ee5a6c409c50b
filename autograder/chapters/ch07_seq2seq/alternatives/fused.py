"""All matrices of a step side by side, projections of a whole sequence at once, einsum, a beam as one batch."""

import math

import torch


def encode(tokens, lengths, params):
    valid = torch.arange(tokens.shape[1]) < lengths.unsqueeze(1)
    table = torch.einsum("vd,hd->vh", params["E_src"], params["Wxh"]) + params["bh"]
    drive = table[tokens.masked_fill(valid.logical_not(), 0)]
    h = torch.zeros_like(drive[:, 0])
    states = []
    for now, keep in zip(drive.unbind(1), valid.unbind(1)):
        h = torch.where(keep[:, None], torch.tanh(torch.addmm(now, h, params["Whh"].t())), h)
        states.append(h)
    return torch.stack(states, 1).masked_fill(~valid[..., None], 0.0), h


def _fuse(params):
    weight = torch.cat([params["Ws"], params["Wy"], params["Wc"]], dim=1)

    def step(y, s, c):
        s = torch.tanh(torch.cat([s, params["E_tgt"][y], c], dim=-1) @ weight.T + params["bs"])
        return torch.einsum("...h,vh->...v", s, params["Wo"]) + params["bo"], s

    return step


def decoder_step(y_prev, s_prev, context, params):
    return _fuse(params)(y_prev, s_prev, context)


def shift_right(targets, bos):
    shifted = targets.roll(1, 1)
    shifted[:, 0] = bos
    return shifted


def decode_teacher_forced(targets, context, params, bos):
    # Only the states depend on each other; everything else is one product for all steps.
    embedded = params["E_tgt"][shift_right(targets, bos)]
    drive = torch.einsum("ntd,hd->nth", embedded, params["Wy"]) + params["bs"]
    drive = drive + (context @ params["Wc"].T)[:, None]
    s, states = context, []
    for t in range(targets.shape[1]):
        s = torch.tanh(drive[:, t] + s @ params["Ws"].T)
        states.append(s)
    return torch.einsum("tnh,vh->ntv", torch.stack(states), params["Wo"]) + params["bo"]


def decode_greedy(context, params, bos, eos, max_length):
    step, s = _fuse(params), context
    y = context.new_full((len(context),), bos, dtype=torch.long)
    written = torch.empty(max_length, len(context), dtype=torch.long)
    for t in range(max_length):
        logits, s = step(y, s, context)
        y = written[t] = logits.argmax(1)
    ended = (written == eos).cumsum(0) > 0
    return written.masked_fill(ended, eos).T


def scheduled_sampling_rate(step, schedule, k):
    match schedule:
        case "linear":
            return max(0, 1 - step / k)
        case "exponential":
            return math.exp(step * math.log(k))
        case "inverse_sigmoid":
            return 0.5 * (1 + math.tanh(0.5 * (math.log(k) - step / k)))
        case _:
            raise ValueError("no such schedule")


def decode_scheduled(targets, context, params, bos, use_truth):
    step, s = _fuse(params), context
    y = torch.full_like(targets[:, 0], bos)
    logits = []
    for truth, use in zip(targets.unbind(1), use_truth.roll(-1, 1).unbind(1)):
        scores, s = step(y, s, context)
        logits.append(scores)
        y = scores.detach().argmax(1)
        y[use] = truth[use]
    return torch.stack(logits).transpose(0, 1)


def sequence_cross_entropy(logits, targets, pad):
    keep = (targets != pad).flatten()
    chosen = logits.flatten(0, 1)[keep]
    right = chosen.gather(1, targets.flatten()[keep].unsqueeze(1)).squeeze(1)
    total = (chosen.logsumexp(dim=1) - right).sum()
    return total / max(1, int(keep.sum()))


def additive_attention(s, states, mask, params):
    both = torch.einsum("nh,ah->na", s, params["Wa"]).unsqueeze(1)
    both = both + torch.einsum("nsh,ah->nsa", states, params["Ua"])
    scores = torch.einsum("nsa,a->ns", both.tanh(), params["va"])
    highest = scores.masked_fill(~mask, -torch.inf).amax(1, keepdim=True).detach()
    highest = torch.where(mask.any(1, keepdim=True), highest, 0.0)
    shares = torch.exp(torch.where(mask, scores - highest, -torch.inf))
    weights = shares / shares.sum(1, keepdim=True).clamp(min=torch.finfo(shares.dtype).tiny)
    return torch.einsum("ns,nsh->nh", weights, states), weights


def decode_with_attention(targets, states, mask, params, bos):
    step = _fuse(params)
    picked = torch.nn.functional.one_hot((mask.cumsum(1) * mask).argmax(1), mask.shape[1]).to(
        states.dtype
    ) * mask.any(1, keepdim=True)
    s = torch.einsum("ns,nsh->nh", picked, states)
    trace = []
    for y in shift_right(targets, bos).T:
        c, weights = additive_attention(s, states, mask, params)
        logits, s = step(y, s, c)
        trace.append((logits, weights))
    logits, weights = map(torch.stack, zip(*trace))
    return logits.transpose(0, 1), weights.transpose(0, 1)


@torch.no_grad()
def beam_search(context, params, bos, eos, beam_width, max_length):
    step = _fuse(params)
    V = params["bo"].numel()
    totals, s = torch.zeros(1, dtype=torch.float64), context
    tokens = torch.full((1, 1), bos)
    ended = torch.tensor([False])
    for _ in range(max_length):
        logits, s = step(tokens[:, -1], s, context.expand(len(tokens), -1))
        log_p = logits.double().log_softmax(1)
        # A hypothesis that has ended has one extension, eos for nothing.
        stay = torch.full((V,), -torch.inf, dtype=torch.float64)
        stay[eos] = 0.0
        log_p[ended] = stay
        pool = (totals[:, None] + log_p).flatten()
        pool, order = pool[torch.isfinite(pool)], torch.isfinite(pool).nonzero()[:, 0]
        totals, best = pool.topk(min(beam_width, len(pool)))
        row, y = order[best] // V, order[best] % V
        tokens = torch.cat([tokens[row], y[:, None]], dim=1)
        s, ended = s[row], y == eos
        if ended.all():
            break
    best = tokens[0, 1:].tolist()
    if eos in best:
        best = best[: best.index(eos) + 1]
    return torch.tensor(best), totals[0].item()
