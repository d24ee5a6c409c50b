"""Catalogued mistakes of Chapter 2."""

from __future__ import annotations

from autograder.course.catalogue import mistake

# --- rnn_step_forward: a wrong state in the cache costs the backward of the step too --------------

STEP = ("rnn_step_backward",)

mistake(
    "rnn_step_forward",
    "bias_missing",
    says="Count the terms inside the tanh of equation (2.1).",
    old=' + params["bh"]',
    new="",
    also=STEP,
)
mistake(
    "rnn_step_forward",
    "bias_twice",
    says="Libraries keep two biases per layer; how many has equation (2.1)?",
    old='+ params["bh"]',
    new='+ 2 * params["bh"]',
    also=STEP,
)
mistake(
    "rnn_step_forward",
    "bias_outside",
    says="Where does the bracket of the tanh close in equation (2.1)?",
    old=' + params["bh"])',
    new=') + params["bh"]',
    also=STEP,
)
mistake(
    "rnn_step_forward",
    "recurrent_not_transposed",
    says="Rows instead of columns: compare equation (2.3) with (2.1). Square shapes hide this.",
    old='params["Whh"].T',
    new='params["Whh"]',
    also=STEP,
)
mistake(
    "rnn_step_forward",
    "previous_state_ignored",
    says="Which two vectors does equation (2.1) read?",
    old='h_prev @ params["Whh"].T + ',
    new="",
    also=STEP,
)
mistake(
    "rnn_step_forward",
    "input_ignored",
    says="Which two vectors does equation (2.1) read?",
    old=' + x @ params["Wxh"].T',
    new="",
    also=STEP,
)
mistake(
    "rnn_step_forward",
    "matrices_swapped",
    says="The table under equation (2.2) says what each matrix maps from and to.",
    old='h_prev @ params["Whh"].T + x @ params["Wxh"].T',
    new='h_prev @ params["Wxh"].T + x @ params["Whh"].T',
    also=STEP,
)
mistake(
    "rnn_step_forward",
    "linear",
    says="What is around the sum in equation (2.1)?",
    old="np.tanh(",
    new="(",
    also=STEP,
)
mistake(
    "rnn_step_forward",
    "relu",
    says="Which nonlinearity does equation (2.1) have?",
    old="np.tanh(",
    new="np.maximum(0.0, ",
    also=STEP,
)
mistake(
    "rnn_step_forward",
    "logistic",
    says="States lie between which two numbers? See equation (2.1).",
    code="""
def rnn_step_forward(x, h_prev, params):
    a = h_prev @ params["Whh"].T + x @ params["Wxh"].T + params["bh"]
    h = 1.0 / (1.0 + np.exp(-a))
    return h, (x, h_prev, h, params)
""",
    also=STEP,
)
mistake(
    "rnn_step_forward",
    "tanh_by_exponentials",
    says="Equation (2.1) has a value for arguments of any size, also of a thousand.",
    code="""
def rnn_step_forward(x, h_prev, params):
    a = h_prev @ params["Whh"].T + x @ params["Wxh"].T + params["bh"]
    h = (np.exp(a) - np.exp(-a)) / (np.exp(a) + np.exp(-a))
    return h, (x, h_prev, h, params)
""",
    also=STEP,
)
mistake(
    "rnn_step_forward",
    "axes_of_columns",
    says="Exercise 2.1 wants one row per sequence; look at the shape of what you return.",
    code="""
def rnn_step_forward(x, h_prev, params):
    h = np.tanh(params["Whh"] @ h_prev.T + params["Wxh"] @ x.T + params["bh"][:, None])
    return h, (x, h_prev, h, params)
""",
    also=STEP,
)
mistake(
    "rnn_step_forward",
    "batch_of_one_squeezed",
    says="What shape has the state in the docstring when N is 1?",
    old="return h, (",
    new="return np.squeeze(h), (",
)
mistake(
    "rnn_step_forward",
    "rounded",
    says="The state is wrong by a little: does anything shorten numbers after equation (2.3)?",
    old="return h, (",
    new="return np.round(h, 3), (",
)
mistake(
    "rnn_step_forward",
    "half_precision",
    says="How many digits does the dtype of your state keep?",
    old="return h, (",
    new="return h.astype(np.float16), (",
)
mistake(
    "rnn_step_forward",
    "previous_state_overwritten",
    says="Exercise 2.1: is `h_prev` the same before and after the call?",
    old="return h, (x, h_prev, h, params)",
    new="cache = (x, h_prev.copy(), h, params)\n    h_prev[...] = h\n    return h, cache",
)
mistake(
    "rnn_step_forward",
    "bias_accumulated_in_place",
    says="Exercise 2.1: which of the arguments does an in-place operation change?",
    code="""
def rnn_step_forward(x, h_prev, params):
    a = params["bh"]
    a = np.add(h_prev @ params["Whh"].T + x @ params["Wxh"].T, a)
    h = np.tanh(a)
    params["bh"] += 0.1 * h.mean(axis=0)
    return h, (x, h_prev, h, params)
""",
)
mistake(
    "rnn_step_forward",
    "state_kept_between_calls",
    says="Exercise 2.1: does the step start from its argument, also in the second call?",
    code="""
def rnn_step_forward(x, h_prev, params):
    kept = rnn_step_forward.__dict__.get("state")
    if kept is not None and kept.shape == h_prev.shape:
        h_prev = kept
    h = np.tanh(h_prev @ params["Whh"].T + x @ params["Wxh"].T + params["bh"])
    rnn_step_forward.state = h
    return h, (x, h_prev, h, params)
""",
    also=STEP,
)
mistake(
    "rnn_step_forward",
    "cache_not_returned",
    says="How many results does the docstring of Exercise 2.1 list?",
    old="return h, (x, h_prev, h, params)",
    new="return h",
    also=STEP,
)

# --- rnn_step_backward ----------------------------------------------------------------------------

mistake(
    "rnn_step_backward",
    "slope_missing",
    says="What lies between g_t and delta_t in equation (2.4)?",
    old="da = dh * (1.0 - h**2)",
    new="da = dh",
)
mistake(
    "rnn_step_backward",
    "slope_at_previous_state",
    says="Which state stands in the slope of equation (2.4)?",
    old="1.0 - h**2",
    new="1.0 - h_prev**2",
)
mistake(
    "rnn_step_backward",
    "slope_not_squared",
    says="Write out the derivative of tanh in terms of its value, equation (2.4).",
    old="1.0 - h**2",
    new="1.0 - h",
)
mistake(
    "rnn_step_backward",
    "slope_of_the_logistic",
    says="Whose derivative is that? Compare with equation (2.4).",
    old="(1.0 - h**2)",
    new="h * (1.0 - h)",
)
mistake(
    "rnn_step_backward",
    "tanh_taken_twice",
    says="Is h in equation (2.4) the argument of the tanh or its value?",
    old="1.0 - h**2",
    new="1.0 - np.tanh(h) ** 2",
)
mistake(
    "rnn_step_backward",
    "sign_of_descent",
    says="A gradient points uphill; the minus sign belongs to the optimiser. See (2.7).",
    old='da @ params["Wxh"], da @ params["Whh"], grads',
    new='da @ params["Wxh"], da @ params["Whh"], {name: -g for name, g in grads.items()}',
)
mistake(
    "rnn_step_backward",
    "previous_state_matrix_transposed",
    says="Turn the second half of equation (2.5) into rows with care; Whh is square.",
    old='da @ params["Whh"]',
    new='da @ params["Whh"].T',
)
mistake(
    "rnn_step_backward",
    "previous_state_without_slope",
    says="Which quantity does Whh multiply in equation (2.5)?",
    old='da @ params["Whh"]',
    new='dh @ params["Whh"]',
)
mistake(
    "rnn_step_backward",
    "previous_state_with_skip",
    says="By how many routes does h_{t-1} enter h_t in equation (2.1)?",
    old='da @ params["Whh"]',
    new='dh + da @ params["Whh"]',
)
mistake(
    "rnn_step_backward",
    "input_without_slope",
    says="Which quantity does Wxh multiply in equation (2.5)?",
    old='return da @ params["Wxh"]',
    new='return dh @ params["Wxh"]',
)
mistake(
    "rnn_step_backward",
    "recurrent_weight_transposed",
    says="Which factor of a term of (2.7) is the column? A square result hides the answer.",
    old="da.T @ h_prev",
    new="h_prev.T @ da",
)
mistake(
    "rnn_step_backward",
    "input_weight_transposed",
    says="A gradient has the shape of its parameter; see (2.7).",
    old="da.T @ x",
    new="x.T @ da",
)
mistake(
    "rnn_step_backward",
    "recurrent_weight_reads_new_state",
    says="Which state did Whh multiply? Look at the index in (2.7).",
    old="da.T @ h_prev",
    new="da.T @ h",
)
mistake(
    "rnn_step_backward",
    "recurrent_weight_without_slope",
    says="Is it g_t or delta_t that stands in (2.7)?",
    old="da.T @ h_prev",
    new="dh.T @ h_prev",
)
mistake(
    "rnn_step_backward",
    "bias_without_slope",
    says="Is it g_t or delta_t that stands in (2.7)?",
    old="da.sum(axis=0)",
    new="dh.sum(axis=0)",
)
mistake(
    "rnn_step_backward",
    "bias_averaged",
    says="Sum or mean over the batch? See the sentence after (2.7).",
    old="da.sum(axis=0)",
    new="da.mean(axis=0)",
)
mistake(
    "rnn_step_backward",
    "bias_summed_over_units",
    says="Which axis is the batch in the bias term of (2.7)?",
    old="da.sum(axis=0)",
    new="da.sum(axis=1)",
)
mistake(
    "rnn_step_backward",
    "bias_keeps_batch_axis",
    says="A gradient has the shape of its parameter, `(H,)`.",
    old="da.sum(axis=0)",
    new="da.sum(axis=0, keepdims=True)",
)
mistake(
    "rnn_step_backward",
    "averaged_over_batch",
    says="Sum or mean over the batch? See the sentence after (2.7).",
    old='da @ params["Whh"], grads',
    new='da @ params["Whh"], {name: g / len(dh) for name, g in grads.items()}',
)
mistake(
    "rnn_step_backward",
    "first_row_only",
    says="Every sequence of the batch adds its share to (2.7).",
    old='"Whh": da.T @ h_prev',
    new='"Whh": np.outer(da[0], h_prev[0])',
)
mistake(
    "rnn_step_backward",
    "results_swapped",
    says="Compare the order of your results with the docstring.",
    old='da @ params["Wxh"], da @ params["Whh"], grads',
    new='da @ params["Whh"], da @ params["Wxh"], grads',
)
mistake(
    "rnn_step_backward",
    "keys_prefixed",
    says="Which keys does the docstring ask for?",
    old='{"Wxh": da.T @ x, "Whh": da.T @ h_prev, "bh": da.sum(axis=0)}',
    new='{"dWxh": da.T @ x, "dWhh": da.T @ h_prev, "dbh": da.sum(axis=0)}',
)
mistake(
    "rnn_step_backward",
    "upstream_overwritten",
    says="Is `dh` the same before and after your call?",
    old="da = dh * (1.0 - h**2)",
    new="dh *= 1.0 - h**2\n    da = dh",
)
mistake(
    "rnn_step_backward",
    "cached_state_overwritten",
    says="Call your backward twice with the same cache and compare.",
    old="da = dh * (1.0 - h**2)",
    new="h **= 2\n    da = dh * (1.0 - h)",
)
mistake(
    "rnn_step_backward",
    "accumulates_between_calls",
    says="Call your backward twice with the same arguments; where does the second sum start?",
    old='    return da @ params["Wxh"]',
    new="""    total = rnn_step_backward.__dict__.setdefault("total", {})
    for name in grads:
        if name in total and total[name].shape == grads[name].shape:
            grads[name] = grads[name] + total[name]
        total[name] = grads[name]
    return da @ params["Wxh"]""",
)
mistake(
    "rnn_step_backward",
    "clipped",
    says="Clipping is the optimiser's business (Chapter 3); equation (2.7) has none.",
    old='da @ params["Whh"], grads',
    new='da @ params["Whh"], {name: np.clip(g, -5, 5) for name, g in grads.items()}',
)

# --- rnn_forward: a wrong run in the cache costs the backward too ---------------------------------

RUN = ("rnn_backward",)

mistake(
    "rnn_forward",
    "zero_start",
    says="Where does h_0 come from in Exercise 2.3?",
    old="state = h0",
    new="state = np.zeros_like(h0)",
    also=RUN,
)
mistake(
    "rnn_forward",
    "one_start_for_all",
    says="Each sequence of the batch has its own h_0.",
    old="state = h0",
    new="state = np.repeat(h0[:1], len(h0), axis=0)",
    also=RUN,
)
mistake(
    "rnn_forward",
    "state_not_carried",
    says="Which state does step t read in equation (2.3)?",
    old="rnn_step_forward(x[:, t], state, params)",
    new="rnn_step_forward(x[:, t], h0, params)",
    also=RUN,
)
mistake(
    "rnn_forward",
    "first_input_at_every_step",
    says="x in equation (2.3) has an index.",
    old="x[:, t]",
    new="x[:, 0]",
    also=RUN,
)
mistake(
    "rnn_forward",
    "time_axis_first",
    says="Which axis of x is time? See the docstring.",
    old="for t in range(x.shape[1]):",
    new="x = np.reshape(x, (x.shape[1], x.shape[0], -1)).swapaxes(0, 1)\n"
    "    for t in range(x.shape[1]):",
    also=RUN,
)
mistake(
    "rnn_forward",
    "last_step_missing",
    says="How many states are there for T inputs? Count the rounds of the loop.",
    old="range(x.shape[1])",
    new="range(max(1, x.shape[1] - 1))",
    also=RUN,
)
mistake(
    "rnn_forward",
    "first_step_missing",
    says="Which input does the first round of the loop read?",
    old="range(x.shape[1])",
    new="range(min(1, x.shape[1] - 1), x.shape[1])",
    also=RUN,
)
mistake(
    "rnn_forward",
    "backwards_in_time",
    says="In which order does equation (2.3) run through the inputs?",
    old="range(x.shape[1])",
    new="reversed(range(x.shape[1]))",
    also=RUN,
)
mistake(
    "rnn_forward",
    "batch_size_for_length",
    says="Which entry of the shape of x is T?",
    old="range(x.shape[1])",
    new="range(x.shape[0])",
    also=RUN,
)
mistake(
    "rnn_forward",
    "state_reset_midway",
    says="Compare your states beyond the fourth step with single steps done one after another.",
    old="states.append(state)",
    new="states.append(state)\n        state = h0 if t == 3 else state",
    also=RUN,
)
mistake(
    "rnn_forward",
    "stacked_time_first",
    says="The docstring says which axis of the result is the batch.",
    old="np.stack(states, axis=1)",
    new="np.stack(states, axis=0)",
)
mistake(
    "rnn_forward",
    "reshaped_for_transposed",
    says="Reshaping and swapping axes differ as soon as both N and T exceed 1.",
    old="np.stack(states, axis=1)",
    new="np.stack(states).reshape(x.shape[0], x.shape[1], -1)",
)
mistake(
    "rnn_forward",
    "initial_state_included",
    says="With which index does the result of Exercise 2.3 begin?",
    old="np.stack(states, axis=1)",
    new="np.stack([h0, *states], axis=1)",
)
mistake(
    "rnn_forward",
    "states_one_late",
    says="Is the state that you store at step t the one before or after equation (2.3)?",
    old="np.stack(states, axis=1)",
    new="np.stack([h0, *states[:-1]], axis=1)",
)
mistake(
    "rnn_forward",
    "only_last_state",
    says="Exercise 2.3 wants the states of all steps.",
    old="np.stack(states, axis=1)",
    new="state",
)
mistake(
    "rnn_forward",
    "squeezed",
    says="What shape has the result in the docstring when N or T is 1?",
    old="np.stack(states, axis=1)",
    new="np.stack(states, axis=1).squeeze()",
)
mistake(
    "rnn_forward",
    "one_buffer_for_all_states",
    says="Do the entries of your list hold different arrays, or one array several times?",
    code="""
def rnn_forward(x, h0, params):
    state = h0.copy()
    states, caches = [], []
    for t in range(x.shape[1]):
        new_state, step_cache = rnn_step_forward(x[:, t], state.copy(), params)
        state[...] = new_state
        states.append(state)
        caches.append(step_cache)
    return np.stack(states, axis=1), caches
""",
)
mistake(
    "rnn_forward",
    "initial_state_overwritten",
    says="Is `h0` the same before and after your call?",
    code="""
def rnn_forward(x, h0, params):
    states, caches = [], []
    for t in range(x.shape[1]):
        state, step_cache = rnn_step_forward(x[:, t], h0.copy(), params)
        h0[...] = state
        states.append(state)
        caches.append(step_cache)
    return np.stack(states, axis=1), caches
""",
)
mistake(
    "rnn_forward",
    "continues_where_it_stopped",
    says="Every call starts from its argument `h0`, also the second.",
    code="""
def rnn_forward(x, h0, params):
    state = rnn_forward.__dict__.get("state", h0)
    state = state if state.shape == h0.shape else h0
    states, caches = [], []
    for t in range(x.shape[1]):
        state, step_cache = rnn_step_forward(x[:, t], state, params)
        states.append(state)
        caches.append(step_cache)
    rnn_forward.state = state
    return np.stack(states, axis=1), caches
""",
    also=RUN,
)

# --- rnn_backward ---------------------------------------------------------------------------------

mistake(
    "rnn_backward",
    "only_direct_gradient",
    says="Equation (2.6) has two terms for t < T.",
    old="dh[:, t] + dh_next",
    new="dh[:, t]",
)
mistake(
    "rnn_backward",
    "direct_gradient_at_last_step_only",
    says="Equation (2.6) for t < T: which gradient enters directly?",
    old="dh[:, t] + dh_next",
    new="(dh[:, t] if t == dh.shape[1] - 1 else 0.0) + dh_next",
)
mistake(
    "rnn_backward",
    "all_gradients_at_last_step",
    says="Each row of dh enters the state of its own step, equation (2.6).",
    old="dh[:, t] + dh_next",
    new="(dh.sum(axis=1) if t == dh.shape[1] - 1 else 0.0) + dh_next",
)
mistake(
    "rnn_backward",
    "direct_gradient_one_off",
    says="Which step does the direct gradient of equation (2.6) belong to?",
    old="dh[:, t] + dh_next",
    new="dh[:, t - 1] + dh_next",
)
mistake(
    "rnn_backward",
    "later_gradient_halved",
    says="Two children, two contributions, both in full: equation (2.6).",
    old="dh[:, t] + dh_next",
    new="dh[:, t] + 0.5 * dh_next",
)
mistake(
    "rnn_backward",
    "sign_of_later_gradient",
    says="Check the signs of equation (2.6).",
    old="dh[:, t] + dh_next",
    new="dh[:, t] - dh_next",
)
mistake(
    "rnn_backward",
    "truncated",
    says="Equation (2.6) goes back to t = 1 without a gap.",
    old="dh[:, t] + dh_next",
    new="dh[:, t] + dh_next * (t % 4 != 0)",
)
mistake(
    "rnn_backward",
    "later_gradient_clipped",
    says="Nothing in equation (2.6) bounds the gradient.",
    old="dh[:, t] + dh_next",
    new="dh[:, t] + np.clip(dh_next, -1, 1)",
)
mistake(
    "rnn_backward",
    "runs_forwards",
    says="From which end does the recursion (2.6) start?",
    old="reversed(range(dh.shape[1]))",
    new="range(dh.shape[1])",
)
mistake(
    "rnn_backward",
    "inputs_in_reverse_order",
    says="In which order did you collect the gradients of the inputs?",
    old="dx_steps[::-1]",
    new="dx_steps",
)
mistake(
    "rnn_backward",
    "inputs_stacked_time_first",
    says="The docstring says which axis of dx is the batch.",
    old="np.stack(dx_steps[::-1], axis=1)",
    new="np.stack(dx_steps[::-1], axis=0)",
)
mistake(
    "rnn_backward",
    "inputs_reshaped",
    says="Reshaping and swapping axes differ as soon as both N and T exceed 1.",
    old="np.stack(dx_steps[::-1], axis=1)",
    new="np.stack(dx_steps[::-1]).reshape(dh.shape[0], dh.shape[1], -1)",
)
mistake(
    "rnn_backward",
    "parameters_of_first_step_only",
    says="Equation (2.7) is a sum over all steps.",
    old="grads = {name: grads[name] + step_grads[name] for name in grads}",
    new="grads = step_grads  # the latest",
)
mistake(
    "rnn_backward",
    "parameters_of_last_step_only",
    says="Equation (2.7) is a sum over all steps.",
    old="grads = {name: grads[name] + step_grads[name] for name in grads}",
    new="grads = dict(grads)",
)
mistake(
    "rnn_backward",
    "bias_not_accumulated",
    says="Each of the three sums in (2.7) runs over all steps.",
    old="for name in grads}",
    new='for name in ("Wxh", "Whh")} | {"bh": step_grads["bh"]}',
)
mistake(
    "rnn_backward",
    "averaged_over_steps",
    says="Sum or mean over time? See (2.7).",
    old="dh_next, grads\n",
    new="dh_next, {name: g / dh.shape[1] for name, g in grads.items()}\n",
)
mistake(
    "rnn_backward",
    "averaged_over_batch",
    says="Sum or mean over the batch? See the sentence after (2.7).",
    old="dh_next, grads\n",
    new="dh_next, {name: g / dh.shape[0] for name, g in grads.items()}\n",
)
mistake(
    "rnn_backward",
    "initial_state_gets_nothing",
    says="h_0 is an input; which term of (2.5) reaches it?",
    old="axis=1), dh_next",
    new="axis=1), np.zeros_like(dh_next)",
)
mistake(
    "rnn_backward",
    "initial_state_one_step_short",
    says="Is that the gradient of h_0 or of h_1? See (2.5) at t = 1.",
    code="""
def rnn_backward(dh, cache):
    dh_next = np.zeros_like(dh[:, 0])
    dx = []
    grads = None
    for t in reversed(range(dh.shape[1])):
        total = dh[:, t] + dh_next
        dx_t, dh_next, step = rnn_step_backward(total, cache[t])
        dx.insert(0, dx_t)
        grads = step if grads is None else {name: grads[name] + step[name] for name in step}
    return np.stack(dx, axis=1), total, grads
""",
)
mistake(
    "rnn_backward",
    "initial_state_summed_over_batch",
    says="The gradient of h_0 has one row per sequence.",
    old="axis=1), dh_next",
    new="axis=1), dh_next.sum(axis=0)",
)
mistake(
    "rnn_backward",
    "upstream_overwritten",
    says="Is `dh` the same before and after your call?",
    old="rnn_step_backward(dh[:, t] + dh_next, cache[t])",
    new="rnn_step_backward(np.add(dh[:, t], dh_next, out=dh[:, t]), cache[t])",
)
mistake(
    "rnn_backward",
    "cache_consumed",
    says="Call your backward twice with the same cache.",
    old="cache[t])",
    new="cache.pop())",
)
mistake(
    "rnn_backward",
    "accumulates_between_calls",
    says="Call your backward twice with the same arguments; where does the second sum start?",
    old="    return np.stack(dx_steps[::-1], axis=1), dh_next, grads",
    new="""    kept = rnn_backward.__dict__.setdefault("kept", {})
    for name in grads:
        if name in kept and kept[name].shape == grads[name].shape:
            grads[name] = grads[name] + kept[name]
        kept[name] = grads[name]
    return np.stack(dx_steps[::-1], axis=1), dh_next, grads""",
)

# --- readout_forward ------------------------------------------------------------------------------

mistake(
    "readout_forward",
    "bias_missing",
    says="Count the terms of equation (2.2).",
    old=' + readout["by"]',
    new="",
)
mistake(
    "readout_forward",
    "probabilities",
    says="What does the text under the table say about what follows y_t of equation (2.2)?",
    old='return h @ readout["Why"].T + readout["by"], (h, readout)',
    new="""y = np.exp(h @ readout["Why"].T + readout["by"])
    return y / y.sum(axis=-1, keepdims=True), (h, readout)""",
)
mistake(
    "readout_forward",
    "squashed",
    says="Is there a nonlinearity in equation (2.2)?",
    old='h @ readout["Why"].T + readout["by"],',
    new='np.tanh(h @ readout["Why"].T + readout["by"]),',
)
mistake(
    "readout_forward",
    "last_step_only",
    says="Exercise 2.5: at how many steps is equation (2.2) read?",
    old='h @ readout["Why"].T',
    new='h[:, -1] @ readout["Why"].T',
)
mistake(
    "readout_forward",
    "flattened",
    says="Exercise 2.5: how many axes has the result?",
    old="return h @",
    new="return h.reshape(-1, h.shape[-1]) @",
)
mistake(
    "readout_forward",
    "time_axis_first",
    says="Which axis of the result is the batch, and which is time?",
    old="return h @",
    new="return h.swapaxes(0, 1) @",
)
mistake(
    "readout_forward",
    "squeezed",
    says="What shape has the result in the docstring when N or T is 1?",
    old='h @ readout["Why"].T + readout["by"],',
    new='(h @ readout["Why"].T + readout["by"]).squeeze(),',
)
mistake(
    "readout_forward",
    "not_transposed",
    says="Rows instead of columns: what (2.3) does to (2.1) happens to (2.2) too.",
    old='readout["Why"].T',
    new='readout["Why"]',
    also=("readout_backward",),
)
mistake(
    "readout_forward",
    "transposed_in_place",
    says="Is `readout` the same before and after your call?",
    old='return h @ readout["Why"].T + readout["by"], (h, readout)',
    new="""cache = (h, dict(readout))
    readout["Why"] = readout["Why"].T
    return h @ readout["Why"] + readout["by"], cache""",
)
mistake(
    "readout_forward",
    "cache_not_returned",
    says="How many results does the docstring of Exercise 2.5 list?",
    old=", (h, readout)",
    new="",
    also=("readout_backward",),
)

# --- readout_backward -----------------------------------------------------------------------------

mistake(
    "readout_backward",
    "weights_of_last_step_only",
    says="Over what does the sum for Why in (2.8) run?",
    old="np.tensordot(dy, h, axes=([0, 1], [0, 1]))",
    new="dy[:, -1].T @ h[:, -1]",
)
mistake(
    "readout_backward",
    "weights_of_first_sequence_only",
    says="Over what does the sum for Why in (2.8) run?",
    old="np.tensordot(dy, h, axes=([0, 1], [0, 1]))",
    new="dy[0].T @ h[0]",
)
mistake(
    "readout_backward",
    "weights_not_summed_over_batch",
    says="A gradient has the shape of its parameter, `(V, H)`.",
    old="np.tensordot(dy, h, axes=([0, 1], [0, 1]))",
    new="dy.swapaxes(1, 2) @ h",
)
mistake(
    "readout_backward",
    "weights_transposed",
    says="A gradient has the shape of its parameter; see (2.8).",
    old="np.tensordot(dy, h,",
    new="np.tensordot(h, dy,",
)
mistake(
    "readout_backward",
    "rows_of_other_steps_paired",
    says="In (2.8) both factors have the same n and t. Check how you flatten them.",
    old="np.tensordot(dy, h, axes=([0, 1], [0, 1]))",
    new="dy.reshape(-1, dy.shape[-1]).T @ h.swapaxes(0, 1).reshape(-1, h.shape[-1])",
)
mistake(
    "readout_backward",
    "bias_summed_over_batch_only",
    says="Over what does the sum for by in (2.8) run?",
    old="dy.sum(axis=(0, 1))",
    new="dy.sum(axis=0)",
)
mistake(
    "readout_backward",
    "bias_averaged",
    says="Sum or mean? See (2.8).",
    old="dy.sum(axis=(0, 1))",
    new="dy.mean(axis=(0, 1))",
)
mistake(
    "readout_backward",
    "bias_a_single_number",
    says="A gradient has the shape of its parameter, `(V,)`.",
    old="dy.sum(axis=(0, 1))",
    new="dy.sum()",
)
mistake(
    "readout_backward",
    "averaged_over_batch",
    says="Sum or mean? See (2.8).",
    old='dy @ readout["Why"], grads',
    new='dy @ readout["Why"], {name: g / len(dy) for name, g in grads.items()}',
)
mistake(
    "readout_backward",
    "slope_of_tanh_taken_here",
    says="Which steps of the chain does (2.8) cover, and which (2.4)?",
    old='dy @ readout["Why"], grads',
    new='dy @ readout["Why"] * (1.0 - h**2), grads',
)
mistake(
    "readout_backward",
    "states_get_the_mean",
    says="Does anything divide in the first part of (2.8)?",
    old='dy @ readout["Why"], grads',
    new='dy @ readout["Why"] / h.shape[1], grads',
)
mistake(
    "readout_backward",
    "keys_prefixed",
    says="Which keys does the docstring ask for?",
    old='{"Why": dWhy, "by":',
    new='{"dWhy": dWhy, "dby":',
)
mistake(
    "readout_backward",
    "bias_left_out",
    says="How many parameters has equation (2.2)?",
    old=', "by": dy.sum(axis=(0, 1))',
    new="",
)
mistake(
    "readout_backward",
    "upstream_overwritten",
    says="Is `dy` the same before and after your call?",
    code="""
def readout_backward(dy, cache):
    h, readout = cache
    dh = dy @ readout["Why"]
    dWhy = np.einsum("ntv,nth->vh", dy, h)
    for t in range(1, dy.shape[1]):
        dy[:, t] += dy[:, t - 1]
    return dh, {"Why": dWhy, "by": dy[:, -1].sum(axis=0)}
""",
)
mistake(
    "readout_backward",
    "accumulates_between_calls",
    says="Call your backward twice with the same arguments; where does the second sum start?",
    old='    return dy @ readout["Why"], grads',
    new="""    kept = readout_backward.__dict__.setdefault("kept", {})
    for name in grads:
        if name in kept and kept[name].shape == grads[name].shape:
            grads[name] = grads[name] + kept[name]
        kept[name] = grads[name]
    return dy @ readout["Why"], grads""",
)

# --- softmax_cross_entropy ------------------------------------------------------------------------

mistake(
    "softmax_cross_entropy",
    "not_shifted",
    says="Can equation (2.9) be computed as it stands for scores of 1e4?",
    old="scores - scores.max(axis=-1, keepdims=True)",
    new="scores",
)
mistake(
    "softmax_cross_entropy",
    "one_shift_for_all",
    says="Which constant may be added at which positions? See the text after (2.10).",
    old="scores.max(axis=-1, keepdims=True)",
    new="scores.max()",
)
mistake(
    "softmax_cross_entropy",
    "logarithm_of_rounded_zero",
    says="What is the logarithm in (2.10) when the probability rounds to zero?",
    old="loss = -np.take_along_axis(log_p, picked, axis=-1)",
    new="loss = -np.take_along_axis(np.log(np.exp(log_p) + 1e-12), picked, axis=-1)",
)
mistake(
    "softmax_cross_entropy",
    "scores_clipped",
    says="Scores of 1e4 have to give the exact loss of (2.10).",
    old="shifted = scores - scores.max(axis=-1, keepdims=True)",
    new="shifted = np.clip(scores - scores.max(axis=-1, keepdims=True), -500, 0)",
)
mistake(
    "softmax_cross_entropy",
    "mean_over_all_positions",
    says="By what does (2.10) divide?",
    old="int(valid.sum())",
    new="valid.size * int(valid.any())",
)
mistake(
    "softmax_cross_entropy",
    "loss_summed",
    says="By what does (2.10) divide the loss?",
    old="[valid].sum() / count",
    new="[valid].sum()",
)
mistake(
    "softmax_cross_entropy",
    "mean_over_sequences",
    says="Over which set does (2.10) average, positions or sequences?",
    old="[valid].sum() / count",
    new="[valid].sum() / len(logits)",
)
mistake(
    "softmax_cross_entropy",
    "mean_of_sequence_means",
    says="In (2.10) every valid position weighs the same.",
    old="loss = -np.take_along_axis(log_p, picked, axis=-1)[valid].sum() / count",
    new="""each = -np.take_along_axis(log_p, picked, axis=-1)[..., 0] * valid
    lengths = valid.sum(axis=1)
    loss = (each.sum(axis=1)[lengths > 0] / lengths[lengths > 0]).mean()""",
)
mistake(
    "softmax_cross_entropy",
    "gradient_not_divided",
    says="The second half of (2.10): what does the loss's mean do to its gradient?",
    old="* valid[..., None] / count",
    new="* valid[..., None]",
)
mistake(
    "softmax_cross_entropy",
    "gradient_divided_by_batch",
    says="The second half of (2.10): which number stands below the line?",
    old="* valid[..., None] / count",
    new="* valid[..., None] / len(logits)",
)
mistake(
    "softmax_cross_entropy",
    "gradient_of_all_positions",
    says="For which positions does the second half of (2.10) hold, and what holds elsewhere?",
    old="(np.exp(log_p) - one_hot) * valid[..., None] / count",
    new="(np.exp(log_p) - one_hot) / count",
)
mistake(
    "softmax_cross_entropy",
    "gradient_is_the_probabilities",
    says="The numerator of the second half of (2.10) has two parts.",
    old="(np.exp(log_p) - one_hot)",
    new="np.exp(log_p)",
)
mistake(
    "softmax_cross_entropy",
    "gradient_sign",
    says="Check the sign of the numerator in (2.10) with the numbers worked out below it.",
    old="(np.exp(log_p) - one_hot)",
    new="(one_hot - np.exp(log_p))",
)
mistake(
    "softmax_cross_entropy",
    "loss_sign",
    says="A logarithm of a probability is negative; is the loss of (2.10)?",
    old="loss = -np.take",
    new="loss = np.take",
)
mistake(
    "softmax_cross_entropy",
    "loss_in_bits",
    says="Which logarithm stands in (2.10)?",
    old="float(loss)",
    new="float(loss) / np.log(2)",
)
mistake(
    "softmax_cross_entropy",
    "mask_multiplied",
    says="What is zero times NaN? See Exercise 2.7 on masked positions.",
    old="scores = np.where(valid[..., None], logits, 0.0)",
    new="scores = logits * valid[..., None]",
)
mistake(
    "softmax_cross_entropy",
    "masked_targets_looked_up",
    says="What may stand in `targets` at a masked position?",
    old="np.where(valid, targets, 0)[..., None]",
    new="targets[..., None]",
)
mistake(
    "softmax_cross_entropy",
    "mask_taken_from_targets",
    says="Which argument says whether a position is valid?",
    old="np.asarray(mask, dtype=bool)",
    new="np.asarray(targets) >= 0",
)
mistake(
    "softmax_cross_entropy",
    "valid_steps_taken_for_a_prefix",
    says="Which positions may the mask of (2.10) switch off?",
    old="np.asarray(mask, dtype=bool)",
    new="np.arange(mask.shape[1]) < mask.sum(axis=1, keepdims=True)",
)
mistake(
    "softmax_cross_entropy",
    "nothing_valid_divides_by_zero",
    says="Exercise 2.7: what comes out where nothing is valid?",
    old="if count == 0:",
    new="if count < 0:",
)
mistake(
    "softmax_cross_entropy",
    "nothing_valid_gives_one_zero",
    says="Exercise 2.7: which shape has the gradient where nothing is valid?",
    old="return 0.0, np.zeros(logits.shape)",
    new="return 0.0, 0.0",
)
mistake(
    "softmax_cross_entropy",
    "loss_in_an_array",
    says="Which type has the loss in the docstring?",
    old="float(loss)",
    new="np.array([loss])",
)
mistake(
    "softmax_cross_entropy",
    "normalised_over_time",
    says="Over which axis does the sum below the line of (2.9) run?",
    old="np.exp(shifted).sum(axis=-1, keepdims=True)",
    new="np.exp(shifted).sum(axis=1, keepdims=True)",
)
mistake(
    "softmax_cross_entropy",
    "logits_overwritten",
    says="Are your arguments the same before and after the call?",
    old="scores = np.where(valid[..., None], logits, 0.0)",
    new="scores = logits\n    scores[~valid] = 0.0",
)
mistake(
    "softmax_cross_entropy",
    "targets_overwritten",
    says="Are your arguments the same before and after the call?",
    old="picked = np.where(valid, targets, 0)[..., None]",
    new="targets[~valid] = 0\n    picked = targets[..., None]",
)

# --- sample ---------------------------------------------------------------------------------------

mistake(
    "sample",
    "first_token_included",
    says="Exercise 2.8: does the result begin with the token that you were given?",
    old="    return tokens",
    new="    return np.concatenate([[first_token], tokens])[:length]",
)
mistake(
    "sample",
    "first_token_fed_forever",
    says="Which token does step t read? See the sentence before (2.11).",
    old="x[0, token] = 1.0",
    new="x[0, first_token] = 1.0",
)
mistake(
    "sample",
    "token_as_a_number",
    says="Exercise 2.8: in which form does a token enter the network?",
    old="x[0, token] = 1.0",
    new="x[0, 0] = token",
)
mistake(
    "sample",
    "state_not_carried",
    says="Which state does the second step start from?",
    old="rnn_step_forward(x, h, params)",
    new="rnn_step_forward(x, h0, params)",
)
mistake(
    "sample",
    "zero_start",
    says="Which state does the first step start from?",
    old="h, token = h0, first_token",
    new="h, token = np.zeros_like(h0), first_token",
)
mistake(
    "sample",
    "readout_bias_missing",
    says="Count the terms of equation (2.2).",
    old=' + readout["by"]',
    new="",
)
mistake(
    "sample",
    "temperature_multiplied",
    says="On which side of the line does the temperature stand in (2.11)?",
    old="/ temperature)",
    new="* temperature)",
)
mistake(
    "sample",
    "temperature_ignored",
    says="Where does the temperature enter (2.11)?",
    old="(y - y.max()) / temperature",
    new="y - y.max()",
)
mistake(
    "sample",
    "temperature_on_probabilities",
    says="What does the temperature of (2.11) divide, scores or probabilities?",
    old="np.cumsum(p / p.sum())",
    new="np.cumsum(p**temperature / (p**temperature).sum())",
)
mistake(
    "sample",
    "not_shifted",
    says="Which scores does your softmax of (2.11) still survive?",
    old="np.exp((y - y.max()) / temperature)",
    new="np.exp(y / temperature)",
)
mistake(
    "sample",
    "not_normalised",
    says="What do the probabilities of (2.11) add up to in your code?",
    old="np.cumsum(p / p.sum())",
    new="np.cumsum(p)",
)
mistake(
    "sample",
    "greedy",
    says="Exercise 2.8 draws; where does u of (2.11) enter?",
    old='min(int(np.searchsorted(cumulative, rng.random(), side="right")), V - 1)',
    new="int(np.argmax(p))",
)
mistake(
    "sample",
    "one_token_too_far",
    says="Work through the example under (2.11) with your own code.",
    old='side="right")), V - 1)',
    new='side="right")) + 1, V - 1)',
)
mistake(
    "sample",
    "draw_mirrored",
    says="Is it u or something else that (2.11) compares with the sums?",
    old="rng.random()",
    new="1.0 - rng.random()",
    count=0,
)
mistake(
    "sample",
    "likely_tokens_first",
    says="In which order does the sum of (2.11) run through the tokens?",
    old='token = min(int(np.searchsorted(cumulative, rng.random(), side="right")), V - 1)',
    new="""order = np.argsort(-p)
        cumulative = np.cumsum(p[order] / p.sum())
        token = int(order[np.searchsorted(cumulative, rng.random(), side="right")])""",
)
mistake(
    "sample",
    "multinomial_draw",
    says="Exercise 2.8 says which draw to take from the generator at each step.",
    old='min(int(np.searchsorted(cumulative, rng.random(), side="right")), V - 1)',
    new="int(np.argmax(rng.multinomial(1, p / p.sum())))",
)
mistake(
    "sample",
    "gumbel_draw",
    says="Exercise 2.8 says which draw to take from the generator at each step.",
    old='min(int(np.searchsorted(cumulative, rng.random(), side="right")), V - 1)',
    new="int(np.argmax((y - y.max()) / temperature + rng.gumbel(size=V)))",
)
mistake(
    "sample",
    "legacy_generator",
    says="Which generator does Exercise 2.8 name?",
    old="rng = np.random.default_rng(seed)",
    new="rng = np.random.RandomState(seed)",
)
mistake(
    "sample",
    "generator_made_at_each_step",
    says="How many generators does Exercise 2.8 make?",
    old="        x = np.zeros((1, V))",
    new="        rng = np.random.default_rng(seed)\n        x = np.zeros((1, V))",
)
mistake(
    "sample",
    "generator_kept_between_calls",
    says="The same seed has to give the same tokens in every call.",
    old="rng = np.random.default_rng(seed)",
    new='rng = sample.__dict__.setdefault("rng", np.random.default_rng(seed))',
)
mistake(
    "sample",
    "seed_ignored",
    says="Which argument decides what is drawn?",
    old="rng = np.random.default_rng(seed)",
    new="rng = np.random.default_rng(0)",
)
mistake(
    "sample",
    "two_draws_per_step",
    says="How often does Exercise 2.8 draw per step?",
    old="        tokens[t] = token",
    new="        tokens[t] = token if rng.random() >= 0 else V - 1",
)
mistake(
    "sample",
    "one_draw_for_all",
    says="How often does Exercise 2.8 draw per step?",
    old="    rng = np.random.default_rng(seed)\n",
    new="""    class rng:
        u = np.random.default_rng(seed).random()
        random = staticmethod(lambda: rng.u)

""",
)
mistake(
    "sample",
    "one_token_short",
    says="How many tokens does Exercise 2.8 ask for?",
    old="    return tokens",
    new="    return tokens[:-1]",
)
mistake(
    "sample",
    "list_returned",
    says="Which type has the result in the docstring?",
    old="    return tokens",
    new="    return tokens.tolist()",
)
mistake(
    "sample",
    "narrow_integers",
    says="Which dtype has the result in the docstring?",
    old="dtype=np.int64",
    new="dtype=np.int32",
)
mistake(
    "sample",
    "initial_state_overwritten",
    says="Is `h0` the same before and after your call?",
    old="    return tokens",
    new="    h0[...] = h\n    return tokens",
)
mistake(
    "sample",
    "input_weights_shifted",
    says="Which entry of the one-hot vector belongs to token 0?",
    old="x[0, token] = 1.0",
    new="x[0, token - 1] = 1.0",
)
mistake(
    "sample",
    "temperature_not_checked",
    says="Exercise 2.8 names an error for the temperature.",
    old="if not temperature > 0:",
    new="if False:",
)
mistake(
    "sample",
    "temperature_zero_allowed",
    says="Read what Exercise 2.8 says of the temperature at the boundary.",
    old="if not temperature > 0:",
    new="if temperature < 0:",
)
mistake(
    "sample",
    "temperature_negative_allowed",
    says="Read what Exercise 2.8 says of the temperature on both sides of the boundary.",
    old="if not temperature > 0:",
    new="if temperature == 0:",
)
mistake(
    "sample",
    "temperature_nan_allowed",
    says="Is every float either above zero or at most zero?",
    old="if not temperature > 0:",
    new="if temperature <= 0:",
)
mistake(
    "sample",
    "temperature_error_of_another_type",
    says="Which error does Exercise 2.8 name?",
    old='    if not temperature > 0:\n        raise ValueError("temperature must be above zero")',
    new='    assert temperature > 0, "temperature must be above zero"',
)
mistake(
    "sample",
    "temperature_not_named",
    says="What has the message of the error to name?",
    old='"temperature must be above zero"',
    new='"must be above zero"',
)


# --- size, shape and zero -------------------------------------------------------------------------
# Wrong only at inputs of a certain size or shape: limits on gradients, truncation, axes told apart by
# their lengths, zero taken for nothing, and differences in place of derivatives.

LIMIT = "Equation (2.7) sets no limit to a gradient; clipping belongs to chapter 3. Try dh of 100."
mistake(
    "rnn_step_backward",
    "clipped_at_fifty",
    says=LIMIT,
    old="da = dh * (1.0 - h**2)",
    new="da = np.clip(dh * (1.0 - h**2), -50.0, 50.0)",
)
mistake(
    "rnn_step_backward",
    "scaled_to_a_norm",
    says=LIMIT,
    old="da = dh * (1.0 - h**2)",
    new="da = dh * (1.0 - h**2)\n    da = da * min(1.0, 200.0 / (np.linalg.norm(da) + 1e-300))",
)
mistake(
    "rnn_backward",
    "parameters_clipped",
    says=LIMIT,
    old="return np.stack(dx_steps[::-1], axis=1), dh_next, grads",
    new="""grads = {name: np.clip(value, -500.0, 500.0) for name, value in grads.items()}
    return np.stack(dx_steps[::-1], axis=1), dh_next, grads""",
)
mistake(
    "readout_backward",
    "clipped",
    says="Equation (2.8) sets no limit to a gradient. Try dy of 100.",
    old="h, readout = cache",
    new="h, readout = cache\n    dy = np.clip(dy, -10.0, 10.0)",
)
mistake(
    "rnn_backward",
    "truncated_after_ten_steps",
    says="How many steps back does the sum in (2.7) reach? Try 30 steps and a loss on the last.",
    old="for t in reversed(range(dh.shape[1])):",
    new="""for t in reversed(range(dh.shape[1])):
        if dh.shape[1] - t > 10:
            dh_next = np.zeros_like(dh_next)""",
)
mistake(
    "rnn_backward",
    "detached_every_eight_steps",
    says="Equation (2.6) holds at every step. Try 30 steps and a loss on the last.",
    old="for t in reversed(range(dh.shape[1])):",
    new="""for t in reversed(range(dh.shape[1])):
        if t % 8 == 7:
            dh_next = np.zeros_like(dh_next)""",
)
mistake(
    "rnn_backward",
    "stops_after_twenty_steps",
    says="Which steps does the loop of (2.6) visit? Try 30 of them.",
    old="for t in reversed(range(dh.shape[1])):",
    new="""for t in reversed(range(dh.shape[1])):
        if dh.shape[1] - t > 20:
            dx_steps.append(np.zeros_like(dx_t))
            continue""",
)
mistake(
    "rnn_forward",
    "state_reset_every_thirty_steps",
    says="From which state does each step of (2.3) start? Try 40 steps.",
    old="for t in range(x.shape[1]):",
    new="for t in range(x.shape[1]):\n        state = h0 if t and t % 30 == 0 else state",
    also=("rnn_backward",),
)
SLOPE = "What is the slope of tanh where the state is 1 to the last bit? See (2.4)."
mistake(
    "rnn_step_backward",
    "slope_never_zero",
    says=SLOPE,
    old="(1.0 - h**2)",
    new="np.maximum(1.0 - h**2, 1e-7)",
)
mistake(
    "rnn_step_backward",
    "slope_with_epsilon",
    says=SLOPE,
    old="(1.0 - h**2)",
    new="(1.0 - h**2 + 1e-8)",
)
mistake(
    "rnn_step_backward",
    "slope_from_the_inverse",
    says="Compute the slope of tanh in (2.4) from the state itself; try a state of exactly 1.",
    old="da = dh * (1.0 - h**2)",
    new="""a = np.arctanh(h)
    da = dh * (1.0 - h * np.sinh(a) / np.cosh(a))""",
)
SHAPES = "Axes are told apart by what they are, not by their lengths. Try N = T = D = H."
mistake(
    "rnn_step_forward",
    "orientation_by_shape",
    says=SHAPES,
    old='x @ params["Wxh"].T',
    new='x @ (params["Wxh"] if params["Wxh"].shape[0] == x.shape[1] else params["Wxh"].T)',
    also=STEP,
)
mistake(
    "rnn_step_backward",
    "gradient_turned_by_shape",
    says=SHAPES,
    old='"Wxh": da.T @ x',
    new='"Wxh": x.T @ da if (x.T @ da).shape == params["Wxh"].shape else da.T @ x',
)
mistake(
    "rnn_forward",
    "axes_by_shape",
    says=SHAPES,
    old="return np.stack(states, axis=1), caches",
    new="""h = np.stack(states)
    return h if h.shape[0] == len(h0) else h.swapaxes(0, 1), caches""",
)
mistake(
    "rnn_backward",
    "axes_by_shape",
    says=SHAPES,
    old="return np.stack(dx_steps[::-1], axis=1), dh_next, grads",
    new="""dx = np.stack(dx_steps[::-1])
    dx = dx if dx.shape[0] == len(dh) else dx.swapaxes(0, 1)
    return dx, dh_next, grads""",
)
mistake(
    "readout_forward",
    "orientation_by_shape",
    says="Which axis of Why belongs to the states in (2.2)? Try as many tokens as units.",
    old='readout["Why"].T',
    new='(readout["Why"] if len(readout["Why"]) == h.shape[-1] else readout["Why"].T)',
)
SIZE = "A small number is no zero. Give the inputs in other units, a million times smaller."
mistake(
    "rnn_step_backward",
    "small_ones_dropped",
    says=SIZE,
    old='return da @ params["Wxh"]',
    new="""grads = {name: np.where(np.abs(g) < 1e-12, 0.0, g) for name, g in grads.items()}
    return da @ params["Wxh"]""",
)
mistake(
    "rnn_step_backward",
    "rounded",
    says=SIZE,
    old='return da @ params["Wxh"]',
    new="""grads = {name: np.round(g, 10) for name, g in grads.items()}
    return da @ params["Wxh"]""",
)
mistake(
    "readout_backward",
    "rounded",
    says=SIZE,
    old='return dy @ readout["Why"], grads',
    new='grads["Why"] = np.round(dWhy, 10)\n    return dy @ readout["Why"], grads',
)
mistake(
    "sample",
    "zero_as_no_token",
    says="Token 0 is a token like any other.",
    old="h, token = h0, first_token",
    new="h, token = h0, first_token or V - 1",
)
mistake(
    "sample",
    "zero_as_no_seed",
    says="Seed 0 is a seed like any other.",
    old="np.random.default_rng(seed)",
    new="np.random.default_rng(seed or 1234)",
)
mistake(
    "softmax_cross_entropy",
    "zero_targets_masked",
    says="Token 0 may be a target; what (2.10) leaves out is said by the mask alone.",
    old="valid = np.asarray(mask, dtype=bool)",
    new="valid = np.asarray(mask, dtype=bool) & ((targets != 0) | (logits[..., 0] != 0.0))",
)
mistake(
    "softmax_cross_entropy",
    "equal_scores_masked",
    says="Scores that are all zero are scores; what (2.10) leaves out is said by the mask alone.",
    old="valid = np.asarray(mask, dtype=bool)",
    new="valid = np.asarray(mask, dtype=bool) & np.any(logits != 0.0, axis=-1)",
)
mistake(
    "readout_backward",
    "cache_used_up",
    says="The cache may be read twice.",
    code="""
_states = []


def readout_backward(dy, cache):
    h, readout = cache
    if any(known is readout for known in _states):
        h = np.zeros_like(h)
    _states.append(readout)
    grads = {"Why": np.einsum("ntv,nth->vh", dy, h), "by": dy.sum(axis=(0, 1))}
    return dy @ readout["Why"], grads
""",
)
DIFFERENCES = "Two forwards for every parameter: differences check a gradient, (2.7) computes it."
mistake(
    "rnn_step_backward",
    "central_differences",
    says=DIFFERENCES,
    code="""
def rnn_step_backward(dh, cache):
    x, h_prev, h, params = cache
    values = {"x": x, "h_prev": h_prev, **params}

    def loss(values):
        return np.sum(dh * rnn_step_forward(values["x"], values["h_prev"], values)[0])

    grads = {}
    for name, value in values.items():
        grads[name] = np.zeros(value.shape)
        for place in np.ndindex(value.shape):
            sides = []
            for eps in (1e-5, -1e-5):
                moved = value.copy()
                moved[place] += eps
                sides.append(loss({**values, name: moved}))
            grads[name][place] = (sides[0] - sides[1]) / 2e-5
    return grads.pop("x"), grads.pop("h_prev"), grads
""",
)
mistake(
    "rnn_step_backward",
    "differences_of_whole_columns",
    says=DIFFERENCES,
    code="""
def rnn_step_backward(dh, cache):
    x, h_prev, _, params = cache

    def change(**moved):
        values = {"x": x, "h_prev": h_prev, **params, **moved}
        return rnn_step_forward(values["x"], values["h_prev"], values)[0]

    def along(name, value, column):
        moved = value.astype(complex)
        moved[..., column] += 1e-150j
        return dh * change(**{name: moved}).imag / 1e-150

    inputs = {
        name: np.stack([along(name, v, j).sum(axis=1) for j in range(v.shape[1])], axis=1)
        for name, v in (("x", x), ("h_prev", h_prev))
    }
    grads = {
        name: np.stack([along(name, v, j).sum(axis=0) for j in range(v.shape[1])], axis=1)
        for name, v in params.items()
        if name != "bh"
    }
    grads["bh"] = along("bh", params["bh"], slice(None)).sum(axis=0)
    return inputs["x"], inputs["h_prev"], grads
""",
)
mistake(
    "rnn_backward",
    "complex_steps",
    says=DIFFERENCES,
    code="""
def rnn_backward(dh, cache):
    x = np.stack([step[0] for step in cache], axis=1)
    values = {"x": x, "h0": cache[0][1], **cache[0][3]}

    def loss(values):
        return np.sum(dh * rnn_forward(values["x"], values["h0"], values)[0])

    grads = {}
    for name, value in values.items():
        grads[name] = np.zeros(value.shape)
        for place in np.ndindex(value.shape):
            moved = value.astype(complex)
            moved[place] += 1e-20j
            grads[name][place] = loss({**values, name: moved}).imag / 1e-20
    return grads.pop("x"), grads.pop("h0"), grads
""",
)
mistake(
    "readout_backward",
    "differences",
    says="Two forwards for every parameter: differences check a gradient, (2.8) computes it.",
    code="""
def readout_backward(dy, cache):
    h, readout = cache
    values = {"h": h, **readout}
    grads = {}
    for name, value in values.items():
        grads[name] = np.zeros(value.shape)
        for place in np.ndindex(value.shape):
            moved = value.copy()
            moved[place] += 1.0
            after = readout_forward((values | {name: moved})["h"], values | {name: moved})[0]
            grads[name][place] = np.sum(dy * (after - readout_forward(h, readout)[0]))
    return grads.pop("h"), grads
""",
)
mistake(
    "softmax_cross_entropy",
    "gradient_by_differences",
    says="Two losses for every score: differences check the gradient of (2.10), a formula gives it.",
    code="""
def softmax_cross_entropy(logits, targets, mask):
    valid = np.asarray(mask, dtype=bool)
    count = int(valid.sum())
    if count == 0:
        return 0.0, np.zeros(logits.shape)
    scores = np.where(valid[..., None], logits, 0.0)
    picked = np.where(valid, targets, 0)[..., None]

    def each(scores):
        shifted = scores - scores.real.max(axis=-1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        return -np.take_along_axis(log_p, picked, axis=-1)[..., 0]

    dlogits = np.zeros(logits.shape)
    for place in np.ndindex(logits.shape):
        moved = scores.astype(complex)
        moved[place] += 1e-20j
        dlogits[place] = (each(moved) * valid).sum().imag / 1e-20 / count
    return float(each(scores)[valid].sum() / count), dlogits
""",
)
mistake(
    "sample",
    "smallest_score_subtracted",
    says="Which score is subtracted before the exponential of (2.11)? Try scores 2,000 apart.",
    old="y - y.max()",
    new="y - y.min()",
)
