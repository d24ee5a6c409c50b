"""Classes, partials, lambdas and named tuples bound to the names."""

import functools
import math
from collections import namedtuple

import torch

Encoded = namedtuple("Encoded", "states context")
Scored = namedtuple("Scored", "logits s")
Attended = namedtuple("Attended", "context weights")
Aligned = namedtuple("Aligned", "logits weights")
Found = namedtuple("Found", "tokens log_probability")


class Encoder:
    def __call__(self, tokens, lengths, params):
        N, S = tokens.shape
        inside = torch.arange(S).unsqueeze(0).lt(lengths.unsqueeze(1))
        x = torch.nn.functional.embedding(tokens.masked_fill(~inside, 0), params["E_src"])
        history = [torch.zeros(N, params["bh"].numel(), dtype=x.dtype)]
        for t in range(S):
            h = torch.tanh(
                torch.nn.functional.linear(x[:, t], params["Wxh"], params["bh"])
                + torch.nn.functional.linear(history[-1], params["Whh"])
            )
            history.append(torch.where(inside[:, t].unsqueeze(1), h, history[-1]))
        states = torch.stack(history[1:], dim=1) * inside.unsqueeze(2)
        return Encoded(states, history[-1])


encode = Encoder()


class Decoder:
    """Holds the parameters of one call; each step is a method call."""

    def __init__(self, params):
        linear = torch.nn.functional.linear
        self.of_state = lambda s: linear(s, params["Ws"], params["bs"])
        self.of_token = lambda y: linear(params["E_tgt"].index_select(0, y), params["Wy"])
        self.of_context = lambda c: linear(c, params["Wc"])
        self.readout = lambda s: linear(s, params["Wo"], params["bo"])

    def step(self, y, s, context):
        s = torch.tanh(self.of_state(s) + self.of_token(y) + self.of_context(context))
        return Scored(self.readout(s), s)

    def run(self, length, s, context, choose):
        logits = []
        for t in range(length):
            scored = self.step(choose(t, logits), s, context)
            s = scored.s
            logits.append(scored.logits)
        return torch.stack(logits, dim=1)


decoder_step = lambda y_prev, s_prev, context, params: Decoder(params).step(y_prev, s_prev, context)


def _shift(targets, bos, pad):
    return pad(targets, (1, 0), value=bos)[:, :-1]


shift_right = functools.partial(_shift, pad=torch.nn.functional.pad)


class decode_teacher_forced:
    """A class whose instances never appear: creating one gives the logits."""

    def __new__(cls, targets, context, params, bos):
        inputs = shift_right(targets, bos)
        return Decoder(params).run(
            targets.shape[1], context, context, lambda t, _logits: inputs[:, t]
        )


def _scheduled(targets, context, params, bos, use_truth):
    def choose(t, logits):
        if t == 0:
            return torch.full((len(targets),), bos)
        guess = logits[-1].max(dim=-1)[1]
        return guess + use_truth[:, t] * (targets[:, t - 1] - guess)

    return Decoder(params).run(targets.shape[1], context, context, choose)


decode_scheduled = functools.partial(_scheduled)

_SCHEDULES = {
    "linear": lambda step, k: torch.tensor(1 - step / k).clamp(min=0.0).item(),
    "exponential": lambda step, k: math.pow(k, step),
    "inverse_sigmoid": lambda step, k: torch.sigmoid(
        torch.tensor(math.log(k) - step / k, dtype=torch.float64)
    ),
}


def scheduled_sampling_rate(step, schedule, k):
    try:
        rate = _SCHEDULES[schedule]
    except KeyError:
        raise ValueError(f"schedule must be one of {sorted(_SCHEDULES)}") from None
    return rate(step, k)


class Attention:
    def __call__(self, s, states, mask, params):
        hidden = torch.tanh(s[:, None] @ params["Wa"].mT + states @ params["Ua"].mT)
        scores = (hidden * params["va"]).sum(-1).masked_fill(~mask, -float("inf"))
        weights = torch.softmax(scores, dim=1).nan_to_num()
        return Attended(torch.bmm(weights[:, None], states).squeeze(1), weights)


additive_attention = Attention()


def decode_with_attention(targets, states, mask, params, bos):
    decoder, attend = (
        Decoder(params),
        functools.partial(additive_attention, states=states, mask=mask, params=params),
    )
    flipped = mask.flip(1).int().argmax(dim=1)
    s = states.gather(
        1, (mask.shape[1] - 1 - flipped)[:, None, None].expand(-1, 1, states.shape[2])
    )[:, 0]
    s = torch.where(mask.any(dim=1)[:, None], s, 0.0)
    logits, weights = [], []
    for y in shift_right(targets, bos).unbind(1):
        attended = attend(s)
        scored = decoder.step(y, s, attended.context)
        s = scored.s
        logits.append(scored.logits)
        weights.append(attended.weights)
    return Aligned(torch.stack(logits, 1), torch.stack(weights, 1))


class Hypothesis(namedtuple("Hypothesis", "total tokens state finished")):
    def extended(self, decoder, context, bos, eos):
        if self.finished:
            return [self]
        last = torch.tensor([self.tokens[-1] if self.tokens else bos])
        logits, state = decoder.step(last, self.state, context)
        log_p = logits[0].log_softmax(0).detach().tolist()
        return [
            Hypothesis(self.total + p, (*self.tokens, y), state, y == eos)
            for y, p in enumerate(log_p)
        ]


def beam_search(context, params, bos, eos, beam_width, max_length):
    decoder = Decoder(params)
    beam = [Hypothesis(0.0, (), context, False)]
    for _ in range(max_length):
        pool = [new for old in beam for new in old.extended(decoder, context, bos, eos)]
        beam = sorted(pool, key=lambda one: one.total)[-beam_width:]
        # An unfinished hypothesis only loses by going on, so a finished leader stays ahead.
        if beam[-1].finished:
            break
    return Found(torch.tensor(beam[-1].tokens), beam[-1].total)
