"""Catalogued mistakes of chapter 9."""

from __future__ import annotations

from autograder.course.catalogue import mistake

# --- diagonal_ssm ---------------------------------------------------------------------------------

SSM = "diagonal_ssm"
SSM_STATE = "h = a * h + b * x[t]"

mistake(
    SSM,
    "output_before_update",
    says="Which state does the output of (9.1) read, the one with x_t or the one without?",
    old=f"{SSM_STATE}\n        y[t] = c @ h",
    new=f"y[t] = c @ h\n        {SSM_STATE}",
)
mistake(
    SSM,
    "input_decays_at_once",
    says="Which of the two terms of the state in (9.1) does a multiply?",
    old=SSM_STATE,
    new="h = a * (h + b * x[t])",
)
mistake(
    SSM,
    "input_not_weighted",
    says="With what does the input enter the state in (9.1)?",
    old=SSM_STATE,
    new="h = a * h + x[t]",
)
mistake(
    SSM,
    "output_not_weighted",
    says="Three vectors stand in (9.1). Where is the third in your output?",
    old="c @ h",
    new="h.sum()",
)
mistake(
    SSM,
    "output_averaged",
    says="The dot in the output of (9.1) is a dot product. What do you do with its terms?",
    old="c @ h",
    new="(c * h).mean()",
)
mistake(
    SSM,
    "output_of_one_entry",
    says="How many state entries take part in y_t of (9.1)?",
    old="c @ h",
    new="c[0] * h[0]",
)
mistake(
    SSM,
    "leaky_average",
    says="(9.1) is no weighted average: compare the factor of the input with yours.",
    old=SSM_STATE,
    new="h = a * h + (1 - a) * b * x[t]",
)
mistake(
    SSM,
    "still_a_tanh",
    says="What has this model given up, compared with a vanilla RNN? See (9.1).",
    old=SSM_STATE,
    new="h = np.tanh(a * h + b * x[t])",
)
mistake(
    SSM,
    "input_passed_on",
    says="Does x_t reach y_t in (9.1) on any way other than through the state?",
    old="c @ h",
    new="c @ h + x[t]",
)
mistake(
    SSM,
    "starts_at_first_input",
    says="What is h_0 in (9.1)? Your first output counts the first input twice.",
    old="h = np.zeros(len(a))",
    new="h = b * x[0]",
)
mistake(
    SSM,
    "starts_at_one",
    says="What is h_0 in (9.1)?",
    old="np.zeros(len(a))",
    new="np.ones(len(a))",
)
mistake(
    SSM,
    "sign_of_decay_lost",
    says="A decay may be negative. What happens to the state of (9.1) then?",
    old="a * h",
    new="np.abs(a) * h",
)
mistake(
    SSM,
    "negative_decay_cut",
    says="Which values may an entry of a take in (9.1)?",
    old="a * h",
    new="np.clip(a, 0, 1) * h",
)
mistake(
    SSM,
    "rate_instead_of_decay",
    says="Is a in (9.1) a rate of continuous time or the factor itself?",
    old="a * h",
    new="np.exp(a) * h",
)
mistake(
    SSM,
    "one_decay_for_all",
    says="Each state entry of (9.1) decays at its own pace.",
    old="a * h",
    new="a.mean() * h",
)
mistake(
    SSM,
    "from_the_end",
    says="In which direction does time run in (9.1)?",
    old="for t in range(len(x))",
    new="for t in reversed(range(len(x)))",
)
mistake(
    SSM,
    "last_step_missing",
    says="How many outputs does (9.1) have? Look at the last.",
    old="y = np.empty(len(x))\n    for t in range(len(x)):",
    new="y = np.zeros(len(x))\n    for t in range(len(x) - 1):",
)
mistake(
    SSM,
    "nothing_remembered",
    says="What does the state of (9.1) keep of the step before?",
    old="a * h + b",
    new="a * b + b",
)
mistake(
    SSM,
    "states_returned",
    says="(9.1) has two parts. What is asked for is the second, a number per step.",
    code="""
def diagonal_ssm(x, a, b, c):
    h = np.zeros(len(a))
    states = []
    for t in range(len(x)):
        h = a * h + b * x[t]
        states.append(c * h)
    return np.array(states)
""",
)
mistake(
    SSM,
    "only_the_last_output",
    says="(9.1) gives an output at every step.",
    old="return y",
    new="return y[-1:]",
)
mistake(
    SSM,
    "column",
    says="The outputs of (9.1) are numbers: look at the shape of your result.",
    old="return y",
    new="return y[:, None]",
)
mistake(
    SSM,
    "state_survives",
    says="What does a second call find as its h_0? (9.1) starts anew each time.",
    code="""
_ssm_states = {}


def diagonal_ssm(x, a, b, c):
    h = _ssm_states.get(len(a), np.zeros(len(a)))
    y = np.empty(len(x))
    for t in range(len(x)):
        h = a * h + b * x[t]
        y[t] = c @ h
    _ssm_states[len(a)] = h
    return y
""",
)
mistake(
    SSM,
    "outputs_over_inputs",
    says="Where are the outputs of (9.1) stored? Look at x after the call.",
    old="y = np.empty(len(x))",
    new="y = x",
)
mistake(
    SSM,
    "state_in_an_argument",
    says="Where is the state of (9.1) stored? Look at all arguments after the call.",
    code="""
def diagonal_ssm(x, a, b, c):
    weights = b.copy()
    h = b
    h *= 0
    y = np.empty(len(x))
    for t in range(len(x)):
        h *= a
        h += weights * x[t]
        y[t] = c @ h
    return y
""",
)

# --- ssm_kernel -----------------------------------------------------------------------------------

KERNEL = "ssm_kernel"
POWERS = "np.power(a, np.arange(T)[:, None])"
KERNEL_SUM = "powers @ (b * c)"

mistake(
    KERNEL,
    "powers_from_one",
    says="Which power of a does k_0 have in (9.2)?",
    old="np.arange(T)[:, None]",
    new="np.arange(1, T + 1)[:, None]",
)
mistake(
    KERNEL,
    "backwards",
    says="Which entry of the kernel of (9.2) belongs to the newest input?",
    old=KERNEL_SUM,
    new="(powers @ (b * c))[::-1]",
)
mistake(
    KERNEL,
    "one_step_late",
    says="How long ago was the input that k_0 weighs in (9.2)?",
    old=KERNEL_SUM,
    new="np.concatenate([[0.0], (powers @ (b * c))[:-1]])",
)
mistake(
    KERNEL,
    "powers_by_logarithm",
    says="Which values of a have no logarithm? See what is said on the entries of a beside (9.2).",
    old=POWERS,
    new="np.exp(np.arange(T)[:, None] * np.log(a))",
)
mistake(
    KERNEL,
    "sign_lost",
    says="What does a negative entry of a contribute to k_1 in (9.2)?",
    old=POWERS,
    new="np.power(np.abs(a), np.arange(T)[:, None])",
)
mistake(
    KERNEL,
    "negative_cut",
    says="Negative entries of a contribute to every k_j of (9.2).",
    old=POWERS,
    new="np.power(np.maximum(a, 0.0), np.arange(T)[:, None])",
)
mistake(
    KERNEL,
    "zero_without_a_zeroth_power",
    says="What does an entry with a = 0 contribute to k_0 in (9.2)?",
    old=POWERS,
    new="np.where(a == 0, 0.0, np.power(a, np.arange(T)[:, None]))",
)
mistake(
    KERNEL,
    "zero_nudged_for_a_logarithm",
    says="Follow an entry with a < 0 and one with a = 0 through your powers of (9.2).",
    old=POWERS,
    new="np.exp(np.arange(T)[:, None] * np.log(np.maximum(a, 1e-3)))",
)
mistake(
    KERNEL,
    "b_missing",
    says="Count the factors of each term of k_j in (9.2).",
    old=KERNEL_SUM,
    new="powers @ c",
)
mistake(
    KERNEL,
    "c_missing",
    says="Each term of k_j in (9.2) has three factors. Which of them read the output?",
    old=KERNEL_SUM,
    new="powers @ b",
)
mistake(
    KERNEL,
    "sum_of_b_and_c",
    says="How are b and c joined in (9.2)?",
    old=KERNEL_SUM,
    new="powers @ (b + c)",
)
mistake(
    KERNEL,
    "b_summed_apart",
    says="One sum over i stands in (9.2), over products of three. With one state entry you cannot see it.",
    old=KERNEL_SUM,
    new="powers @ c * b.sum()",
)
mistake(
    KERNEL,
    "b_outside_of_the_sum",
    says="Which factors stand behind the sum over i in (9.2)? Look at your shapes.",
    old=KERNEL_SUM,
    new="(powers @ c) * b",
)
mistake(
    KERNEL,
    "averaged",
    says="(9.2) sums over the state entries. With one entry you cannot see what you do.",
    old=KERNEL_SUM,
    new="(powers * (b * c)).mean(axis=1)",
)
mistake(
    KERNEL,
    "multiples_instead_of_powers",
    says="What happens to an input in (9.1) with each step that passes? Compare k_2 of (9.2).",
    old=POWERS,
    new="np.where(np.arange(T)[:, None] == 0, 1.0, a * np.arange(T)[:, None])",
)
mistake(
    KERNEL,
    "exponential_decay",
    says="Is a in (9.2) a rate, or the factor of one step?",
    old=POWERS,
    new="np.exp(a * np.arange(T)[:, None])",
)
mistake(
    KERNEL,
    "negative_powers",
    says="Does the weight of an input in (9.2) grow or shrink while it ages?",
    old=POWERS,
    new="np.power(a, -np.arange(T)[:, None].astype(float))",
)
mistake(
    KERNEL,
    "cumulated",
    says="k_j of (9.2) is the answer to a single input, not to one that stays on.",
    old=KERNEL_SUM,
    new="np.cumsum(powers @ (b * c))",
)
mistake(
    KERNEL,
    "cut_where_small",
    says="How many entries of (9.2) do you compute? A slow memory is long.",
    old="return powers",
    new="powers[8:] = 0.0\n    return powers",
)
mistake(
    KERNEL,
    "one_too_long",
    says="Where does j stop in (9.2)?",
    old="np.arange(T)",
    new="np.arange(T + 1)",
)
mistake(
    KERNEL,
    "not_summed",
    says="Over what does (9.2) sum? The kernel has one axis.",
    old=KERNEL_SUM,
    new="powers * (b * c)",
)
mistake(
    KERNEL,
    "normalised",
    says="Nothing in (9.2) makes the kernel add up to one.",
    old=KERNEL_SUM,
    new="powers @ (b * c) / (powers @ (b * c)).sum()",
)
mistake(
    KERNEL,
    "powers_in_b",
    says="The numbers of (9.2) are right. Compare all arguments before and after.",
    code="""
def ssm_kernel(a, b, c, T):
    kernel = np.empty(T)
    for j in range(T):
        kernel[j] = c @ b
        b *= a
    return kernel
""",
)

# --- causal_convolution ---------------------------------------------------------------------------

CONVOLUTION = "causal_convolution"
LENGTH = "length = 2 * T"

mistake(
    CONVOLUTION,
    "circular",
    says="How long is the sum of (9.2) when nothing is cut off, and how long is your transform?",
    old=LENGTH,
    new="length = T",
)
mistake(
    CONVOLUTION,
    "one_zero",
    says="By how many steps can the sum of (9.2) run over the end? Your padding holds fewer.",
    old=LENGTH,
    new="length = T + 1",
)
mistake(
    CONVOLUTION,
    "next_power_of_two",
    says="Which length has to be rounded up to a power of two, so that (9.2) has room?",
    old=LENGTH,
    new="length = 2 ** int(np.ceil(np.log2(T)))",
)
mistake(
    CONVOLUTION,
    "two_too_short",
    says="Count the entries of the full sum behind (9.2): the very last of yours has wrapped around.",
    old=LENGTH,
    new="length = max(1, 2 * T - 2)",
)
mistake(
    CONVOLUTION,
    "half_as_much_room",
    says="Long kernels meet late inputs in (9.2). Is there room for their product?",
    old=LENGTH,
    new="length = T + T // 2",
)
mistake(
    CONVOLUTION,
    "length_of_the_inverse_forgotten",
    says="Which length does the inverse transform assume when it is given none?",
    code="""
def causal_convolution(x, kernel):
    length = 2 * len(x) - 1
    product = np.fft.rfft(x, length) * np.fft.rfft(kernel, length)
    return np.fft.irfft(product)[: len(x)]
""",
)
mistake(
    CONVOLUTION,
    "padded_after_the_transform",
    says="Which of the signals have to have room in (9.2): those before the transform, or the product?",
    old="np.fft.rfft(x, length) * np.fft.rfft(kernel, length)",
    new="np.fft.rfft(x) * np.fft.rfft(kernel)",
)
mistake(
    CONVOLUTION,
    "kernel_reversed",
    says="Which input does k_0 weigh in (9.2)? Some libraries expect kernels the other way round.",
    old="np.fft.rfft(kernel, length)",
    new="np.fft.rfft(kernel[::-1], length)",
)
mistake(
    CONVOLUTION,
    "correlation",
    says="Look at the index of x in (9.2): do you look back or ahead?",
    old="np.fft.rfft(kernel, length)",
    new="np.conj(np.fft.rfft(kernel, length))",
)
mistake(
    CONVOLUTION,
    "input_reversed",
    says="An impulse at the first step shows the kernel of (9.2). What does yours show?",
    old="np.fft.rfft(x, length)",
    new="np.fft.rfft(x[::-1], length)",
)
mistake(
    CONVOLUTION,
    "centred",
    says="Which part of the full sum is causal? An image filter is centred, (9.2) is not.",
    old="np.fft.irfft(product, length)[:T]",
    new="np.fft.irfft(product, length)[(T - 1) // 2 : (T - 1) // 2 + T]",
)
mistake(
    CONVOLUTION,
    "last_part",
    says="Which T entries of the full sum belong to (9.2)?",
    old="[:T]",
    new="[T - 1 : 2 * T - 1]",
)
mistake(
    CONVOLUTION,
    "one_step_early",
    says="Which inputs does the first output of (9.2) see?",
    old="[:T]",
    new="[1 : T + 1]",
)
mistake(
    CONVOLUTION,
    "one_step_late",
    says="Does y_t see x_t in (9.2)?",
    old="np.fft.rfft(x, length)",
    new="np.fft.rfft(np.concatenate([[0.0], x[:-1]]), length)",
)
mistake(
    CONVOLUTION,
    "not_cut",
    says="How many outputs has (9.2)?",
    old="[:T]",
    new="",
)
mistake(
    CONVOLUTION,
    "direct_sum",
    says="How many multiplications does the sum of (9.2) take when it is written out?",
    code="""
def causal_convolution(x, kernel):
    return np.convolve(x, kernel)[: len(x)]
""",
)
mistake(
    CONVOLUTION,
    "complex_result",
    says="Both signals of (9.2) are real. What is the dtype of your outputs?",
    code="""
def causal_convolution(x, kernel):
    length = 2 * len(x)
    product = np.fft.fft(x, length) * np.fft.fft(kernel, length)
    return np.fft.ifft(product)[: len(x)]
""",
)
mistake(
    CONVOLUTION,
    "absolute_values",
    says="The outputs of (9.2) have signs. How did you make complex numbers real?",
    code="""
def causal_convolution(x, kernel):
    length = 2 * len(x)
    product = np.fft.fft(x, length) * np.fft.fft(kernel, length)
    return np.abs(np.fft.ifft(product))[: len(x)]
""",
)
mistake(
    CONVOLUTION,
    "scaled_wrongly",
    says="There and back again has to leave a signal as it was. Which factors do your transforms carry?",
    old="np.fft.irfft(product, length)",
    new='np.fft.irfft(product, length, norm="ortho")',
)
mistake(
    CONVOLUTION,
    "kernel_cut",
    says="How far back does (9.2) look? Try a kernel that does not decay.",
    old="np.fft.rfft(kernel, length)",
    new="np.fft.rfft(kernel[:32], length)",
)
mistake(
    CONVOLUTION,
    "spectra_added",
    says="What does the transform turn the sum of (9.2) into?",
    old="np.fft.rfft(x, length) * np.fft.rfft(kernel, length)",
    new="np.fft.rfft(x, length) + np.fft.rfft(kernel, length)",
)
mistake(
    CONVOLUTION,
    "over_the_inputs",
    says="The outputs of (9.2) are right. Where did you write them?",
    old="return np.fft.irfft(product, length)[:T]",
    new="x[:] = np.fft.irfft(product, length)[:T]\n    return x",
)

# --- combine --------------------------------------------------------------------------------------

COMBINE = "combine"
JOINED = "a_second * a_first, a_second * u_first + u_second"

mistake(
    COMBINE,
    "order_exchanged",
    says="Which of the two maps of (9.4) is applied to h itself?",
    old=JOINED,
    new="a_second * a_first, a_first * u_second + u_first",
)
mistake(
    COMBINE,
    "sums_added",
    says="What does the second map of (9.4) do to what the first has added?",
    old=JOINED,
    new="a_second * a_first, u_first + u_second",
)
mistake(
    COMBINE,
    "decays_added",
    says="Put one map of (9.4) into the other: what stands before h?",
    old=JOINED,
    new="a_second + a_first, a_second * u_first + u_second",
)
mistake(
    COMBINE,
    "decay_of_the_second_only",
    says="How much of h is left after both maps of (9.4)?",
    old=JOINED,
    new="a_second, a_second * u_first + u_second",
)
mistake(
    COMBINE,
    "decay_of_the_first_only",
    says="Both maps of (9.4) multiply h. Does your first part show it?",
    old=JOINED,
    new="a_first, a_second * u_first + u_second",
)
mistake(
    COMBINE,
    "both_decayed",
    says="Sort the terms of the composition in (9.4): which of them does the second map multiply?",
    old="a_second * u_first + u_second",
    new="a_second * (u_first + u_second)",
)
mistake(
    COMBINE,
    "own_decay",
    says="By which map does u_1 of (9.4) still have to pass, its own or the other?",
    old="a_second * u_first + u_second",
    new="a_first * u_first + u_second",
)
mistake(
    COMBINE,
    "decayed_twice",
    says="By how many maps does u_1 of (9.4) still have to pass?",
    old="a_second * u_first + u_second",
    new="a_second * a_first * u_first + u_second",
)
mistake(
    COMBINE,
    "second_term_lost",
    says="What does the second map of (9.4) add?",
    old="a_second * u_first + u_second",
    new="a_second * u_first",
)
mistake(
    COMBINE,
    "first_term_lost",
    says="What is left, after the second map of (9.4), of the term that the first has added?",
    old="a_second * u_first + u_second",
    new="u_second",
)
mistake(
    COMBINE,
    "interpolated",
    says="(9.4) composes two maps; it does not mix them. Compare the factor of u_2 with yours.",
    old="a_second * u_first + u_second",
    new="a_second * u_first + (1 - a_second) * u_second",
)
mistake(
    COMBINE,
    "pair_turned_round",
    says="In which order does (9.4) write the parts of a pair?",
    old=JOINED,
    new="a_second * u_first + u_second, a_second * a_first",
)
mistake(
    COMBINE,
    "minus",
    says="Compare the signs of your composition with those of (9.4).",
    old="a_second * u_first + u_second",
    new="a_second * u_first - u_second",
)
mistake(
    COMBINE,
    "matrix_product",
    says="The entries of (9.4) are combined one by one, and they may be plain numbers.",
    code="""
def combine(first, second):
    a = np.dot(second[0], first[0])
    return a, np.dot(second[0], first[1]) + second[1]
""",
)
mistake(
    COMBINE,
    "by_division",
    says="What does your form of (9.4) do when a gate is closed, a = 0?",
    old="return a_second * a_first, a_second * u_first + u_second",
    new="a = np.multiply(a_second, a_first)\n    return a, a * (u_first / np.float64(a_first) + u_second / a)",
)
mistake(
    COMBINE,
    "sum_stored_in_second",
    says="The composition of (9.4) is right. Look at the second pair after the call.",
    old="return a_second * a_first, a_second * u_first + u_second",
    new="u_second += a_second * u_first\n    return a_second * a_first, u_second",
)
mistake(
    COMBINE,
    "decay_stored_in_first",
    says="The composition of (9.4) is right. Look at the first pair after the call.",
    old="return a_second * a_first, a_second * u_first + u_second",
    new="u = a_second * u_first + u_second\n    a_first *= a_second\n    return a_first, u",
)

# --- parallel_scan --------------------------------------------------------------------------------

SCAN = "parallel_scan"

mistake(
    SCAN,
    "later_first",
    says="Which of two neighbours is `first` in (9.4), the one to the left or the one to the right?",
    old="combine(earlier, later)",
    new="combine(later, earlier)",
)
mistake(
    SCAN,
    "one_pass_too_few",
    says="When does the last position stand for all T steps? Count passes for T = 2.",
    old="while reach < T:",
    new="while 2 * reach < T:",
)
mistake(
    SCAN,
    "passes_rounded_down",
    says="How many passes does a T need that is no power of two?",
    old="while reach < T:",
    new="for _ in range(int(np.log2(T))):",
)
mistake(
    SCAN,
    "six_passes",
    says="How does the number of passes grow with T?",
    old="while reach < T:",
    new="while reach < min(T, 64):",
)
mistake(
    SCAN,
    "width_instead_of_length",
    says="Which of the two axes is time in (9.3)?",
    old="T = len(a)",
    new="T = a.shape[1]",
)
mistake(
    SCAN,
    "distance_tripled",
    says="How many steps does a position stand for after a pass? The next neighbour begins right there.",
    old="reach *= 2",
    new="reach *= 3",
)
mistake(
    SCAN,
    "decays_not_joined",
    says="Two parts of each pair change in a pass. Which of them stays as it was in yours?",
    old="        a = np.concatenate([a[:reach], a_joined])\n",
    new="",
)
mistake(
    SCAN,
    "decays_joined_first",
    says="Every pass of the scan reads the pairs of the pass before. Which a multiplies u in yours?",
    code="""
def parallel_scan(a, u):
    a, u = a.copy(), u.copy()
    reach = 1
    while reach < len(a):
        a[reach:] = a[reach:] * a[:-reach]
        u[reach:] = a[reach:] * u[:-reach] + u[reach:]
        reach *= 2
    return u
""",
)
mistake(
    SCAN,
    "wrapped_around",
    says="What stands to the left of the first position? Look at what your shift brings in there.",
    code="""
def parallel_scan(a, u):
    reach = 1
    while reach < len(a):
        u = a * np.roll(u, reach, axis=0) + u
        a = a * np.roll(a, reach, axis=0)
        reach *= 2
    return u
""",
)
mistake(
    SCAN,
    "finished_ones_cleared",
    says="What happens in a pass to positions without a neighbour to the left?",
    old="np.concatenate([u[:reach], u_joined])",
    new="np.concatenate([np.zeros_like(u[:reach]), u_joined])",
)
mistake(
    SCAN,
    "divided_by_products",
    says="Your short cut divides. By what, once a gate has closed?",
    code="""
def parallel_scan(a, u):
    products = np.cumprod(a, axis=0)
    return products * np.cumsum(u / products, axis=0)
""",
)
mistake(
    SCAN,
    "closed_gates_nudged",
    says="How large is the product of a thousand decays? Nudging the closed gates is not enough.",
    code="""
def parallel_scan(a, u):
    products = np.cumprod(np.where(a == 0, 1e-8, a), axis=0)
    return products * np.cumsum(u / products, axis=0)
""",
)
mistake(
    SCAN,
    "products_with_an_epsilon",
    says="What is left of your quotient where the product of decays is smaller than what you add to it?",
    code="""
def parallel_scan(a, u):
    products = np.cumprod(a, axis=0)
    return products * np.cumsum(u / (products + 1e-3), axis=0)
""",
)
mistake(
    SCAN,
    "by_logarithms",
    says="Which decays of (9.3) have no logarithm?",
    code="""
def parallel_scan(a, u):
    logs = np.cumsum(np.log(a), axis=0)
    return np.exp(logs) * np.cumsum(u * np.exp(-logs), axis=0)
""",
)
mistake(
    SCAN,
    "loop_over_steps",
    says="The states of (9.3) are right. How many statements does the interpreter run for them?",
    code="""
def parallel_scan(a, u):
    h = np.zeros(a.shape[1])
    states = np.empty(u.shape)
    for t in range(len(a)):
        h = a[t] * h + u[t]
        states[t] = h
    return states
""",
)
mistake(
    SCAN,
    "decays_ignored",
    says="Where is a_t of (9.3) in your sum?",
    code="""
def parallel_scan(a, u):
    return np.cumsum(u, axis=0)
""",
)
mistake(
    SCAN,
    "state_before_the_step",
    says="Is the first state that (9.3) asks for h_0 or h_1?",
    old="return u.copy()",
    new="return np.concatenate([np.zeros_like(u[:1]), u[:-1]])",
)
mistake(
    SCAN,
    "products_returned",
    says="Which part of the pair of a whole prefix is the state, when h_0 = 0?",
    old="return u.copy()",
    new="return a.copy()",
)
mistake(
    SCAN,
    "inputs_decay_at_once",
    says="Does a_t of (9.3) multiply u_t as well?",
    old="    reach = 1 ",
    new="    u = a * u\n    reach = 1 ",
)
mistake(
    SCAN,
    "decay_of_the_step_before",
    says="Which a stands between h_{t-1} and h_t in (9.3)?",
    old="    reach = 1 ",
    new="    a = np.concatenate([a[:1], a[:-1]])\n    reach = 1 ",
)
mistake(
    SCAN,
    "first_column_of_decays",
    says="Every column of (9.3) has decays of its own.",
    old="    reach = 1 ",
    new="    a = np.repeat(a[:, :1], a.shape[1], axis=1)\n    reach = 1 ",
)
mistake(
    SCAN,
    "blocks_not_joined",
    says="What does a block of yours know of the state at the end of the block before it?",
    code="""
def parallel_scan(a, u):
    size = 16
    blocks = -(-len(a) // size)
    A, U = np.ones((blocks * size, a.shape[1])), np.zeros((blocks * size, a.shape[1]))
    A[: len(a)], U[: len(a)] = a, u
    A, U = A.reshape(blocks, size, -1), U.reshape(blocks, size, -1)
    for t in range(1, size):
        U[:, t] += A[:, t] * U[:, t - 1]
    return U.reshape(blocks * size, -1)[: len(a)]
""",
)
mistake(
    SCAN,
    "in_place",
    says="The states of (9.3) are right. Compare both arguments before and after.",
    code="""
def parallel_scan(a, u):
    reach = 1
    while reach < len(a):
        u[reach:] = a[reach:] * u[:-reach] + u[reach:]
        a[reach:] = a[reach:] * a[:-reach]
        reach *= 2
    return u.copy()
""",
)
mistake(
    SCAN,
    "decays_in_place",
    says="The states of (9.3) are right. Is there an argument that a pass has written to?",
    code="""
def parallel_scan(a, u):
    u = u.copy()
    reach = 1
    while reach < len(a):
        u[reach:] = a[reach:] * u[:-reach] + u[reach:]
        a[reach:] = a[reach:] * a[:-reach]
        reach *= 2
    return u
""",
)

# --- selective_ssm --------------------------------------------------------------------------------

SELECTIVE = "selective_ssm"
DECAY = "np.exp(delta[:, None] * A)"
WRITE = "b_bar = delta[:, None] * B"
STATES = "h = parallel_scan(a_bar, b_bar * x[:, None])"

mistake(
    SELECTIVE,
    "euler",
    says="How does the decay of (9.5) come from delta and A? A straight line is only its beginning.",
    old=DECAY,
    new="1 + delta[:, None] * A",
)
mistake(
    SELECTIVE,
    "bilinear",
    says="Other papers discretise with a quotient. Which function stands in (9.5)?",
    old=DECAY,
    new="(1 + delta[:, None] * A / 2) / (1 - delta[:, None] * A / 2)",
)
mistake(
    SELECTIVE,
    "backward_euler",
    says="There is no quotient in (9.5): look at its decay.",
    old=DECAY,
    new="1 / (1 - delta[:, None] * A)",
)
mistake(
    SELECTIVE,
    "zero_order_hold",
    says="Papers differ in the weight of the input. Which form has this course in (9.5)?",
    old=WRITE,
    new="b_bar = np.expm1(delta[:, None] * A) / A * B",
)
mistake(
    SELECTIVE,
    "zero_order_hold_guarded",
    says="The weight of the input in (9.5) does not contain A. What does yours contain?",
    old=WRITE,
    new="""rate = np.where(A == 0, 1.0, A)
    held = np.expm1(delta[:, None] * A) / rate
    b_bar = np.where(A == 0, delta[:, None], held) * B""",
)
mistake(
    SELECTIVE,
    "step_missing_in_the_input",
    says="Two quantities of (9.5) carry a bar. Does delta stand in both of yours?",
    old=WRITE,
    new="b_bar = B",
)
mistake(
    SELECTIVE,
    "step_missing_in_the_decay",
    says="What should the decay of (9.5) be at a step with delta = 0?",
    old=DECAY,
    new="np.exp(np.ones_like(delta)[:, None] * A)",
)
mistake(
    SELECTIVE,
    "step_twice",
    says="How often does delta multiply the input in (9.5)?",
    old="b_bar * x[:, None]",
    new="b_bar * (delta * x)[:, None]",
)
mistake(
    SELECTIVE,
    "complement_of_the_decay",
    says="delta turns both knobs of (9.5), but the second is not one minus the first.",
    old=WRITE,
    new="b_bar = (1 - a_bar) * B",
)
mistake(
    SELECTIVE,
    "sign_of_the_rate",
    says="A is not positive already. What happens to the state of (9.5) over a long step?",
    old=DECAY,
    new="np.exp(-delta[:, None] * A)",
)
mistake(
    SELECTIVE,
    "rate_as_a_logarithm",
    says="Implementations often store the logarithm of the rate. What is A in (9.5)?",
    old=DECAY,
    new="np.exp(-delta[:, None] * np.exp(A))",
)
mistake(
    SELECTIVE,
    "softplus_inside",
    says="delta comes in as it stands in (9.5): what else do you do with it?",
    old="a_bar =",
    new="delta = np.logaddexp(0.0, delta)\n    a_bar =",
)
mistake(
    SELECTIVE,
    "least_step",
    says="What does (9.5) do at delta = 0? Your step size never gets there.",
    old="a_bar =",
    new="delta = np.maximum(delta, 0.05)\n    a_bar =",
)
mistake(
    SELECTIVE,
    "largest_step",
    says="What is left of the past in (9.5) after a very large step, and how much is written?",
    old="a_bar =",
    new="delta = np.minimum(delta, 5.0)\n    a_bar =",
)
mistake(
    SELECTIVE,
    "one_step_size",
    says="delta of (9.5) has an index. With equal steps you cannot see it.",
    old="a_bar =",
    new="delta = np.full_like(delta, delta.mean())\n    a_bar =",
)
mistake(
    SELECTIVE,
    "decay_of_the_step_before",
    says="Which delta decides how much of h_{t-1} of (9.5) is kept at step t?",
    old=DECAY,
    new="np.exp(np.roll(delta, 1)[:, None] * A)",
)
mistake(
    SELECTIVE,
    "input_weights_fixed",
    says="Which of the weights of (9.5) have an index t?",
    old=WRITE,
    new="b_bar = delta[:, None] * B[0]",
)
mistake(
    SELECTIVE,
    "output_weights_fixed",
    says="C of (9.5) has an index. With one step you cannot see it.",
    old="(C * h)",
    new="(C[0] * h)",
)
mistake(
    SELECTIVE,
    "weights_exchanged",
    says="Which matrix writes in (9.5), and which one reads?",
    old="""b_bar = delta[:, None] * B
    h = parallel_scan(a_bar, b_bar * x[:, None])
    return (C * h)""",
    new="""b_bar = delta[:, None] * C
    h = parallel_scan(a_bar, b_bar * x[:, None])
    return (B * h)""",
)
mistake(
    SELECTIVE,
    "output_before_update",
    says="Which state does the output of (9.5) read?",
    old="return (C * h)",
    new="h = np.concatenate([np.zeros_like(h[:1]), h[:-1]])\n    return (C * h)",
)
mistake(
    SELECTIVE,
    "input_decays_at_once",
    says="Which term of the state in (9.5) does the decay multiply?",
    old="b_bar * x[:, None]",
    new="a_bar * b_bar * x[:, None]",
)
mistake(
    SELECTIVE,
    "input_passed_on",
    says="Is there a way from x_t to y_t in (9.5) that avoids the state?",
    old=".sum(axis=1)",
    new=".sum(axis=1) + x",
)
mistake(
    SELECTIVE,
    "averaged",
    says="The output of (9.5) is a dot product. With one state entry you cannot see the difference.",
    old=".sum(axis=1)",
    new=".mean(axis=1)",
)
mistake(
    SELECTIVE,
    "summed_over_time",
    says="Over which axis is the dot product of (9.5) taken?",
    old=".sum(axis=1)",
    new=".sum(axis=0)",
)
mistake(
    SELECTIVE,
    "nothing_remembered",
    says="Where is h_{t-1} of (9.5)?",
    old=STATES,
    new="h = b_bar * x[:, None]",
)
mistake(
    SELECTIVE,
    "divided_by_products",
    says="What does your short cut divide by after a large step of (9.5)?",
    old=STATES,
    new="""kept = np.cumprod(a_bar, axis=0)
    h = kept * np.cumsum(b_bar * x[:, None] / kept, axis=0)""",
)
mistake(
    SELECTIVE,
    "input_weights_in_place",
    says="The outputs of (9.5) are right. Look at B after the call.",
    old=WRITE,
    new="B *= delta[:, None]\n    b_bar = B",
)

# --- glu, wavenet_gate ----------------------------------------------------------------------------

GLU = "glu"
WAVENET = "wavenet_gate"
SPLIT = "np.split(x, 2, axis=-1)"
SIGMOID = "np.exp(-np.logaddexp(0.0, -gate))"
CHECK = """    if x.shape[-1] % 2:
        raise ValueError(f"the last axis of x must be even, not {x.shape[-1]}")
"""
CUT = "x[..., : x.shape[-1] // 2], x[..., x.shape[-1] // 2 : 2 * (x.shape[-1] // 2)]"

for function, equation in ((GLU, "(9.6)"), (WAVENET, "(9.7)")):
    mistake(
        function,
        "halves_exchanged",
        says=f"Which half is the signal in {equation}, and which one the gate?",
        old="signal, gate =",
        new="gate, signal =",
    )
    mistake(
        function,
        "every_other_entry",
        says=f"How are the halves of {equation} laid out along the axis?",
        old=SPLIT,
        new="x[..., ::2], x[..., 1::2]",
    )
    mistake(
        function,
        "first_axis",
        says=f"Along which axis are the halves of {equation} taken?",
        old=SPLIT,
        new="np.split(x, 2, axis=0)",
    )
    mistake(
        function,
        "second_axis",
        says=f"In {equation} the channels come last, however many axes there are.",
        old=SPLIT,
        new="np.split(x, 2, axis=1)",
    )
    mistake(
        function,
        "gate_tanh",
        says=f"Between which numbers does the gate of {equation} lie?",
        old=SIGMOID,
        new="np.tanh(gate)",
    )
    mistake(
        function,
        "gate_inverted",
        says=f"Is the gate of {equation} open or closed when its half is large?",
        old=SIGMOID,
        new="np.exp(-np.logaddexp(0.0, gate))",
    )
    mistake(
        function,
        "gate_not_squashed",
        says=f"What happens to the second half in {equation} before the product?",
        old=SIGMOID,
        new="gate",
    )
    mistake(
        function,
        "swish",
        says=f"How often does the second half occur in {equation}? Variants have it twice.",
        old=SIGMOID,
        new=f"(gate * {SIGMOID})",
    )
    mistake(
        function,
        "hard_gate",
        says=f"Which function squashes the gate of {equation}? A piecewise linear one only resembles it.",
        old=SIGMOID,
        new="np.clip(gate / 6 + 0.5, 0, 1)",
    )
    mistake(
        function,
        "softmax_gate",
        says=f"Do the gates of {equation} know of one another?",
        old=SIGMOID,
        new="(np.exp(gate - gate.max(-1, keepdims=True)) / np.exp(gate - gate.max(-1, keepdims=True)).sum(-1, keepdims=True))",
    )
    mistake(
        function,
        "overflow",
        says=f"What are exp(1000) and the quotient that you form with it? See {equation} at large values.",
        old=SIGMOID,
        new="(np.exp(gate) / (1 + np.exp(gate)))",
    )
    mistake(
        function,
        "odd_axis_cut",
        says="What does your function do when the last axis has no halves?",
        old=CHECK + f"    signal, gate = {SPLIT}",
        new=f"    signal, gate = {CUT}",
    )
    mistake(
        function,
        "argument_not_named",
        says="Which argument is at fault? The message of the error should say it.",
        old="the last axis of x must be even",
        new="the last axis must be even",
    )
    mistake(
        function,
        "assertion",
        says="Compare the kind of error with the one in the docstring.",
        old=CHECK,
        new='    assert x.shape[-1] % 2 == 0, "the last axis of x must be even"\n',
    )
    mistake(
        function,
        "first_axis_checked",
        says="Which axis has to be even?",
        old="if x.shape[-1] % 2:",
        new="if x.shape[0] % 2:",
    )
    mistake(
        function,
        "last_of_three_axes_checked",
        says="May an array with fewer axes have an odd last one?",
        old="if x.shape[-1] % 2:",
        new="if x.ndim > 2 and x.shape[-1] % 2:",
    )
    mistake(
        function,
        "gate_in_place",
        says="The results are right. Are your halves copies, or windows on x?",
        old=SIGMOID,
        new="np.exp(-np.logaddexp(0.0, -gate), out=gate)",
    )

mistake(
    GLU,
    "signal_squashed",
    says="Is the first half of (9.6) squashed? Compare with (9.7).",
    old="return signal",
    new="return np.tanh(signal)",
)
mistake(
    GLU,
    "rectified_gate",
    says="Which function squashes the gate of (9.6)? There are variants with others.",
    old=SIGMOID,
    new="np.maximum(gate, 0.0)",
)
mistake(
    GLU,
    "signal_logistic",
    says="How many of the halves of (9.6) are squashed?",
    old="return signal",
    new="return np.exp(-np.logaddexp(0.0, -signal))",
)
mistake(
    GLU,
    "signal_added",
    says="(9.6) is a product and nothing else.",
    old="return signal",
    new="return signal + signal",
)
mistake(
    WAVENET,
    "signal_not_squashed",
    says="What happens to the first half in (9.7)?",
    old="np.tanh(signal)",
    new="signal",
)
mistake(
    WAVENET,
    "signal_logistic",
    says="The two halves of (9.7) have a squashing function each, and not the same.",
    old="np.tanh(signal)",
    new="np.exp(-np.logaddexp(0.0, -signal))",
)
mistake(
    WAVENET,
    "product_squashed",
    says="Does the tanh of (9.7) stand around the first half or around the product?",
    old="np.tanh(signal) * np.exp(-np.logaddexp(0.0, -gate))",
    new="np.tanh(signal * np.exp(-np.logaddexp(0.0, -gate)))",
)
mistake(
    WAVENET,
    "halves_added",
    says="How does (9.7) join its two factors?",
    old="np.tanh(signal) * ",
    new="np.tanh(signal) + ",
)
mistake(
    WAVENET,
    "signal_rectified",
    says="Which function squashes the signal of (9.7), and which sign may it have?",
    old="np.tanh(signal)",
    new="np.maximum(signal, 0.0)",
)
mistake(
    WAVENET,
    "tanh_from_a_logistic_function",
    says="tanh can be made from a logistic function. Of which argument? See the first factor of (9.7).",
    old="np.tanh(signal)",
    new="(2 * np.exp(-np.logaddexp(0.0, -signal)) - 1)",
)
mistake(
    WAVENET,
    "tanh_overflows",
    says="What becomes of the first factor of (9.7) where an exponential leaves the range of floats?",
    old="np.tanh(signal)",
    new="((np.exp(2 * signal) - 1) / (np.exp(2 * signal) + 1))",
)

# --- squeeze_excite -------------------------------------------------------------------------------

SQUEEZE = "squeeze_excite"
HIDDEN = "np.maximum(squeezed @ W1.T, 0.0)"
SCALE = "np.exp(-np.logaddexp(0.0, -(hidden @ W2.T)))"

mistake(
    SQUEEZE,
    "largest_instead_of_mean",
    says="What does z of (9.8) collect over the positions?",
    old="x.mean(axis=2)",
    new="x.max(axis=2)",
)
mistake(
    SQUEEZE,
    "sum_instead_of_mean",
    says="Which factor stands before the sum in (9.8)? With one position you cannot see it.",
    old="x.mean(axis=2)",
    new="x.sum(axis=2)",
)
mistake(
    SQUEEZE,
    "last_position",
    says="Which positions does z of (9.8) look at?",
    old="x.mean(axis=2)",
    new="x[:, :, -1]",
)
mistake(
    SQUEEZE,
    "batch_averaged",
    says="Whose averages judge an example in (9.8)? A batch of one does not show it.",
    old="x.mean(axis=2)",
    new="x.mean(axis=(0, 2))[None]",
)
mistake(
    SQUEEZE,
    "channels_averaged",
    says="Over which of the three axes does (9.8) average?",
    old="x.mean(axis=2)",
    new="x.mean(axis=1)",
)
mistake(
    SQUEEZE,
    "average_of_sizes",
    says="Do the averages of (9.8) have signs?",
    old="x.mean(axis=2)",
    new="np.abs(x).mean(axis=2)",
)
mistake(
    SQUEEZE,
    "not_rectified",
    says="What stands between the two matrices of (9.8)?",
    old=HIDDEN,
    new="squeezed @ W1.T",
)
mistake(
    SQUEEZE,
    "rectified_too_early",
    says="Is it z or W1 z that (9.8) rectifies?",
    old=HIDDEN,
    new="np.maximum(squeezed, 0.0) @ W1.T",
)
mistake(
    SQUEEZE,
    "rectified_too_late",
    says="At which place of (9.8) is the maximum taken?",
    code="""
def squeeze_excite(x, W1, W2):
    pre = np.maximum(x.mean(axis=2) @ W1.T @ W2.T, 0.0)
    return x * np.exp(-np.logaddexp(0.0, -pre))[:, :, None]
""",
)
mistake(
    SQUEEZE,
    "hidden_logistic",
    says="Which of the two layers of (9.8) has a logistic function?",
    old=HIDDEN,
    new="1 / (1 + np.exp(-(squeezed @ W1.T)))",
)
mistake(
    SQUEEZE,
    "hidden_tanh",
    says="By which function does the first layer of (9.8) end?",
    old=HIDDEN,
    new="np.tanh(squeezed @ W1.T)",
)
mistake(
    SQUEEZE,
    "leaky",
    says="What does (9.8) let through of a hidden unit that is negative?",
    old=HIDDEN,
    new="np.where(squeezed @ W1.T > 0, squeezed @ W1.T, 0.01 * (squeezed @ W1.T))",
)
mistake(
    SQUEEZE,
    "scale_not_squashed",
    says="Between which numbers does s of (9.8) lie?",
    old=SCALE,
    new="hidden @ W2.T",
)
mistake(
    SQUEEZE,
    "scale_softmax",
    says="Do the channels of (9.8) compete with one another for their scales?",
    old=SCALE,
    new="np.exp(hidden @ W2.T) / np.exp(hidden @ W2.T).sum(axis=1, keepdims=True)",
)
mistake(
    SQUEEZE,
    "scale_inverted",
    says="Which way does the gate of (9.8) turn when its pre-activation grows?",
    old=SCALE,
    new="np.exp(-np.logaddexp(0.0, hidden @ W2.T))",
)
mistake(
    SQUEEZE,
    "first_matrix_as_it_is",
    says="Rows of a batch meet the columns of W1 in (9.8). Square matrices do not show it.",
    old="squeezed @ W1.T",
    new="squeezed @ W1",
)
mistake(
    SQUEEZE,
    "second_matrix_as_it_is",
    says="Rows of a batch meet the columns of W2 in (9.8). Square matrices do not show it.",
    old="hidden @ W2.T",
    new="hidden @ W2",
)
mistake(
    SQUEEZE,
    "matrices_exchanged",
    says="Which matrix of (9.8) comes first? Their shapes tell, unless they are square.",
    old=f"""{HIDDEN}
    scale = {SCALE}""",
    new="""np.maximum(squeezed @ W2.T, 0.0)
    scale = np.exp(-np.logaddexp(0.0, -(hidden @ W1.T)))""",
)
mistake(
    SQUEEZE,
    "positions_scaled",
    says="Which index does s carry in (9.8)? Where is the axis that you have added?",
    old="scale[:, :, None]",
    new="scale[:, None, :]",
)
mistake(
    SQUEEZE,
    "scale_of_the_first",
    says="Every example of (9.8) has a scale of its own.",
    old="scale[:, :, None]",
    new="scale[0, :, None]",
)
mistake(
    SQUEEZE,
    "input_added",
    says="(9.8) scales. What else does your last line do?",
    old="x * scale[:, :, None]",
    new="x + x * scale[:, :, None]",
)
mistake(
    SQUEEZE,
    "averages_scaled",
    says="What is scaled in (9.8), the channels or their averages?",
    old="x * scale[:, :, None]",
    new="np.broadcast_to((squeezed * scale)[:, :, None], x.shape)",
)
mistake(
    SQUEEZE,
    "only_the_scale",
    says="(9.8) has three parts. What is asked for is the third.",
    old="x * scale[:, :, None]",
    new="scale",
)
mistake(
    SQUEEZE,
    "in_place",
    says="The result is right. Look at x after the call.",
    old="return x * scale[:, :, None]",
    new="x *= scale[:, :, None]\n    return x",
)

# --- residual_gradient_norms ----------------------------------------------------------------------

NORMS = "residual_gradient_norms"
BACK = "weights[layer].T @ (gradient * (1 - activations[layer] ** 2))"
FORWARD = "x = x + activations[-1] if residual else activations[-1]"
JOIN = "gradient = gradient + through_layer if residual else through_layer"

mistake(
    NORMS,
    "not_transposed",
    says="Which matrix multiplies a gradient on its way back in (9.10)? With H = 1 you cannot see it.",
    old=BACK,
    new=BACK.replace(".T", ""),
)
mistake(
    NORMS,
    "no_slope",
    says="What is D of (9.10)? At input zero you cannot see it.",
    old=BACK,
    new="weights[layer].T @ gradient",
)
mistake(
    NORMS,
    "slope_not_squared",
    says="What is the derivative of tanh, in terms of its value? See above (9.10).",
    old="(1 - activations[layer] ** 2)",
    new="(1 - activations[layer])",
)
mistake(
    NORMS,
    "slope_logistic",
    says="Of which function is the slope in D of (9.10)?",
    old="(1 - activations[layer] ** 2)",
    new="(activations[layer] * (1 - activations[layer]))",
)
mistake(
    NORMS,
    "slope_after_the_matrix",
    says="In which order does a gradient pass the two factors of (9.10)?",
    old=BACK,
    new="(weights[layer].T @ gradient) * (1 - activations[layer] ** 2)",
)
mistake(
    NORMS,
    "slope_of_the_layer_before",
    says="Which layer's slopes belong to which matrix in (9.10)?",
    old="activations[layer] ** 2",
    new="activations[max(layer - 1, 0)] ** 2",
)
mistake(
    NORMS,
    "slope_at_the_output",
    says="Of which number is the slope taken above (9.10)? A residual layer's output is more than its tanh.",
    code="""
def residual_gradient_norms(weights, x, residual):
    outputs = []
    for W in weights:
        x = x + np.tanh(W @ x) if residual else np.tanh(W @ x)
        outputs.append(x)
    gradient = np.ones(len(x))
    norms = np.empty(len(weights))
    for layer in reversed(range(len(weights))):
        through_layer = weights[layer].T @ (gradient * (1 - outputs[layer] ** 2))
        gradient = gradient + through_layer if residual else through_layer
        norms[layer] = np.linalg.norm(gradient)
    return norms
""",
)
mistake(
    NORMS,
    "identity_missing_backwards",
    says="Two paths lead back through a residual layer in (9.10). Where is the second?",
    old=JOIN,
    new="gradient = through_layer",
)
mistake(
    NORMS,
    "identity_always",
    says="When does the identity stand in (9.10)?",
    old=JOIN,
    new="gradient = gradient + through_layer",
)
mistake(
    NORMS,
    "identity_missing_forwards",
    says="Is your forward pass (9.9) as well? Its activations enter the slopes.",
    old=FORWARD,
    new="x = activations[-1]",
)
mistake(
    NORMS,
    "residual_forwards_always",
    says="Which of the two layers does your forward pass compute where `residual` is False?",
    old=FORWARD,
    new="x = x + activations[-1]",
)
mistake(
    NORMS,
    "only_the_identity",
    says="(9.10) is a sum. What does the layer itself send back?",
    old=JOIN,
    new="gradient = gradient if residual else through_layer",
)
mistake(
    NORMS,
    "flag_ignored",
    says="What does your code do differently where `residual` is True? See (9.9) and (9.10).",
    code="""
def residual_gradient_norms(weights, x, residual):
    activations = [x]
    for W in weights:
        activations.append(np.tanh(W @ activations[-1]))
    gradient = np.ones(len(x))
    norms = []
    for W, y in zip(weights[::-1], activations[:0:-1]):
        gradient = W.T @ (gradient * (1 - y**2))
        norms.append(np.linalg.norm(gradient))
    return np.array(norms[::-1])
""",
)
mistake(
    NORMS,
    "identity_from_the_end",
    says="Which gradient does the identity of (9.10) pass on: that of the layer above, or that of the last?",
    old=JOIN,
    new="gradient = 1.0 + through_layer if residual else through_layer",
)
mistake(
    NORMS,
    "flag_turned_round",
    says="For which value of `residual` is a layer x + tanh(W x)? Compare (9.9).",
    old="""    activations = []
""",
    new="""    residual = not residual
    activations = []
""",
)
mistake(
    NORMS,
    "at_the_outputs",
    says="Are your norms those at the input or at the output of each layer? See the text below (9.10).",
    old=f"""        through_layer = {BACK}
        {JOIN}
        norms[layer] = np.linalg.norm(gradient)
""",
    new=f"""        norms[layer] = np.linalg.norm(gradient)
        through_layer = {BACK}
        {JOIN}
""",
)
mistake(
    NORMS,
    "last_layer_first",
    says="Which layer's norm comes first?",
    old="return norms",
    new="return norms[::-1]",
)
mistake(
    NORMS,
    "squared",
    says="What is the length of a vector, and what its square?",
    old="np.linalg.norm(gradient)",
    new="gradient @ gradient",
)
mistake(
    NORMS,
    "sum_of_sizes",
    says="Which norm is asked for below (9.10)? With H = 1 all are alike.",
    old="np.linalg.norm(gradient)",
    new="np.abs(gradient).sum()",
)
mistake(
    NORMS,
    "largest_entry",
    says="Which norm is asked for below (9.10)? One entry is not the whole vector.",
    old="np.linalg.norm(gradient)",
    new="np.abs(gradient).max()",
)
mistake(
    NORMS,
    "root_mean_square",
    says="The norm is not divided by the number of units.",
    old="np.linalg.norm(gradient)",
    new="np.sqrt(np.mean(gradient**2))",
)
mistake(
    NORMS,
    "loss_of_squares",
    says="What is the gradient of a sum with respect to its terms? Your loss is another one.",
    old="np.ones(len(x))",
    new="x",
)
mistake(
    NORMS,
    "loss_averaged",
    says="Is the loss the sum of the last output or its mean?",
    old="np.ones(len(x))",
    new="np.ones(len(x)) / len(x)",
)
mistake(
    NORMS,
    "loss_of_one_unit",
    says="How many entries of the last output does the loss add up?",
    old="np.ones(len(x))",
    new="np.eye(len(x))[0]",
)
mistake(
    NORMS,
    "norms_of_factors",
    says="A norm of products is no product of norms: what travels back by (9.10) is a vector.",
    code="""
def residual_gradient_norms(weights, x, residual):
    factors = []
    for W in weights:
        y = np.tanh(W @ x)
        jacobian = (1 - y**2)[:, None] * W + residual * np.eye(len(x))
        factors.append(np.linalg.norm(jacobian, 2))
        x = x + y if residual else y
    return np.sqrt(len(x)) * np.cumprod(factors[::-1])[::-1]
""",
)
mistake(
    NORMS,
    "one_layer_short",
    says="Where does the way back through (9.10) end? Look at the first layer.",
    old="""    norms = np.empty(len(weights))
    for layer in reversed(range(len(weights))):""",
    new="""    norms = np.zeros(len(weights))
    for layer in reversed(range(1, len(weights))):""",
)
mistake(
    NORMS,
    "small_gradients_cut",
    says="Plain layers shrink a gradient by (9.10), and nothing holds it above a floor.",
    old="np.linalg.norm(gradient)",
    new="max(np.linalg.norm(gradient), 1e-6)",
)
mistake(
    NORMS,
    "input_in_place",
    says="The norms are right. What has the forward pass of (9.9) done to x?",
    old=FORWARD,
    new="if residual:\n            x += activations[-1]\n        else:\n            x = activations[-1]",
)
mistake(
    NORMS,
    "list_emptied",
    says="The norms are right. How long is the list of weights afterwards?",
    old="weights[layer].T @",
    new="weights.pop().T @",
)

# --- causal_mask ----------------------------------------------------------------------------------

MASK = "causal_mask"
TRIANGLE = "np.tril(np.ones((T, T), dtype=bool))"

mistake(
    MASK,
    "upper_triangle",
    says="May the first step look at the last by (9.12)?",
    old=TRIANGLE,
    new="np.triu(np.ones((T, T), dtype=bool))",
)
mistake(
    MASK,
    "hides_the_visible",
    says="What does True stand for in (9.12): may look, or must not?",
    old=TRIANGLE,
    new="~np.tril(np.ones((T, T), dtype=bool))",
)
mistake(
    MASK,
    "not_itself",
    says="May a step look at itself by (9.12)?",
    old=TRIANGLE,
    new="np.tril(np.ones((T, T), dtype=bool), k=-1)",
)
mistake(
    MASK,
    "only_the_first_itself",
    says="Look at the diagonal: what does (9.12) say for s = t?",
    old=f"return {TRIANGLE}",
    new="""mask = np.tril(np.ones((T, T), dtype=bool), k=-1)
    mask[0, 0] = True
    return mask""",
)
mistake(
    MASK,
    "one_step_ahead",
    says="Look at the first row: what may step 1 see by (9.12)?",
    old=TRIANGLE,
    new="np.tril(np.ones((T, T), dtype=bool), k=1)",
)
mistake(
    MASK,
    "everything",
    says="Is there anything that (9.12) forbids in your mask?",
    old=TRIANGLE,
    new="np.ones((T, T), dtype=bool)",
)
mistake(
    MASK,
    "only_itself",
    says="How far back may a step look by (9.12)?",
    old=TRIANGLE,
    new="np.eye(T, dtype=bool)",
)
mistake(
    MASK,
    "window",
    says="Is there a limit in (9.12) to how far back a step may look?",
    old=TRIANGLE,
    new="np.tril(np.ones((T, T), dtype=bool)) & np.triu(np.ones((T, T), dtype=bool), k=-3)",
)
mistake(
    MASK,
    "other_diagonal",
    says="In which corners are the False of (9.12)?",
    old=TRIANGLE,
    new="np.tril(np.ones((T, T), dtype=bool))[::-1]",
)
mistake(
    MASK,
    "floats",
    says="Which dtype does a mask of (9.12) have?",
    old=TRIANGLE,
    new="np.tri(T)",
)
mistake(
    MASK,
    "integers",
    says="Zeros and ones are no truth values: which dtype does (9.12) ask for?",
    old=TRIANGLE,
    new="np.tri(T, dtype=int)",
)
mistake(
    MASK,
    "to_be_added",
    says="Libraries add a mask to the scores. What does a mask hold here, by (9.12)?",
    old=TRIANGLE,
    new="np.where(np.tri(T, dtype=bool), 0.0, -np.inf)",
)
mistake(
    MASK,
    "axis_for_the_batch",
    says="How many axes does (9.12) have?",
    old=TRIANGLE,
    new="np.tril(np.ones((1, T, T), dtype=bool))",
)
mistake(
    MASK,
    "one_too_many",
    says="How many steps are there? Compare the shape of your mask.",
    old=TRIANGLE,
    new="np.tril(np.ones((T + 1, T + 1), dtype=bool))",
)

# --- scaled_dot_product_attention -----------------------------------------------------------------

ATTENTION = "scaled_dot_product_attention"
SCORES = "q @ np.swapaxes(k, 1, 2) / np.sqrt(q.shape[-1])"
HIDE = """    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
"""
LARGEST = "scores.max(axis=-1, keepdims=True)"
WEIGHTS = "exponentials / np.where(total > 0, total, 1.0)"

mistake(
    ATTENTION,
    "not_scaled",
    says="By what are the scores of (9.11) divided? With d = 1 you cannot see it.",
    old=" / np.sqrt(q.shape[-1])",
    new="",
)
mistake(
    ATTENTION,
    "divided_by_d",
    says="Compare the divisor of the scores with that of (9.11).",
    old="np.sqrt(q.shape[-1])",
    new="q.shape[-1]",
)
mistake(
    ATTENTION,
    "divided_by_the_steps",
    says="Which size is d in (9.11), that of a vector or the number of steps?",
    old="q.shape[-1]",
    new="q.shape[1]",
)
mistake(
    ATTENTION,
    "scaled_after_the_softmax",
    says="Where does the root of d stand in (9.11), inside of the exponential or outside?",
    old=f"""    scores = {SCORES}
""",
    new="""    scores = q @ np.swapaxes(k, 1, 2)
    v = v / np.sqrt(q.shape[-1])
""",
)
mistake(
    ATTENTION,
    "multiplied_by_the_root",
    says="Should the scores of (9.11) become larger or smaller by the root of d?",
    old="/ np.sqrt",
    new="* np.sqrt",
)
mistake(
    ATTENTION,
    "softmax_over_the_queries",
    says="Over which index does the sum in the denominator of (9.11) run?",
    old="axis=-1, keepdims=True)",
    new="axis=-2, keepdims=True)",
    count=2,
)
mistake(
    ATTENTION,
    "softmax_over_all",
    says="Which entries add up to 1 in (9.11): those of a row, or all of a matrix?",
    old="axis=-1, keepdims=True)",
    new="axis=(-2, -1), keepdims=True)",
    count=2,
)
mistake(
    ATTENTION,
    "softmax_over_the_batch",
    says="Do the examples of a batch know of one another in (9.11)? A batch of one does not show it.",
    old="axis=-1, keepdims=True)",
    new="axis=0, keepdims=True)",
    count=2,
)
mistake(
    ATTENTION,
    "total_over_the_queries",
    says="The exponentials of (9.11) are right. Along which axis do you add them?",
    old="exponentials.sum(axis=-1, keepdims=True)",
    new="exponentials.sum(axis=-2, keepdims=True)",
)
mistake(
    ATTENTION,
    "queries_and_keys_exchanged",
    says="Which of the two indices of w in (9.11) belongs to the query?",
    old="q @ np.swapaxes(k, 1, 2)",
    new="k @ np.swapaxes(q, 1, 2)",
)
mistake(
    ATTENTION,
    "reshaped_instead_of_transposed",
    says="A reshape keeps the order in memory. Which entries meet in the product of (9.11)?",
    old="np.swapaxes(k, 1, 2)",
    new="k.reshape(k.shape[0], k.shape[2], k.shape[1])",
)
mistake(
    ATTENTION,
    "batch_transposed_too",
    says="Which axes of the keys have to change places for the products of (9.11)?",
    old="np.swapaxes(k, 1, 2)",
    new="k.T",
)
mistake(
    ATTENTION,
    "keys_summed",
    says="Of what is the sum in the result of (9.11)?",
    old="weights @ v",
    new="weights @ k",
)
mistake(
    ATTENTION,
    "weights_transposed",
    says="Over which index of w does the result of (9.11) sum?",
    old="weights @ v",
    new="np.swapaxes(weights, 1, 2) @ v",
)
mistake(
    ATTENTION,
    "scores_returned",
    says="What is the second result: the weights of (9.11), or what they are made of?",
    old="return weights @ v, weights",
    new="return weights @ v, scores",
)
mistake(
    ATTENTION,
    "results_turned_round",
    says="In which order are the two results returned?",
    old="return weights @ v, weights",
    new="return weights, weights @ v",
)
mistake(
    ATTENTION,
    "mask_ignored",
    says="Over which steps do the sums of (9.11) run when there is a mask?",
    old=HIDE,
    new="",
)
mistake(
    ATTENTION,
    "mask_inverted",
    says="What does True stand for in a mask here? Some libraries mean the opposite.",
    old="np.where(mask, scores, -np.inf)",
    new="np.where(mask, -np.inf, scores)",
)
mistake(
    ATTENTION,
    "mask_transposed",
    says="Which axis of the mask is the step that looks? A symmetric mask does not show it.",
    old="np.where(mask, scores, -np.inf)",
    new="np.where(np.swapaxes(mask, -1, -2), scores, -np.inf)",
)
mistake(
    ATTENTION,
    "mask_of_the_first",
    says="A mask may have an axis for the batch. Which example's mask do you use?",
    old="np.where(mask, scores, -np.inf)",
    new="np.where(mask if mask.ndim == 2 else mask[0], scores, -np.inf)",
)
mistake(
    ATTENTION,
    "mask_added",
    says="A bool mask that is added makes 1 of True. What did you want to add to hidden scores?",
    old="np.where(mask, scores, -np.inf)",
    new="scores + mask",
)
mistake(
    ATTENTION,
    "hidden_scores_zero",
    says="What is exp(0)? A hidden step should not be in the sum of (9.11) at all.",
    old="np.where(mask, scores, -np.inf)",
    new="scores * mask",
)
mistake(
    ATTENTION,
    "hidden_scores_a_little_lower",
    says="How far below the others does a hidden score have to be, whatever the others are?",
    old="np.where(mask, scores, -np.inf)",
    new="np.where(mask, scores, -100.0)",
)
mistake(
    ATTENTION,
    "hidden_scores_low",
    says="What happens to your hidden scores in a row of (9.11) in which nothing is visible?",
    old="np.where(mask, scores, -np.inf)",
    new="np.where(mask, scores, -1e9)",
)
mistake(
    ATTENTION,
    "penalty_added",
    says="A penalty that is added leaves hidden scores apart. What is a row of (9.11) without anything visible then?",
    old="np.where(mask, scores, -np.inf)",
    new="scores + np.where(mask, 0.0, -1e9)",
)
mistake(
    ATTENTION,
    "masked_after_the_softmax",
    says="Do the visible weights of a row still add up to 1? See the denominator of (9.11).",
    code="""
def scaled_dot_product_attention(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, 1, 2) / np.sqrt(q.shape[-1])
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exponentials / exponentials.sum(axis=-1, keepdims=True)
    if mask is not None:
        weights = weights * mask
    return weights @ v, weights
""",
)
mistake(
    ATTENTION,
    "masked_late_and_divided_again",
    says="What is left of the visible weights of (9.11) beside a hidden score that is far larger?",
    code="""
def scaled_dot_product_attention(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, 1, 2) / np.sqrt(q.shape[-1])
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exponentials / exponentials.sum(axis=-1, keepdims=True)
    if mask is not None:
        weights = weights * mask
        total = weights.sum(axis=-1, keepdims=True)
        weights = weights / np.where(total > 0, total, 1.0)
    return weights @ v, weights
""",
)
mistake(
    ATTENTION,
    "nothing_visible_not_handled",
    says="What is the largest score of a row of (9.11) in which every score is hidden?",
    old="largest = np.where(np.isfinite(largest), largest, 0.0)",
    new="pass",
)
mistake(
    ATTENTION,
    "nothing_visible_sees_itself",
    says="What does a step receive that may look nowhere, not even at itself?",
    old="np.where(mask, scores, -np.inf)",
    new="np.where(mask | (np.eye(q.shape[1], dtype=bool) & ~mask.any(-1, keepdims=True)), scores, -np.inf)",
)
mistake(
    ATTENTION,
    "nothing_subtracted",
    says="A score of 10,000 is legal and its exponential is not. What may be subtracted in (9.11)?",
    old="np.exp(scores - largest)",
    new="np.exp(scores)",
)
mistake(
    ATTENTION,
    "largest_of_all_subtracted",
    says="Rows of (9.11) may lie far apart. Whose largest score do you subtract from a row?",
    old=LARGEST,
    new="scores.max(keepdims=True)",
)
mistake(
    ATTENTION,
    "largest_of_the_example_subtracted",
    says="Within an example, one row of (9.11) may lie far below another. What is left of its exponentials?",
    old=LARGEST,
    new="scores.max(axis=(-2, -1), keepdims=True)",
)
mistake(
    ATTENTION,
    "scores_clipped",
    says="Two scores of (9.11) that are both large may still differ. Do yours?",
    old=f"    scores = {SCORES}\n",
    new=f"    scores = np.clip({SCORES}, -50.0, 50.0)\n",
)
mistake(
    ATTENTION,
    "always_causal",
    says="What is visible in (9.11) when there is no mask?",
    old=HIDE,
    new="""    if mask is None:
        mask = np.tril(np.ones(scores.shape[-2:], dtype=bool))
    scores = np.where(mask, scores, -np.inf)
""",
)
mistake(
    ATTENTION,
    "not_divided",
    says="What is the denominator of (9.11)?",
    old=WEIGHTS,
    new="exponentials",
)
mistake(
    ATTENTION,
    "squared_total",
    says="(9.11) divides by a sum. Which norm do you divide by?",
    old="exponentials.sum(axis=-1, keepdims=True)",
    new="np.sqrt((exponentials**2).sum(axis=-1, keepdims=True))",
)
mistake(
    ATTENTION,
    "queries_in_place",
    says="The results are right. What has the root of d in (9.11) done to an argument?",
    old=f"    scores = {SCORES}\n",
    new="    q /= np.sqrt(q.shape[-1])\n    scores = q @ np.swapaxes(k, 1, 2)\n",
)
mistake(
    ATTENTION,
    "mask_in_place",
    says="The results are right. Compare the mask before and after the call.",
    old="return weights @ v, weights",
    new="""if mask is not None:
        mask |= ~mask.any(axis=-1, keepdims=True)
    return weights @ v, weights""",
)

# --- what only unusual inputs show ----------------------------------------------------------------

mistake(
    "diagonal_ssm",
    "memory_of_ten_steps",
    says="How far back does (9.1) remember?",
    old="        h = a * h + b * x[t]",
    new="        h = a * h + b * x[t] - (a**10 * b * x[t - 10] if t >= 10 else 0.0)",
)
mistake(
    "diagonal_ssm",
    "decay_of_zero_is_one",
    says="What does a decay of 0 keep?",
    old="        h = a * h + b * x[t]",
    new="        h = np.where(a == 0, 1.0, a) * h + b * x[t]",
)
mistake(
    "combine",
    "gate_never_quite_closed",
    says="What passes a gate of 0?",
    old="a_second * u_first + u_second",
    new="np.where(np.asarray(a_second) == 0, 1e-8, a_second) * u_first + u_second",
)
mistake(
    "combine",
    "factor_of_zero_is_missing",
    says="What passes a gate of 0?",
    old="    a_second, u_second = second",
    new="    a_second, u_second = second\n    a_first = a_first + 1e-7",
)
mistake(
    "parallel_scan",
    "gates_never_quite_closed",
    says="What passes a gate of 0?",
    old="    T = len(a)",
    new="    T = len(a)\n    a = np.where(np.abs(a) < 1e-6, 1e-6, a)",
)
mistake(
    "parallel_scan",
    "division_with_an_epsilon",
    says="What is the product of decays with a 0 among them?",
    code="""
def parallel_scan(a, u):
    product = np.cumprod(a + 1e-5, axis=0)
    return product * np.cumsum(u / product, axis=0)
""",
)
mistake(
    "parallel_scan",
    "reach_of_eight_steps",
    says="How far back does (9.3) remember? Try more steps.",
    old="    while reach < T:",
    new="    while reach < min(T, 16):",
)
mistake(
    "selective_ssm",
    "step_never_zero",
    says="What does a step of size 0 change?",
    old="    a_bar = np.exp(",
    new="    delta = np.maximum(delta, 1e-2)\n    a_bar = np.exp(",
)
mistake(
    "selective_ssm",
    "step_of_zero_is_one",
    says="What does a step of size 0 change?",
    old="    a_bar = np.exp(",
    new="    delta = np.where(delta == 0, 1.0, delta)\n    a_bar = np.exp(",
)
mistake(
    "selective_ssm",
    "input_divided_by_the_rate",
    says="Which form has the weight of the input in (9.5)?",
    old="    b_bar = delta[:, None] * B",
    new="    b_bar = (a_bar - 1) / np.where(A == 0, 1e-6, A) * B",
)
mistake(
    "residual_gradient_norms",
    "clipped_at_ten",
    says="Clipping belongs to the training loop, not into a gradient.",
    old="        norms[layer] = np.linalg.norm(gradient)",
    new="        gradient = np.clip(gradient, -10.0, 10.0)\n        norms[layer] = np.linalg.norm(gradient)",
)
mistake(
    "residual_gradient_norms",
    "clipped_by_norm",
    says="Clipping belongs to the training loop, not into a gradient.",
    old="        norms[layer] = np.linalg.norm(gradient)",
    new="        gradient = gradient * min(1.0, 100.0 / max(np.linalg.norm(gradient), 1e-300))\n"
    "        norms[layer] = np.linalg.norm(gradient)",
)
mistake(
    "residual_gradient_norms",
    "slope_floored",
    says="What is the slope of a unit at exactly 1?",
    old="(1 - activations[layer] ** 2)",
    new="np.maximum(1 - activations[layer] ** 2, 1e-6)",
)
mistake(
    "residual_gradient_norms",
    "activation_kept_off_one",
    says="What is the slope of a unit at exactly 1?",
    old="(1 - activations[layer] ** 2)",
    new="(1 - np.clip(activations[layer], -0.999999, 0.999999) ** 2)",
)
mistake(
    "residual_gradient_norms",
    "ten_layers_at_most",
    says="Through how many layers does the gradient go?",
    old="        gradient = gradient + through_layer if residual else through_layer",
    new="        if layer == len(weights) - 11:\n            through_layer = 0 * through_layer\n"
    "        gradient = gradient + through_layer if residual else through_layer",
)
mistake(
    "residual_gradient_norms",
    "differences",
    says="(9.9) and (9.10) propagate the gradient back in one pass: how many forwards does yours take?",
    code="""
def residual_gradient_norms(weights, x, residual):
    def run(h, layers):
        for W in layers:
            h = h + np.tanh(W @ h) if residual else np.tanh(W @ h)
        return h

    eps, norms, h = 1e-6, [], np.array(x, dtype=float)
    for layer in range(len(weights)):
        gradient = []
        for i in range(len(h)):
            step = np.zeros(len(h))
            step[i] = eps
            up, down = run(h + step, weights[layer:]).sum(), run(h - step, weights[layer:]).sum()
            gradient.append((up - down) / (2 * eps))
        norms.append(np.linalg.norm(gradient))
        h = run(h, weights[layer : layer + 1])
    return np.array(norms)
""",
)
mistake(
    "scaled_dot_product_attention",
    "score_of_zero_is_hidden",
    says="Can a visible entry have a score of exactly 0?",
    old="        scores = np.where(mask, scores, -np.inf)",
    new="        scores = scores * mask\n        scores = np.where(scores != 0, scores, -np.inf)",
)
mistake(
    "scaled_dot_product_attention",
    "hidden_by_minus_ten_thousand",
    says="How low can a visible score be? A hidden entry has to stay out of the sum.",
    old="        scores = np.where(mask, scores, -np.inf)",
    new="        scores = np.where(mask, scores, -1e4)",
)
mistake(
    "scaled_dot_product_attention",
    "state_of_zeros_is_hidden",
    says="What says which entries may be looked at?",
    old="    largest = scores.max(",
    new="    scores = np.where((k != 0).any(axis=-1)[:, None, :], scores, -np.inf)\n    largest = scores.max(",
)
mistake(
    "ssm_kernel",
    "ten_steps_only",
    says="How far does the kernel reach?",
    old="    return powers @ (b * c)",
    new="    return np.where(np.arange(T) < 10, 1.0, 0.0) * (powers @ (b * c))",
)
mistake(
    "ssm_kernel",
    "decay_of_zero_is_small",
    says="What are the powers of 0?",
    old="np.power(a,",
    new="np.power(np.where(a == 0, 1e-3, a),",
)
