"""Catalogued mistakes of chapter 4."""

from __future__ import annotations

from autograder.course.catalogue import mistake

# --- lstm_step_forward ----------------------------------------------------------------------------
# A wrong gate or cell in the forward stands in its cache as well, and costs the backward.

BACKWARD = ("lstm_step_backward",)

mistake(
    "lstm_step_forward",
    "input_first",
    says="Check in which order (4.1) joins the two vectors; test with D different from H.",
    old="[h_prev, x]",
    new="[x, h_prev]",
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "previous_hidden_ignored",
    says="What do the gates of (4.1) to (4.3) read besides the input? Test with h_prev not zero.",
    old="[h_prev, x]",
    new="[0.0 * h_prev, x]",
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "gates_read_cell",
    says="Which of the two states stands in the brackets of (4.1)?",
    old="[h_prev, x]",
    new="[c_prev, x]",
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "bias_missing",
    says="Count the terms inside the logistic function of (4.1).",
    old=' + params["b" + name]',
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "one_bias_for_all",
    says="Each of (4.1) to (4.4) has a bias of its own. Test with four different ones.",
    old='params["b" + name]',
    new='params["bf"]',
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "reshaped_not_transposed",
    says="Compute one pre-activation of (4.1) by hand with H and D above 1 and compare.",
    old='params["W" + name].T',
    new='params["W" + name].reshape(joined.shape[-1], -1)',
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "overflowing_sigmoid",
    says="Try pre-activations of 1000 and -1000 in the logistic function of (4.1).",
    old="np.exp(-np.logaddexp(0.0, -pre_activation(name)))",
    new="np.exp(pre_activation(name)) / (1 + np.exp(pre_activation(name)))",
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "sigmoid_clipped_at_500",
    says="Exercise 4.1 says what a gate is at a pre-activation of -1000. Print yours.",
    old="-pre_activation(name)",
    new="-np.clip(pre_activation(name), -500, 500)",
)
mistake(
    "lstm_step_forward",
    "sigmoid_clipped_at_20",
    says="Can your gates of (4.1) to (4.3) close completely? See the note on saturation.",
    old="-pre_activation(name)",
    new="-np.clip(pre_activation(name), -20, 20)",
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "sigmoid_with_epsilon",
    says="Nothing is added to the denominator of the logistic function in (4.1).",
    old="np.exp(-np.logaddexp(0.0, -pre_activation(name)))",
    new="1 / (1 + np.exp(np.minimum(-pre_activation(name), 700)) + 5e-3)",
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "hard_sigmoid",
    says="Which function is the sigma of (4.1)? Some libraries use a piecewise linear stand-in.",
    old="np.exp(-np.logaddexp(0.0, -pre_activation(name)))",
    new="np.clip(0.2 * pre_activation(name) + 0.5, 0.0, 1.0)",
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "tanh_gates",
    says="What range do the gates of (4.1) to (4.3) have?",
    old="np.exp(-np.logaddexp(0.0, -pre_activation(name)))",
    new="np.tanh(pre_activation(name))",
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "sigmoid_candidate",
    says="Compare the squashing function of (4.4) with those of the gates.",
    old='np.tanh(pre_activation("c"))',
    new='gate("c")',
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "linear_candidate",
    says="Is anything missing around the sum in (4.4)?",
    old='np.tanh(pre_activation("c"))',
    new='pre_activation("c")',
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "input_and_output_gate_swapped",
    says="Name the gate that (4.5) uses for writing and the one that (4.6) uses for showing.",
    old='gate("f"), gate("i"), gate("o")',
    new='gate("f"), gate("o"), gate("i")',
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "forget_and_input_gate_swapped",
    says="In (4.5), which gate scales the past and which one the new?",
    old="f * c_prev + i * candidate",
    new="i * c_prev + f * candidate",
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "forget_gate_inverted",
    says="The table under (4.6) says what an open forget gate does. Test a gate of 1.",
    old="f * c_prev + i",
    new="(1 - f) * c_prev + i",
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "coupled_gates",
    says="Count how many different gates (4.5) contains.",
    old="i * candidate",
    new="(1 - f) * candidate",
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "input_gate_missing",
    says="Compare the second term of (4.5) with yours.",
    old="+ i * candidate",
    new="+ candidate",
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "old_cell_shown",
    says="Which step's cell does (4.6) show?",
    old="np.tanh(c)\n",
    new="np.tanh(c_prev)\n",
    also=BACKWARD,
)
mistake(
    "lstm_step_forward",
    "cell_not_squashed",
    says="What happens in (4.6) to a cell of 3 before the output gate scales it?",
    old="h = o * tanh_c",
    new="h = o * c",
)
mistake(
    "lstm_step_forward",
    "squashed_after_gate",
    says="In which order do the output gate and the tanh act in (4.6)?",
    old="h = o * tanh_c",
    new="h = np.tanh(o * c)",
)
mistake(
    "lstm_step_forward",
    "output_gate_missing",
    says="Compare the number of factors in (4.6) with yours.",
    old="h = o * tanh_c",
    new="h = tanh_c",
)
mistake(
    "lstm_step_forward",
    "squashed_cell_handed_on",
    says="The cell that goes on to the next step is the left side of (4.5), with nothing around it.",
    old="return h, c, (",
    new="return h, tanh_c, (",
)
mistake(
    "lstm_step_forward",
    "states_swapped",
    says="The docstring gives the order of the three results.",
    old="return h, c, (",
    new="return c, h, (",
)
mistake(
    "lstm_step_forward",
    "tanh_from_exponentials",
    says="Try a cell of 800 in (4.6).",
    old="np.tanh(c)\n",
    new="(np.exp(2 * c) - 1) / (np.exp(2 * c) + 1)\n",
)
mistake(
    "lstm_step_forward",
    "cell_updated_in_place",
    says="Print c_prev before and after your step: (4.5) makes a new cell.",
    old="c = f * c_prev + i * candidate",
    new="c_prev *= f\n    c_prev += i * candidate\n    c = c_prev",
    also=BACKWARD,
)

# --- lstm_step_backward ---------------------------------------------------------------------------

mistake(
    "lstm_step_backward",
    "path_through_h_missing",
    says="(4.7) is a sum. Test with dc all zero.",
    old="dc + dh * o * (1 - tanh_c**2)",
    new="dc",
)
mistake(
    "lstm_step_backward",
    "direct_path_missing",
    says="(4.7) is a sum. Test with dh all zero.",
    old="dc + dh * o * (1 - tanh_c**2)",
    new="dh * o * (1 - tanh_c**2)",
)
mistake(
    "lstm_step_backward",
    "slope_of_tanh_missing",
    says="Which functions lie between c_t and h_t in (4.6)? Each leaves a factor in (4.7).",
    old=" * (1 - tanh_c**2)",
)
mistake(
    "lstm_step_backward",
    "output_gate_missing",
    says="Compare the factors of the second term of (4.7) with yours.",
    old="dh * o * (1 - tanh_c**2)",
    new="dh * (1 - tanh_c**2)",
)
mistake(
    "lstm_step_backward",
    "slope_taken_at_h",
    says="At which value does (4.7) take the slope of the tanh?",
    old="(1 - tanh_c**2)",
    new="(1 - (o * tanh_c) ** 2)",
)
mistake(
    "lstm_step_backward",
    "slope_of_cell_not_squashed",
    says="The slope of a tanh needs the value of the tanh: look at (4.7) again.",
    old="(1 - tanh_c**2)",
    new="(1 - (f * c_prev + i * candidate) ** 2)",
)
mistake(
    "lstm_step_backward",
    "forget_gate_sees_new_cell",
    says="Which cell does the forget gate multiply in (4.5)?",
    old="dc_total * c_prev * f",
    new="dc_total * (f * c_prev + i * candidate) * f",
)
mistake(
    "lstm_step_backward",
    "forget_slope_missing",
    says="Compare the factors of (4.8) with yours: the gate has a slope of its own.",
    old="c_prev * f * (1 - f)",
    new="c_prev",
)
mistake(
    "lstm_step_backward",
    "forget_slope_of_tanh",
    says="Is the forget gate of (4.1) squashed by a tanh?",
    old="c_prev * f * (1 - f)",
    new="c_prev * (1 - f**2)",
)
mistake(
    "lstm_step_backward",
    "input_gate_without_candidate",
    says="Differentiate (4.5) with respect to i_t.",
    old="dc_total * candidate * i * (1 - i)",
    new="dc_total * i * (1 - i)",
)
mistake(
    "lstm_step_backward",
    "output_gate_from_cell",
    says="Through which of (4.5) and (4.6) does the output gate act on the loss?",
    old="dh * tanh_c * o",
    new="dc_total * tanh_c * o",
)
mistake(
    "lstm_step_backward",
    "output_gate_sees_raw_cell",
    says="Differentiate (4.6) with respect to o_t.",
    old="dh * tanh_c * o",
    new="dh * (f * c_prev + i * candidate) * o",
)
mistake(
    "lstm_step_backward",
    "output_slope_missing",
    says="The pre-activation of (4.3) lies behind a logistic function.",
    old="tanh_c * o * (1 - o)",
    new="tanh_c",
)
mistake(
    "lstm_step_backward",
    "candidate_slope_missing",
    says="What squashes the pre-activation of (4.4)?",
    old=" * (1 - candidate**2)",
)
mistake(
    "lstm_step_backward",
    "candidate_slope_of_sigmoid",
    says="Which of the two slopes belongs to (4.4)?",
    old="(1 - candidate**2)",
    new="candidate * (1 - candidate)",
)
mistake(
    "lstm_step_backward",
    "candidate_without_input_gate",
    says="Differentiate (4.5) with respect to the candidate.",
    old="dc_total * i * (1 - candidate**2)",
    new="dc_total * (1 - candidate**2)",
)
mistake(
    "lstm_step_backward",
    "weights_averaged_over_batch",
    says="The gradient of a sum over the batch: compare a batch of 1 with a batch of 2.",
    old="d.T @ joined",
    new="d.T @ joined / len(d)",
)
mistake(
    "lstm_step_backward",
    "bias_averaged_over_batch",
    says="Every row of the batch adds to the gradient of a bias.",
    old="d.sum(axis=0)",
    new="d.mean(axis=0)",
)
mistake(
    "lstm_step_backward",
    "bias_from_first_row",
    says="Test the bias gradients with more than one row in the batch.",
    old="d.sum(axis=0)",
    new="d[0]",
)
mistake(
    "lstm_step_backward",
    "bias_keeps_axis",
    says="A bias has shape (H,). Print the shape of its gradient.",
    old="d.sum(axis=0)",
    new="d.sum(axis=0, keepdims=True)",
)
mistake(
    "lstm_step_backward",
    "weights_transposed",
    says="A gradient has the shape of its parameter, (H, H + D).",
    old="d.T @ joined",
    new="joined.T @ d",
)
mistake(
    "lstm_step_backward",
    "only_one_layer_reaches_inputs",
    says="The joined vector feeds four layers. How many terms does its gradient have?",
    old="d_joined += d @",
    new="d_joined = d @",
)
mistake(
    "lstm_step_backward",
    "output_layer_sends_nothing_back",
    says="Does the layer of (4.3) read h_prev and x?",
    old='d_joined += d @ params["W" + name]',
    new='d_joined += d @ params["W" + name] * (name != "o")',
)
mistake(
    "lstm_step_backward",
    "split_at_the_wrong_place",
    says="Where does h end and x begin in the joined vector? Test with D different from H.",
    old="H = c_prev.shape[1]",
    new="H = joined.shape[1] - c_prev.shape[1]",
)
mistake(
    "lstm_step_backward",
    "dx_and_dh_prev_swapped",
    says="Compare the order of your results with the docstring.",
    old="return d_joined[:, H:], d_joined[:, :H]",
    new="return d_joined[:, :H], d_joined[:, H:]",
)
mistake(
    "lstm_step_backward",
    "dc_prev_from_dc_alone",
    says="Which gradient of c_t goes on to c_{t-1}: a part of (4.7), or all of it?",
    old="dc_prev = dc_total * f",
    new="dc_prev = dc * f",
)
mistake(
    "lstm_step_backward",
    "dc_prev_without_gate",
    says="Differentiate (4.5) with respect to c_{t-1}.",
    old="dc_prev = dc_total * f",
    new="dc_prev = dc_total",
)
mistake(
    "lstm_step_backward",
    "upstream_modified",
    says="Print dc before and after your call.",
    old="dc_total = dc + dh * o * (1 - tanh_c**2)",
    new="dc += dh * o * (1 - tanh_c**2)\n    dc_total = dc",
)
mistake(
    "lstm_step_backward",
    "cache_modified",
    says="Call the backward twice with one cache and compare.",
    old="dc_prev = dc_total * f",
    new="f *= dc_total\n    dc_prev = f",
)

# --- lstm_forward ---------------------------------------------------------------------------------

SEQUENCE_BACKWARD = ("lstm_backward",)
STEP = "lstm_step_forward(x[:, t], h, c, params)"

mistake(
    "lstm_forward",
    "cell_not_handed_on",
    says="Two states go from step to step. Test a cell that is only kept, over three steps.",
    old=STEP,
    new="lstm_step_forward(x[:, t], h, c0, params)",
    also=SEQUENCE_BACKWARD,
)
mistake(
    "lstm_forward",
    "hidden_not_handed_on",
    says="Which h stands in the brackets of (4.1) at step 2?",
    old=STEP,
    new="lstm_step_forward(x[:, t], h0, c, params)",
    also=SEQUENCE_BACKWARD,
)
mistake(
    "lstm_forward",
    "first_input_at_every_step",
    says="The input in (4.1) has an index.",
    old=STEP,
    new="lstm_step_forward(x[:, 0], h, c, params)",
    also=SEQUENCE_BACKWARD,
)
mistake(
    "lstm_forward",
    "last_input_first",
    says="Follow which input your first step reads.",
    old=STEP,
    new="lstm_step_forward(x[:, T - 1 - t], h, c, params)",
    also=SEQUENCE_BACKWARD,
)
mistake(
    "lstm_forward",
    "zero_cell_at_start",
    says="What does (4.5) read at step 1? Test with c0 not zero.",
    old="h, c, caches = h0, c0, []",
    new="h, c, caches = h0, np.zeros_like(c0), []",
    also=SEQUENCE_BACKWARD,
)
mistake(
    "lstm_forward",
    "zero_hidden_at_start",
    says="What do the gates read at step 1? Test with h0 not zero.",
    old="h, c, caches = h0, c0, []",
    new="h, c, caches = np.zeros_like(h0), c0, []",
    also=SEQUENCE_BACKWARD,
)
mistake(
    "lstm_forward",
    "initial_states_swapped",
    says="Which of the two initial states is the cell? Test with different ones.",
    old="h, c, caches = h0, c0, []",
    new="h, c, caches = c0, h0, []",
    also=SEQUENCE_BACKWARD,
)
mistake(
    "lstm_forward",
    "state_kept_between_calls",
    says="Call your function with one sequence, then with another: where does the second one start?",
    code="""
KEPT = {}


def lstm_forward(x, h0, c0, params):
    N, T, _ = x.shape
    h, c = KEPT.get(h0.shape, (h0, c0))
    h_all, c_all, caches = [], [], []
    for t in range(T):
        h, c, step_cache = lstm_step_forward(x[:, t], h, c, params)
        h_all.append(h)
        c_all.append(c)
        caches.append(step_cache)
    KEPT[h0.shape] = h, c
    return np.stack(h_all, axis=1), np.stack(c_all, axis=1), caches
""",
    also=SEQUENCE_BACKWARD,
)
mistake(
    "lstm_forward",
    "last_step_missing",
    says="How many steps does your loop make for T = 1?",
    code="""
def lstm_forward(x, h0, c0, params):
    N, T, _ = x.shape
    h_all, c_all = np.zeros((N, T, h0.shape[1])), np.zeros((N, T, h0.shape[1]))
    h, c, caches = h0, c0, []
    for t in range(T - 1):
        h, c, step_cache = lstm_step_forward(x[:, t], h, c, params)
        h_all[:, t], c_all[:, t] = h, c
        caches.append(step_cache)
    return h_all, c_all, caches
""",
    also=SEQUENCE_BACKWARD,
)
mistake(
    "lstm_forward",
    "states_before_the_step",
    says="Which state does h[:, 0] hold, h_0 or h_1?",
    old="        h, c, step_cache = lstm_step_forward(x[:, t], h, c, params)\n"
    "        h_all[:, t], c_all[:, t] = h, c\n",
    new="        h_all[:, t], c_all[:, t] = h, c\n"
    "        h, c, step_cache = lstm_step_forward(x[:, t], h, c, params)\n",
)
mistake(
    "lstm_forward",
    "squashed_cells_returned",
    says="The second result holds the left sides of (4.5).",
    old="= h, c\n",
    new="= h, np.tanh(c)\n",
)
mistake(
    "lstm_forward",
    "only_last_cell",
    says="Print the shapes of both results.",
    old="return h_all, c_all, caches",
    new="return h_all, c, caches",
)
mistake(
    "lstm_forward",
    "only_last_states",
    says="The results hold the states of every step.",
    old="return h_all, c_all, caches",
    new="return h, c, caches",
)
mistake(
    "lstm_forward",
    "results_swapped",
    says="The docstring gives the order of the three results.",
    old="return h_all, c_all, caches",
    new="return c_all, h_all, caches",
)
mistake(
    "lstm_forward",
    "time_first",
    says="Batch first: which axis of your results is the time?",
    old="return h_all, c_all, caches",
    new="return h_all.transpose(1, 0, 2), c_all.transpose(1, 0, 2), caches",
)
mistake(
    "lstm_forward",
    "axes_of_length_one_dropped",
    says="Test with one sequence, with one step and with one unit, and print the shapes.",
    old="return h_all, c_all, caches",
    new="return h_all.squeeze(), c_all.squeeze(), caches",
)
mistake(
    "lstm_forward",
    "initial_state_overwritten",
    says="Print h0 before and after your call.",
    old="return h_all, c_all, caches",
    new="h0[...] = h\n    return h_all, c_all, caches",
)

# --- lstm_backward --------------------------------------------------------------------------------

STEP_BACK = "lstm_step_backward(dh[:, t] + dh_next, dc_next, cache[t])"

mistake(
    "lstm_backward",
    "hidden_gradient_not_handed_back",
    says="Whose gradients meet at h_t? Test with a loss on the last state only.",
    old="dh[:, t] + dh_next",
    new="dh[:, t]",
)
mistake(
    "lstm_backward",
    "only_last_hidden_gradient",
    says="Does every row of dh enter your computation? Test with dh at the first step only.",
    old="dh[:, t] + dh_next",
    new="dh[:, t] * (t == dh.shape[1] - 1) + dh_next",
)
mistake(
    "lstm_backward",
    "later_gradient_replaces_own",
    says="At h_t two gradients are added. Test with dh at all steps.",
    old="dh[:, t] + dh_next",
    new="(dh_next if dh_next.any() else dh[:, t])",
)
mistake(
    "lstm_backward",
    "dc_last_ignored",
    says="Test with dh all zero and dc_last not.",
    old="np.zeros(dc_last.shape), dc_last",
    new="np.zeros(dc_last.shape), np.zeros(dc_last.shape)",
)
mistake(
    "lstm_backward",
    "dc_last_at_every_step",
    says="How often does dc_last enter? Follow it over two steps.",
    old=STEP_BACK,
    new="lstm_step_backward(dh[:, t] + dh_next, dc_next + (t < dh.shape[1] - 1) * dc_last, cache[t])",
)
mistake(
    "lstm_backward",
    "cell_gradient_not_handed_back",
    says="Which gradient of the cell does step t get from step t + 1?",
    old=STEP_BACK,
    new="lstm_step_backward(dh[:, t] + dh_next, dc_last * (t == dh.shape[1] - 1), cache[t])",
)
mistake(
    "lstm_backward",
    "dc_last_enters_hidden_state",
    says="Which of the two states does dc_last belong to?",
    old="dh_next, dc_next = np.zeros(dc_last.shape), dc_last",
    new="dh_next, dc_next = dc_last, np.zeros(dc_last.shape)",
)
mistake(
    "lstm_backward",
    "forward_order",
    says="At which step does the backward pass begin?",
    old="in reversed(range(dh.shape[1]))",
    new="in range(dh.shape[1])",
)
mistake(
    "lstm_backward",
    "first_step_missing",
    says="How many steps back does your loop go for T = 1?",
    old="reversed(range(dh.shape[1]))",
    new="range(dh.shape[1] - 1, 0, -1)",
)
mistake(
    "lstm_backward",
    "truncated",
    says="The chapter's backward pass goes all the way. Test with more than four steps.",
    old="        dx_steps.append(dx)\n",
    new="        dx_steps.append(dx)\n"
    "        if len(dx_steps) % 4 == 0:\n"
    "            dh_next, dc_next = 0.0 * dh_next, 0.0 * dc_next\n",
)
mistake(
    "lstm_backward",
    "gradients_clipped",
    says="Clipping is the business of the training loop. Test with large upstream gradients.",
    old="dh[:, t] + dh_next",
    new="np.clip(dh[:, t] + dh_next, -1.0, 1.0)",
)
mistake(
    "lstm_backward",
    "gradients_of_one_step",
    says="The eight arrays are shared by all steps. What does that make of their gradients?",
    old="grads[name] = grads.get(name, 0.0) + value",
    new="grads[name] = value",
)
mistake(
    "lstm_backward",
    "gradients_averaged_over_time",
    says="Compare T = 1 with T = 2: is the gradient of a shared parameter a sum or a mean?",
    old="grads.get(name, 0.0) + value",
    new="grads.get(name, 0.0) + value / dh.shape[1]",
)
mistake(
    "lstm_backward",
    "dx_in_reverse",
    says="You walk from the end to the start. In which order do the results lie then?",
    old="dx_steps[::-1]",
    new="dx_steps",
)
mistake(
    "lstm_backward",
    "dx_time_first",
    says="Print the shapes of x and of its gradient.",
    old="axis=1",
    new="axis=0",
)
mistake(
    "lstm_backward",
    "initial_gradients_swapped",
    says="The docstring gives the order of the four results.",
    old="axis=1), dh_next, dc_next, grads",
    new="axis=1), dc_next, dh_next, grads",
)
mistake(
    "lstm_backward",
    "initial_gradients_zero",
    says="h0 and c0 are read by step 1. Test their gradients by central differences.",
    old="axis=1), dh_next, dc_next, grads",
    new="axis=1), 0 * dh_next, 0 * dc_next, grads",
)
mistake(
    "lstm_backward",
    "initial_hidden_gets_direct_gradient",
    says="No row of dh belongs to h0.",
    old="axis=1), dh_next, dc_next, grads",
    new="axis=1), dh_next + dh[:, 0], dc_next, grads",
)
mistake(
    "lstm_backward",
    "upstream_modified",
    says="Print dh before and after your call.",
    old="        dx, dh_next, dc_next, step_grads = " + STEP_BACK,
    new="        dh[:, t] += dh_next\n"
    "        dx, dh_next, dc_next, step_grads = lstm_step_backward(dh[:, t], dc_next, cache[t])",
)
mistake(
    "lstm_backward",
    "cache_used_up",
    says="Call the backward twice with one cache.",
    old="cache[t]",
    new="cache.pop()",
)

# --- cell_highway ---------------------------------------------------------------------------------

mistake(
    "cell_highway",
    "sum_of_gates",
    says="Which sign stands in (4.9)?",
    old="np.prod(f, axis=0)",
    new="np.sum(f, axis=0)",
)
mistake(
    "cell_highway",
    "mean_gate_to_the_power",
    says="Test (4.9) with gates of 0.5 and 1, by hand.",
    old="np.prod(f, axis=0)",
    new="np.mean(f, axis=0) ** len(f)",
)
mistake(
    "cell_highway",
    "last_gate_to_the_power",
    says="The factors of (4.9) have an index.",
    old="np.prod(f, axis=0)",
    new="f[-1] ** len(f)",
)
mistake(
    "cell_highway",
    "smallest_gate",
    says="Do two gates of 0.5 transmit as much as one? See (4.9).",
    old="np.prod(f, axis=0)",
    new="np.min(f, axis=0)",
)
mistake(
    "cell_highway",
    "geometric_mean",
    says="(4.9) is the whole product, not the factor per step.",
    old="np.prod(f, axis=0)",
    new="np.prod(f, axis=0) ** (1 / len(f))",
)
mistake(
    "cell_highway",
    "product_over_units",
    says="Over which index does (4.9) multiply? Test with T different from H.",
    old="axis=0",
    new="axis=1",
)
mistake(
    "cell_highway",
    "one_number",
    says="(4.9) is a diagonal with one entry per unit.",
    old="np.prod(f, axis=0)",
    new="np.prod(f)",
)
mistake(
    "cell_highway",
    "diagonal_matrix",
    says="Print the shape of your result.",
    old="np.prod(f, axis=0)",
    new="np.diag(np.prod(f, axis=0))",
)
mistake(
    "cell_highway",
    "all_partial_products",
    says="(4.9) asks for the derivative across all T steps only.",
    old="np.prod(f, axis=0)",
    new="np.cumprod(f, axis=0)",
)
mistake(
    "cell_highway",
    "first_gate_missing",
    says="At which t does the product of (4.9) begin?",
    old="np.prod(f, axis=0)",
    new="np.prod(f[1:], axis=0)",
)
mistake(
    "cell_highway",
    "last_gate_missing",
    says="At which t does the product of (4.9) end?",
    old="np.prod(f, axis=0)",
    new="np.prod(f[:-1], axis=0)",
)
mistake(
    "cell_highway",
    "closed_gates_skipped",
    says="What does one closed gate do to the product of (4.9)?",
    old="np.prod(f, axis=0)",
    new="np.prod(np.where(f == 0, 1.0, f), axis=0)",
)
mistake(
    "cell_highway",
    "logarithms_of_zero",
    says="Test (4.9) with a gate that is exactly 0.",
    old="np.prod(f, axis=0)",
    new="np.exp(np.nansum(np.log(f, where=f > 0, out=np.zeros(f.shape)), axis=0))",
)
mistake(
    "cell_highway",
    "gates_overwritten",
    says="Print f before and after your call.",
    old="return np.prod(f, axis=0)",
    new="for t in range(1, len(f)):\n        f[t] *= f[t - 1]\n    return f[-1]",
)

# --- init_lstm ------------------------------------------------------------------------------------

mistake(
    "init_lstm",
    "bound_without_root",
    says="Compute the bound of exercise 4.6 for H = 16.",
    old="1 / np.sqrt(H)",
    new="1 / H",
)
mistake(
    "init_lstm",
    "bound_of_joined_width",
    says="Which size stands under the root in exercise 4.6?",
    old="np.sqrt(H)",
    new="np.sqrt(H + D)",
)
mistake(
    "init_lstm",
    "bound_of_input_width",
    says="Which size stands under the root in exercise 4.6? Test with D different from H.",
    old="np.sqrt(H)",
    new="np.sqrt(D)",
)
mistake(
    "init_lstm",
    "glorot",
    says="Exercise 4.6 gives the bound; there are other well-known ones.",
    old="1 / np.sqrt(H)",
    new="np.sqrt(6 / (H + H + D))",
)
mistake(
    "init_lstm",
    "normal_weights",
    says="Which distribution does exercise 4.6 ask for? Look at the largest entry.",
    old="rng.uniform(-bound, bound, size=(H, H + D))",
    new="rng.normal(0, bound, size=(H, H + D))",
)
mistake(
    "init_lstm",
    "positive_weights",
    says="Look at the mean of a large weight matrix.",
    old="rng.uniform(-bound, bound,",
    new="rng.uniform(0, bound,",
)
mistake(
    "init_lstm",
    "weights_transposed",
    says="Weights map [h, x] to H values: which shape is that?",
    old="size=(H, H + D)",
    new="size=(H + D, H)",
)
mistake(
    "init_lstm",
    "input_weights_only",
    says="What is the length of the joined vector?",
    old="size=(H, H + D)",
    new="size=(H, D)",
)
mistake(
    "init_lstm",
    "one_draw_for_all_gates",
    says="Are the four matrices drawn independently? Compare two of them.",
    old="rng.uniform(-bound, bound, size=(H, H + D)) for",
    new="np.random.default_rng(seed).uniform(-bound, bound, size=(H, H + D)) for",
)
mistake(
    "init_lstm",
    "seed_ignored",
    says="Compare the parameters for two seeds.",
    old="np.random.default_rng(seed)",
    new="np.random.default_rng(0)",
)
mistake(
    "init_lstm",
    "seed_unused",
    says="Draw twice with the same seed and compare.",
    old="np.random.default_rng(seed)",
    new="np.random.default_rng()",
)
mistake(
    "init_lstm",
    "false_seed_for_zero",
    says="0 is a seed like any other. Draw twice with it and compare with another.",
    old="np.random.default_rng(seed)",
    new="np.random.default_rng(seed or 1)",
)
mistake(
    "init_lstm",
    "generator_kept",
    says="Draw twice with the same seed: is the second draw the first one's continuation?",
    old="np.random.default_rng(seed)",
    new='globals().setdefault("RNG", {}).setdefault(seed, np.random.default_rng(seed))',
)
mistake(
    "init_lstm",
    "forget_bias_ignored",
    says="Which bias is not zero at the start, and why?",
    old='    params["bf"] += forget_bias\n',
)
mistake(
    "init_lstm",
    "forget_bias_always_one",
    says="Call it with forget_bias=0 and look at bf.",
    old='params["bf"] += forget_bias',
    new='params["bf"] += 1.0',
)
mistake(
    "init_lstm",
    "forget_bias_on_top_of_one",
    says="Call it with forget_bias=2.5 and look at bf.",
    old='params["bf"] += forget_bias',
    new='params["bf"] += 1.0 + forget_bias * (forget_bias != 1.0)',
)
mistake(
    "init_lstm",
    "forget_bias_not_below_zero",
    says="A forget bias may have either sign.",
    old='params["bf"] += forget_bias',
    new='params["bf"] += max(forget_bias, 0.0)',
)
mistake(
    "init_lstm",
    "forget_bias_on_input_gate",
    says="Which gate is to start nearly open?",
    old='params["bf"]',
    new='params["bi"]',
)
mistake(
    "init_lstm",
    "forget_bias_everywhere",
    says="Only one of the four biases is raised.",
    old="np.zeros(H)",
    new="np.full(H, forget_bias * (name != 'f'))",
)
mistake(
    "init_lstm",
    "one_array_for_all_biases",
    says="Change one bias in place and look at the three others.",
    old='{"b" + name: np.zeros(H) for name in "fioc"}',
    new='dict.fromkeys(["bf", "bi", "bo", "bc"], np.zeros(H))',
)
mistake(
    "init_lstm",
    "random_biases",
    says="What do the biases start from in exercise 4.6?",
    old="np.zeros(H)",
    new="rng.uniform(-bound, bound, size=H) * (name != 'f')",
)
mistake(
    "init_lstm",
    "biases_as_columns",
    says="Print the shape of a bias.",
    old="np.zeros(H)",
    new="np.zeros((H, 1))",
)

# --- lstm_from_torch ------------------------------------------------------------------------------

mistake(
    "lstm_from_torch",
    "order_of_the_text",
    says="Which block comes first in (4.10)?",
    old='"ifco"',
    new='"fioc"',
)
mistake(
    "lstm_from_torch",
    "output_before_candidate",
    says="Compare the last two blocks of (4.10) with yours.",
    old='"ifco"',
    new='"ifoc"',
)
mistake(
    "lstm_from_torch",
    "forget_before_input",
    says="Compare the first two blocks of (4.10) with yours.",
    old='"ifco"',
    new='"fico"',
)
mistake(
    "lstm_from_torch",
    "input_first",
    says="In which order does (4.1) join h and x? Test with D equal to H too.",
    old="[weight_hh, weight_ih]",
    new="[weight_ih, weight_hh]",
)
mistake(
    "lstm_from_torch",
    "second_bias_dropped",
    says="Count the biases in (4.10).",
    old="bias_ih + bias_hh",
    new="bias_ih",
)
mistake(
    "lstm_from_torch",
    "first_bias_dropped",
    says="Count the biases in (4.10).",
    old="bias_ih + bias_hh",
    new="bias_hh",
)
mistake(
    "lstm_from_torch",
    "biases_averaged",
    says="How do the two biases of (4.10) combine?",
    old="bias_ih + bias_hh",
    new="(bias_ih + bias_hh) / 2",
)
mistake(
    "lstm_from_torch",
    "every_fourth_row",
    says="Which rows make up block k of (4.10)?",
    old="np.split(weight, 4), np.split(bias, 4)",
    new="[weight[k::4] for k in range(4)], [bias[k::4] for k in range(4)]",
)
mistake(
    "lstm_from_torch",
    "biases_in_another_order",
    says="Weights and biases are stacked in the same order in (4.10).",
    old="np.split(bias, 4), strict",
    new="[np.split(bias, 4)[k] for k in (1, 0, 2, 3)], strict",
)
mistake(
    "lstm_from_torch",
    "recurrent_part_transposed",
    says="Is W_hh in (4.10) used as it is stored?",
    old='params["W" + name], params["b" + name] = W, b',
    new='W = W.copy()\n        W[:, : len(b)] = W[:, : len(b)].T\n        params["W" + name], params["b" + name] = W, b',
)
mistake(
    "lstm_from_torch",
    "weights_transposed",
    says="Print the shape of a converted weight; (4.1) needs (H, H + D).",
    old="= W, b",
    new="= W.T, b",
)
mistake(
    "lstm_from_torch",
    "bias_added_in_place",
    says="Print bias_ih before and after your call.",
    old="bias = bias_ih + bias_hh",
    new="bias_ih += bias_hh\n    bias = bias_ih",
)

mistake(
    "lstm_step_forward",
    "sigmoid_warns",
    says="What does exp do to a pre-activation of -1000 on its way to a gate of 0, below equation (4.1)?",
    old="np.exp(-np.logaddexp(0.0, -pre_activation(name)))",
    new="1 / (1 + np.exp(-pre_activation(name)))",
)


# --- size, shape and zero -------------------------------------------------------------------------
# Wrong only at inputs of a certain size or shape: limits on gradients, truncation, gates at 0 or 1 to the
# last bit, axes told apart by their lengths, zero taken for nothing, differences in place of derivatives.

LIMIT = "Equation (4.7) sets no limit to a gradient; clipping belongs to chapter 3. Try dh of 100."
mistake(
    "lstm_step_backward",
    "cell_gradient_clipped",
    says=LIMIT,
    old="dc_total = dc + dh * o * (1 - tanh_c**2)",
    new="dc_total = np.clip(dc + dh * o * (1 - tanh_c**2), -10.0, 10.0)",
)
mistake(
    "lstm_step_backward",
    "parameters_clipped",
    says=LIMIT,
    old="dc_prev = dc_total * f",
    new="""dc_prev = dc_total * f
    grads = {name: np.clip(value, -50.0, 50.0) for name, value in grads.items()}""",
)
mistake(
    "lstm_backward",
    "later_gradient_clipped",
    says=LIMIT,
    old="dx_steps.append(dx)",
    new="dx_steps.append(dx)\n        dh_next = np.clip(dh_next, -10.0, 10.0)",
)
mistake(
    "lstm_backward",
    "truncated_after_ten_steps",
    says="How far back does (4.8) carry the gradient of the cell? Try 30 steps, a loss on the last.",
    old="for t in reversed(range(dh.shape[1])):",
    new="""for t in reversed(range(dh.shape[1])):
        if dh.shape[1] - t > 10:
            dh_next, dc_next = np.zeros_like(dh_next), np.zeros_like(dc_next)""",
)
mistake(
    "lstm_backward",
    "hidden_state_detached_every_ten_steps",
    says="Both states hand their gradient back at every step. Try 30 steps and a loss on the last.",
    old="for t in reversed(range(dh.shape[1])):",
    new="""for t in reversed(range(dh.shape[1])):
        if t % 10 == 9:
            dh_next = np.zeros_like(dh_next)""",
)
mistake(
    "lstm_backward",
    "last_steps_only",
    says="Which steps does the loop visit? Try 30 of them.",
    old="for t in reversed(range(dh.shape[1])):",
    new="""for t in reversed(range(dh.shape[1])):
        if dh.shape[1] - t > 25:
            dx_steps.append(np.zeros_like(dx))
            continue""",
)
mistake(
    "lstm_forward",
    "cell_reset_every_thirty_steps",
    says="From which cell does each step of (4.5) start? Try 40 steps.",
    old="for t in range(T):",
    new="for t in range(T):\n        c = c0 if t and t % 30 == 0 else c",
    also=("lstm_backward",),
)
DIVISION = "Keep what (4.7) needs in the cache: a gate of exactly 0 divides nothing back."
mistake(
    "lstm_step_backward",
    "tanh_recovered_by_division",
    says=DIVISION,
    old="dc_total = dc",
    new="""with np.errstate(all="ignore"):
        tanh_c = o * tanh_c / o
    dc_total = dc""",
)
mistake(
    "lstm_step_backward",
    "candidate_recovered_by_division",
    says=DIVISION,
    old="dc_total = dc",
    new="""with np.errstate(all="ignore"):
        candidate = i * candidate / i
    dc_total = dc""",
)
mistake(
    "lstm_step_backward",
    "old_cell_recovered_by_division",
    says=DIVISION,
    old="dc_total = dc",
    new="""with np.errstate(all="ignore"):
        c_prev = f * c_prev / f
    dc_total = dc""",
)
mistake(
    "lstm_step_backward",
    "forget_gate_recovered_by_division",
    says=DIVISION,
    old="dc_total = dc",
    new="""with np.errstate(all="ignore"):
        f = f * c_prev / c_prev
    dc_total = dc""",
)
mistake(
    "lstm_step_backward",
    "cell_recovered_by_the_inverse",
    says="What is the inverse of tanh at 1? Keep c or tanh(c) in the cache for (4.7).",
    old="dc_total = dc + dh * o * (1 - tanh_c**2)",
    new="""with np.errstate(all="ignore"):
        c = np.arctanh(candidate) if candidate.size else candidate
        candidate = np.sinh(c) / np.cosh(c)
    dc_total = dc + dh * o * (1 - tanh_c**2)""",
)
mistake(
    "lstm_step_backward",
    "slopes_never_zero",
    says="What is the slope of a gate that is exactly 0 or 1? See (4.7).",
    old="f * (1 - f)",
    new="np.maximum(f * (1 - f), 1e-7)",
)
SHAPES = "Axes are told apart by what they are, not by their lengths. Try N = T = D = H."
mistake(
    "lstm_step_backward",
    "gradient_turned_by_shape",
    says=SHAPES,
    old='grads["W" + name] = d.T @ joined',
    new="""g = d @ d.T @ joined if len(d) == d.shape[1] == joined.shape[1] // 2 else d.T @ joined
        grads["W" + name] = g""",
)
mistake(
    "lstm_step_forward",
    "halves_by_shape",
    says=SHAPES,
    old="joined = np.concatenate([h_prev, x], axis=-1)",
    new="""halves = [h_prev, x] if x.shape[1] != h_prev.shape[1] else [x, h_prev]
    joined = np.concatenate(halves, axis=-1)""",
    also=BACKWARD,
)
mistake(
    "lstm_forward",
    "axes_by_shape",
    says=SHAPES,
    old="return h_all, c_all, caches",
    new="""if N == T:
        h_all, c_all = h_all.swapaxes(0, 1), c_all.swapaxes(0, 1)
    return h_all, c_all, caches""",
)
mistake(
    "lstm_backward",
    "axes_by_shape",
    says=SHAPES,
    old="return np.stack(dx_steps[::-1], axis=1), dh_next, dc_next, grads",
    new="""dx = np.stack(dx_steps[::-1])
    dx = dx if len(dx) == len(dh) else dx.swapaxes(0, 1)
    return dx, dh_next, dc_next, grads""",
)
SIZE = "A small number is no zero. Give the inputs in other units, a million times smaller."
mistake(
    "lstm_step_backward",
    "small_ones_dropped",
    says=SIZE,
    old="dc_prev = dc_total * f",
    new="""dc_prev = dc_total * f
    grads = {name: np.where(np.abs(g) < 1e-12, 0.0, g) for name, g in grads.items()}""",
)
mistake(
    "lstm_step_backward",
    "rounded",
    says=SIZE,
    old="dc_prev = dc_total * f",
    new="""dc_prev = dc_total * f
    grads = {name: np.round(g, 12) for name, g in grads.items()}""",
)
mistake(
    "cell_highway",
    "recursion_too_deep",
    says="Does (4.9) hold for 2,000 steps as well?",
    code="""
def cell_highway(f):
    return f[0] * cell_highway(f[1:]) if len(f) else np.ones(f.shape[1])
""",
)
mistake(
    "cell_highway",
    "small_gates_ignored",
    says="A gate that is nearly closed closes the highway of (4.9) nearly.",
    old="np.prod(f, axis=0)",
    new="np.prod(np.maximum(f, 1e-3), axis=0)",
)
DIFFERENCES = "Two forwards for every parameter: differences check a gradient, (4.7) computes it."
mistake(
    "lstm_step_backward",
    "central_differences",
    says=DIFFERENCES,
    code="""
def lstm_step_backward(dh, dc, cache):
    joined, c_prev, _, _, _, _, _, params = cache
    H = c_prev.shape[1]
    values = {"x": joined[:, H:], "h": joined[:, :H], "c": c_prev, **params}

    def loss(values):
        h, c, _ = lstm_step_forward(values["x"], values["h"], values["c"], values)
        return np.sum(dh * h) + np.sum(dc * c)

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
    return grads.pop("x"), grads.pop("h"), grads.pop("c"), grads
""",
)
mistake(
    "lstm_step_backward",
    "complex_steps",
    says=DIFFERENCES,
    code="""
def lstm_step_backward(dh, dc, cache):
    joined, c_prev, _, _, _, _, _, params = cache
    H = c_prev.shape[1]
    values = {"joined": joined, "c": c_prev, **params}

    def loss(v):
        z = {k: v["joined"] @ v["W" + k].T + v["b" + k] for k in "fioc"}
        f, i, o = (0.5 + 0.5 * np.tanh(z[k] / 2) for k in "fio")
        c = f * v["c"] + i * np.tanh(z["c"])
        return np.sum(dh * o * np.tanh(c) + dc * c)

    grads = {}
    for name, value in values.items():
        grads[name] = np.zeros(value.shape)
        for place in np.ndindex(value.shape):
            moved = value.astype(complex)
            moved[place] += 1e-100j
            grads[name][place] = loss({**values, name: moved}).imag / 1e-100
    d_joined = grads.pop("joined")
    return d_joined[:, H:], d_joined[:, :H], grads.pop("c"), grads
""",
)
mistake(
    "lstm_backward",
    "central_differences",
    says=DIFFERENCES,
    code="""
def lstm_backward(dh, dc_last, cache):
    H = dc_last.shape[1]
    x = np.stack([step[0][:, H:] for step in cache], axis=1)
    values = {"x": x, "h": cache[0][0][:, :H], "c": cache[0][1], **cache[0][7]}

    def loss(v):
        h, c, _ = lstm_forward(v["x"], v["h"], v["c"], v)
        return np.sum(dh * h) + np.sum(dc_last * c[:, -1])

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
    return grads.pop("x"), grads.pop("h"), grads.pop("c"), grads
""",
)
