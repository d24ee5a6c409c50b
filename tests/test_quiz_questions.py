"""The questions of the quizzes: every graded answer computed anew, and no option given away by its length or place."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from autograder.course.quiz import graded_questions, practice_questions, quiz_key
from autograder.course.source import chapters, load_reference
from seqlab.answers import LETTER, NUMBER, ORDER
from tests import needs

COURSE = chapters()
REFERENCES: dict[str, object] = {}


def reference(number):
    name = next(name for name in COURSE if name.startswith(f"ch{number:02d}_"))
    if name not in REFERENCES:
        REFERENCES[name] = load_reference(COURSE[name])
    return REFERENCES[name]


def in_order(values, largest_first=False):
    """The letters of values, A the first, in the order of the values; no two may be close."""
    ordered = sorted(values)
    assert all(high - low > 0.01 * abs(high) for low, high in itertools.pairwise(ordered))
    ranks = sorted(range(len(values)), key=values.__getitem__, reverse=largest_first)
    return "".join("ABCDEFGH"[rank] for rank in ranks)


def logit(p):
    return math.log(p / (1 - p))


# --- what the answers are


def ch00_q1():
    ref = reference(0)
    return ref.feedforward_parameter_count(12, 5, 8) - ref.rnn_parameter_count(5, 8)


def ch00_q2():
    ref = reference(0)
    padded, lengths = ref.pad_sequences([np.ones((length, 1)) for length in (3, 7, 2, 4)])
    mask = ref.sequence_mask(lengths, padded.shape[1])
    assert np.all(ref.masked_mean(padded, mask) == 1.0)
    return padded.mean(axis=1).mean()


def ch00_q3():
    rows = [(3, 0, 0), (0, 0, 2), (1, 2, 1), (1, 0, 1)]
    step = reference(0).sequence_to_vector
    return in_order([step(lambda h, x: h / 2 + x**2, 0.0, row) for row in rows])


def ch01_q1():
    ref, xs = reference(1), np.array([1.0, 0.0, -1.0])
    hs = ref.linear_rnn_forward(0.5, 2.0, 1.0, xs)
    return ref.linear_rnn_backward(0.5, 2.0, 1.0, xs, hs, np.array([1.0, 0.0, 2.0]))["da"]


def ch01_q2():
    parents = reference(1).unfolded_graph(6)

    def paths(node):
        return 1 if node == "theta" else sum(paths(parent) for parent in parents[node])

    return sum(paths(f"h{t}") for t in range(1, 7))


def ch01_q3():
    ref = reference(1)
    estimate = ref.numerical_gradient(lambda x: float(x[0] ** 3), np.array([2.0]), eps=0.1)
    return ref.relative_error(estimate, np.array([12.0]))


def ch02_q1():
    params = {"Wxh": np.eye(1), "Whh": np.array([[0.5]]), "bh": np.zeros(1)}
    x = np.array([1.0, 0.0, 0.0]).reshape(1, 3, 1)
    _, cache = reference(2).rnn_forward(x, np.zeros((1, 1)), params)
    dh = np.array([0.0, 0.0, 1.0]).reshape(1, 3, 1)
    return reference(2).rnn_backward(dh, cache)[2]["Whh"].item()


def ch02_q2():
    p = np.array([1 / 2, 1 / 8, 1 / 16, 1 / 4, 1 / 8])
    logits = np.log(np.stack([p, 1 - p], axis=-1))[None]
    mask = np.array([[True, True, False, True, True]])
    loss, _ = reference(2).softmax_cross_entropy(logits, np.zeros((1, 5), int), mask)
    return math.exp(loss)


def ch02_q3():
    """The only order of the four lines that runs, and it gives the gradients of the reference."""
    question = graded_questions(COURSE["ch02_vanilla_rnn"])["q3"]
    lines = dict(re.findall(r"^- \*\*([A-D])\*\* `(.+)`$", question.text, re.MULTILINE))
    rng = np.random.default_rng(0)
    N, T, D, H = 2, 3, 2, 4
    params = {"Wxh": rng.normal(size=(H, D)), "Whh": rng.normal(size=(H, H)), "bh": np.zeros(H)}
    h, cache = reference(2).rnn_forward(rng.normal(size=(N, T, D)), np.zeros((N, H)), params)
    dh = rng.normal(size=(N, T, H))
    want = reference(2).rnn_backward(dh, cache)[2]["bh"]
    right = []
    for first, *rest in itertools.permutations("ABCD"):
        scope = {"np": np, "N": N, "H": H, "h": h, "dh": dh, "params": params}
        total = np.zeros(H)
        try:
            exec(lines[first], scope)
            for t in reversed(range(T)):
                scope["t"] = t
                for one in rest:
                    exec(lines[one], scope)
                total += scope["delta"].sum(axis=0)
        except NameError:
            continue
        if np.allclose(total, want):
            right.append("".join((first, *rest)))
    [only] = right
    return only


def ch03_q1():
    ref = reference(3)
    h, W = np.full((30, 5), 0.6), 0.95 * ref.orthogonal_matrix(5, 0)
    h[::2] *= -1
    norms = ref.gradient_norms(np.eye(5)[0], h, W)[::-1]
    found = int(np.argmax(norms < 1e-3))
    assert found == ref.steps_until_vanished(0.95 * (1 - 0.36), 1e-3)
    return found


def ch03_q2():
    W = np.array([[0.5, 2.0], [0.0, 0.5]])
    assert reference(3).spectral_radius(W) == 0.5
    norms = reference(3).gradient_norms(np.array([1.0, 0.0]), np.zeros((20, 2)), W)[::-1]
    return 1 + int(np.argmax(norms[1:] < 1))


def ch03_q3():
    gradients = {"one": np.array([1.0, -2.0]), "two": np.array([2.0, 6.0])}
    clipped, _ = reference(3).clip_by_global_norm(gradients, math.sqrt(3.26))
    return clipped["two"][1]


def ch04_q1():
    ref, c, h = reference(4), np.array([[2.0]]), np.zeros((1, 1))
    steps = [(0.9, 0.2, 0.8), (0.5, 0.8, -0.5), (0.9, 0.1, 0.4)]
    for f, i, candidate in steps:
        biases = {"f": logit(f), "i": logit(i), "o": logit(0.5), "c": math.atanh(candidate)}
        params = {f"W{gate}": np.zeros((1, 2)) for gate in biases}
        params |= {f"b{gate}": np.array([bias]) for gate, bias in biases.items()}
        h, c, _ = ref.lstm_step_forward(np.zeros((1, 1)), h, c, params)
    return h.item()


def ch04_q2():
    bias = logit(0.5 ** (1 / 50))
    f = 1 / (1 + np.exp(-np.full((50, 1), bias)))
    assert reference(4).cell_highway(f).item() == pytest.approx(0.5)
    return bias


def ch04_q3():
    sizes = {
        H: sum(array.size for array in reference(4).init_lstm(24, H, 0).values())
        for H in range(1, 40)
    }
    [H] = [H for H, size in sizes.items() if size == 2624]
    return H


def ch05_q1():
    count = reference(5).parameter_count
    return max(H for H in range(1, 100) if count("gru", 20, H) <= count("lstm", 20, 32))


def ch05_q2():
    first = 0.75 * 0.8 + 0.25 * -0.4
    # The gates of step 2 by weights on the input alone, the candidate by the weights that are given.
    x, W = np.array([[0.3]]), np.array([[1.0, 2.0]])
    params = {"Wz": np.array([[0.0, logit(0.5) / 0.3]]), "Wr": np.array([[0.0, logit(0.2) / 0.3]])}
    h, _ = reference(5).gru_step_forward(x, np.array([[first]]), params | {"Wh": W})
    return h.item()


def ch05_q3():
    z = [[0.1] * 10, [0.5] + [0.0] * 9, [0.02] * 10, [0.9] + [0.05] * 9]
    return in_order([math.prod(1 - one for one in gates) for gates in z], largest_first=True)


def ch06_q1():
    reader = {"Wxh": np.eye(1), "Whh": np.eye(1), "bh": np.zeros(1)}
    x = np.array([0.5, -1.0, 0.2]).reshape(1, 3, 1)
    h, _ = reference(6).birnn_forward(x, np.array([2]), {"forward": reader, "backward": reader})
    return h[0, 0, 1]


def ch06_q2():
    def size(D, H):
        return H * D + H * H + H

    return 2 * size(8, 10) + size(2 * 10, 12)


def ch06_q3():
    def each(compute):
        return lambda x: np.array([compute(x[:, 0], t) for t in range(len(x))])[:, None]

    models = {
        "a": each(lambda x, t: x[t] - x[: t + 1].max()),
        "b": each(lambda x, t: x[t] * x[0] - min(x[0], x[t])),
        "c": each(lambda x, t: x[: t + 1].sum() / len(x)),
        "d": each(lambda x, t: x.sum() - x[:t].sum()),
    }
    x = np.random.default_rng(0).normal(size=(6, 1))
    [letter] = [name for name, model in models.items() if reference(6).leaks_future(model, x)]
    return letter


def ch07_q1():
    """The table of probabilities as a decoder: its state says which token came before."""
    import torch

    bos, a, b, eos = range(4)
    table = torch.tensor(
        [
            [1e-12, 0.5, 0.4, 0.1],
            [1e-12, 0.3, 0.3, 0.4],
            [1e-12, 0.05, 0.05, 0.9],
            [1e-12, 0.3, 0.3, 0.4],
        ],
        dtype=torch.float64,
    )
    eye, zero = torch.eye(4, dtype=torch.float64), torch.zeros(4, 4, dtype=torch.float64)
    params = {"E_tgt": eye, "Ws": zero, "Wy": math.atanh(0.5) * eye, "Wc": zero}
    params |= {"bs": zero[0], "Wo": 2 * table.log().T, "bo": zero[0]}
    tokens, score = reference(7).beam_search(zero[:1], params, bos, eos, 2, 6)
    assert math.exp(score) == pytest.approx(0.4 * 0.9)
    greedy = reference(7).decode_greedy(zero[:1], params, bos, eos, 6)[0].tolist()
    assert greedy[:2] == [a, eos], "another answer than the greedy one is right"
    options = {"a": [a, eos], "b": [b, eos], "c": [a, b, eos], "d": [b, b, eos]}
    [letter] = [name for name, option in options.items() if option == tokens.tolist()]
    return letter


def ch07_q2():
    import torch

    p = torch.tensor([[1 / 2, 1 / 4, 1 / 3], [1 / 2, 1 / 2, 1 / 8]], dtype=torch.float64)
    logits = torch.stack([p, 1 - p], dim=-1).log()
    targets = torch.tensor([[0, 0, 9], [0, 0, 0]])
    return reference(7).sequence_cross_entropy(logits, targets, 9).item()


def ch07_q3():
    import torch

    scores = [1.0, 2.0, 0.0, 3.0]
    values = [4.0, 1.0, -2.0, 9.0]
    states = [[value, math.atanh(score / 4)] for value, score in zip(values, scores, strict=True)]
    params = {"Wa": [[0.0, 0.0]], "Ua": [[0.0, 1.0]], "va": [4.0]}
    arrays = {name: torch.tensor(array, dtype=torch.float64) for name, array in params.items()}
    context, _ = reference(7).additive_attention(
        torch.zeros(1, 2, dtype=torch.float64),
        torch.tensor([states], dtype=torch.float64),
        torch.tensor([[True, True, True, False]]),
        arrays,
    )
    return context[0, 0].item()


def ch08_q1():
    ref = reference(8)
    signals = [
        ref.rnn_signal(40, 0.95),
        ref.lstm_signal(40, 0.97, 0.5),
        ref.lstm_signal(40, 0.99, 0.22),
        ref.rnn_signal(40, 0.94),
    ]
    return in_order([signal[-1] for signal in signals], largest_first=True)


def ch08_q2():
    cosine, sine = math.cos(math.pi / 6), math.sin(math.pi / 6)
    W = 0.9 * np.array([[cosine, -sine], [sine, cosine]])
    return (np.linalg.matrix_power(W, 6) @ [1.0, 0.0])[0]


def ch08_q3():
    back = np.arange(40)
    profile = np.exp(np.log(1e-6) * back / 39)
    assert profile[0] == 1 and profile[-1] == pytest.approx(1e-6)
    return np.exp(np.polyfit(back, np.log(profile), 1)[0])


def ch09_q1():
    ref = reference(9)
    x, a = np.array([1.0, 2.0, 3.0]), np.array([0.5, -0.2])
    b, c = np.ones(2), np.array([1.0, 3.0])
    y = ref.diagonal_ssm(x, a, b, c)
    assert ref.causal_convolution(x, ref.ssm_kernel(a, b, c, 3)) == pytest.approx(y)
    return y[2]


def ch09_q2():
    combine = reference(9).combine
    pairs = [(np.array([a]), np.array([u])) for a, u in ((0.5, 2.0), (0.8, 1.0), (0.1, 3.0))]
    _, u = combine(combine(pairs[0], pairs[1]), pairs[2])
    _, other = combine(pairs[0], combine(pairs[1], pairs[2]))
    assert u.item() == pytest.approx(other.item())
    return u.item()


def ch09_q3():
    ref = reference(9)
    q, k = np.zeros((1, 3, 4)), np.zeros((1, 3, 4))
    q[0, 1, 0], k[0, :, 0] = 2.0, [0.0, math.log(2), math.log(8)]
    v = np.array([3.0, 8.0, 100.0]).reshape(1, 3, 1)
    out, _ = ref.scaled_dot_product_attention(q, k, v, ref.causal_mask(3))
    return out[0, 1, 0]


COMPUTED = {
    name.replace("_", " "): compute
    for name, compute in list(globals().items())
    if re.fullmatch(r"ch\d\d_q\d", name)
}


@pytest.mark.parametrize("name", COMPUTED)
def test_the_key_is_what_the_calculation_gives(name):
    short, question = name.split()
    chapter = next(chapter for chapter in COURSE.values() if chapter.name.startswith(short))
    if chapter.libraries == "torch":
        pytest.importorskip("torch", reason=needs.NO_TORCH)
    graded = graded_questions(chapter)[question]
    result = COMPUTED[name]()
    if graded.form.kind != NUMBER:
        assert result == graded.right
        return
    # So near to the exact value that the rounding of the key decides about no answer of a student's.
    near = float(graded.tolerance) / 4
    assert abs(float(result) - float(Fraction(graded.right))) <= near + 1e-12
    assert graded.accepts(f"{float(result):.10f}")


def test_every_graded_question_is_computed():
    asked = {f"{name[:4]} {q}" for name in COURSE for q in quiz_key(COURSE[name])}
    assert asked == set(COMPUTED)


@pytest.mark.parametrize(
    ("name", "question", "wrong"),
    [
        ("ch00_sequences", "q1", 480 - 112),  # the dense layer's biases forgotten
        ("ch00_sequences", "q2", 1.0),
        ("ch01_unfolding", "q1", 0.5 * 0 + 2 * 1.25),  # the last use alone
        ("ch01_unfolding", "q2", 6),
        ("ch01_unfolding", "q3", 0.01 / 12),  # the error without the sum in the denominator
        ("ch02_vanilla_rnn", "q1", 0.3517),  # the last step alone
        ("ch02_vanilla_rnn", "q2", 2 ** (13 / 5)),  # the hidden step counted
        ("ch02_vanilla_rnn", "q2", 2 ** (9 / 5)),  # the sum divided by all five
        ("ch03_gradients", "q1", 135),  # the slopes of tanh forgotten
        ("ch03_gradients", "q3", math.sqrt(3.26)),  # clipped by value
        ("ch04_lstm", "q1", 0.5 * 0.562),  # without the tanh of (4.6)
        ("ch05_gru", "q1", 42),  # three against four gates of equal width, rounded
        ("ch05_gru", "q2", 0.25 + 0.5 * math.tanh(0.5 + 0.6)),  # without the reset gate
        (
            "ch06_bidirectional",
            "q1",
            math.tanh(0.5 + math.tanh(-1 + math.tanh(0.2))),
        ),  # padding read
        ("ch06_bidirectional", "q2", 656),  # the upper layer reads one half
        ("ch07_seq2seq", "q2", (1.5 + 5 / 3) / 2 * math.log(2)),  # the mean of the rows' means
        ("ch08_memory", "q2", 0.9**6),
        ("ch08_memory", "q2", -(0.9**7)),  # a step too many
        ("ch08_memory", "q3", 1e-6 ** (1 / 40)),
        ("ch09_connections", "q2", 0.5 * (0.8 * 3 + 1) + 2),  # the other order
        ("ch09_connections", "q3", (3 + 4 * 8) / 5),  # not divided by the root of d
        ("ch09_connections", "q3", (3 + 2 * 8 + 8 * 100) / 11),  # the future seen
    ],
)
def test_a_typical_slip_is_not_within_the_tolerance(name, question, wrong):
    graded = graded_questions(COURSE[name])[question]
    assert not graded.accepts(f"{float(wrong):.8f}")


# --- two or three a chapter, of every kind; five practice questions and more


def test_each_chapter_has_questions_of_both_kinds():
    kinds = Counter()
    for chapter in COURSE.values():
        graded, practice = graded_questions(chapter), practice_questions(chapter)
        assert 2 <= len(graded) <= 3, chapter.name
        assert list(graded) == [f"q{number}" for number in range(1, len(graded) + 1)]
        assert len(practice) >= 5, chapter.name
        assert all(len(question.options) == 4 for question in practice)
        kinds.update(question.form.kind for question in graded.values())
    assert set(kinds) == {NUMBER, LETTER, ORDER}


def test_no_order_is_the_one_in_which_its_items_stand():
    for chapter in COURSE.values():
        for question in graded_questions(chapter).values():
            if question.form.kind == ORDER:
                letters = "".join(sorted(question.right))
                assert question.right not in (letters, letters[::-1])


# --- options that give nothing away


def shown(text):
    """About what a reader sees of a line with formulas and code."""
    text = re.sub(r"\\[a-zA-Z]+ ?", "x", text)
    return re.sub(r"[$`{}_^\\*]", "", text)


def choices():
    """Each question with letters, practice and graded: where it stands, the right letter, the texts of its options."""
    for chapter in COURSE.values():
        for question in practice_questions(chapter):
            [right] = [n for n, option in enumerate(question.options) if option.right]
            texts = [option.text for option in question.options]
            yield f"{chapter.name} {question.name}", "abcd"[right], texts
        for graded in graded_questions(chapter).values():
            if graded.form.kind == LETTER:
                texts = re.findall(r"^- \*\*[a-d]\*\* (.*)$", graded.text, re.MULTILINE)
                yield f"{chapter.name} {graded.name}", graded.right, texts


@pytest.mark.parametrize("measure", [len, lambda text: len(shown(text))], ids=["source", "shown"])
def test_neither_the_longest_nor_the_shortest_option_is_the_likely_one(measure):
    longest = shortest = count = 0
    for _, right, texts in choices():
        lengths = [measure(text) for text in texts]
        count += 1
        longest += lengths["abcd".index(right)] == max(lengths)
        shortest += lengths["abcd".index(right)] == min(lengths)
    assert count >= 50
    assert longest <= 0.3 * count, f"the longest option is right {longest} times of {count}"
    assert shortest <= 0.3 * count, f"the shortest option is right {shortest} times of {count}"


def test_the_options_of_a_question_have_about_one_length():
    for where, _, texts in choices():
        lengths = [len(shown(text)) for text in texts]
        assert max(lengths) - min(lengths) <= max(6, 0.16 * max(lengths)), (where, lengths)


def test_every_place_is_right_about_equally_often():
    places = Counter(right for _, right, _ in choices())
    count = sum(places.values())
    for letter in "abcd":
        assert 0.18 * count <= places[letter] <= 0.32 * count, places
    for chapter in COURSE.values():
        here = Counter(
            "abcd"[[option.right for option in question.options].index(True)]
            for question in practice_questions(chapter)
        )
        assert max(here.values()) <= 2 and len(here) >= 3, (chapter.name, here)


def test_no_two_options_are_equal():
    for where, _, texts in choices():
        assert len(set(texts)) == len(texts), where
