"""Catalogued mistakes of chapter 6."""

from __future__ import annotations

from autograder.course.catalogue import mistake

# --- reverse_padded -------------------------------------------------------------------------------

REVERSE = "reverse_padded"

mistake(
    REVERSE,
    "padding_reversed_too",
    says="Where does (6.4) send a step of the padding?",
    old="return np.take_along_axis(x, source[:, :, None], axis=1)",
    new="return x[:, ::-1].copy()",
)
mistake(
    REVERSE,
    "padding_zeroed",
    says="What does (6.4) say about steps behind the length?",
    old="return np.take_along_axis(x, source[:, :, None], axis=1)",
    new="kept = (steps <= last)[:, :, None]\n"
    "    return np.where(kept, np.take_along_axis(x, source[:, :, None], axis=1), 0.0)",
)
mistake(
    REVERSE,
    "padding_multiplied_away",
    says="What does (6.4) say about steps behind the length? And what is zero times NaN?",
    old="return np.take_along_axis(x, source[:, :, None], axis=1)",
    new="return np.take_along_axis(x, source[:, :, None], axis=1) * (steps <= last)[:, :, None]",
)
mistake(
    REVERSE,
    "longest_length_for_all",
    says="Each row has a length of its own in (6.4).",
    old="last = np.asarray(lengths)[:, None] - 1",
    new="last = np.full((len(x), 1), np.max(lengths)) - 1",
)
mistake(
    REVERSE,
    "off_by_one",
    says="Which position does step 1 of a row of length 3 come from? Try a row of length 1 too.",
    old="last - steps, steps)",
    new="np.maximum(last - 1 - steps, 0), steps)",
)
mistake(
    REVERSE,
    "one_step_too_many",
    says="Which step is the first that stays where it is?",
    old="last = np.asarray(lengths)[:, None] - 1",
    new="last = np.minimum(np.asarray(lengths)[:, None], x.shape[1] - 1)",
)
mistake(
    REVERSE,
    "rolled",
    says="Are the valid steps reversed, or only moved?",
    old="np.where(steps <= last, last - steps, steps)",
    new="np.where(steps <= last, (steps + last) % np.maximum(last + 1, 1), steps)",
)
mistake(
    REVERSE,
    "wrong_axis",
    says="Which axis of x is time?",
    old="return np.take_along_axis(x, source[:, :, None], axis=1)",
    new="return np.take_along_axis(x, source[:, :, None], axis=1)[:, :, ::-1]",
)
mistake(
    REVERSE,
    "zero_length_reverses_all",
    says="What does your slice do for a length of 0?",
    code="""
def reverse_padded(x, lengths):
    out = x.copy()
    for n, length in enumerate(lengths):
        stop = -(x.shape[1] - length) or None if length else None
        out[n, :stop] = x[n, :stop][::-1]
    return out
""",
)
mistake(
    REVERSE,
    "in_place",
    says="Compare your arguments before and after the call.",
    old="    return np.take_along_axis(x, source[:, :, None], axis=1)",
    new="    x[:] = np.take_along_axis(x, source[:, :, None], axis=1)\n    return x",
)
mistake(
    REVERSE,
    "overlapping_assignment",
    says="Print the second half of a reversed row of length 4 beside the original.",
    code="""
def reverse_padded(x, lengths):
    out = x.copy()
    for n, length in enumerate(lengths):
        for t in range(length):
            out[n, t] = out[n, length - 1 - t]
    return out
""",
)
mistake(
    REVERSE,
    "padding_moved_to_the_front",
    says="Where does the padding stand after (6.4)?",
    code="""
def reverse_padded(x, lengths):
    out = x.copy()
    for n, length in enumerate(lengths):
        out[n] = np.concatenate([x[n, length:], x[n, :length][::-1]])
    return out
""",
)

# --- birnn_forward --------------------------------------------------------------------------------

FORWARD = "birnn_forward"
WITH_CACHE = ("birnn_backward",)

mistake(
    FORWARD,
    "backward_states_not_turned_back",
    says="Row t of the result holds two views of which position, by (6.3)?",
    old="reverse_padded(back[:, 1:], lengths)",
    new="back[:, 1:]",
)
mistake(
    FORWARD,
    "whole_rows_turned",
    says="With which step does the backward reader begin in a row of length 3, by (6.2)?",
    old="turned = reverse_padded(clean, lengths)",
    new="turned = clean[:, ::-1]",
    also=WITH_CACHE,
)
mistake(
    FORWARD,
    "states_turned_back_as_whole_rows",
    says="Use the same reversal on the way back as on the way in.",
    old="reverse_padded(back[:, 1:], lengths)",
    new="back[:, :0:-1]",
)
mistake(
    FORWARD,
    "same_weights_for_both",
    says="Whose weights stand in (6.2)?",
    old='read(turned, params["backward"])',
    new='read(turned, params["forward"])',
    also=WITH_CACHE,
)
mistake(
    FORWARD,
    "weights_exchanged",
    says="Which of the two dicts belongs to (6.1)?",
    code="""
def birnn_forward(x, lengths, params):
    def read(x, params):
        states = np.zeros((x.shape[0], x.shape[1] + 1, params["bh"].size))
        for t in range(x.shape[1]):
            a = x[:, t] @ params["Wxh"].T + states[:, t] @ params["Whh"].T + params["bh"]
            states[:, t + 1] = np.tanh(a)
        return states

    lengths = np.array(lengths)
    valid = (np.arange(x.shape[1]) < lengths[:, None])[:, :, None]
    clean = np.where(valid, x, 0.0)
    turned = reverse_padded(clean, lengths)
    ahead, back = read(clean, params["backward"]), read(turned, params["forward"])
    h = np.concatenate([ahead[:, 1:], reverse_padded(back[:, 1:], lengths)], axis=2)
    return np.where(valid, h, 0.0), (clean, turned, ahead, back, valid, lengths, params)
""",
    also=WITH_CACHE,
)
mistake(
    FORWARD,
    "backward_half_first",
    says="Which half comes first in (6.3)?",
    old="[ahead[:, 1:], reverse_padded(back[:, 1:], lengths)]",
    new="[reverse_padded(back[:, 1:], lengths), ahead[:, 1:]]",
)
mistake(
    FORWARD,
    "halves_added",
    says="What do the brackets of (6.3) mean?",
    old="h = np.concatenate([ahead[:, 1:], reverse_padded(back[:, 1:], lengths)], axis=2)",
    new="h = ahead[:, 1:] + reverse_padded(back[:, 1:], lengths)\n    h = np.concatenate([h, h], axis=2)",
)
mistake(
    FORWARD,
    "halves_interleaved",
    says="What do the brackets of (6.3) mean?",
    old="h = np.concatenate([ahead[:, 1:], reverse_padded(back[:, 1:], lengths)], axis=2)",
    new="h = np.stack([ahead[:, 1:], reverse_padded(back[:, 1:], lengths)], axis=3)\n"
    "    h = h.reshape(*h.shape[:2], -1)",
)
mistake(
    FORWARD,
    "padding_not_zero",
    says="What should stand at padded steps of h?",
    old="return np.where(valid, h, 0.0),",
    new="return h,",
)
mistake(
    FORWARD,
    "output_multiplied_by_mask",
    says="What is zero times NaN? Fill the padding with it.",
    code="""
def birnn_forward(x, lengths, params):
    def read(x, params):
        states = np.zeros((x.shape[0], x.shape[1] + 1, params["bh"].size))
        for t in range(x.shape[1]):
            a = x[:, t] @ params["Wxh"].T + states[:, t] @ params["Whh"].T + params["bh"]
            states[:, t + 1] = np.tanh(a)
        return states

    lengths = np.array(lengths)
    valid = (np.arange(x.shape[1]) < lengths[:, None])[:, :, None]
    clean = np.where(valid, x, 0.0)
    h_ahead, h_back = read(x, params["forward"]), read(reverse_padded(x, lengths), params["backward"])
    h = np.concatenate([h_ahead[:, 1:], reverse_padded(h_back[:, 1:], lengths)], axis=2)
    turned = reverse_padded(clean, lengths)
    ahead, back = read(clean, params["forward"]), read(turned, params["backward"])
    return h * valid, (clean, turned, ahead, back, valid, lengths, params)
""",
)
mistake(
    FORWARD,
    "valid_where_not_zero",
    says="What decides whether a step is padding: its values or the length?",
    old="valid = (np.arange(x.shape[1]) < lengths[:, None])[:, :, None]",
    new="valid = (np.arange(x.shape[1]) < lengths[:, None])[:, :, None] & (x != 0).any(axis=2, keepdims=True)",
)
mistake(
    FORWARD,
    "mask_off_by_one",
    says="Which steps of a row of length 1 are valid?",
    old="(np.arange(x.shape[1]) < lengths[:, None])",
    new="(np.arange(x.shape[1]) <= lengths[:, None])",
    also=WITH_CACHE,
)
mistake(
    FORWARD,
    "last_step_masked",
    says="Which steps of a row of length 1 are valid?",
    old="(np.arange(x.shape[1]) < lengths[:, None])",
    new="(np.arange(1, x.shape[1] + 1) < lengths[:, None])",
    also=WITH_CACHE,
)
mistake(
    FORWARD,
    "states_one_step_late",
    says="Has the forward half of row t read x_t already, by (6.1)?",
    old="[ahead[:, 1:], reverse_padded",
    new="[ahead[:, :-1], reverse_padded",
)
mistake(
    FORWARD,
    "backward_states_without_own_input",
    says="Has the backward half of row t read x_t already, by (6.2)?",
    old="reverse_padded(back[:, 1:], lengths)",
    new="reverse_padded(back[:, :-1], lengths)",
)
mistake(
    FORWARD,
    "padding_first_for_the_backward_reader",
    says="With which state does the backward reader arrive at the last valid step, by (6.2)?",
    old='back = read(turned, params["backward"])',
    new='back = read(clean[:, ::-1], params["backward"])[:, ::-1]\n'
    "    back = np.concatenate([back[:, -1:], reverse_padded(back[:, :-1], lengths)], axis=1)",
    also=WITH_CACHE,
)
mistake(
    FORWARD,
    "recurrent_weights_transposed",
    says="A batch multiplies by the transpose of what stands in (6.1).",
    old='states[:, t] @ params["Whh"].T',
    new='states[:, t] @ params["Whh"]',
    also=WITH_CACHE,
)
mistake(
    FORWARD,
    "bias_missing",
    says="Count the terms inside the tanh of (6.1).",
    old=' + params["bh"]\n',
    new="\n",
    also=WITH_CACHE,
)
mistake(
    FORWARD,
    "backward_reader_starts_from_forward_state",
    says="From which state does (6.2) start?",
    code="""
def birnn_forward(x, lengths, params):
    def read(x, params, first):
        states = np.zeros((x.shape[0], x.shape[1] + 1, params["bh"].size))
        states[:, 0] = first
        for t in range(x.shape[1]):
            a = x[:, t] @ params["Wxh"].T + states[:, t] @ params["Whh"].T + params["bh"]
            states[:, t + 1] = np.tanh(a)
        return states

    lengths = np.array(lengths)
    valid = (np.arange(x.shape[1]) < lengths[:, None])[:, :, None]
    clean = np.where(valid, x, 0.0)
    turned = reverse_padded(clean, lengths)
    ahead = read(clean, params["forward"], 0.0)
    back = read(turned, params["backward"], ahead[np.arange(len(x)), lengths])
    h = np.concatenate([ahead[:, 1:], reverse_padded(back[:, 1:], lengths)], axis=2)
    return np.where(valid, h, 0.0), (clean, turned, ahead, back, valid, lengths, params)
""",
    also=WITH_CACHE,
)
mistake(
    FORWARD,
    "backward_reads_forward_states",
    says="What does the backward reader read at step t: x, or the other reader's state? See (6.2).",
    old="turned = reverse_padded(clean, lengths)",
    new='turned = reverse_padded(clean + 0.1 * read(clean, params["forward"])[:, 1:].mean(axis=2, keepdims=True), lengths)',
    also=WITH_CACHE,
)
mistake(
    FORWARD,
    "one_direction_twice",
    says="In which direction does the second reader run, by (6.2)?",
    old="turned = reverse_padded(clean, lengths)",
    new="turned = clean",
    also=WITH_CACHE,
)
mistake(
    FORWARD,
    "x_cleaned_in_place",
    says="Compare your arguments before and after the call.",
    old="clean = np.where(valid, x, 0.0)",
    new="x[~valid[:, :, 0]] = 0.0\n    clean = x",
)
mistake(
    FORWARD,
    "lengths_sorted",
    says="Does row n of the result belong to row n of x?",
    old="lengths = np.array(lengths)",
    new="lengths = np.sort(lengths)[::-1]",
    also=WITH_CACHE,
)
mistake(
    FORWARD,
    "longest_row_only",
    says="T may exceed the longest length. Compare the shape of your h with the docstring.",
    old="return np.where(valid, h, 0.0),",
    new="return np.where(valid, h, 0.0)[:, : max(1, lengths.max())],",
)

# --- birnn_backward -------------------------------------------------------------------------------

BACKWARD = "birnn_backward"

mistake(
    BACKWARD,
    "forward_reader_only",
    says="How many readers send a gradient to x in (6.6)?",
    old="dx = dx + reverse_padded(dx_turned, lengths)",
    new="dx = dx",
)
mistake(
    BACKWARD,
    "backward_reader_only",
    says="How many readers send a gradient to x in (6.6)?",
    old="dx = dx + reverse_padded(dx_turned, lengths)",
    new="dx = reverse_padded(dx_turned, lengths)",
)
mistake(
    BACKWARD,
    "dx_not_turned_back",
    says="On which side of the reversal does the backward reader's dx live?",
    old="dx + reverse_padded(dx_turned, lengths)",
    new="dx + dx_turned",
)
mistake(
    BACKWARD,
    "upstream_not_turned",
    says="On which side of the reversal does the upstream gradient live?",
    old="dh_turned = reverse_padded(dh_back, lengths)",
    new="dh_turned = dh_back",
)
mistake(
    BACKWARD,
    "whole_rows_turned",
    says="Where is the last valid step of a short row after your reversal?",
    old="dh_turned = reverse_padded(dh_back, lengths)",
    new="dh_turned = dh_back[:, ::-1]",
)
mistake(
    BACKWARD,
    "halves_exchanged",
    says="Which half of dh belongs to the forward reader, by (6.3)?",
    old="dh_ahead, dh_back = ",
    new="dh_back, dh_ahead = ",
)
mistake(
    BACKWARD,
    "upstream_in_padding_counts",
    says="What does h at padded steps depend on?",
    old="np.where(valid, dh, 0.0)",
    new="dh",
)
mistake(
    BACKWARD,
    "upstream_multiplied_by_mask",
    says="What is zero times NaN?",
    old="np.where(valid, dh, 0.0)",
    new="dh * valid",
)
mistake(
    BACKWARD,
    "results_masked_instead_of_upstream",
    says="Which arrays does an upstream gradient at a padded step reach? More than dx.",
    old="    return dx, {",
    new="    more = np.split(dh, 2, axis=2)\n"
    '    _, grads_ahead = unread(more[0], clean, ahead, params["forward"])\n    return dx, {',
)
mistake(
    BACKWARD,
    "no_gradient_through_time",
    says="Which two terms stand in the brackets of (6.5)?",
    old='d_state = da @ params["Whh"]',
    new="d_state = 0 * d_state",
)
mistake(
    BACKWARD,
    "recurrent_weights_transposed",
    says="Rows times what? Compare with the transpose in (6.5).",
    old='d_state = da @ params["Whh"]',
    new='d_state = da @ params["Whh"].T',
)
mistake(
    BACKWARD,
    "slope_missing",
    says="(6.5) ends with the slope of tanh.",
    old="(dh[:, t] + d_state) * (1 - states[:, t + 1] ** 2)",
    new="dh[:, t] + d_state",
)
mistake(
    BACKWARD,
    "slope_for_upstream_only",
    says="What does the slope multiply in (6.5)?",
    old="(dh[:, t] + d_state) * (1 - states[:, t + 1] ** 2)",
    new="dh[:, t] * (1 - states[:, t + 1] ** 2) + d_state",
)
mistake(
    BACKWARD,
    "slope_of_state_before",
    says="At which state is the slope of (6.5) taken?",
    old="(1 - states[:, t + 1] ** 2)",
    new="(1 - states[:, t] ** 2)",
)
mistake(
    BACKWARD,
    "recurrent_gradient_with_own_state",
    says="Which state did the reader read when it computed this one?",
    old="da.T @ states[:, t]\n",
    new="da.T @ states[:, t + 1]\n",
)
mistake(
    BACKWARD,
    "first_step_missing",
    says="How many steps does your loop over time take?",
    old="for t in reversed(range(x.shape[1])):",
    new="for t in reversed(range(min(1, x.shape[1] - 1), x.shape[1])):",
)
mistake(
    BACKWARD,
    "last_step_of_grads_only",
    says="Gradients of the weights are sums over what?",
    old='grads["Whh"] += da.T @ states[:, t]',
    new='grads["Whh"] = da.T @ states[:, t]',
)
mistake(
    BACKWARD,
    "bias_gradient_averaged",
    says="A sum or a mean over the batch?",
    old="da.sum(axis=0)",
    new="da.mean(axis=0)",
)
mistake(
    BACKWARD,
    "backward_inputs_not_turned",
    says="Which input did the backward reader read at its own step t?",
    old="unread(dh_turned, turned, back,",
    new="unread(dh_turned, clean, back,",
)
mistake(
    BACKWARD,
    "gradients_of_readers_exchanged",
    says="Which reader do the gradients under each key belong to?",
    old='{"forward": grads_ahead, "backward": grads_back}',
    new='{"forward": grads_back, "backward": grads_ahead}',
)
mistake(
    BACKWARD,
    "gradients_shared",
    says="The two readers share no weights.",
    old='{"forward": grads_ahead, "backward": grads_back}',
    new='{s: {k: grads_ahead[k] + grads_back[k] for k in grads_ahead} for s in ("forward", "backward")}',
)
mistake(
    BACKWARD,
    "gradients_flat",
    says="How are the gradients nested?",
    old='{"forward": grads_ahead, "backward": grads_back}',
    new='grads_ahead | {name + "_reverse": g for name, g in grads_back.items()}',
)
mistake(
    BACKWARD,
    "forward_weights_for_both",
    says="Whose weights does the gradient of the backward reader go through?",
    old='turned, back, params["backward"])',
    new='turned, back, params["forward"])',
)
mistake(
    BACKWARD,
    "cache_changed",
    says="Call your backward twice with the same cache.",
    old="    return dx, {",
    new="    ahead *= 1 - ahead\n    return dx, {",
)
mistake(
    BACKWARD,
    "upstream_masked_in_place",
    says="Compare your arguments before and after the call.",
    old="    dh_ahead, dh_back = ",
    new="    dh[~valid[:, :, 0]] = 0.0\n    dh_ahead, dh_back = ",
)
mistake(
    BACKWARD,
    "upstream_averaged_over_length",
    says="Is there a division by the length anywhere in (6.5)?",
    old="np.where(valid, dh, 0.0)",
    new="np.where(valid, dh, 0.0) / np.maximum(lengths, 1)[:, None, None]",
)

_NAN_IN_THE_CACHE = """
_forward_with_clean_cache = birnn_forward


def birnn_forward(x, lengths, params):
    h, cache = _forward_with_clean_cache(x, lengths, params)
    return h, (CLEAN, *cache[1:])


def birnn_backward(dh, cache):
    clean, turned, ahead, back, valid, lengths, params = cache

    def unread(dh, x, states, params):
        grads = {name: np.zeros(value.shape) for name, value in params.items()}
        dx = np.zeros(x.shape)
        d_state = np.zeros(states[:, 0].shape)
        for t in reversed(range(x.shape[1])):
            da = (dh[:, t] + d_state) * (1 - states[:, t + 1] ** 2)
            grads["Wxh"] += da.T @ x[:, t]
            grads["Whh"] += da.T @ states[:, t]
            grads["bh"] += da.sum(axis=0)
            dx[:, t] = da @ params["Wxh"]
            d_state = da @ params["Whh"]
        return dx, grads

    dh_ahead, dh_back = np.split(np.where(valid, dh, 0.0), 2, axis=2)
    dx, grads_ahead = unread(dh_ahead, clean, ahead, params["forward"])
    dh_turned = reverse_padded(dh_back, lengths)
    dx_turned, grads_back = unread(dh_turned, turned, back, params["backward"])
    dx = dx + reverse_padded(dx_turned, lengths)
    return dx, {"forward": grads_ahead, "backward": grads_back}
"""
mistake(
    BACKWARD,
    "padding_in_the_cache",
    says="Which padding does the gradient of Wxh multiply? What is zero times NaN?",
    code=_NAN_IN_THE_CACHE.replace("CLEAN", "x"),
)
mistake(
    BACKWARD,
    "padding_multiplied_away_in_the_cache",
    says="What is zero times NaN? Fill the padding of x with it and look at the gradients.",
    code=_NAN_IN_THE_CACHE.replace("CLEAN", "x * cache[4]"),
)

# --- leaks_future ---------------------------------------------------------------------------------

LEAKS = "leaks_future"

mistake(
    LEAKS,
    "answer_inverted",
    says="Which answer does a running sum deserve?",
    old="return True\n    return False",
    new="return False\n    return True",
)
mistake(
    LEAKS,
    "own_step_counts",
    says="Which outputs may depend on the input of step s, by (6.7)?",
    old="after[:step] - before[:step]",
    new="after[: step + 1] - before[: step + 1]",
)
mistake(
    LEAKS,
    "all_outputs_count",
    says="Which outputs may depend on the input of step s, by (6.7)?",
    old="after[:step] - before[:step]",
    new="after - before",
)
mistake(
    LEAKS,
    "step_before_left_out",
    says="Is t = s - 1 among the steps of (6.7)?",
    old="np.abs(after[:step] - before[:step]).max() > 1e-9",
    new="step > 1 and np.abs(after[: step - 1] - before[: step - 1]).max() > 1e-9",
)
mistake(
    LEAKS,
    "last_step_only",
    says="Which steps s does (6.7) speak of? A leak need not start at the end.",
    old="range(1, len(x))",
    new="range(max(1, len(x) - 1), len(x))",
)
mistake(
    LEAKS,
    "last_step_left_out",
    says="Which steps s does (6.7) speak of?",
    old="range(1, len(x))",
    new="range(1, len(x) - 1)",
)
mistake(
    LEAKS,
    "first_output_only",
    says="Which steps t does (6.7) speak of?",
    old="np.abs(after[:step] - before[:step]).max()",
    new="np.abs(after[0] - before[0]).max()",
)
mistake(
    LEAKS,
    "neighbour_only",
    says="Which steps t does (6.7) speak of?",
    old="np.abs(after[:step] - before[:step]).max()",
    new="np.abs(after[step - 1] - before[step - 1]).max()",
)
mistake(
    LEAKS,
    "first_output_column_only",
    says="A model has K outputs at each step.",
    old="np.abs(after[:step] - before[:step]).max()",
    new="np.abs(after[:step, 0] - before[:step, 0]).max()",
)
mistake(
    LEAKS,
    "equal_in_every_digit",
    says="What does the chapter say about the last digits of a causal model?",
    old="> 1e-9",
    new="> 0",
)
mistake(
    LEAKS,
    "coarse_tolerance",
    says="How large may a difference be that is no leak?",
    old="> 1e-9",
    new="> 1e-5",
)
mistake(
    LEAKS,
    "allclose",
    says="What are the default tolerances of the comparison that you use?",
    old="np.abs(after[:step] - before[:step]).max() > 1e-9",
    new="not np.allclose(after[:step], before[:step], rtol=1e-3)",
)
mistake(
    LEAKS,
    "tiny_change",
    says="By how much should an input be changed?",
    old="changed[step] += change",
    new="changed[step] += 1e-6 * change",
)
mistake(
    LEAKS,
    "change_survives_the_loop",
    says="What is left of the change of one step when you test the next one? Compare x before and after.",
    old="changed = x.astype(np.float64)",
    new="changed = x",
)
mistake(
    LEAKS,
    "truncated_input",
    says="A model may know how many steps there are. What exactly does (6.7) change?",
    code="""
def leaks_future(model, x):
    before = np.array(model(x.copy()))
    for step in range(1, len(x)):
        if np.abs(np.asarray(model(x[:step].copy())) - before[:step]).max() > 1e-9:
            return True
    return False
""",
)
mistake(
    LEAKS,
    "later_inputs_zeroed",
    says="What if the later inputs are zero already?",
    code="""
def leaks_future(model, x):
    before = np.array(model(x.copy()))
    for step in range(1, len(x)):
        changed = x.copy()
        changed[step] = 0.0
        if np.abs(np.asarray(model(changed))[:step] - before[:step]).max() > 1e-9:
            return True
    return False
""",
)
mistake(
    LEAKS,
    "nan_as_probe",
    says="What happens to a causal model that multiplies later inputs by zero?",
    code="""
def leaks_future(model, x):
    for step in range(1, len(x)):
        changed = x.copy()
        changed[step] = np.nan
        if np.isnan(np.asarray(model(changed))[:step]).any():
            return True
    return False
""",
)
mistake(
    LEAKS,
    "differences_summed",
    says="What happens when one output grows by as much as another one falls?",
    old="np.abs(after[:step] - before[:step]).max() > 1e-9",
    new="np.abs((after[:step] - before[:step]).sum()) > 1e-9",
)
mistake(
    LEAKS,
    "single_step_raises",
    says="What does your function do for a sequence of one step?",
    old="    return False",
    new="    return bool(np.abs(after - before).max() < 0)",
)

# --- deep_rnn_forward -----------------------------------------------------------------------------

DEEP = "deep_rnn_forward"
DEEP_CACHE = ("deep_rnn_backward",)

mistake(
    DEEP,
    "every_layer_reads_x",
    says="What does layer 2 read in (6.8)?",
    code="""
def deep_rnn_forward(x, layers):
    N, T, _ = x.shape
    below, cache = x, []
    for params in layers:
        if params["Wxh"].shape[1] == x.shape[2]:
            below = x
        states = np.zeros((N, T + 1, params["bh"].size))
        for t in range(T):
            a = below[:, t] @ params["Wxh"].T + states[:, t] @ params["Whh"].T + params["bh"]
            states[:, t + 1] = np.tanh(a)
        cache.append((below, states, params))
        below = states[:, 1:]
    return below.copy(), cache
""",
    also=DEEP_CACHE,
)
mistake(
    DEEP,
    "layers_from_the_top",
    says="Which layer comes first in the list?",
    code="""
def deep_rnn_forward(x, layers):
    N, T, _ = x.shape
    below, cache = x, []
    for params in layers[::-1]:
        states = np.zeros((N, T + 1, params["bh"].size))
        for t in range(T):
            a = below[:, t] @ params["Wxh"].T + states[:, t] @ params["Whh"].T + params["bh"]
            states[:, t + 1] = np.tanh(a)
        cache.append((below, states, params))
        below = states[:, 1:]
    return below.copy(), cache
""",
    also=DEEP_CACHE,
)
mistake(
    DEEP,
    "layer_below_one_step_late",
    says="At which step does layer l read layer l - 1, by (6.8)?",
    old="below = states[:, 1:]",
    new="below = states[:, :-1] if params is not layers[-1] else states[:, 1:]",
    also=DEEP_CACHE,
)
mistake(
    DEEP,
    "state_handed_to_next_layer",
    says="From which state does each layer start, by (6.8)?",
    old='        states = np.zeros((N, T + 1, params["bh"].size))\n',
    new='        states = np.zeros((N, T + 1, params["bh"].size))\n'
    "        if cache and cache[-1][1].shape == states.shape:\n"
    "            states[:, 0] = cache[-1][1][:, -1]\n",
    also=DEEP_CACHE,
)
mistake(
    DEEP,
    "first_layer_only",
    says="How many layers does your loop run?",
    old="    return below.copy(), cache",
    new="    return cache[0][1][:, 1:].copy(), cache",
)
mistake(
    DEEP,
    "two_layers_at_most",
    says="Try three layers.",
    old="for params in layers:",
    new="for params in layers[:2]:",
    also=DEEP_CACHE,
)
mistake(
    DEEP,
    "same_weights_in_every_layer",
    says="Every layer of (6.8) has weights of its own. Try layers of equal width.",
    old="for params in layers:",
    new='for params in [layers[0] if p["Wxh"].shape == layers[0]["Wxh"].shape else p for p in layers]:',
    also=DEEP_CACHE,
)
mistake(
    DEEP,
    "all_layers_concatenated",
    says="Which layer's states are the result?",
    old="    return below.copy(), cache",
    new="    return np.concatenate([states[:, 1:] for _, states, _ in cache], axis=2), cache",
)
mistake(
    DEEP,
    "last_step_only",
    says="Compare the shape of your h with the docstring.",
    old="    return below.copy(), cache",
    new="    return below[:, -1].copy(), cache",
)
mistake(
    DEEP,
    "recurrent_weights_transposed",
    says="A batch multiplies by the transpose of what stands in (6.8).",
    old='@ params["Whh"].T',
    new='@ params["Whh"]',
    also=DEEP_CACHE,
)
mistake(
    DEEP,
    "bias_missing",
    says="Count the terms inside the tanh of (6.8).",
    old=' + params["bh"]\n',
    new="\n",
    also=DEEP_CACHE,
)
mistake(
    DEEP,
    "residual",
    says="Is there a connection past a layer in (6.8)?",
    old="below = states[:, 1:]",
    new="below = states[:, 1:] + (below if below.shape == states[:, 1:].shape else 0.0)",
    also=DEEP_CACHE,
)
mistake(
    DEEP,
    "tanh_between_layers",
    says="How many times is a state squashed on its way to the next layer, by (6.8)?",
    old="below = states[:, 1:]",
    new="below = np.tanh(states[:, 1:])",
    also=DEEP_CACHE,
)
mistake(
    DEEP,
    "last_step_missing",
    says="How many steps does your loop over time take?",
    old="for t in range(T):",
    new="for t in range(max(1, T - 1)):",
    also=DEEP_CACHE,
)
mistake(
    DEEP,
    "layers_consumed",
    says="Compare your arguments before and after the call.",
    old="    for params in layers:",
    new="    while layers:\n        params = layers.pop(0)",
)

# --- deep_rnn_backward ----------------------------------------------------------------------------

DEEP_BACKWARD = "deep_rnn_backward"

mistake(
    DEEP_BACKWARD,
    "grads_from_the_top",
    says="In which order are the layers in the result?",
    old="return dh, all_grads[::-1]",
    new="return dh, all_grads",
)
mistake(
    DEEP_BACKWARD,
    "top_layer_only",
    says="What goes down the stack in (6.9)?",
    old="dh = d_below",
    new="dh = d_below\n        if len(all_grads) < len(cache):\n            dh = np.zeros(d_below.shape)",
)
mistake(
    DEEP_BACKWARD,
    "upstream_enters_every_layer",
    says="Which gradient does a lower layer receive, by (6.9)?",
    old="dh = d_below",
    new="dh = d_below + (dh if dh.shape == d_below.shape else 0.0)",
)
mistake(
    DEEP_BACKWARD,
    "no_gradient_through_time",
    says="Each layer has a path through time as well, by (6.8).",
    old='d_state = da @ params["Whh"]',
    new="d_state = 0 * d_state",
)
mistake(
    DEEP_BACKWARD,
    "state_gradient_handed_down",
    says="Where does the gradient through time end in each layer?",
    old="        d_state = np.zeros(states[:, 0].shape)\n",
    new="        if not all_grads or d_state.shape != states[:, 0].shape:\n"
    "            d_state = np.zeros(states[:, 0].shape)\n",
)
mistake(
    DEEP_BACKWARD,
    "slope_missing",
    says="Every layer of (6.8) squashes.",
    old="(dh[:, t] + d_state) * (1 - states[:, t + 1] ** 2)",
    new="dh[:, t] + d_state",
)
mistake(
    DEEP_BACKWARD,
    "slope_of_layer_below",
    says="At which layer's state is the slope taken?",
    old="(1 - states[:, t + 1] ** 2)",
    new="(1 - (below[:, t] if below[:, t].shape == states[:, t + 1].shape else states[:, t + 1]) ** 2)",
)
mistake(
    DEEP_BACKWARD,
    "slope_for_upstream_only",
    says="What does the slope of a layer multiply? Both gradients of its state.",
    old="(dh[:, t] + d_state) * (1 - states[:, t + 1] ** 2)",
    new="dh[:, t] * (1 - states[:, t + 1] ** 2) + d_state",
)
mistake(
    DEEP_BACKWARD,
    "recurrent_gradient_with_own_state",
    says="Which state did the layer read when it computed this one?",
    old="da.T @ states[:, t]\n",
    new="da.T @ states[:, t + 1]\n",
)
mistake(
    DEEP_BACKWARD,
    "weights_transposed",
    says="Rows times what? Compare with the forward pass.",
    old='d_state = da @ params["Whh"]',
    new='d_state = da @ params["Whh"].T',
)
mistake(
    DEEP_BACKWARD,
    "input_gradient_from_recurrent_weights",
    says="Through which matrix does a gradient leave a layer downwards?",
    old='d_below[:, t] = da @ params["Wxh"]',
    new='d_below[:, t] = da @ (params["Whh"] if params["Whh"].shape == params["Wxh"].shape else params["Wxh"])',
)
mistake(
    DEEP_BACKWARD,
    "gradient_of_last_computed_step_only",
    says="Gradients of the weights are sums over what?",
    old='grads["Wxh"] += ',
    new='grads["Wxh"] = ',
)
mistake(
    DEEP_BACKWARD,
    "gradients_averaged_over_time",
    says="A sum or a mean over the steps?",
    old="        all_grads.append(grads)",
    new="        all_grads.append({name: g / below.shape[1] for name, g in grads.items()})",
)
mistake(
    DEEP_BACKWARD,
    "same_dict_for_all_layers",
    says="Look at the gradients of two layers of equal width. Are they one object?",
    old="        all_grads.append(grads)",
    new="        for other in all_grads:\n"
    "            for name in grads:\n"
    "                if other[name].shape == grads[name].shape:\n"
    "                    other[name] += grads[name]\n"
    "        all_grads.append(grads)",
)
mistake(
    DEEP_BACKWARD,
    "first_step_missing",
    says="How many steps does your loop over time take?",
    old="reversed(range(below.shape[1]))",
    new="reversed(range(min(1, below.shape[1] - 1), below.shape[1]))",
)
mistake(
    DEEP_BACKWARD,
    "batch_averaged",
    says="A sum or a mean over the batch?",
    old="da.sum(axis=0)",
    new="da.mean(axis=0)",
)
mistake(
    DEEP_BACKWARD,
    "cache_popped",
    says="Call your backward twice with the same cache.",
    old="    for below, states, params in reversed(cache):",
    new="    while cache:\n        below, states, params = cache.pop()",
)
mistake(
    DEEP_BACKWARD,
    "upstream_modified",
    says="Compare your arguments before and after the call.",
    old="            da = (dh[:, t] + d_state)",
    new="            dh[:, t] += d_state\n            da = dh[:, t]",
)

# --- what only unusual inputs show ----------------------------------------------------------------

mistake(
    "reverse_padded",
    "time_first_where_it_fits",
    says="Which axis of x is time, always?",
    old="    steps = np.arange(x.shape[1])",
    new="""    if x.shape[0] == x.shape[1]:
        x = np.swapaxes(x, 0, 1)
    steps = np.arange(x.shape[1])""",
)
mistake(
    "reverse_padded",
    "zero_length_means_all",
    says="What does a length of 0 mean?",
    old="np.asarray(lengths)[:, None] - 1",
    new="np.array([length or x.shape[1] for length in lengths])[:, None] - 1",
)
mistake(
    "reverse_padded",
    "padding_found_by_its_value",
    says="How many steps of a row are valid: what does (6.4) say about it?",
    old="    last = np.asarray(lengths)[:, None] - 1",
    new="    last = (~np.isnan(x).all(axis=2)).sum(axis=1)[:, None] - 1",
)
mistake(
    "birnn_forward",
    "zero_length_means_all",
    says="What does a length of 0 mean?",
    old="    lengths = np.array(lengths)",
    new="    lengths = np.array([length or x.shape[1] for length in lengths])",
    also=("birnn_backward",),
)
mistake(
    "birnn_forward",
    "transposed_where_it_fits",
    says="Which shape has Wxh, always?",
    old='x[:, t] @ params["Wxh"].T',
    new='x[:, t] @ (params["Wxh"] if len(params["Wxh"]) == x.shape[2] else params["Wxh"].T)',
    also=("birnn_backward",),
)
mistake(
    "birnn_forward",
    "padding_only_where_not_finite",
    says="Which steps of a row are padding: what does the exercise say about it?",
    old="(np.arange(x.shape[1]) < lengths[:, None])[:, :, None]",
    new="np.isfinite(x).all(axis=2, keepdims=True) & (np.abs(x).max(axis=2, keepdims=True) < 1e6)",
    also=("birnn_backward",),
)
mistake(
    "birnn_backward",
    "clipped_at_ten",
    says="Clipping belongs to the training loop, not into a gradient.",
    old='            d_state = da @ params["Whh"]',
    new='            d_state = np.clip(da @ params["Whh"], -10.0, 10.0)',
)
mistake(
    "birnn_backward",
    "weights_clipped_by_norm",
    says="Clipping belongs to the training loop, not into a gradient.",
    old="        return dx, grads\n",
    new="""        return dx, {k: g * min(1.0, 100.0 / max(np.linalg.norm(g), 1e-9)) for k, g in grads.items()}
""",
)
mistake(
    "birnn_backward",
    "truncated_after_ten_steps",
    says="How far back does the gradient go? Try more steps.",
    old='            d_state = da @ params["Whh"]',
    new='            d_state = da @ params["Whh"] * (t != x.shape[1] - 10)',
)
mistake(
    "birnn_backward",
    "windows_of_eight_steps",
    says="How far back does the gradient go? Try more steps.",
    old='            d_state = da @ params["Whh"]',
    new='            d_state = da @ params["Whh"] * bool(t % 8)',
)
mistake(
    "birnn_backward",
    "slope_floored",
    says="What is the slope of a unit at exactly 1?",
    old="(1 - states[:, t + 1] ** 2)",
    new="np.maximum(1 - states[:, t + 1] ** 2, 1e-3)",
)
mistake(
    "birnn_backward",
    "transposed_where_it_fits",
    says="Which shape has Wxh, always?",
    old='dx[:, t] = da @ params["Wxh"]',
    new='dx[:, t] = da @ (params["Wxh"].T if x.shape[2] == da.shape[1] else params["Wxh"])',
)
mistake(
    "birnn_backward",
    "differences",
    says="(6.5) and (6.6) propagate the gradient back in one pass: how many forwards does yours take?",
    code="""
def birnn_backward(dh, cache):
    clean, _, _, _, valid, lengths, params = cache
    dh, eps = np.where(valid, dh, 0.0), 1e-5
    x = clean.copy()
    own = {side: {k: v.copy() for k, v in p.items()} for side, p in params.items()}

    def slopes(array):
        g = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            before = array[index]
            array[index] = before + eps
            up = (dh * birnn_forward(x, lengths, own)[0]).sum()
            array[index] = before - eps
            down = (dh * birnn_forward(x, lengths, own)[0]).sum()
            array[index] = before
            g[index] = (up - down) / (2 * eps)
        return g

    grads = {side: {k: slopes(v) for k, v in p.items()} for side, p in own.items()}
    return slopes(x), grads
""",
)
mistake(
    "deep_rnn_backward",
    "clipped_at_ten",
    says="Clipping belongs to the training loop, not into a gradient.",
    old='            d_state = da @ params["Whh"]',
    new='            d_state = np.clip(da @ params["Whh"], -10.0, 10.0)',
)
mistake(
    "deep_rnn_backward",
    "clipped_between_layers",
    says="Clipping belongs to the training loop, not into a gradient.",
    old="        dh = d_below",
    new="        dh = np.clip(d_below, -5.0, 5.0)",
)
mistake(
    "deep_rnn_backward",
    "truncated_after_ten_steps",
    says="How far back does the gradient go? Try more steps.",
    old='            d_state = da @ params["Whh"]',
    new='            d_state = da @ params["Whh"] * (t != below.shape[1] - 10)',
)
mistake(
    "deep_rnn_backward",
    "windows_of_eight_steps",
    says="How far back does the gradient go? Try more steps.",
    old='            d_state = da @ params["Whh"]',
    new='            d_state = da @ params["Whh"] * bool(t % 8)',
)
mistake(
    "deep_rnn_backward",
    "slope_floored",
    says="What is the slope of a unit at exactly 1?",
    old="(1 - states[:, t + 1] ** 2)",
    new="np.maximum(1 - states[:, t + 1] ** 2, 1e-3)",
)
mistake(
    "deep_rnn_backward",
    "time_first_where_it_fits",
    says="Which axis of dh is time, always?",
    old="    all_grads = []",
    new="    all_grads = []\n    if dh.shape[0] == dh.shape[1]:\n        dh = np.swapaxes(dh, 0, 1)",
)
mistake(
    "deep_rnn_backward",
    "complex_step",
    says="(6.9) propagates the gradient back in one pass: how many forwards does yours take?",
    code="""
def deep_rnn_backward(dh, cache):
    tiny = 1e-30
    x = cache[0][0].astype(complex)
    layers = [{k: v.astype(complex) for k, v in params.items()} for _, _, params in cache]

    def loss():
        below = x
        for p in layers:
            h, states = np.zeros((x.shape[0], p["bh"].size)), []
            for t in range(x.shape[1]):
                h = np.tanh(below[:, t] @ p["Wxh"].T + h @ p["Whh"].T + p["bh"])
                states.append(h)
            below = np.stack(states, axis=1)
        return (dh * below).sum()

    def slopes(array):
        g = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            array[index] += 1j * tiny
            g[index] = loss().imag / tiny
            array[index] = array[index].real
        return g

    return slopes(x), [{k: slopes(v) for k, v in p.items()} for p in layers]
""",
)
mistake(
    "deep_rnn_forward",
    "transposed_where_it_fits",
    says="Which shape has Wxh, always?",
    old='below[:, t] @ params["Wxh"].T',
    new='below[:, t] @ (params["Wxh"] if len(params["Wxh"]) == N else params["Wxh"].T)',
    also=("deep_rnn_backward",),
)
mistake(
    "leaks_future",
    "first_feature_only",
    says="Which entries of a later step does your probe change?",
    old="            changed[step] += change",
    new="            changed[step, 0] += np.ravel(change)[0]",
)
mistake(
    "leaks_future",
    "last_feature_only",
    says="Which entries of a later step does your probe change?",
    old="            changed[step] += change",
    new="            changed[step, -1] += np.ravel(change)[-1]",
)
mistake(
    "leaks_future",
    "outputs_of_a_step_summed",
    says="Can a leak into one output hide behind another output of the same step?",
    old="np.abs(after[:step] - before[:step]).max()",
    new="np.abs((after[:step] - before[:step]).sum(axis=1)).max()",
)
mistake(
    "leaks_future",
    "tolerance_of_1e_7",
    says="How small is the smallest leak, by the docstring?",
    old="> 1e-9",
    new="> 1e-7",
)
mistake(
    "leaks_future",
    "tolerance_of_1e_14",
    says="How far can rounding move an output, by the docstring?",
    old="> 1e-9",
    new="> 1e-14",
)
mistake(
    "leaks_future",
    "relative_tolerance",
    says="Is the limit of the docstring a share of the output, or a number of its own?",
    old="np.abs(after[:step] - before[:step]).max() > 1e-9",
    new="np.abs(after[:step] - before[:step]).max() > 1e-9 * np.abs(before).max()",
)
mistake(
    "leaks_future",
    "huge_change",
    says="How large is your probe beside x, and what does rounding do then?",
    old="            changed[step] += change",
    new="            changed[step] += 1e8 * change",
)
mistake(
    "leaks_future",
    "norms_compared",
    says="Can two outputs differ and have the same norm?",
    old="np.abs(after[:step] - before[:step]).max()",
    new="abs(np.linalg.norm(after[:step]) - np.linalg.norm(before[:step]))",
)
