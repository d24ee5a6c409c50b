// The forward pass of a vanilla RNN with eight tanh units and one input, step by step.
import { mount } from "./common.mjs";
import { canvas, chart, heat, legend, line, words } from "./drawing.mjs";
import { decimal, dot, factor, fixed, norm, percent, range, scaledOrthogonal, settled, times } from "./numbers.mjs";

export const DEFAULTS = { length: 16, eigenvalue: 0.9, strength: 1, signal: "pulse", unit: 1 };

const UNITS = 8;
const WXH = range(UNITS, (unit) => Math.cos(1.7 * unit + 0.4));
const WHY = range(UNITS, (unit) => Math.cos(0.9 * unit) / 2);

const SIGNALS = {
  pulse: (t) => (t === 1 ? 1 : 0),
  wave: (t) => Math.sin(0.8 * t),
  switch: (t, length) => (t <= length / 2 ? 1 : -1),
};

const sequence = ({ length, strength, signal }) => range(length, (index) => strength * SIGNALS[signal](index + 1, length));

/**
 * States from h_0 = 0 on, the two terms inside each tanh, the scores y, and norms, also those that the states would have
 * without any tanh. Biases are zero.
 */
export function compute(settings) {
  const x = sequence(settings);
  const W = scaledOrthogonal(UNITS, settings.eigenvalue);
  const states = [range(UNITS, () => 0)];
  const [recurrent, driven] = [[], []];
  const linear = [states[0]];
  for (const input of x) {
    recurrent.push(times(W, states.at(-1)));
    driven.push(WXH.map((weight) => weight * input));
    states.push(recurrent.at(-1).map((term, unit) => Math.tanh(term + driven.at(-1)[unit])));
    linear.push(times(W, linear.at(-1)).map((term, unit) => term + driven.at(-1)[unit]));
  }
  return {
    x, states, recurrent, driven,
    y: states.slice(1).map((state) => dot(WHY, state)),
    norms: states.map(norm),
    linear: linear.map(norm),
    saturated: states.map((state) => state.filter((value) => Math.abs(value) > 0.9).length),
  };
}

/** What the student's own rnn_step_forward(x, h_prev, params) is run on. */
export const inputs = (settings) => ({
  x: sequence(settings),
  h0: range(UNITS, () => 0),
  params: { Wxh: WXH.map((weight) => [weight]), Whh: scaledOrthogonal(UNITS, settings.eigenvalue), bh: range(UNITS, () => 0) },
});

const left = ({ norms }) => (norms[1] > 0 ? norms.at(-1) / norms[1] : 0);

function inputsOf({ length, strength, signal }) {
  if (strength === 0) return "All inputs are zero.";
  const s = strength.toFixed(1);
  if (signal === "pulse") return `There is an input of ${s} at step 1 and none afterwards.`;
  if (signal === "wave") return `The input is a wave of strength ${s}.`;
  return `The input is ${s} up to step ${Math.floor(length / 2)}, then −${s}.`;
}

const SIMULATION = {
  name: "forward_pass",
  title: "The forward pass of a vanilla RNN",
  lead: "Eight units, one input a step. Each column of the map is a state *h*_{t}; each row is one unit through time. A stroke marks values below zero.",
  controls: [
    { id: "length", label: "Sequence length *T*", min: 2, max: 32, step: 1 },
    { id: "eigenvalue", label: "|eigenvalues| of *W*_{hh}", min: 0, max: 1.6, step: 0.05, digits: 2 },
    { id: "strength", label: "Input strength", min: 0, max: 3, step: 0.1, digits: 1 },
    { id: "signal", label: "Input", choices: [["pulse", "one pulse, then silence"], ["wave", "a wave"], ["switch", "+1, then −1"]] },
    { id: "unit", label: "Unit in the equation", min: 1, max: UNITS, step: 1 },
  ],
  presets: [
    {
      id: "start", label: "A pulse at 0.9", set: DEFAULTS,
      question: (settings) => `${inputsOf(settings)} |eigenvalues| ${settings.eigenvalue.toFixed(2)}: what does the state look like at step ${settings.length}?`,
      options: ["All zero", "Not zero, but smaller than at step 1", "Not zero, and no smaller than at step 1"],
      answer: (_, run) => (left(run) === 0 ? 0 : settled(left(run)) < 1 ? 1 : 2),
      why({ length, strength, signal, eigenvalue }, run) {
        if (strength === 0) return "Without any input every state stays at zero.";
        const now = `at step ${length} the norm is ${percent(left(run))} of that of *h*_{1}`;
        if (signal !== "pulse") return `Each input drives the state anew: ${now}.`;
        return eigenvalue === 0 ? "With eigenvalues of 0 nothing is handed on, and the pulse is gone at step 2." : `The recurrence hands the pulse on: ${now}.`;
      },
    },
    {
      id: "lively", label: "A pulse at 1.5", set: { ...DEFAULTS, eigenvalue: 1.5, length: 32 },
      question: (settings) => `Every eigenvalue of *W*_{hh} is ${settings.eigenvalue.toFixed(2)} in absolute value. ${inputsOf(settings)} What has become of the state at step ${settings.length}?`,
      options: ["Down to a tenth of its first norm, or less", "Beyond a norm of 3", "Alive and bounded"],
      answer: (_, run) => (settled(left(run)) <= 0.1 ? 0 : run.norms.at(-1) > 3 ? 1 : 2),
      why: ({ length }, run) => `A tanh is never beyond ±1, so the norm of 8 units cannot exceed √8 = 2.83. At step 1 it is ${decimal(run.norms[1])}, at step ${length} it is ${decimal(run.norms.at(-1))}; without tanh it would be ${decimal(run.linear.at(-1))}.`,
    },
    {
      id: "loud", label: "A loud switch", set: { ...DEFAULTS, strength: 3, signal: "switch" },
      question: (settings) => `${inputsOf(settings)} |eigenvalues| ${settings.eigenvalue.toFixed(2)}: how many of the 8 units are saturated (beyond ±0.9) at step ${settings.length}?`,
      options: ["None", "One to three", "Four or more"],
      answer: (_, { saturated }) => (saturated.at(-1) === 0 ? 0 : saturated.at(-1) < 4 ? 1 : 2),
      why(_, { saturated, states }) {
        if (saturated.at(-1) > 0) return `${saturated.at(-1)} of 8. Where a unit is saturated the slope 1 − *h*^{2} is below 0.19, and hardly any gradient passes.`;
        const largest = Math.max(...states.at(-1).map(Math.abs));
        return `0 of 8. The unit that is farthest from zero is at ${decimal(largest, 3)} in size, where the slope 1 − *h*^{2} is ${decimal(1 - largest ** 2, 3)}.`;
      },
    },
    {
      id: "memoryless", label: "Eigenvalue 0", set: { ...DEFAULTS, eigenvalue: 0, signal: "wave" },
      question: ({ eigenvalue }) => `With ${eigenvalue === 0 ? "*W*_{hh} = 0" : `|eigenvalues| ${eigenvalue.toFixed(2)} of *W*_{hh}`}, what does *h*_{t} depend on?`,
      options: ["On all inputs so far", "On *x*_{t} only", "On nothing"],
      answer: ({ eigenvalue }) => (eigenvalue === 0 ? 1 : 0),
      why: ({ eigenvalue }) => (eigenvalue === 0
        ? "The recurrent term is zero at every step. What is left is a feedforward layer, applied to each input for itself."
        : "The recurrent term *W*_{hh} *h*_{t−1} hands on what all earlier inputs left in the state."),
    },
  ],
  conditions: [
    "The weights are fixed by a formula, not trained: *W*_{hh} is an orthogonal matrix times the slider, biases are zero.",
    "An eigenvalue below 1 makes the state die out in silence; an eigenvalue above 1 need not let it explode, because tanh is bounded.",
    "That something of the pulse is *left* does not mean that a readout has learned to *use* it.",
  ],
  compute,
  steps: ({ x }) => x.length,
  moment: ({ x }, step) => `*t* = ${step} of ${x.length}`,
  figure,
  equations({ settings, run, step }) {
    const unit = settings.unit - 1;
    if (step === 0) return ["*h*_{t} = tanh(*W*_{hh} *h*_{t−1} + *W*_{xh} *x*_{t} + *b*_{h}), from *h*_{0} = 0"];
    const index = step - 1;
    return [
      `unit ${settings.unit}: *h*_{${step}} = tanh(${decimal(run.recurrent[index][unit], 3)} from the state + ${factor(run.driven[index][unit], 3)} from *x*_{${step}} = ${decimal(run.x[index])} + 0) = ${decimal(run.states[step][unit], 3)}`,
      `*y*_{${step}} = *W*_{hy} *h*_{${step}} + *b*_{y} = ${decimal(run.y[index], 3)}`,
    ];
  },
  verdict({ run, step, student }) {
    const own = student?.states ? ` ${difference(run, student)}` : "";
    return `At step ${step} the state has the norm ${decimal(run.norms[step])}; saturated units: ${run.saturated[step]} of ${UNITS}.${own}`;
  },
};

function difference(run, student) {
  const largest = Math.max(...run.states.flatMap((state, t) => state.map((value, unit) => Math.abs(value - student.states[t][unit]))));
  return largest < 1e-6 ? "Your step gives the same states." : `Your step differs, by up to ${fixed(largest, 3)}.`;
}

function figure({ settings, run, step, width, student }) {
  const T = run.x.length;
  const maps = [["the network's states", run.states.slice(1)]];
  if (student?.states) maps.push(["the states of your step", student.states.slice(1)]);
  const [left_, each] = [46, Math.min(190, Math.max(128, width / 4))];
  const root = canvas(width, maps.length * (each + 24) + 62,
    `Heat map of the states: ${UNITS} units by ${T} steps${student?.states ? ", and below it that of your step" : ""}`);
  const wide = width - left_ - 12;
  maps.forEach(([name, states], index) => {
    const top = 20 + index * (each + 24);
    root.append(words(left_, top - 6, name, "small"));
    for (let unit = 1; unit <= UNITS; unit += 1) {
      root.append(words(left_ - 6, top + ((unit - 0.5) * each) / UNITS + 4, String(unit), unit === settings.unit ? "small strong" : "small", "end"));
    }
    heat(root, states, { left: left_, top, width: wide, height: each, shown: step, between: 1 });
  });
  const top = maps.length * (each + 24) + 20;
  root.append(words(left_ - 6, top + 13, "x", "small slanted", "end"));
  heat(root, run.x.map((value) => [value]), { left: left_, top, width: wide, height: 18, largest: 1, shown: step, between: 1 });
  root.append(words(left_, top + 34, "step 1", "small"));
  root.append(words(width - 12, top + 34, `step ${T}`, "small", "end"));
  if (step > 0) {
    const x = left_ + (step - 0.5) * (wide / T);
    root.append(line(x, 14, x, 20, "moment"));
  }
  const unit = settings.unit - 1;
  const lines = chart({ width, height: 190, x: [0, T], y: [-1, 1], xLabel: "step t", label: `Unit ${settings.unit} and the score through time` });
  lines.line(run.states.slice(0, step + 1).map((state) => state[unit]), "one");
  if (step > 0) lines.line(run.y.slice(0, step), "two", 1);
  if (student?.states) lines.line(student.states.slice(0, step + 1).map((state) => state[unit]), "student");
  return [root, legend([["one", `*h*_{t}, unit ${settings.unit}`], ["two", "score *y*_{t} (drawn up to ±1)"], student?.states && ["student", "your step"]]), lines.node];
}

export const render = (host, options) => mount(host, SIMULATION, options);
