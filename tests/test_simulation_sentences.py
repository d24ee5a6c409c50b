"""Every sentence of the simulations is true of every setting.

Each preset is asked with the sliders anywhere, and each guess is made. Every number that is then read on the page is
parsed, with its unit, and compared with the reference in numpy; a number that no claim below accounts for is an error,
and so is a claim that is never made. Which answer is right is decided here a second time, from the words of the options.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from seqlab import simulation
from tests import simulation_reference
from tests.test_simulations import grid, needs_node, node

Settings = dict[str, Any]

RANDOM_SETTINGS = 150

ASK = """
const steps = (run) => {
  const last = SIMULATION.steps(run);
  return [...new Set([0, 1, 2, Math.floor(last / 2), Math.floor(last / 2) + 1, last - 1, last])].filter((step) => step >= 0 && step <= last);
};
const told = (settings) => {
  const run = compute(settings);
  return {
    settings,
    presets: SIMULATION.presets.map((preset) => ({
      id: preset.id,
      question: preset.question(settings, run),
      options: preset.options,
      answers: [null, ...preset.options.keys()].map((guess) => answered(preset, guess, settings, run)),
    })),
    steps: steps(run).map((step) => {
      const view = { settings, run, step, width: 640, student: null };
      return { step, texts: [SIMULATION.moment(run, step), SIMULATION.verdict(view), ...SIMULATION.equations(view)] };
    }),
  };
};
let text = "";
for await (const part of process.stdin) text += part;
process.stdout.write(JSON.stringify(JSON.parse(text).map(told)));
"""
DESCRIBE = """
process.stdout.write(JSON.stringify({
  controls: SIMULATION.controls, conditions: SIMULATION.conditions, sets: SIMULATION.presets.map(({ set }) => set),
}));
"""


@cache
def description(name: str) -> dict[str, Any]:
    return json.loads(node(simulation.script(name) + DESCRIBE))


def anywhere(control: dict[str, Any], chance: random.Random) -> Any:
    """Return a position of a control: a notch of a slider, a choice, a tick."""
    if "choices" in control:
        return chance.choice(control["choices"])[0]
    if "check" in control:
        return chance.random() < 0.5
    notches = round((control["max"] - control["min"]) / control["step"])
    return round(control["min"] + chance.randint(0, notches) * control["step"], 6)


@cache
def told(name: str) -> list[dict[str, Any]]:
    """Return all that is said for the settings of the presets, of the grid, and of others chosen by chance."""
    chance = random.Random(name)
    controls = description(name)["controls"]
    drawn = [
        {control["id"]: anywhere(control, chance) for control in controls}
        for _ in range(RANDOM_SETTINGS)
    ]
    settings = [*description(name)["sets"], *grid(name), *drawn]
    return json.loads(node(simulation.script(name) + ASK, given=json.dumps(settings)))


# --- numbers --------------------------------------------------------------------------------------------------------

NUMBER = r"−?\d+(?:\.\d+)?(?:·10\^\{−?\d+\})?(?:\xa0(?:%|times))?"


def parsed(text: str) -> tuple[float, float]:
    """Return the value of a number as it is written, and half a unit of its last digit."""
    unit = 0.01 if text.endswith("%") else 1.0
    plain = re.sub(r"\xa0.*", "", text).replace("−", "-")
    digits, _, power = plain.partition("·10^{")
    scale = unit * 10.0 ** int(power.rstrip("}") or 0)
    decimals = len(digits.partition(".")[2])
    return float(digits) * scale, 0.5 * 10.0**-decimals * scale


def agrees(text: str, value: float) -> bool:
    """Tell whether a number as written is a value, rounded; only what is zero may be called zero."""
    written, half = parsed(text)
    if written == 0:
        return abs(value) < 1e-15
    if text == "100\xa0%":
        half = 0.0006
    # The two computations differ by rounding errors, which a sum that cancels may magnify.
    return abs(written - value) <= half * (1 + 1e-9) + 1e-12 * max(1.0, abs(value)) * (half > 1e-12)


@pytest.mark.parametrize(
    ("text", "value", "true"),
    [
        ("60\xa0%", 0.5987, True),
        ("61\xa0%", 0.5987, False),
        ("100\xa0%", 0.995, False),
        ("9100\xa0times", 9100.4, True),
        ("9100\xa0times", 0.0091, False),
        ("0.0", 1.3**9, False),
        ("0.00", 0.001, False),
        ("−0.25", -0.25, True),
        ("0.25", -0.25, False),
        ("9·10^{−17}\xa0%", 0.5**60, True),
        ("9·10^{−16}\xa0%", 0.5**60, False),
        ("1.9·10^{11}", 1.3**99, True),
        ("1.8·10^{11}", 1.3**99, False),
    ],
)
def test_a_number_is_read_with_its_unit_and_its_digits(text: str, value: float, true: bool) -> None:
    assert re.fullmatch(NUMBER, text) and agrees(text, value) is true


# What the sentences may say. An expression in <…> stands for one number and is evaluated over the settings, the
# reference's results and `step`; other digits are as they stand. Markup for slanted letters is left out.
CLAIMS: dict[str, list[str]] = {
    "unfolding": [
        "graph has <length> box",
        "All <length> boxes",
        "its <length> uses contribute: <gradient>.",
        "this one use contributes: <gradient>.",
        "h_{0} = 4, a = <weight>, b = 2 and the input <x[0]>: how",
        "h_{0} = 4, a = <weight>, b = 2 and the inputs <*x>: how",
        "h_{0} = 4 is larger than any input. With a = <weight> and length <length>, which",
        "it contributes <gradient>.",
        "From t = 1 to <length> the uses contribute <*shares>, together <gradient>.",
        "share is that of t = <top[0]>, <max(abs(shares))> in size.",
        "shares are those of t = <*top>, <max(abs(shares))> in size.",
        "back multiplies by a = <weight>; δ_{1} is <weight**(length-1)>.",
        "With a = <weight>: how large is δ_{1}, the gradient of h_{<length>} at",
        "a^{T−1} = <weight>^{<length-1>} = <weight**(length-1)>.",
        "a^{T−1} = (<weight>)^{<length-1>} = <weight**(length-1)>.",
        "h_{t−1}",
        "forward pass; h_{<length-1>} is <states[length-1]>.",
        "forward, t = <step> of <length>",
        "backward, t = <back>",
        "h_{0} = 4, b = 2, a = <weight> in",
        "h_{<step>} = a h_{<step-1>} + b x_{<step>} = <weight> · <states[step-1]> + 2 · <x[step-1]> = <states[step]>",
        "δ_{<back>} = a^{<length-back>} = <weight**(length-back)>",
        "δ_{<back>} h_{<back-1>} = <weight**(length-back)> · <states[back-1]> = <shares[back-1]>",
        "so far: <sum(shares[back-1:])>",
        "computed: <min(step,length)> of <length>",
        "added up: <step-length> of <length>",
        "One weight, <length> use",
        "h_{T} = <states[length]> and dL/da = <gradient>, the sum of <length> share",
    ],
    "forward_pass": [
        "input of <strength> at step 1 and",
        "wave of strength <strength>.",
        "input is <strength> up to step <length//2>, then <-strength>.",
        "|eigenvalues| <eigenvalue>: what does the state look like at step <length>?",
        "|eigenvalues| <eigenvalue>: how many of the 8 units are saturated (beyond ±0.9) at step <length>?",
        "|eigenvalues| <eigenvalue> of W",
        "at step <length> the norm is <norms[-1]/norms[1]> of that of h_{1}",
        "eigenvalues of 0 nothing is handed on, and the pulse is gone at step 2.",
        "W_{hh} is <eigenvalue> in absolute value.",
        "state at step <length>?",
        "beyond ±1, so the norm of 8 units cannot exceed √8 = 2.83. At step 1 it is <norms[1]>, at step <length> it is <norms[-1]>; without tanh it would be <linear[-1]>.",
        "<saturated[-1]> of 8. Where a unit is saturated the slope 1 − h^{2} is below 0.19,",
        "0 of 8. The unit that is farthest from zero is at <max(abs(states[-1]))> in size, where the slope 1 − h^{2} is <1-max(abs(states[-1]))**2>.",
        "W_{hh} = 0, what",
        "h_{t−1}",
        "t = <step> of <length>",
        "from h_{0} = 0",
        "unit <unit>: h_{<step>} = tanh(<recurrent[step-1][unit-1]> from the state + <driven[step-1][unit-1]> from x_{<step>} = <x[step-1]> + 0) = <states[step][unit-1]>",
        "y_{<step>} = W_{hy} h_{<step>} + b_{y} = <y[step-1]>",
        "At step <step> the state has the norm <norms[step]>; saturated units: <saturated[step]> of 8.",
    ],
    "gradient_flow": [
        "|eigenvalue| <eigenvalue>: how large is the gradient at step 1, against that at step <length>?",
        "<length> steps are <length-1> factor",
        ": <eigenvalue>^{<length-1>} is <eigenvalue**(length-1)>. The tanh network, whose slopes count too, is at <tanh['norms'][0]>.",
        "back at t = <length-step>",
        "linear: ‖∂L/∂h_{<length-step>}‖ = λ^{T−t} = <eigenvalue>^{<step>} = <eigenvalue**step>",
        "tanh: ‖∂L/∂h_{<length-step>}‖ = <tanh['norms'][length-step-1]>; the mean slope 1 − h^{2} of all steps is <slope>",
        *(
            f"{net}: ‖dW_{{hh}}‖ = <{net}['Whh'][0]>, ‖dW_{{xh}}‖ = <{net}['Wxh'][0]>, ‖db_{{h}}‖ = <{net}['bh'][0]>, "
            f"together ‖g‖ = <{net}['total'][0]> {sign} τ = <threshold>, so g {does}"
            for net in ("linear", "tanh")
            for sign, does in (
                (">", f"is multiplied by <{net}['factor']>"),
                ("≤", "stays as it is"),
            )
        ),
        "After <step> factor",
        "linear network has grown to <eigenvalue**step>, that",
        "linear network is at <eigenvalue**step>, that",
        "linear network has shrunk to <eigenvalue**step>, that",
        "linear network has all but vanished: <eigenvalue**step>, that",
        "tanh network has grown to <tanh['norms'][length-step-1]>.",
        "tanh network is at <tanh['norms'][length-step-1]>.",
        "tanh network has shrunk to <tanh['norms'][length-step-1]>.",
        "tanh network has all but vanished: <tanh['norms'][length-step-1]>.",
    ],
    "lstm_cell": [
        "starts at c_{0} = 1. How much of that is left after <length> step",
        "forget gate of <forget>?",
        "<forget>^{<length>} is <forget**length>. Whatever",
        "f = <forget>, i = <input>, o = <output>. How much of c_{0} = 1 is still in the cell after <length> step",
        "f^{<length>} = <forget>^{<length>} = <forget**length>; h_{<length>} = o tanh(c_{<length>}) = <output> · <tanh(cell[-1])> = <hidden[-1]>.",
        "t = <step> of <length>",
        "c_{0} = 1, h_{0} = 0",
        "c_{<step>} = f c_{<step-1>} + i c̃_{<step>} = <forget> · <cell[step-1]> + <input> · <candidate[step-1]> = <cell[step]>",
        "h_{<step>} = o tanh(c_{<step>}) = <output> · <tanh(cell[step])> = <hidden[step]>",
        "∂c_{<step>}/∂c_{0}, direct path: f^{<step>} = <forget**step>; from here to the end f^{<length-step>} = <forget**(length-step)>",
        "After <step> step",
        " <forget**step> of what stood in the cell at the start is left; the cell holds <cell[step]> and shows <hidden[step]>.",
    ],
    "encoder_decoder": [
        "<length> letters through <width> numbers: which",
        "Right letters: <sum(bottleneck['right'])> of <length> from the bottleneck, <sum(attention['right'])> of <length> with attention.",
        "last state at <keep**(length-1)> of its strength,",
        "<length> letters, H = <width>:",
        "sharpness <sharpness>: what",
        "weights are 1/<length>, at every step.",
        "weight of <weights[0][0]> there.",
        "Kept per step: <keep>",
        "and <width> numbers have room",
        "top of each other in <width> numbers,",
        "reads <step> of <length>",
        "writes <step-length> of <length>",
        "h_{j} = <keep> Q h_{j−1} + ",
        "bottleneck, position <k+1>: strength <keep>^{<length-1-k>} = <keep**(length-1-k)>; fit of “<<letter>>” <bottleneck['scores'][k][letters[k]]>, best fit “<<any>>” <max(bottleneck['scores'][k])>",
        "attention, position <k+1>: α_{<k+1>,<k+1>} = <weights[k][k]>; fit of “<<letter>>” <attention['scores'][k][letters[k]]>, best fit “<<any>>” <max(attention['scores'][k])>",
        "has read <step> of <length> letters.",
        "have written <step-length> of <length> letters.",
        "Through <width> numbers the bottleneck copies <bottleneck['accuracy']> of <length> letters, attention <attention['accuracy']>.",
    ],
    "memory_playground": [
        "After <length> steps, which",
        "After <length> step, which",
        "RNN <rnn[-1]>, LSTM <lstm[-1]>. A",
        "The RNN's factor is <eigenvalue>^{<length>}.",
        "A constant gate of <forget> would leave <forget>^{<length>} = <forget**length>.",
        "A forget gate of <forget> in silence,",
        "It keeps <lstm[-1]>. A constant",
        "its forget gate is <gate> on average.",
        "0.995^{20} is <.995**20> and 0.995^{40} is <.995**40>, but 0.90^{20} is <.9**20>: the gate",
        "Eigenvalue <eigenvalue>, with",
        "inputs of strength <noise>,",
        ", <length> steps:",
        ", <length> step:",
        "<eigenvalue>^{<length>} is <eigenvalue**length>. Without tanh",
        "It keeps <rnn[-1]>. <eigenvalue>^{<length>} alone would be <eigenvalue**length>; the tanh, with a mean slope of <slope>,",
        "An eigenvalue of 1 preserves in a linear",
        "narrow: 1.05^{<length>} is <1.05**length>, and 0.95^{<length>} is <.95**length>.",
        "t = <step+1> of <length+1>",
        "‖h^{+} − h^{−}‖ / 2 is <rnn[step]> of the signal; λ^{t−1} = <eigenvalue>^{<step>} = <eigenvalue**step>; gradient ‖∂h_{<step+1>}/∂h_{1}‖ <gradient[step]>",
        "‖c^{+} − c^{−}‖ / 2 is <lstm[step]> of the signal; constant gate f^{t−1} = <forget>^{<step>} = <forget**step>; gradient ‖∂c_{<step+1>}/∂c_{1}‖ <lstmGradient[step]>",
        "After <step> step",
        "vanilla RNN has blown it up to <rnn[step]>;",
        "vanilla RNN still has it: <rnn[step]>;",
        "vanilla RNN has a part of it: <rnn[step]>;",
        "vanilla RNN barely remembers: <rnn[step]>;",
        "vanilla RNN has forgotten: <rnn[step]>;",
        "LSTM still has it: <lstm[step]>.",
        "LSTM has a part of it: <lstm[step]>.",
        "LSTM barely remembers: <lstm[step]>.",
        "LSTM has forgotten: <lstm[step]>.",
    ],
}
CONDITIONS: dict[str, list[str]] = {
    "unfolding": ["a^{T−t}", "is at most 1."],
    "forward_pass": ["eigenvalue below 1", "eigenvalue above 1"],
    "gradient_flow": [
        "0.95 is close to 1 for a while: ten factors leave <.95**10>.",
        "; 50 leave <.95**50>.",
        "slopes of at most 1.",
        "eigenvalue of exactly 1 preserves",
        "above 1 the tanh",
        "h_{t−1}",
    ],
    "lstm_cell": [
        "A forget gate of 0.90 keeps <.9**20> after 20 steps.",
        "near 0.995, which keeps <.995**20>.",
        "cannot exceed 1.",
        "h_{t−1}",
    ],
    "encoder_decoder": ["h_{j−1}"],
    "memory_playground": [
        "0.95^{10} is <.95**10>. “Barely remembers” at 0.95 takes",
        "more than half is left after 10 steps.",
        "An eigenvalue of 1 preserves",
        "A constant forget gate of 0.90 keeps <.9**20> after 20 steps. Near-full signal needs about 0.995,",
    ],
}

VARIABLE = re.compile(r"<<(\w+)>>|<([^<>]+)>")


@cache
def pattern(claim: str) -> tuple[re.Pattern[str], list[str]]:
    """Return what a claim looks like in a sentence, and the expressions for its numbers."""
    expressions, looks, end = [], "", 0
    for place in VARIABLE.finditer(claim):
        looks += re.escape(claim[end : place.start()])
        end = place.end()
        if place[1]:
            looks += "."
        elif place[2].startswith("*"):
            # A list: one number after another, with commas and an "and" between.
            expressions.append(place[2])
            looks += rf"({NUMBER}(?:(?:, | and ){NUMBER})*)"
        else:
            expressions.append(place[2])
            # A factor below zero stands in brackets.
            looks += rf"(\({NUMBER}\)|{NUMBER})"
    looks += re.escape(claim[end:])
    # A claim neither begins nor ends in the middle of a number.
    begins = r"(?<![\d.−])" if claim[0] in "<0123456789" else ""
    return re.compile(rf"{begins}{looks}(?!\d|\.\d)"), expressions


def spaces(text: str) -> str:
    """Return a sentence without its markup; where a unit is written by hand, with the space that keeps it whole."""
    return re.sub(r"(?<=\d) (?=%)", "\xa0", text.replace("*", ""))


def false_numbers(
    text: str, claims: list[str], values: dict[str, Any], made: set[str]
) -> Iterator[str]:
    """Yield what is wrong with the numbers of a sentence; `made` collects the claims that it makes."""
    plain = spaces(text)
    accounted: set[int] = set()
    for claim in claims:
        looks, expressions = pattern(claim)
        for found in looks.finditer(plain):
            made.add(claim)
            accounted.update(range(*found.span()))
            for written, expression in zip(found.groups(), expressions, strict=True):
                wanted = np.atleast_1d(eval(expression.lstrip("*"), {}, values))
                numbers = re.findall(NUMBER, written)
                if len(numbers) != len(wanted) or not all(map(agrees, numbers, wanted)):
                    yield f"{plain!r}: {written} for {expression} = {wanted}"
    for number in re.finditer(NUMBER, plain):
        if not accounted.issuperset(range(*number.span())):
            yield f"{plain!r}: no claim accounts for {number[0]}"


def values_of(name: str, settings: Settings) -> dict[str, Any]:
    reference = getattr(simulation_reference, name)(**settings)
    arrays = {
        key: np.array(value) if isinstance(value, list) else value
        for key, value in reference.items()
    }
    values = {**settings, "abs": np.abs, "max": np.max, "sum": np.sum, "min": min, **arrays}
    if name == "lstm_cell":
        values["tanh"] = np.tanh
    if name == "unfolding":
        sizes = np.abs(values["shares"])
        values["top"] = np.flatnonzero(sizes >= sizes.max() * (1 - 1e-11)) + 1
    return values


@needs_node
@pytest.mark.parametrize("name", simulation.NAMES)
def test_every_number_in_every_sentence_is_the_computed_one(name: str) -> None:
    wrong: list[str] = []
    made: set[str] = set()
    for each in told(name):
        settings = each["settings"]
        values = values_of(name, settings)
        texts = {text for preset in each["presets"] for text in sentences_of(preset)}
        said = [(None, text) for text in sorted(texts)]
        said += [(moment["step"], text) for moment in each["steps"] for text in moment["texts"]]
        for step, text in said:
            at = {}
            if step is not None:
                at = {"step": step, "back": 2 * settings["length"] + 1 - step}
                at["k"] = step - settings["length"] - 1
            assert not re.search(r"NaN|undefined|null|Infinity|\[object", text), text
            claims = CLAIMS[name] if step is not None else of_all_steps(name)
            for problem in false_numbers(text, claims, {**values, **at}, made):
                wrong.append(f"{settings}: {problem}")
    assert not wrong, "\n".join([f"{len(wrong)} false numbers", *wrong[:20]])
    assert made == set(CLAIMS[name]), f"never said: {set(CLAIMS[name]) - made}"


@cache
def of_all_steps(name: str) -> list[str]:
    """Return the claims that are not about the moment of the clock."""
    moment = re.compile(r"\b(step|back|k)\b")
    return [claim for claim in CLAIMS[name] if not any(map(moment.search, pattern(claim)[1]))]


def sentences_of(preset: dict[str, Any]) -> list[str]:
    """Return the question and the reason of a preset; the options are judged by `true_option`."""
    return [preset["question"], *(answer["why"] for answer in preset["answers"])]


@needs_node
@pytest.mark.parametrize("name", simulation.NAMES)
def test_every_number_in_the_conditions_is_computed(name: str) -> None:
    made: set[str] = set()
    for text in description(name)["conditions"]:
        assert not list(false_numbers(text, CONDITIONS[name], {}, made))
    assert made == set(CONDITIONS[name])


# --- answers --------------------------------------------------------------------------------------------------------


def holds(option: str, value: float) -> bool:
    """Tell whether an option that names a range is true of a value."""
    text = re.sub(r"(?<=\d) (?=%)", "\xa0", option)
    limits = [parsed(number)[0] for number in re.findall(NUMBER, text)]
    value = float(f"{value:.12g}")
    if re.search(r"less than|below (?!.*to)|\bBelow\b", text, re.IGNORECASE) and len(limits) == 1:
        return value < limits[0]
    if len(limits) == 1 and re.search(r"or more", text):
        return value >= limits[0]
    if len(limits) == 1 and re.search(r"above|beyond", text, re.IGNORECASE):
        return value > limits[0]
    assert len(limits) == 2, option
    return limits[0] <= value and (value < limits[1] if "below" in text else value <= limits[1])


def settled(value: float) -> float:
    return float(f"{value:.12g}")


def winner(v: Settings) -> str:
    bottleneck, attention = v["bottleneck"]["accuracy"], v["attention"]["accuracy"]
    if bottleneck == attention:
        return "Both alike"
    return "The bottleneck" if bottleneck > attention else "Attention"


def place_of_the_largest(v: Settings) -> str:
    late = v["top"] > v["length"] / 2
    if late.all():
        return "A late one, *t* > *T*/2"
    return "An early and a late one alike" if late.any() else "An early one, *t* ≤ *T*/2"


def pulse(v: Settings) -> str:
    if v["norms"][-1] == 0:
        return "All zero"
    smaller = settled(v["norms"][-1] / v["norms"][1]) < 1
    return "Not zero, " + (
        "but smaller than at step 1" if smaller else "and no smaller than at step 1"
    )


def fate(v: Settings) -> str:
    assert v["norms"][-1] <= np.sqrt(8)
    dead = settled(v["norms"][-1]) <= settled(0.1 * v["norms"][1])
    return "Down to a tenth of its first norm, or less" if dead else "Alive and bounded"


def saturation(v: Settings) -> str:
    count = v["saturated"][-1]
    return "None" if count == 0 else "One to three" if count < 4 else "Four or more"


def private(v: Settings) -> str:
    kept = "All of it" if v["forget"] == 1 else "Not all of it"
    return f"{kept}, and {'nothing' if v['hidden'][-1] == 0 else 'something'} is seen"


def reading(v: Settings) -> str | float:
    return "The mean of all states" if np.ptp(v["weights"][0]) < 1e-9 else v["weights"][0][0]


def more_than_half(v: Settings) -> str:
    rnn, lstm = settled(v["rnn"][-1]) > 0.5, settled(v["lstm"][-1]) > 0.5
    if rnn == lstm:
        return "Both" if rnn else "Neither"
    return "The vanilla RNN only" if rnn else "The LSTM only"


# The words of the right option, or the value that it has to be true of.
RIGHT: dict[str, dict[str, Callable[[Settings], str | float]]] = {
    "unfolding": {
        "start": lambda v: "One",
        "hand": lambda v: v["gradient"],
        "long": place_of_the_largest,
        "growing": lambda v: abs(v["weight"]) ** (v["length"] - 1),
    },
    "forward_pass": {
        "start": pulse,
        "lively": fate,
        "loud": saturation,
        "memoryless": lambda v: (
            "On *x*_{t} only" if v["eigenvalue"] == 0 else "On all inputs so far"
        ),
    },
    "gradient_flow": dict.fromkeys(
        ("start", "ten", "hundred", "one", "explode"),
        lambda v: v["eigenvalue"] ** (v["length"] - 1),
    ),
    "lstm_cell": {
        **dict.fromkeys(("start", "open", "long", "half"), lambda v: v["forget"] ** v["length"]),
        "private": private,
    },
    "encoder_decoder": {
        "start": winner,
        "short": winner,
        "long": lambda v: "Yes" if v["bottleneck"]["accuracy"] > 0.5 else "No",
        "blunt": reading,
        "lossless": winner,
    },
    "memory_playground": {
        "start": more_than_half,
        "short": lambda v: v["rnn"][-1],
        "long": lambda v: v["rnn"][-1],
        "told": lambda v: v["lstm"][-1],
        "gate": lambda v: v["lstm"][-1],
        "one": lambda v: v["rnn"][-1],
        "linear": lambda v: v["rnn"][-1],
    },
}


def true_option(options: list[str], right: str | float) -> str:
    """Return the only option that is right."""
    if isinstance(right, str):
        assert right in options, (right, options)
        return right
    true = [option for option in options if re.search(r"\d", option) and holds(option, right)]
    assert len(true) == 1, (right, options, true)
    return true[0]


@needs_node
@pytest.mark.parametrize("name", simulation.NAMES)
def test_every_guess_is_judged_by_the_settings(name: str) -> None:
    wrong: list[str] = []
    for each in told(name):
        values = values_of(name, each["settings"])
        assert {preset["id"] for preset in each["presets"]} == set(RIGHT[name])
        for preset in each["presets"]:
            right = RIGHT[name][preset["id"]](values)
            true = true_option(preset["options"], right)
            for guess, answer in zip([None, *preset["options"]], preset["answers"], strict=True):
                said = f"It is: {true}." if guess is None else f"{guess}. That is it."
                if guess not in (None, true):
                    said = f"{guess}. It is: {true}."
                judged = None if guess is None else guess == true
                if (answer["text"], answer["right"]) != (said, judged):
                    wrong.append(f"{each['settings']}: {answer['text']} in place of {said}")
                # Nor may the number beside it look as if another option were the right one.
                shown = [each for each in re.findall(NUMBER, answer["why"]) if each[-1] == "%"]
                if isinstance(right, str):
                    continue
                for number in (each for each in shown if agrees(each, right)):
                    if true_option(preset["options"], parsed(number)[0]) != true:
                        wrong.append(f"{values['length']}: {true}, but {answer['why']}")
    assert not wrong, "\n".join([f"{len(wrong)} false answers", *wrong[:20]])


@needs_node
def test_words_for_a_size_fit_the_size() -> None:
    above, below = (
        ("has grown to", "has blown it up to"),
        ("has shrunk to", "has all but vanished:"),
    )
    small = ("barely remembers:", "has forgotten:", "has a part of it:")
    seen: set[str] = set()
    for name in ("gradient_flow", "memory_playground"):
        for each in told(name):
            for moment in each["steps"]:
                words = "|".join(map(re.escape, (*above, *below, *small)))
                for word, number in re.findall(rf"({words}) ({NUMBER})", moment["texts"][1]):
                    seen.add(word)
                    size = parsed(number)[0]
                    assert size > 1 if word in above else size < (1 if word in below else 0.81), (
                        moment["texts"][1]
                    )
    assert seen == {*above, *below, *small}
