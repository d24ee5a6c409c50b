"""Catalogued mistakes of chapter 1."""

from __future__ import annotations

from autograder.course.catalogue import mistake

# --- unroll -----------------------------------------------------------------------------------------------------------

mistake(
    "unroll",
    "initial_state_missing",
    says="How many states does (1.1) give for T inputs? Look at what the result starts with.",
    old="np.stack(states)",
    new="np.stack(states[1:]) if len(states) > 1 else np.zeros((0,))",
)
mistake(
    "unroll",
    "last_step_missing",
    says="Unfold three inputs by hand as in (1.2) and count the calls of the step.",
    old="for x in xs:",
    new="for x in xs[:-1]:",
)
mistake(
    "unroll",
    "only_last_state",
    says="The exercise asks for every state of (1.1), not for the last alone.",
    old="np.stack(states)",
    new="states[-1]",
)
mistake(
    "unroll",
    "input_and_state_swapped",
    says="Compare the order of the arguments of the step with (1.1).",
    old="step(states[-1], x, theta)",
    new="step(x, states[-1], theta)",
)
mistake(
    "unroll",
    "state_not_carried_on",
    says="Which state does step t read in (1.1)?",
    old="step(states[-1], x, theta)",
    new="step(states[0], x, theta)",
)
mistake(
    "unroll",
    "first_input_at_every_step",
    says="x in (1.1) has an index.",
    old="step(states[-1], x, theta)",
    new="step(states[-1], xs[0], theta)",
)
mistake(
    "unroll",
    "zero_start",
    says="Where does h_0 of (1.1) come from?",
    old="[np.asarray(h0)]",
    new="[np.zeros_like(h0)]",
)
mistake(
    "unroll",
    "backwards_in_time",
    says="In which order do the inputs of (1.1) come?",
    old="for x in xs:",
    new="for x in xs[::-1]:",
)
mistake(
    "unroll",
    "iterates_over_the_batch",
    says="Along which axis of xs does time run in this exercise? Read its docstring again.",
    old="for x in xs:",
    new="for x in (np.swapaxes(xs, 0, 1) if np.ndim(xs) > 2 else xs):",
)
mistake(
    "unroll",
    "states_flattened",
    says="The result has the shape of a state behind its first axis, whatever that shape is.",
    old="np.stack(states)",
    new="np.stack(states).reshape(len(states), -1)",
)
mistake(
    "unroll",
    "scalar_states_fail",
    says="A state of (1.1) may be a single number.",
    code="""
def unroll(step, h0, xs, theta):
    states = np.zeros((len(xs) + 1, *h0.shape))
    states[0, :] = h0
    for t in range(len(xs)):
        states[t + 1, :] = step(states[t, :], xs[t], theta)
    return states
""",
)
mistake(
    "unroll",
    "one_axis_only",
    says="A state of (1.1) may be a whole batch.",
    code="""
def unroll(step, h0, xs, theta):
    states = np.zeros((len(xs) + 1, np.size(h0)))
    states[0] = h0
    for t, x in enumerate(xs):
        states[t + 1] = step(states[t], x, theta)
    return states if np.ndim(h0) else states[:, 0]
""",
)
mistake(
    "unroll",
    "no_input_fails",
    says="What is left of (1.1) for T = 0?",
    old="return np.stack(states)",
    new="return np.concatenate([states[0][None], np.stack(states[1:])])",
)
mistake(
    "unroll",
    "no_input_gives_nothing",
    says="What is left of (1.1) for T = 0?",
    old="states = [np.asarray(h0)]",
    new="if len(xs) == 0:\n        return np.zeros((0, *np.shape(h0)))\n    states = [np.asarray(h0)]",
)
mistake(
    "unroll",
    "states_of_the_last_call",
    says="Call the function twice. Where do the states of the first call go?",
    code="""
_all_states = []


def unroll(step, h0, xs, theta):
    _all_states.append(np.asarray(h0))
    for x in xs:
        _all_states.append(np.asarray(step(_all_states[-1], x, theta)))
    return np.stack(_all_states)
""",
)
mistake(
    "unroll",
    "theta_copied",
    says="(1.1) has one theta. Which object does each step get?",
    old="states[-1], x, theta)",
    new="states[-1], x, __import__('copy').deepcopy(theta))",
)
mistake(
    "unroll",
    "theta_left_out",
    says="Count the arguments of f in (1.1).",
    old="step(states[-1], x, theta)",
    new="step(states[-1], x)",
)
mistake(
    "unroll",
    "start_overwritten",
    says="Is h0 still what it was after the call?",
    code="""
def unroll(step, h0, xs, theta):
    h = np.asarray(h0)
    states = [h.copy()]
    for x in xs:
        h[...] = step(h, x, theta)
        states.append(h.copy())
    return np.stack(states)
""",
)
mistake(
    "unroll",
    "one_buffer_for_all_states",
    says="Are the entries of the result different arrays, or one array many times?",
    code="""
def unroll(step, h0, xs, theta):
    h = np.array(h0)
    states = [h]
    for x in xs:
        h[...] = step(h, x, theta)
        states.append(h)
    return np.stack(states)
""",
)
mistake(
    "unroll",
    "state_from_two_steps_back",
    says="Which state does step t read in (1.1)?",
    old="step(states[-1], x, theta)",
    new="step(states[max(len(states) - 2, 0)], x, theta)",
)

# --- unfolded_graph ---------------------------------------------------------------------------------------------------

mistake(
    "unfolded_graph",
    "inputs_missing",
    says="Every node of the picture has an entry, those without parents too.",
    old='        graph[f"x{t}"] = ()\n',
    new="",
)
mistake(
    "unfolded_graph",
    "theta_no_parent",
    says="Which arguments has f in (1.1)?",
    old='f"x{t}", "theta")',
    new='f"x{t}")',
)
mistake(
    "unfolded_graph",
    "theta_first",
    says="The parents stand in the order of the arguments in (1.1).",
    old='(f"h{t - 1}", f"x{t}", "theta")',
    new='("theta", f"h{t - 1}", f"x{t}")',
)
mistake(
    "unfolded_graph",
    "input_before_state",
    says="The parents stand in the order of the arguments in (1.1).",
    old='(f"h{t - 1}", f"x{t}", "theta")',
    new='(f"x{t}", f"h{t - 1}", "theta")',
)
mistake(
    "unfolded_graph",
    "last_step_missing",
    says="How many states besides h0 does (1.1) give for T inputs?",
    old="range(1, T + 1)",
    new="range(1, T)",
)
mistake(
    "unfolded_graph",
    "counted_from_zero",
    says="Which index has the first input in (1.1)?",
    old='graph[f"x{t}"] = ()\n        graph[f"h{t}"] = (f"h{t - 1}", f"x{t}", "theta")',
    new='graph[f"x{t - 1}"] = ()\n        graph[f"h{t}"] = (f"h{t - 1}", f"x{t - 1}", "theta")',
)
mistake(
    "unfolded_graph",
    "children_for_parents",
    says="A node maps to what it is computed from, not to what is computed from it.",
    code="""
def unfolded_graph(T):
    if T < 0:
        raise ValueError("T is negative")
    graph = {"theta": tuple(f"h{t}" for t in range(1, T + 1)), "h0": ("h1",) if T else ()}
    for t in range(1, T + 1):
        graph[f"x{t}"] = (f"h{t}",)
        graph[f"h{t}"] = (f"h{t + 1}",) if t < T else ()
    return graph
""",
)
mistake(
    "unfolded_graph",
    "theta_per_step",
    says="How many parameters does sharing leave in the graph of (1.2)?",
    code="""
def unfolded_graph(T):
    if T < 0:
        raise ValueError("T is negative")
    graph = {"h0": ()}
    for t in range(1, T + 1):
        graph[f"theta{t}"] = ()
        graph[f"x{t}"] = ()
        graph[f"h{t}"] = (f"h{t - 1}", f"x{t}", f"theta{t}")
    return graph
""",
)
mistake(
    "unfolded_graph",
    "all_earlier_states",
    says="Parents are the nodes from which one is computed directly.",
    old='(f"h{t - 1}", f"x{t}", "theta")',
    new='(*(f"h{s}" for s in range(t)), f"x{t}", "theta")',
)
mistake(
    "unfolded_graph",
    "all_earlier_inputs",
    says="Which input does f read at step t of (1.1)?",
    old='(f"h{t - 1}", f"x{t}", "theta")',
    new='(f"h{t - 1}", *(f"x{s}" for s in range(1, t + 1)), "theta")',
)
mistake(
    "unfolded_graph",
    "zero_refused",
    says="Which lengths does the docstring allow?",
    old="if T < 0:",
    new="if T <= 0:",
)
mistake(
    "unfolded_graph",
    "negative_accepted",
    says="What does the docstring say about a negative length?",
    old="if T < 0:",
    new="if False:",
)
mistake(
    "unfolded_graph",
    "error_without_name",
    says="The message of an error names the argument that is wrong.",
    old='f"T must be at least 0, not {T}"',
    new='"the length is negative"',
)
mistake(
    "unfolded_graph",
    "assertion_for_error",
    says="Which error does the docstring name?",
    old='raise ValueError(f"T must be at least 0, not {T}")',
    new='raise AssertionError(f"T must be at least 0, not {T}")',
)
mistake(
    "unfolded_graph",
    "lone_string_for_parents",
    says="What is the type of the parents of theta? Look at the commas.",
    old='{"theta": (), "h0": ()}',
    new='{"theta": (""), "h0": ("")}',
)
mistake(
    "unfolded_graph",
    "start_missing",
    says="Is every node that occurs as a parent also a key?",
    old='{"theta": (), "h0": ()}',
    new='{"theta": ()}',
)
mistake(
    "unfolded_graph",
    "one_graph_for_all_calls",
    says="Ask for a long graph, then for a short one.",
    code="""
_nodes = {"theta": (), "h0": ()}


def unfolded_graph(T):
    if T < 0:
        raise ValueError("T is negative")
    for t in range(1, T + 1):
        _nodes[f"x{t}"] = ()
        _nodes[f"h{t}"] = (f"h{t - 1}", f"x{t}", "theta")
    return _nodes
""",
)

# --- linear_rnn_forward -----------------------------------------------------------------------------------------------

mistake(
    "linear_rnn_forward",
    "zero_start",
    says="What does the first step of (1.5) read?",
    old="h = h0",
    new="h = 0.0",
)
mistake(
    "linear_rnn_forward",
    "initial_state_in_result",
    says="Which states does the docstring ask for?",
    old="return hs",
    new="return np.concatenate(([h0], hs))",
)
mistake(
    "linear_rnn_forward",
    "shifted_by_one",
    says="Which state stands at index 0 of the result?",
    old="return hs",
    new="return np.concatenate(([h0], hs[:-1]))",
)
mistake(
    "linear_rnn_forward",
    "input_weight_missing",
    says="Two parameters occur in (1.5).",
    old="a * h + b * x",
    new="a * h + x",
)
mistake(
    "linear_rnn_forward",
    "parameters_swapped",
    says="Which parameter of (1.5) multiplies the state?",
    old="a * h + b * x",
    new="b * h + a * x",
)
mistake(
    "linear_rnn_forward",
    "state_not_carried_on",
    says="Which state does step t of (1.5) read?",
    old="a * h + b * x",
    new="a * h0 + b * x",
)
mistake(
    "linear_rnn_forward",
    "last_step_missing",
    says="Does the loop reach the last input?",
    old="np.empty(len(xs))\n    h = h0\n    for t, x in enumerate(xs):",
    new="np.zeros(len(xs))\n    h = h0\n    for t, x in enumerate(xs[:-1]):",
)
mistake(
    "linear_rnn_forward",
    "tanh_applied",
    says="(1.5) has no nonlinearity.",
    old="h = a * h + b * x",
    new="h = np.tanh(a * h + b * x)",
)
mistake(
    "linear_rnn_forward",
    "sum_factored",
    says="Expand the bracket that your line computes and compare with (1.5).",
    old="a * h + b * x",
    new="a * (h + b * x)",
)
mistake(
    "linear_rnn_forward",
    "exponential_average",
    says="(1.5) has two free parameters; in an average they would add up to one.",
    old="a * h + b * x",
    new="a * h + (1 - a) * x",
)
mistake(
    "linear_rnn_forward",
    "divides_by_a_power",
    says="Try a = 0 in (1.5).",
    code="""
def linear_rnn_forward(a, b, h0, xs):
    powers = a ** np.arange(1.0, len(xs) + 1)
    with np.errstate(all="ignore"):
        return powers * (h0 + np.cumsum(b * xs / powers))
""",
)
mistake(
    "linear_rnn_forward",
    "inputs_overwritten",
    says="Are the inputs still what they were after the call?",
    old="hs = np.empty(len(xs))\n    h = h0",
    new="hs = xs\n    h = h0",
)
mistake(
    "linear_rnn_forward",
    "column_result",
    says="Print the shape of the result.",
    old="return hs",
    new="return hs[:, None]",
)
mistake(
    "linear_rnn_forward",
    "goes_on_from_the_last_call",
    says="Call the function twice with the same arguments.",
    code="""
_state = {}


def linear_rnn_forward(a, b, h0, xs):
    hs = np.empty(len(xs))
    h = _state.get("h", h0)
    for t, x in enumerate(xs):
        h = a * h + b * x
        hs[t] = h
    _state["h"] = h
    return hs
""",
)

# --- linear_rnn_backward ----------------------------------------------------------------------------------------------

mistake(
    "linear_rnn_backward",
    "only_direct_gradient",
    says="(1.3) has two parts. On which one does a loss on the last state alone depend?",
    old="dhs[t] + a * delta_next",
    new="dhs[t]",
)
mistake(
    "linear_rnn_backward",
    "only_gradient_from_the_future",
    says="(1.3) has two parts. What if the loss touches a state in the middle?",
    old="deltas[t] = dhs[t] + a * delta_next",
    new="deltas[t] = dhs[t] if t == T - 1 else a * delta_next",
)
mistake(
    "linear_rnn_backward",
    "factor_missing_on_the_way_back",
    says="What is the derivative of h_{t+1} by h_t in (1.5)?",
    old="dhs[t] + a * delta_next",
    new="dhs[t] + delta_next",
)
mistake(
    "linear_rnn_backward",
    "factor_b_on_the_way_back",
    says="What is the derivative of h_{t+1} by h_t in (1.5)?",
    old="dhs[t] + a * delta_next",
    new="dhs[t] + b * delta_next",
)
mistake(
    "linear_rnn_backward",
    "factor_on_the_direct_part",
    says="Which part of (1.3) is multiplied by the derivative of the next step?",
    old="dhs[t] + a * delta_next",
    new="a * (dhs[t] + delta_next)",
)
mistake(
    "linear_rnn_backward",
    "forwards_in_time",
    says="In which order must the steps be visited, so that (1.3) finds what it needs?",
    old="reversed(range(T))",
    new="range(T)",
)
mistake(
    "linear_rnn_backward",
    "first_step_ignored",
    says="Does the sweep reach the first step?",
    old="deltas = np.empty(T)\n    delta_next = 0.0\n    for t in reversed(range(T)):",
    new="deltas = np.zeros(T)\n    delta_next = 0.0\n    for t in range(T - 1, 0, -1):",
)
mistake(
    "linear_rnn_backward",
    "last_step_ignored",
    says="Where does the sweep of (1.3) start?",
    old="deltas = np.empty(T)\n    delta_next = 0.0\n    for t in reversed(range(T)):",
    new="deltas = np.zeros(T)\n    delta_next = 0.0\n    for t in range(T - 2, -1, -1):",
)
mistake(
    "linear_rnn_backward",
    "state_after_the_step",
    says="Which state does a multiply in step t of (1.5)?",
    old="previous = np.concatenate(([h0], hs[:-1]))",
    new="previous = hs",
)
mistake(
    "linear_rnn_backward",
    "zero_start",
    says="Which state does a multiply in the first step of (1.5)?",
    old="np.concatenate(([h0], hs[:-1]))",
    new="np.concatenate(([0.0], hs[:-1]))",
)
mistake(
    "linear_rnn_backward",
    "states_rolled",
    says="What stands before hs[0]? Look at the first term of your sum for a.",
    old="np.concatenate(([h0], hs[:-1]))",
    new="np.roll(hs, 1)",
)
mistake(
    "linear_rnn_backward",
    "overwritten_not_added",
    says="(1.4) has one term per step. Which ones are in your total?",
    old="float(da_per_step.sum())",
    new="float(da_per_step[0])",
)
mistake(
    "linear_rnn_backward",
    "input_gradient_overwritten",
    says="(1.4) has one term per step, for both parameters.",
    old="float(db_per_step.sum())",
    new="float(db_per_step[0])",
)
mistake(
    "linear_rnn_backward",
    "mean_over_the_steps",
    says="What does (1.4) do with its terms?",
    old="float(da_per_step.sum())",
    new="float(da_per_step.mean())",
)
mistake(
    "linear_rnn_backward",
    "immediate_and_total_mixed_up",
    says="Which derivative stands in (1.4): with h_{t-1} held fixed, or not?",
    code="""
def linear_rnn_backward(a, b, h0, xs, hs, dhs):
    T = len(xs)
    deltas = np.empty(T)
    delta_next = 0.0
    for t in reversed(range(T)):
        deltas[t] = dhs[t] + a * delta_next
        delta_next = deltas[t]
    previous = np.concatenate(([h0], hs[:-1]))
    total = np.empty(T)
    by_a = 0.0
    for t in range(T):
        by_a = previous[t] + a * by_a
        total[t] = by_a
    return {
        "da": float(np.sum(deltas * total)), "db": float(np.sum(deltas * xs)),
        "dh0": float(a * deltas[0]), "dxs": b * deltas,
        "da_per_step": deltas * total, "db_per_step": deltas * xs,
    }
""",
)
mistake(
    "linear_rnn_backward",
    "terms_from_the_direct_gradient",
    says="Which gradient of h_t stands in (1.4), the direct one or the total one?",
    old="db_per_step = deltas * xs",
    new="db_per_step = dhs * xs",
)
mistake(
    "linear_rnn_backward",
    "last_factor_missing",
    says="How does h0 enter (1.5)?",
    old="float(a * deltas[0])",
    new="float(deltas[0])",
)
mistake(
    "linear_rnn_backward",
    "factor_twice_at_the_start",
    says="How often is a applied between h0 and h1?",
    old="float(a * deltas[0])",
    new="float(a * a * deltas[0])",
)
mistake(
    "linear_rnn_backward",
    "input_factor_missing",
    says="What is the derivative of h_t by x_t in (1.5)?",
    old='"dxs": b * deltas',
    new='"dxs": deltas',
)
mistake(
    "linear_rnn_backward",
    "input_gradient_of_direct_part",
    says="Does x_t influence only its own step?",
    old='"dxs": b * deltas',
    new='"dxs": b * np.asarray(dhs)',
)
mistake(
    "linear_rnn_backward",
    "terms_in_reverse_order",
    says="In which order do the terms belong into the result?",
    old='"da_per_step": da_per_step',
    new='"da_per_step": da_per_step[::-1]',
)
mistake(
    "linear_rnn_backward",
    "running_sum_of_terms",
    says="The entries are the terms of (1.4), not their partial sums.",
    old='"db_per_step": db_per_step',
    new='"db_per_step": np.cumsum(db_per_step)',
)
mistake(
    "linear_rnn_backward",
    "roles_swapped",
    says="Which of the two parameters multiplies the input in (1.5)?",
    old='"da": float(da_per_step.sum()),\n        "db": float(db_per_step.sum()),',
    new='"da": float(db_per_step.sum()),\n        "db": float(da_per_step.sum()),',
)
mistake(
    "linear_rnn_backward",
    "upstream_overwritten",
    says="Is dhs still what it was after the call?",
    old="deltas = np.empty(T)",
    new="deltas = dhs",
)
mistake(
    "linear_rnn_backward",
    "gradients_pile_up",
    says="Call the function twice and compare.",
    code="""
_total = {"da": 0.0, "db": 0.0}


def linear_rnn_backward(a, b, h0, xs, hs, dhs):
    deltas = np.empty(len(xs))
    delta = 0.0
    for t in reversed(range(len(xs))):
        delta = deltas[t] = dhs[t] + a * delta
    by_a = deltas * np.concatenate(([h0], hs[:-1]))
    _total["da"] += by_a.sum()
    _total["db"] += (deltas * xs).sum()
    return {
        **_total, "dh0": a * deltas[0], "dxs": b * deltas,
        "da_per_step": by_a, "db_per_step": deltas * xs,
    }
""",
)
mistake(
    "linear_rnn_backward",
    "truncated_after_one_step",
    says="How far back does (1.3) reach?",
    old="delta_next = deltas[t]",
    new="delta_next = dhs[t]",
)

# --- numerical_gradient -----------------------------------------------------------------------------------------------

mistake(
    "numerical_gradient",
    "one_sided",
    says="At which two points does (1.6) evaluate f?",
    old="for shift in (eps, -eps):",
    new="for shift in (2 * eps, 0.0):",
)
mistake(
    "numerical_gradient",
    "factor_two_missing",
    says="How far apart are the two points of (1.6)?",
    old="/ (2 * eps)",
    new="/ eps",
)
mistake(
    "numerical_gradient",
    "division_missing_brackets",
    says="Read your denominator as Python does, from left to right.",
    old="/ (2 * eps)",
    new="/ 2 * eps",
)
mistake(
    "numerical_gradient",
    "sign",
    says="Which value comes first in the numerator of (1.6)?",
    old="values[0] - values[1]",
    new="values[1] - values[0]",
)
mistake(
    "numerical_gradient",
    "eps_ignored",
    says="Call the function with a large eps on a cubic. Does the result change as (1.6) says?",
    old="point = np.array(x, dtype=np.float64)",
    new="eps = 1e-5\n    point = np.array(x, dtype=np.float64)",
)
mistake(
    "numerical_gradient",
    "eps_scaled_by_the_point",
    says="The step of (1.6) is eps itself.",
    old="for shift in (eps, -eps):\n            moved = point.copy()\n            moved[index] += shift",
    new="for shift in (eps, -eps):\n            moved = point.copy()\n            moved[index] += shift * max(1.0, abs(point[index]))",
)
mistake(
    "numerical_gradient",
    "integers_swallow_the_step",
    says="What is 3 + 1e-5 in an array of integers?",
    old="point = np.array(x, dtype=np.float64)\n    gradient = np.empty_like(point)",
    new="point = np.array(x)\n    gradient = np.empty(point.shape)",
)
mistake(
    "numerical_gradient",
    "result_of_integers",
    says="Which dtype has the array that collects the quotients?",
    old="gradient = np.empty_like(point)",
    new="gradient = np.empty_like(x)",
)
mistake(
    "numerical_gradient",
    "single_precision",
    says="How large is the rounding error of single precision beside eps?",
    old="np.array(x, dtype=np.float64)",
    new="np.array(x, dtype=np.float32)",
)
mistake(
    "numerical_gradient",
    "not_moved_back",
    says="Where is the point when the next entry is moved?",
    old="moved = point.copy()",
    new="moved = point",
)
mistake(
    "numerical_gradient",
    "damages_the_point",
    says="Compare x before and after, bit for bit, not with a tolerance.",
    code="""
def numerical_gradient(f, x, eps=1e-5):
    point = np.asarray(x, dtype=np.float64)
    gradient = np.empty_like(point)
    for index in np.ndindex(point.shape):
        point[index] += eps
        above = f(point)
        point[index] -= 2 * eps
        below = f(point)
        point[index] += eps
        gradient[index] = (above - below) / (2 * eps)
    return gradient
""",
)
mistake(
    "numerical_gradient",
    "whole_rows_moved",
    says="e_i in (1.6) has a single one. How many entries move at once?",
    code="""
def numerical_gradient(f, x, eps=1e-5):
    point = np.array(x, dtype=np.float64)
    gradient = np.empty_like(point)
    for i in range(len(point)) if point.ndim else [()]:
        above, below = point.copy(), point.copy()
        above[i] += eps
        below[i] -= eps
        gradient[i] = (f(above) - f(below)) / (2 * eps)
    return gradient
""",
)
mistake(
    "numerical_gradient",
    "all_entries_moved",
    says="e_i in (1.6) has a single one.",
    old="moved[index] += shift",
    new="moved += shift",
)
mistake(
    "numerical_gradient",
    "flat_result",
    says="Which shape has the gradient by an array?",
    old="return gradient",
    new="return gradient.reshape(-1)",
)
mistake(
    "numerical_gradient",
    "flat_argument",
    says="Which shape does f expect?",
    old="float(f(moved))",
    new="float(f(moved.reshape(-1)))",
)
mistake(
    "numerical_gradient",
    "zero_dimensions_fail",
    says="A 0-d array has one entry, and no length.",
    old="point = np.array(x, dtype=np.float64)",
    new="len(x)\n    point = np.array(x, dtype=np.float64)",
)
mistake(
    "numerical_gradient",
    "zero_dimensions_become_one",
    says="Which shape does f see for a 0-d x, and which has the result?",
    old="np.array(x, dtype=np.float64)",
    new="np.atleast_1d(np.array(x, dtype=np.float64))",
)
mistake(
    "numerical_gradient",
    "one_call_too_many",
    says="How often is f called, and how often does (1.6) need it?",
    old="gradient = np.empty_like(point)",
    new="gradient = np.empty_like(point)\n    f(point.copy())",
)
mistake(
    "numerical_gradient",
    "complex_step",
    says="f is promised float64, and (1.6) is not the complex step.",
    code="""
def numerical_gradient(f, x, eps=1e-5):
    point = np.array(x, dtype=np.complex128)
    gradient = np.empty(point.shape)
    for index in np.ndindex(point.shape):
        moved = point.copy()
        moved[index] += 1j * eps
        gradient[index] = np.imag(f(moved)) / eps
    return gradient
""",
)
mistake(
    "numerical_gradient",
    "last_entry_missing",
    says="Does the loop reach every entry of x?",
    code="""
def numerical_gradient(f, x, eps=1e-5):
    point = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(point)
    for i in range(max(1, point.size - 1)):
        above, below = point.copy(), point.copy()
        above.flat[i] += eps
        below.flat[i] -= eps
        gradient.flat[i] = (f(above) - f(below)) / (2 * eps)
    return gradient
""",
)
mistake(
    "numerical_gradient",
    "columns_first",
    says="Do the loop over the entries and the reshape at the end agree in their order?",
    old="return gradient",
    new="return gradient.reshape(-1).reshape(point.shape, order='F')",
)

# --- relative_error ---------------------------------------------------------------------------------------------------

mistake(
    "relative_error",
    "mean_for_maximum",
    says="Which entry counts in (1.7)?",
    old="float(np.max(np.abs(a - b) / scale, initial=0.0))",
    new="float(np.mean(np.abs(a - b) / scale)) if a.size else 0.0",
)
mistake(
    "relative_error",
    "norms",
    says="(1.7) compares entry by entry.",
    old="scale = np.maximum(np.abs(a) + np.abs(b), 1e-12)\n    return float(np.max(np.abs(a - b) / scale, initial=0.0))",
    new="return float(np.linalg.norm(a - b) / max(np.linalg.norm(a) + np.linalg.norm(b), 1e-12))",
)
mistake(
    "relative_error",
    "largest_over_largest",
    says="(1.7) divides before it takes the maximum.",
    old="np.max(np.abs(a - b) / scale, initial=0.0)",
    new="np.max(np.abs(a - b), initial=0.0) / np.max(scale, initial=1e-12)",
)
mistake(
    "relative_error",
    "sign_kept",
    says="What happens in (1.7) where b is the larger one?",
    old="np.abs(a - b) / scale",
    new="(a - b) / scale",
)
mistake(
    "relative_error",
    "only_one_in_the_scale",
    says="Two numbers stand in the denominator of (1.7).",
    old="np.abs(a) + np.abs(b)",
    new="np.abs(b)",
)
mistake(
    "relative_error",
    "larger_one_as_scale",
    says="Compare your denominator with that of (1.7).",
    old="np.abs(a) + np.abs(b)",
    new="np.maximum(np.abs(a), np.abs(b))",
)
mistake(
    "relative_error",
    "absolute_value_of_the_sum",
    says="What is the denominator of (1.7) for opposite numbers?",
    old="np.abs(a) + np.abs(b)",
    new="np.abs(a + b)",
)
mistake(
    "relative_error",
    "floor_added",
    says="What does (1.7) do with the constant in its denominator?",
    old="np.maximum(np.abs(a) + np.abs(b), 1e-12)",
    new="np.abs(a) + np.abs(b) + 1e-12",
)
mistake(
    "relative_error",
    "floor_too_high",
    says="Compare the constant in your denominator with that of (1.7).",
    old="1e-12)",
    new="1e-8)",
)
mistake(
    "relative_error",
    "no_floor",
    says="What is (1.7) where both entries are zero?",
    old="np.maximum(np.abs(a) + np.abs(b), 1e-12)",
    new="np.abs(a) + np.abs(b)",
)
mistake(
    "relative_error",
    "broadcasts",
    says="What should happen when the shapes differ?",
    old="if a.shape != b.shape:",
    new="if False:",
)
mistake(
    "relative_error",
    "only_sizes_compared",
    says="Are (3, 1) and (3,) the same shape?",
    old="if a.shape != b.shape:",
    new="if a.size != b.size:",
)
mistake(
    "relative_error",
    "only_lengths_compared",
    says="Compare whole shapes.",
    old="if a.shape != b.shape:",
    new="if np.ndim(a) and np.ndim(b) and len(a) != len(b):",
)
mistake(
    "relative_error",
    "error_without_name",
    says="The message of an error names the arguments that are wrong.",
    old='f"a and b must have one shape, not {a.shape} and {b.shape}"',
    new='"shapes differ"',
)
mistake(
    "relative_error",
    "assertion_for_error",
    says="Which error does the docstring name?",
    old='raise ValueError(f"a and b must have one shape, not {a.shape} and {b.shape}")',
    new='raise AssertionError("a and b differ in shape")',
)
mistake(
    "relative_error",
    "empty_fails",
    says="What is the maximum of no entries?",
    old=", initial=0.0",
    new="",
)
mistake(
    "relative_error",
    "own_dtype",
    says="In which precision is (1.7) to be computed? Try small integers.",
    old="a = np.asarray(a, dtype=np.float64)\n    b = np.asarray(b, dtype=np.float64)",
    new="a = np.asarray(a)\n    b = np.asarray(b)",
)
mistake(
    "relative_error",
    "single_precision",
    says="In which precision is (1.7) to be computed?",
    old="dtype=np.float64",
    new="dtype=np.float32",
    count=0,
)
mistake(
    "relative_error",
    "converted_too_late",
    says="At which point does the difference of two small integers go wrong?",
    old="a = np.asarray(a, dtype=np.float64)\n    b = np.asarray(b, dtype=np.float64)",
    new="difference = np.subtract(a, b) if np.shape(a) == np.shape(b) else None\n"
    "    a = np.asarray(a, dtype=np.float64)\n    b = np.asarray(b, dtype=np.float64)\n"
    "    if difference is not None:\n        b = a - difference",
)


# --- size, shape and zero ---------------------------------------------------------------------------------------------
# Wrong only at inputs of a certain length, size or memory order: recursion, truncation, zero taken for nothing, divisions
# by what may be zero, lists for tuples, differences in place of derivatives.

mistake(
    "unroll",
    "zero_state_missing",
    says="A state of 0 is a state. What does (1.1) start from?",
    old="states = [np.asarray(h0)]",
    new="h0 = h0 or np.ones(np.shape(h0)) if np.ndim(h0) == 0 else h0\n    states = [np.asarray(h0)]",
)
mistake(
    "unroll",
    "zero_theta_missing",
    says="Parameters of 0 are parameters; (1.1) passes on what it gets.",
    old="states = [np.asarray(h0)]",
    new="if isinstance(theta, (int, float)):\n        theta = theta or 1.0\n    states = [np.asarray(h0)]",
)
mistake(
    "unroll",
    "turned_by_shape",
    says="The first axis of the result is time, whatever the lengths of the axes are.",
    old="return np.stack(states)",
    new="""result = np.stack(states)
    if result.ndim == 3 and result.shape[0] == result.shape[1]:
        result = result.swapaxes(0, 1)
    return result""",
)
mistake(
    "unroll",
    "rounded_off",
    says="Each step of (1.1) starts from the state as it is.",
    old="states.append(np.asarray(step(states[-1], x, theta)))",
    new="states.append(np.asarray(step(states[-1] if len(states) < 31 else h0, x, theta)))",
)
mistake(
    "unfolded_graph",
    "lists_for_parents",
    says="The parents of a node in (1.2) are a tuple.",
    old='(f"h{t - 1}", f"x{t}", "theta")',
    new='[f"h{t - 1}", f"x{t}", "theta"]',
)
mistake(
    "unfolded_graph",
    "lists_for_no_parents",
    says="The parents of a node in (1.2) are a tuple, an empty one too.",
    old='graph[f"x{t}"] = ()',
    new='graph[f"x{t}"] = []',
)
mistake(
    "unfolded_graph",
    "recursion_too_deep",
    says="Does the graph of (1.2) exist for 2,000 steps as well?",
    code="""
def unfolded_graph(T):
    if T < 0:
        raise ValueError(f"T must be at least 0, not {T}")
    if T == 0:
        return {"theta": (), "h0": ()}
    return {**unfolded_graph(T - 1), f"x{T}": (), f"h{T}": (f"h{T - 1}", f"x{T}", "theta")}
""",
)
mistake(
    "linear_rnn_forward",
    "recursion_too_deep",
    says="Does (1.5) run for 2,000 steps as well?",
    code="""
def linear_rnn_forward(a, b, h0, xs):
    h = a * h0 + b * xs[0]
    later = linear_rnn_forward(a, b, h, xs[1:]) if len(xs) > 1 else []
    return np.array([h, *later])
""",
)
mistake(
    "linear_rnn_forward",
    "zero_factor_missing",
    says="A factor of 0 is a factor: what remains of (1.5) where a or b is 0?",
    old="h = h0",
    new="h = h0\n    a, b = a or 1.0, b or 1.0",
)
mistake(
    "linear_rnn_forward",
    "forgets_after_thirty_steps",
    says="How far back does (1.5) reach? Try 40 steps and a near 1.",
    old="h = a * h + b * x",
    new="h = (a * h if t < 1000 else 0.0) + b * x",
)
mistake(
    "linear_rnn_backward",
    "truncated_after_ten_steps",
    says="How far back does the sum in (1.4) reach? Try 40 steps and a near 1.",
    old="deltas[t] = dhs[t] + a * delta_next",
    new="deltas[t] = sum(a**k * dhs[t + k] for k in range(min(10, T - t)))",
)
mistake(
    "linear_rnn_backward",
    "detached_every_eight_steps",
    says="Equation (1.3) holds at every step. Try 40 steps.",
    old="deltas[t] = dhs[t] + a * delta_next",
    new="deltas[t] = dhs[t] + (a * delta_next if t % 8 != 7 else 0.0)",
)
mistake(
    "linear_rnn_backward",
    "clipped",
    says="Equation (1.3) sets no limit to a gradient. Try dhs of 100.",
    old="deltas[t] = dhs[t] + a * delta_next",
    new="deltas[t] = np.clip(dhs[t] + a * delta_next, -100.0, 100.0)",
)
mistake(
    "linear_rnn_backward",
    "states_recovered_by_division",
    says="The state before a step stands in hs; nothing needs to be divided by a, which may be 0.",
    old="previous = np.concatenate(([h0], hs[:-1]))",
    new="""with np.errstate(all="ignore"):
        previous = (np.asarray(hs) - b * np.asarray(xs)) / np.float64(a)""",
)
mistake(
    "linear_rnn_backward",
    "start_from_the_inputs_by_division",
    says="By which factor does the gradient of h0 follow from that of h1? b may be 0.",
    old='"dh0": float(a * deltas[0])',
    new='"dh0": float(np.nan_to_num(a * (b * deltas[0]) / b)) if b else 0.0',
)
mistake(
    "linear_rnn_backward",
    "small_ones_dropped",
    says="A small number is no zero. Give the inputs in other units.",
    old="db_per_step = deltas * xs",
    new="db_per_step = np.round(deltas * xs, 12)",
)
mistake(
    "linear_rnn_backward",
    "recursion_too_deep",
    says="Does (1.3) run for 2,000 steps as well?",
    old="    for t in reversed(range(T)):\n        deltas[t] = dhs[t] + a * delta_next\n        delta_next = deltas[t]",
    new="""
    def back(t):
        deltas[t] = dhs[t] + (a * back(t + 1) if t + 1 < T else delta_next)
        return deltas[t]

    back(0)""",
)
mistake(
    "linear_rnn_backward",
    "complex_steps",
    says="A forward for every parameter: differences check a gradient, (1.3) and (1.4) compute it.",
    code="""
def linear_rnn_backward(a, b, h0, xs, hs, dhs):
    T = len(xs)

    def loss(a_t, b_t, h, inputs):
        total = 0.0
        for t in range(T):
            h = a_t[t] * h + b_t[t] * inputs[t]
            total = total + dhs[t] * h
        return total

    values = [np.full(T, a), np.full(T, b), np.array([h0]), np.asarray(xs)]
    found = []
    for place, value in enumerate(values):
        slopes = np.zeros(len(value))
        for k in range(len(value)):
            moved = [v.astype(complex) for v in values]
            moved[place][k] += 1e-20j
            slopes[k] = np.ravel(loss(moved[0], moved[1], moved[2][0], moved[3]))[0].imag / 1e-20
        found.append(slopes)
    da, db, dh0, dxs = found
    return {
        "da": float(da.sum()),
        "db": float(db.sum()),
        "dh0": float(dh0[0]),
        "dxs": dxs,
        "da_per_step": da,
        "db_per_step": db,
    }
""",
)
mistake(
    "linear_rnn_backward",
    "central_differences",
    says="Two forwards for every parameter: differences check a gradient, (1.3) and (1.4) compute it.",
    code="""
def linear_rnn_backward(a, b, h0, xs, hs, dhs):
    T = len(xs)

    def slopes(make, count):
        found = np.zeros(count)
        for k in range(count):
            sides = []
            for eps in (1e-6, -1e-6):
                a_t, b_t, start, inputs = [a] * T, [b] * T, h0, list(xs)
                moved = make(a_t, b_t, [start], inputs)
                moved[k] += eps
                h, total = moved[0] if len(moved) == 1 and count == 1 else start, 0.0
                for t in range(T):
                    h = a_t[t] * h + b_t[t] * inputs[t]
                    total += dhs[t] * h
                sides.append(total)
            found[k] = (sides[0] - sides[1]) / 2e-6
        return found

    da = slopes(lambda a_t, b_t, start, inputs: a_t, T)
    db = slopes(lambda a_t, b_t, start, inputs: b_t, T)
    dxs = slopes(lambda a_t, b_t, start, inputs: inputs, T)
    return {
        "da": float(da.sum()),
        "db": float(db.sum()),
        "dh0": float(a * dxs[0] / b) if b else float(a * dhs[0]),
        "dxs": dxs,
        "da_per_step": da,
        "db_per_step": db,
    }
""",
)
ORDER = (
    "An array may have its columns next to each other in memory; what does x.reshape(-1) give then?"
)
mistake(
    "numerical_gradient",
    "moves_a_flat_copy",
    says=ORDER,
    code="""
def numerical_gradient(f, x, eps=1e-5):
    point = np.array(x, dtype=np.float64)
    flat, gradient = point.reshape(-1), np.zeros(point.shape)
    for k in range(flat.size):
        before = flat[k]
        flat[k] = before + eps
        above = float(f(point))
        flat[k] = before - eps
        below = float(f(point))
        flat[k] = before
        gradient.flat[k] = (above - below) / (2 * eps)
    return gradient
""",
)
mistake(
    "numerical_gradient",
    "entries_in_memory_order",
    says=ORDER,
    code="""
def numerical_gradient(f, x, eps=1e-5):
    point = np.array(x, dtype=np.float64)
    slopes = []
    for k in range(point.size):
        values = []
        for shift in (eps, -eps):
            moved = np.array(point.ravel(order="K"))
            moved[k] += shift
            values.append(float(f(moved.reshape(point.shape))))
        slopes.append((values[0] - values[1]) / (2 * eps))
    return np.array(slopes).reshape(point.shape)
""",
)
mistake(
    "numerical_gradient",
    "step_relative_to_the_entry",
    says="Which step does (1.6) take where an entry of x is 0?",
    code="""
def numerical_gradient(f, x, eps=1e-5):
    point = np.array(x, dtype=np.float64)
    gradient = np.zeros(point.shape)
    for index in np.ndindex(point.shape):
        step = eps * abs(point[index]) if abs(point[index]) < 1e-3 else eps
        values = []
        for shift in (step, -step):
            moved = point.copy()
            moved[index] += shift
            values.append(float(f(moved)))
        gradient[index] = (values[0] - values[1]) / (2 * step) if step else 0.0
    return gradient
""",
)
mistake(
    "relative_error",
    "rounded",
    says="Which errors should (1.7) still tell apart? A right gradient has one of 1e-9.",
    old="return float(np.max(np.abs(a - b) / scale, initial=0.0))",
    new="return round(float(np.max(np.abs(a - b) / scale, initial=0.0)), 8)",
)
mistake(
    "relative_error",
    "close_is_equal",
    says="Which errors should (1.7) still tell apart? A right gradient has one of 1e-9.",
    old="scale = np",
    new="if np.allclose(a, b):\n        return 0.0\n    scale = np",
)
mistake(
    "relative_error",
    "squares_overflow",
    says="What is the square of 1e200? Compute (1.7) from absolute values.",
    old="np.abs(a - b) / scale",
    new="np.sqrt((a - b) ** 2) / np.maximum(np.sqrt(a**2) + np.sqrt(b**2), 1e-12)",
)
