"""Catalogued mistakes of chapter 5."""

from __future__ import annotations

from autograder.course.catalogue import mistake

# --- gru_step_forward -----------------------------------------------------------------------------

STEP_FORWARD = "gru_step_forward"
STEP_CACHE = ("gru_step_backward",)  # what these forwards put into the cache is wrong as well

mistake(
    STEP_FORWARD,
    "update_gate_keeps",
    says="Compare the two factors in (5.4) with yours. Which one stands beside the candidate?",
    old="h = (1 - z) * h_prev + z * candidate",
    new="h = z * h_prev + (1 - z) * candidate",
)
mistake(
    STEP_FORWARD,
    "reset_after_product",
    says="What exactly does r multiply in (5.3)? With one unit you cannot see the difference.",
    old="np.tanh(reset @ params['Wh'].T)".replace("'", '"'),
    new='np.tanh(r * (h_prev @ params["Wh"][:, : r.shape[1]].T) + x @ params["Wh"][:, r.shape[1] :].T)',
    also=STEP_CACHE,
)
mistake(
    STEP_FORWARD,
    "input_first",
    says="In which order are state and input joined in (5.1)?",
    old="np.concatenate([h_prev, x], axis=-1)",
    new="np.concatenate([x, h_prev], axis=-1)",
    also=STEP_CACHE,
)
mistake(
    STEP_FORWARD,
    "input_first_in_candidate",
    says="In which order are the two vectors of (5.3) joined?",
    old="np.concatenate([r * h_prev, x], axis=-1)",
    new="np.concatenate([x, r * h_prev], axis=-1)",
    also=STEP_CACHE,
)
mistake(
    STEP_FORWARD,
    "no_reset",
    says="Follow r from (5.2) on: where is it used?",
    old="r * h_prev",
    new="h_prev",
    also=STEP_CACHE,
)
mistake(
    STEP_FORWARD,
    "gate_weights_exchanged",
    says="Which matrix belongs to which gate? Compare with (5.1) and (5.2).",
    code="""
def gru_step_forward(x, h_prev, params):
    joined = np.concatenate([h_prev, x], axis=-1)

    def gate(W):
        return np.exp(-np.logaddexp(0.0, -(joined @ W.T)))

    z = gate(params["Wr"])
    r = gate(params["Wz"])
    reset = np.concatenate([r * h_prev, x], axis=-1)
    candidate = np.tanh(reset @ params["Wh"].T)
    h = (1 - z) * h_prev + z * candidate
    return h, (joined, reset, h_prev, z, r, candidate, params)
""",
    also=STEP_CACHE,
)
mistake(
    STEP_FORWARD,
    "same_gate_twice",
    says="(5.1) and (5.2) have a matrix each.",
    old='gate(params["Wr"])',
    new='gate(params["Wz"])',
    also=STEP_CACHE,
)
mistake(
    STEP_FORWARD,
    "reset_scales_input_too",
    says="Which part of the joined vector does r scale in (5.3)?",
    old="np.concatenate([r * h_prev, x], axis=-1)",
    new="np.concatenate([r * h_prev, x * r.mean(axis=1, keepdims=True)], axis=-1)",
    also=STEP_CACHE,
)
mistake(
    STEP_FORWARD,
    "reset_inverted",
    says="What should the candidate of (5.3) see when r is 1?",
    old="[r * h_prev, x]",
    new="[(1 - r) * h_prev, x]",
    also=STEP_CACHE,
)
mistake(
    STEP_FORWARD,
    "candidate_logistic",
    says="Which function squashes the candidate in (5.3)?",
    old='np.tanh(reset @ params["Wh"].T)',
    new='1 / (1 + np.exp(-(reset @ params["Wh"].T)))',
    also=STEP_CACHE,
)
mistake(
    STEP_FORWARD,
    "gates_tanh",
    says="Between which numbers does a gate lie, by (5.1)?",
    old="np.exp(-np.logaddexp(0.0, -(joined @ W.T)))",
    new="np.tanh(joined @ W.T)",
    also=STEP_CACHE,
)
mistake(
    STEP_FORWARD,
    "candidate_from_joined",
    says="Which joined vector does the candidate of (5.3) read?",
    old='np.tanh(reset @ params["Wh"].T)',
    new='np.tanh(joined @ params["Wh"].T)',
    also=STEP_CACHE,
)
mistake(
    STEP_FORWARD,
    "output_squashed",
    says="(5.4) gives the state as it is. Is there anything left of the LSTM in your step?",
    old="h = (1 - z) * h_prev + z * candidate",
    new="h = np.tanh((1 - z) * h_prev + z * candidate)",
)
mistake(
    STEP_FORWARD,
    "output_gate",
    says="How many gates has a GRU? Compare with (5.4).",
    old="h = (1 - z) * h_prev + z * candidate",
    new="h = r * np.tanh((1 - z) * h_prev + z * candidate)",
)
mistake(
    STEP_FORWARD,
    "old_state_reset_in_the_mix",
    says="Where does the reset gate act: in (5.3), in (5.4), or in both?",
    old="(1 - z) * h_prev + z",
    new="(1 - z) * r * h_prev + z",
)
mistake(
    STEP_FORWARD,
    "nothing_kept",
    says="What happens to the old state in (5.4)? Try a state other than zero.",
    old="(1 - z) * h_prev + z * candidate",
    new="z * candidate",
)
mistake(
    STEP_FORWARD,
    "independent_weights",
    says="The two factors of (5.4) add up to one.",
    old="(1 - z) * h_prev + z * candidate",
    new="(1 - z) * h_prev + r * candidate",
)
mistake(
    STEP_FORWARD,
    "all_kept",
    says="Which factor does the old state have in (5.4)?",
    old="(1 - z) * h_prev + z * candidate",
    new="h_prev + z * candidate",
)
mistake(
    STEP_FORWARD,
    "candidate_of_minus",
    says="Check the sign of the second summand of (5.4).",
    old="+ z * candidate",
    new="- z * candidate",
)
mistake(
    STEP_FORWARD,
    "logistic_sign",
    says="What is the logistic function of a large positive number?",
    old="-(joined @ W.T)",
    new="joined @ W.T",
    also=STEP_CACHE,
)
mistake(
    STEP_FORWARD,
    "unstable_logistic",
    says="Try a pre-activation of 1000 in (5.1). Which of your intermediate values is infinite?",
    old="np.exp(-np.logaddexp(0.0, -(joined @ W.T)))",
    new="np.exp(joined @ W.T) / (1 + np.exp(joined @ W.T))",
    also=STEP_CACHE,
)
mistake(
    STEP_FORWARD,
    "gates_clipped",
    says="How close to 0 may a gate of (5.1) come?",
    old="np.exp(-np.logaddexp(0.0, -(joined @ W.T)))",
    new="np.clip(np.exp(-np.logaddexp(0.0, -(joined @ W.T))), 0.01, 0.99)",
    also=STEP_CACHE,
)
mistake(
    STEP_FORWARD,
    "hard_gates",
    says="Gates of (5.1) are not decisions: every value between 0 and 1 occurs.",
    old="np.exp(-np.logaddexp(0.0, -(joined @ W.T)))",
    new="(joined @ W.T > 0).astype(float)",
    also=STEP_CACHE,
)
mistake(
    STEP_FORWARD,
    "state_overwritten",
    says="Compare your arguments before and after the call.",
    old="    h = (1 - z) * h_prev + z * candidate",
    new="    kept = h_prev.copy()\n    h_prev *= 1 - z\n    h_prev += z * candidate\n    h, h_prev = h_prev.copy(), kept",
)
mistake(
    STEP_FORWARD,
    "gate_averaged_over_batch",
    says="Every row of the batch has gates of its own.",
    old='r = gate(params["Wr"])',
    new='r = np.broadcast_to(gate(params["Wr"]).mean(axis=0), h_prev.shape)',
    also=STEP_CACHE,
)
mistake(
    STEP_FORWARD,
    "one_update_gate_for_all_units",
    says="How many entries has z of (5.1) for one row?",
    old='z = gate(params["Wz"])',
    new='z = np.repeat(gate(params["Wz"]).mean(axis=1, keepdims=True), h_prev.shape[1], axis=1)',
    also=STEP_CACHE,
)

# --- gru_step_backward ----------------------------------------------------------------------------

STEP_BACKWARD = "gru_step_backward"

mistake(
    STEP_BACKWARD,
    "direct_path_missing",
    says="Count the summands of dh_prev and those of (5.6).",
    old="dh_prev = dh * (1 - z) + ",
    new="dh_prev = ",
)
mistake(
    STEP_BACKWARD,
    "direct_path_with_z",
    says="Which factor does the old state have in (5.4)?",
    old="dh * (1 - z)",
    new="dh * z",
)
mistake(
    STEP_BACKWARD,
    "direct_path_unscaled",
    says="Which factor does the old state have in (5.4), and so in the first term of (5.6)?",
    old="dh * (1 - z)",
    new="dh",
)
mistake(
    STEP_BACKWARD,
    "product_path_missing",
    says="In (5.3) the old state stands in a product with r. Where is its term in your dh_prev?",
    old=" + d_product * r",
    new="",
)
mistake(
    STEP_BACKWARD,
    "product_path_without_reset",
    says="What scales the old state on its way into the candidate, (5.3)?",
    old="d_product * r + d_joined",
    new="d_product + d_joined",
)
mistake(
    STEP_BACKWARD,
    "reset_gate_gets_nothing",
    says="Which gradient does W_r receive, and which way leads from r to the loss?",
    old="da_r = d_product * h_prev * r * (1 - r)",
    new="da_r = np.zeros_like(r)",
)
mistake(
    STEP_BACKWARD,
    "reset_path_missing_to_state",
    says="The old state decides about r, (5.2). Where is that arrow in your dh_prev?",
    old="    grads =",
    new='    dh_prev = dh_prev - (da_r @ params["Wr"])[:, :H]\n    grads =',
)
mistake(
    STEP_BACKWARD,
    "update_path_missing_to_state",
    says="The old state decides about z, (5.1). Where is the second term of (5.6)?",
    old="    grads =",
    new='    dh_prev = dh_prev - (da_z @ params["Wz"])[:, :H]\n    grads =',
)
mistake(
    STEP_BACKWARD,
    "input_misses_candidate",
    says="How many of (5.1) to (5.3) read the input?",
    old="dx = d_reset[:, H:] + d_joined[:, H:]",
    new="dx = d_joined[:, H:]",
)
mistake(
    STEP_BACKWARD,
    "input_misses_gates",
    says="How many of (5.1) to (5.3) read the input?",
    old="dx = d_reset[:, H:] + d_joined[:, H:]",
    new="dx = d_reset[:, H:]",
)
mistake(
    STEP_BACKWARD,
    "update_difference_reversed",
    says="What is the derivative of (5.4) with respect to z, sign included?",
    old="(candidate - h_prev)",
    new="(h_prev - candidate)",
)
mistake(
    STEP_BACKWARD,
    "update_without_old_state",
    says="z occurs twice in (5.4). Compare with (5.5).",
    old="(candidate - h_prev)",
    new="candidate",
)
mistake(
    STEP_BACKWARD,
    "update_slope_missing",
    says="(5.5) ends with the slope of the logistic function.",
    old="(candidate - h_prev) * z * (1 - z)",
    new="(candidate - h_prev)",
)
mistake(
    STEP_BACKWARD,
    "reset_slope_missing",
    says="r is a logistic function of its pre-activation. What is that function's slope?",
    old="d_product * h_prev * r * (1 - r)",
    new="d_product * h_prev",
)
mistake(
    STEP_BACKWARD,
    "reset_slope_of_tanh",
    says="Which function squashes r in (5.2), and what is its slope?",
    old="* r * (1 - r)",
    new="* (1 - r**2)",
)
mistake(
    STEP_BACKWARD,
    "reset_without_state",
    says="What stands beside r in the product of (5.3)?",
    old="d_product * h_prev * r * (1 - r)",
    new="d_product * r * (1 - r)",
)
mistake(
    STEP_BACKWARD,
    "reset_from_whole_gradient",
    says="Which gradient does the product of (5.3) receive? Not the one of the state.",
    old="da_r = d_product",
    new="da_r = dh",
)
mistake(
    STEP_BACKWARD,
    "candidate_slope_missing",
    says="The candidate is a tanh of its pre-activation.",
    old="dh * z * (1 - candidate**2)",
    new="dh * z",
)
mistake(
    STEP_BACKWARD,
    "candidate_slope_unsquared",
    says="What is the slope of tanh, written with its value?",
    old="(1 - candidate**2)",
    new="(1 - candidate)",
)
mistake(
    STEP_BACKWARD,
    "candidate_unweighted",
    says="With which factor does the candidate enter (5.4)?",
    old="dh * z * (1 - candidate**2)",
    new="dh * (1 - candidate**2)",
)
mistake(
    STEP_BACKWARD,
    "candidate_with_one_minus_z",
    says="With which factor does the candidate enter (5.4)?",
    old="dh * z * (1 - candidate**2)",
    new="dh * (1 - z) * (1 - candidate**2)",
)
mistake(
    STEP_BACKWARD,
    "candidate_weights_from_joined",
    says="Which vector did W_h multiply in (5.3)?",
    old="da_h.T @ reset",
    new="da_h.T @ joined",
)
mistake(
    STEP_BACKWARD,
    "gate_weights_from_reset",
    says="Which vector did W_r multiply in (5.2)?",
    old="da_r.T @ joined",
    new="da_r.T @ reset",
)
mistake(
    STEP_BACKWARD,
    "gradients_exchanged",
    says="Which key belongs to which gate?",
    old='"Wz": da_z.T @ joined, "Wr": da_r.T @ joined',
    new='"Wr": da_z.T @ joined, "Wz": da_r.T @ joined',
)
mistake(
    STEP_BACKWARD,
    "mean_over_batch",
    says="grads sum over the batch; what divides them in yours?",
    old="    return dx, dh_prev, grads",
    new="    return dx, dh_prev, {name: g / len(dh) for name, g in grads.items()}",
)
mistake(
    STEP_BACKWARD,
    "input_and_state_swapped",
    says="Which part of a joined vector is the state, the first or the last H entries?",
    old="d_joined[:, :H]\n",
    new="d_joined[:, -H:]\n",
)
mistake(
    STEP_BACKWARD,
    "results_in_wrong_order",
    says="Compare the order of your results with the docstring.",
    old="return dx, dh_prev, grads",
    new="return dh_prev, dx, grads",
)
mistake(
    STEP_BACKWARD,
    "upstream_scaled_in_place",
    says="Compare your arguments before and after the call.",
    old="dh_prev = dh * (1 - z) + ",
    new="dh *= 1 - z\n    dh_prev = dh + ",
)
mistake(
    STEP_BACKWARD,
    "cache_changed",
    says="Call your backward twice with the same cache.",
    old="da_z = dh * (candidate - h_prev)",
    new="candidate -= h_prev\n    da_z = dh * candidate",
)
mistake(
    STEP_BACKWARD,
    "cache_in_a_global",
    says="Do two forward calls before the first backward. Which call's values does that backward read?",
    code="""
_step_forward, _last = gru_step_forward, []


def gru_step_forward(x, h_prev, params):
    h, cache = _step_forward(x, h_prev, params)
    _last[:] = cache
    return h, None


def gru_step_backward(dh, cache):
    joined, reset, h_prev, z, r, candidate, params = _last
    H = h_prev.shape[1]
    da_h = dh * z * (1 - candidate**2)
    d_reset = da_h @ params["Wh"]
    da_z = dh * (candidate - h_prev) * z * (1 - z)
    da_r = d_reset[:, :H] * h_prev * r * (1 - r)
    d_joined = da_z @ params["Wz"] + da_r @ params["Wr"]
    dh_prev = dh * (1 - z) + d_reset[:, :H] * r + d_joined[:, :H]
    grads = {"Wz": da_z.T @ joined, "Wr": da_r.T @ joined, "Wh": da_h.T @ reset}
    return d_reset[:, H:] + d_joined[:, H:], dh_prev, grads
""",
    also=("gru_backward",),
)
mistake(
    STEP_BACKWARD,
    "weights_transposed",
    says="A step forwards multiplies a batch by W.T. What does the step back multiply by?",
    old='da_r @ params["Wr"]',
    new='np.pad(da_r @ params["Wr"][:, :H].T, ((0, 0), (0, joined.shape[1] - H)))',
)

mistake(
    STEP_BACKWARD,
    "clipped_at_ten",
    says="Clipping belongs to the training loop, not into a gradient.",
    old="    H = h_prev.shape[1]",
    new="    dh = np.clip(dh, -10.0, 10.0)\n    H = h_prev.shape[1]",
)
mistake(
    STEP_BACKWARD,
    "weights_clipped_by_norm",
    says="Clipping belongs to the training loop, not into a gradient.",
    old="    return dx, dh_prev, grads",
    new="""    for name, g in grads.items():
        norm = np.linalg.norm(g)
        if norm > 100.0:
            grads[name] = g * (100.0 / norm)
    return dx, dh_prev, grads""",
)
mistake(
    STEP_BACKWARD,
    "candidate_by_division",
    says="What does your cache give back where the update gate is 0?",
    old="    H = h_prev.shape[1]",
    new="""    h = (1 - z) * h_prev + z * candidate
    candidate = (h - (1 - z) * h_prev) / z
    H = h_prev.shape[1]""",
)
mistake(
    STEP_BACKWARD,
    "state_by_division",
    says="What does your cache give back where the reset gate is 0?",
    old="    H = h_prev.shape[1]",
    new="    H = h_prev.shape[1]\n    h_prev = reset[:, :H] / r",
)
mistake(
    STEP_BACKWARD,
    "slope_by_division",
    says="Can the slope of a gate be had without dividing by the gate?",
    old="z * (1 - z)\n",
    new="(1 - z) ** 2 / (1 / z - 1)\n",
)
mistake(
    STEP_BACKWARD,
    "differences",
    says="Equations (5.5) and (5.6) propagate the gradient back in one pass: how many forwards does yours take?",
    code="""
def gru_step_backward(dh, cache):
    joined, _, h_prev, _, _, _, params = cache
    H, eps = h_prev.shape[1], 1e-5
    x, h = joined[:, H:].copy(), h_prev.copy()
    own = {name: W.copy() for name, W in params.items()}

    def slopes(array):
        g = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            before = array[index]
            array[index] = before + eps
            up = (dh * gru_step_forward(x, h, own)[0]).sum()
            array[index] = before - eps
            down = (dh * gru_step_forward(x, h, own)[0]).sum()
            array[index] = before
            g[index] = (up - down) / (2 * eps)
        return g

    return slopes(x), slopes(h), {name: slopes(W) for name, W in own.items()}
""",
)

# --- gru_forward ----------------------------------------------------------------------------------

FORWARD = "gru_forward"

mistake(
    FORWARD,
    "state_not_carried_on",
    says="Which state does step t read in (5.1)?",
    old="h, step_cache = gru_step_forward(x[:, t], h, params)",
    new="h, step_cache = gru_step_forward(x[:, t], h0, params)",
    also=("gru_backward",),
)
mistake(
    FORWARD,
    "zero_start",
    says="Where does the first step get its state from?",
    old="h, caches = h0, []",
    new="h, caches = np.zeros_like(h0), []",
    also=("gru_backward",),
)
mistake(
    FORWARD,
    "only_last_state",
    says="Compare the shape of your h with the docstring.",
    old="return states, caches",
    new="return states[:, -1], caches",
)
mistake(
    FORWARD,
    "time_first",
    says="Which axis of h is time?",
    old="return states, caches",
    new="return states.transpose(1, 0, 2), caches",
)
mistake(
    FORWARD,
    "initial_state_included",
    says="Which states belong to the result? Read the docstring of the exercise again.",
    old="return states, caches",
    new="return np.concatenate([h0[:, None], states[:, :-1]], axis=1), caches",
)
mistake(
    FORWARD,
    "last_step_ignored",
    says="How many steps does your loop take?",
    old="    for t in range(T):",
    new="    states[:] = 0.0\n    for t in range(max(1, T - 1)):",
    also=("gru_backward",),
)
mistake(
    FORWARD,
    "backwards_in_time",
    says="In which order are the inputs read?",
    old="range(T)",
    new="reversed(range(T))",
    also=("gru_backward",),
)
mistake(
    FORWARD,
    "loop_over_batch",
    says="Which axis of x does your loop walk along?",
    old="x[:, t]",
    new="x[:, min(t, N - 1)]",
    also=("gru_backward",),
)
mistake(
    FORWARD,
    "h0_of_first_row",
    says="Each row of the batch has an initial state of its own.",
    old="h, caches = h0, []",
    new="h, caches = np.repeat(h0[:1], N, axis=0), []",
    also=("gru_backward",),
)
mistake(
    FORWARD,
    "state_kept_between_calls",
    says="Call the function twice. What is left over from the first call?",
    code="""
def gru_forward(x, h0, params, memory={}):
    h, states, caches = memory.get(h0.shape, h0), [], []
    for t in range(x.shape[1]):
        h, step_cache = gru_step_forward(x[:, t], h, params)
        states.append(h)
        caches.append(step_cache)
    memory[h0.shape] = h
    return np.stack(states, axis=1), caches
""",
    also=("gru_backward",),
)
mistake(
    FORWARD,
    "h0_overwritten",
    says="Compare your arguments before and after the call.",
    old="    return states, caches",
    new="    h0[:] = h\n    return states, caches",
    also=("gru_backward",),
)

mistake(
    FORWARD,
    "time_first_where_it_fits",
    says="Which axis of x is time, always?",
    old="    N, T, _ = x.shape",
    new="""    if x.shape[0] == x.shape[1]:
        x = np.swapaxes(x, 0, 1)
    N, T, _ = x.shape""",
    also=("gru_backward",),
)

# --- gru_backward ---------------------------------------------------------------------------------

BACKWARD = "gru_backward"

mistake(
    BACKWARD,
    "no_gradient_through_time",
    says="Which two gradients does a state receive?",
    old="dh[:, t] + dh_next",
    new="dh[:, t]",
)
mistake(
    BACKWARD,
    "only_last_state_gets_gradient",
    says="Every state may enter the loss directly, not only the last one.",
    old="gru_step_backward(dh[:, t] + dh_next, cache[t])",
    new="gru_step_backward(dh_next + (dh[:, t] if t == dh.shape[1] - 1 else 0.0), cache[t])",
)
mistake(
    BACKWARD,
    "gradients_of_last_step_only",
    says="The matrices are used at every step. What does that mean for their gradients?",
    old="grads[name] = grads.get(name, 0.0) + value",
    new="grads.setdefault(name, value)",
)
mistake(
    BACKWARD,
    "gradients_of_first_step_only",
    says="The matrices are used at every step. What does that mean for their gradients?",
    old="grads.get(name, 0.0) + value",
    new="value",
)
mistake(
    BACKWARD,
    "gradients_averaged_over_time",
    says="A sum or a mean over the steps?",
    old="dh_next, grads\n    ###",
    new="dh_next, {name: g / dh.shape[1] for name, g in grads.items()}\n    ###",
)
mistake(
    BACKWARD,
    "dx_reversed",
    says="In which order did your loop collect the gradients of the inputs?",
    old="dx_steps[::-1]",
    new="dx_steps",
)
mistake(
    BACKWARD,
    "dx_time_first",
    says="Which axis of dx is time?",
    old="axis=1",
    new="axis=0",
)
mistake(
    BACKWARD,
    "first_step_missing",
    says="How many steps does your loop take? The first one counts too.",
    old="    for t in reversed(range(dh.shape[1])):",
    new="    for t in reversed(range(min(1, dh.shape[1] - 1), dh.shape[1])):",
)
mistake(
    BACKWARD,
    "forwards_in_time",
    says="In which direction do gradients travel?",
    old="reversed(range(dh.shape[1]))",
    new="range(dh.shape[1])",
)
mistake(
    BACKWARD,
    "dh0_missing",
    says="What arrives at h0?",
    old="axis=1), dh_next, grads",
    new="axis=1), np.zeros(dh_next.shape), grads",
)
mistake(
    BACKWARD,
    "dh0_is_first_upstream",
    says="What arrives at h0, and through which step?",
    old="axis=1), dh_next, grads",
    new="axis=1), dh[:, 0], grads",
)
mistake(
    BACKWARD,
    "dh0_gets_direct_part_twice",
    says="The loss does not read h0 directly.",
    old="axis=1), dh_next, grads",
    new="axis=1), dh_next + dh[:, 0], grads",
)
mistake(
    BACKWARD,
    "upstream_modified",
    says="Compare your arguments before and after the call.",
    old="gru_step_backward(dh[:, t] + dh_next, cache[t])",
    new="gru_step_backward(np.add(dh[:, t], dh_next, out=dh[:, t]), cache[t])",
)
mistake(
    BACKWARD,
    "cache_popped",
    says="Call your backward twice with the same cache.",
    old="dh[:, t] + dh_next, cache[t]",
    new="dh[:, t] + dh_next, cache.pop()",
)
mistake(
    BACKWARD,
    "truncated",
    says="How far back does the gradient go? Try more steps.",
    old="    for t in reversed(range(dh.shape[1])):",
    new="    for t in reversed(range(dh.shape[1])):\n        if t == dh.shape[1] - 5:\n            dh_next = 0 * dh_next",
)
mistake(
    BACKWARD,
    "clipped",
    says="Clipping belongs to the training loop, not into a gradient.",
    old="        dx_steps.append(dx)",
    new="        dh_next = np.clip(dh_next, -1.0, 1.0)\n        dx_steps.append(dx)",
)
mistake(
    BACKWARD,
    "clipped_at_ten",
    says="Clipping belongs to the training loop, not into a gradient.",
    old="        dx_steps.append(dx)",
    new="        dh_next = np.clip(dh_next, -10.0, 10.0)\n        dx_steps.append(dx)",
)
mistake(
    BACKWARD,
    "weights_clipped",
    says="Clipping belongs to the training loop, not into a gradient.",
    old="dh_next, grads\n    ###",
    new="dh_next, {k: np.clip(g, -100, 100) for k, g in grads.items()}\n    ###",
)
mistake(
    BACKWARD,
    "truncated_after_ten_steps",
    says="How far back does the gradient go? Try more steps.",
    old="    for t in reversed(range(dh.shape[1])):",
    new="    for t in reversed(range(dh.shape[1])):\n        if t == dh.shape[1] - 11:\n            dh_next = 0 * dh_next",
)
mistake(
    BACKWARD,
    "weights_of_twelve_steps",
    says="The matrices are used at every step. What does that mean for their gradients?",
    old="        for name, value in step_grads.items():",
    new="        for name, value in step_grads.items() if dh.shape[1] - t <= 12 or not grads else ():",
)
mistake(
    BACKWARD,
    "windows_of_ten_steps",
    says="How far back does the gradient go? Try more steps.",
    old="        dx_steps.append(dx)",
    new="        if t % 10 == 0 and t:\n            dh_next = np.zeros(dh_next.shape)\n        dx_steps.append(dx)",
)
mistake(
    BACKWARD,
    "time_first_where_it_fits",
    says="Which axis of dh is time, always?",
    old="    dh_next = np.zeros(dh[:, 0].shape)",
    new="    if dh.shape[0] == len(cache):\n        dh = np.swapaxes(dh, 0, 1)\n    dh_next = np.zeros(dh[:, 0].shape)",
)
mistake(
    BACKWARD,
    "complex_step",
    says="The steps of (5.5) and (5.6), from the last to the first: how many forwards does yours take?",
    code="""
def gru_backward(dh, cache):
    H, tiny = dh.shape[2], 1e-30
    params = cache[0][6]
    x = np.stack([step[0][:, H:] for step in cache], axis=1)

    def run(x, h, p):
        loss = 0
        for t in range(x.shape[1]):
            joined = np.concatenate([h, x[:, t]], axis=1)
            z = 1 / (1 + np.exp(-(joined @ p["Wz"].T)))
            r = 1 / (1 + np.exp(-(joined @ p["Wr"].T)))
            new = np.tanh(np.concatenate([r * h, x[:, t]], axis=1) @ p["Wh"].T)
            h = (1 - z) * h + z * new
            loss = loss + (dh[:, t] * h).sum()
        return loss

    values = {"x": x, "h": cache[0][2], **params}
    values = {name: v.astype(complex) for name, v in values.items()}
    found = {}
    for name, v in values.items():
        found[name] = np.zeros(v.shape)
        for i in np.ndindex(v.shape):
            v[i] += 1j * tiny
            found[name][i] = run(values["x"], values["h"], values).imag / tiny
            v[i] = v[i].real
    return found.pop("x"), found.pop("h"), found
""",
)
mistake(
    BACKWARD,
    "gradients_accumulate_over_calls",
    says="Call your backward twice. Is anything left over from the first call?",
    code="""
def gru_backward(dh, cache, grads={}):
    dh_next = np.zeros(dh[:, 0].shape)
    dx = []
    for t in reversed(range(dh.shape[1])):
        dx_t, dh_next, step_grads = gru_step_backward(dh[:, t] + dh_next, cache[t])
        dx.append(dx_t)
        for name, value in step_grads.items():
            grads[name] = grads.get(name, 0.0) + value
    return np.stack(dx[::-1], axis=1), dh_next, grads
""",
)

# --- gru_reset_after_step -------------------------------------------------------------------------

VARIANT = "gru_reset_after_step"

mistake(
    VARIANT,
    "reset_before_product",
    says="What exactly does r multiply in (5.9)?",
    old="n = np.tanh(from_x[2] + r * from_h[2])",
    new="H = h_prev.shape[1]\n    n = np.tanh(from_x[2] + (r * h_prev) @ weight_hh[2 * H :].T + bias_hh[2 * H :])",
)
mistake(
    VARIANT,
    "hidden_bias_outside_bracket",
    says="Which bias stands inside the bracket of (5.9)?",
    old="n = np.tanh(from_x[2] + r * from_h[2])",
    new="b = bias_hh[2 * h_prev.shape[1] :]\n    n = np.tanh(from_x[2] + b + r * (from_h[2] - b))",
)
mistake(
    VARIANT,
    "both_biases_in_bracket",
    says="Which bias stands inside the bracket of (5.9)?",
    old="n = np.tanh(from_x[2] + r * from_h[2])",
    new="b = bias_ih[2 * h_prev.shape[1] :]\n    n = np.tanh(from_x[2] - b + r * (from_h[2] + b))",
)
mistake(
    VARIANT,
    "convention_of_the_text",
    says="Compare (5.10) with (5.4): what does z keep?",
    old="(1 - z) * n + z * h_prev",
    new="z * n + (1 - z) * h_prev",
)
mistake(
    VARIANT,
    "blocks_z_r_n",
    says="In which order are the blocks stacked?",
    code="""
def gru_reset_after_step(x, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    zx, rx, nx = np.split(x @ weight_ih.T + bias_ih, 3, axis=1)
    zh, rh, nh = np.split(h_prev @ weight_hh.T + bias_hh, 3, axis=1)
    z = np.exp(-np.logaddexp(0.0, -(zx + zh)))
    r = np.exp(-np.logaddexp(0.0, -(rx + rh)))
    n = np.tanh(nx + r * nh)
    return (1 - z) * n + z * h_prev
""",
)
mistake(
    VARIANT,
    "candidate_block_first",
    says="In which order are the blocks stacked?",
    code="""
def gru_reset_after_step(x, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    nx, rx, zx = np.split(x @ weight_ih.T + bias_ih, 3, axis=1)
    nh, rh, zh = np.split(h_prev @ weight_hh.T + bias_hh, 3, axis=1)
    z = np.exp(-np.logaddexp(0.0, -(zx + zh)))
    r = np.exp(-np.logaddexp(0.0, -(rx + rh)))
    n = np.tanh(nx + r * nh)
    return (1 - z) * n + z * h_prev
""",
)
mistake(
    VARIANT,
    "bias_hh_missing",
    says="Count the biases in (5.8).",
    old="h_prev @ weight_hh.T + bias_hh",
    new="h_prev @ weight_hh.T",
)
mistake(
    VARIANT,
    "bias_ih_missing",
    says="Count the biases in (5.8).",
    old="x @ weight_ih.T + bias_ih",
    new="x @ weight_ih.T",
)
mistake(
    VARIANT,
    "no_reset",
    says="Where is r used in (5.9)?",
    old="from_x[2] + r * from_h[2]",
    new="from_x[2] + from_h[2]",
)
mistake(
    VARIANT,
    "reset_scales_everything",
    says="Which part of (5.9) stands outside the bracket?",
    old="from_x[2] + r * from_h[2]",
    new="r * (from_x[2] + from_h[2])",
)
mistake(
    VARIANT,
    "unstable_logistic",
    says="Try pre-activations of 1000 in (5.8).",
    old="z = np.exp(-np.logaddexp(0.0, -(from_x[1] + from_h[1])))",
    new="z = np.exp(from_x[1] + from_h[1]) / (1 + np.exp(from_x[1] + from_h[1]))",
)
mistake(
    VARIANT,
    "state_overwritten",
    says="Compare your arguments before and after the call.",
    old="    return (1 - z) * n + z * h_prev",
    new="    h_prev *= z\n    h_prev += (1 - z) * n\n    return h_prev",
)
mistake(
    VARIANT,
    "interleaved_blocks",
    says="Are the rows of a gate next to each other, or every third one?",
    old="np.split(x @ weight_ih.T + bias_ih, 3, axis=1)",
    new="[(x @ weight_ih.T + bias_ih)[:, k::3] for k in range(3)]",
)

mistake(
    VARIANT,
    "transposed_where_it_fits",
    says="Which shape has weight_ih, always?",
    old="x @ weight_ih.T + bias_ih",
    new="x @ (weight_ih if len(weight_ih) == x.shape[1] else weight_ih.T) + bias_ih",
)

# --- parameter_count ------------------------------------------------------------------------------

COUNT = "parameter_count"

mistake(
    COUNT,
    "gru_with_biases",
    says="Has the GRU of (5.1) to (5.3) any biases?",
    old='"gru": 3 * weights',
    new='"gru": 3 * (weights + H)',
)
mistake(
    COUNT,
    "gru_has_two_layers",
    says="Gates are not the only layers of (5.1) to (5.3).",
    old='"gru": 3 * weights',
    new='"gru": 2 * weights',
)
mistake(
    COUNT,
    "lstm_has_three_layers",
    says="Gates are not the only layers of an LSTM: count its matrices.",
    old="4 * (weights + H)",
    new="3 * (weights + H)",
)
mistake(
    COUNT,
    "lstm_without_biases",
    says="Does the LSTM of Chapter 4 have biases?",
    old="4 * (weights + H)",
    new="4 * weights",
)
mistake(
    COUNT,
    "torch_counts_two_biases",
    says="How many bias vectors has a layer in this course, and how many in PyTorch?",
    old='"rnn": weights + H, "lstm": 4 * (weights + H)',
    new='"rnn": weights + 2 * H, "lstm": 4 * (weights + 2 * H)',
)
mistake(
    COUNT,
    "rnn_without_bias",
    says="Does the vanilla RNN of Chapter 2 have a bias?",
    old='"rnn": weights + H',
    new='"rnn": weights',
)
mistake(
    COUNT,
    "recurrent_weights_missing",
    says="What does the joined vector consist of? Count for D = 1, H = 2 by hand.",
    old="H * (H + D)",
    new="H * D",
)
mistake(
    COUNT,
    "axes_exchanged",
    says="Which shape has a weight on the joined vector? Count for D = 1, H = 2 by hand.",
    old="H * (H + D)",
    new="D * (H + D)",
)
mistake(
    COUNT,
    "unknown_cell_counts_zero",
    says="What happens for a cell that this course does not define?",
    old="        raise ValueError(f\"cell should be one of {', '.join(counts)}, not {cell!r}\")",
    new="        return 0",
)
mistake(
    COUNT,
    "unknown_cell_key_error",
    says="Which error does the exercise ask for?",
    old="raise ValueError(",
    new="raise KeyError(",
)
mistake(
    COUNT,
    "error_names_nothing",
    says="Which word should the message of the error contain?",
    old="f\"cell should be one of {', '.join(counts)}, not {cell!r}\"",
    new='"unknown name"',
)
mistake(
    COUNT,
    "prefix_is_enough",
    says="Which names are allowed, exactly?",
    old="    if cell not in counts:",
    new="    cell = next((name for name in counts if cell.startswith(name)), cell)\n    if cell not in counts:",
)
mistake(
    COUNT,
    "case_ignored",
    says="Which names are allowed, exactly?",
    old="    if cell not in counts:",
    new="    cell = cell.lower()\n    if cell not in counts:",
)
mistake(
    COUNT,
    "float_result",
    says="Which type should the count have?",
    old="return counts[cell]",
    new="return float(counts[cell])",
)
