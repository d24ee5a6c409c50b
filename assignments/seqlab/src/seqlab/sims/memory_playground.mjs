// A signal stands in the memory at step 1. How much of it can be told apart so many steps later: vanilla RNN and LSTM cell.
import { mount } from "./common.mjs";
import { canvas, chart, heat, legend, words } from "./drawing.mjs";
import { fixed, norm, percent, range, scaledOrthogonal, times } from "./numbers.mjs";

export const DEFAULTS = { length: 20, eigenvalue: 0.95, forget: 0.995, noise: 0.4, tanh: true };

const UNITS = 12;
const INPUT_GATE = 0.1;
const SIGNAL = range(UNITS, (unit) => (unit % 3 === 0 ? -0.8 : 0.8));

const distraction = (t, noise) => range(UNITS, (unit) => noise * Math.sqrt(2) * Math.sin(1.9 * t + 0.8 * unit * unit + 1));
const halfDifference = (a, b) => a.map((entry, index) => (entry - b[index]) / 2);

/**
 * Both memories run twice through the same inputs, once from the signal and once from its opposite. The signal that is
 * left is half the difference of the two runs. The gradient is the norm of dh_T/dh_1 against that of the unit matrix.
 */
export function compute({ length, eigenvalue, forget, noise, tanh }) {
  const W = scaledOrthogonal(UNITS, eigenvalue);
  const squash = tanh ? Math.tanh : (value) => value;
  const opposite = SIGNAL.map((entry) => -entry);
  let [a, b, c, d] = [SIGNAL, opposite, SIGNAL, opposite];
  // The columns of the Jacobian, one per unit of the first state.
  let columns = range(UNITS, (column) => range(UNITS, (row) => (row === column ? 1 : 0)));
  const [rnnStates, lstmStates, gradient, slopes] = [[SIGNAL], [SIGNAL], [1], []];
  for (let t = 1; t <= length; t += 1) {
    const x = distraction(t, noise);
    const step = (state) => times(W, state).map((entry, unit) => squash(entry + x[unit]));
    [a, b] = [step(a), step(b)];
    const slope = a.map((value) => (tanh ? 1 - value * value : 1));
    slopes.push(...slope);
    columns = columns.map((column) => times(W, column).map((entry, unit) => slope[unit] * entry));
    gradient.push(Math.sqrt(columns.flat().reduce((sum, entry) => sum + entry * entry, 0) / UNITS));
    const cell = (state) => state.map((entry, unit) => forget * entry + INPUT_GATE * Math.tanh(x[unit]));
    [c, d] = [cell(c), cell(d)];
    rnnStates.push(halfDifference(a, b));
    lstmStates.push(halfDifference(c, d));
  }
  const whole = norm(SIGNAL);
  return {
    rnnStates, lstmStates, gradient,
    rnn: rnnStates.map((state) => norm(state) / whole),
    lstm: lstmStates.map((state) => norm(state) / whole),
    linear: range(length + 1, (t) => eigenvalue ** t),
    slope: slopes.reduce((sum, value) => sum + value, 0) / slopes.length,
  };
}

/** What the student's own rnn_step_forward(x, h_prev, params) is run on: two rows, the signal and its opposite. */
export const inputs = ({ length, eigenvalue, noise }) => ({
  x: range(length, (index) => distraction(index + 1, noise)),
  h0: [SIGNAL, SIGNAL.map((entry) => -entry)],
  params: {
    Wxh: range(UNITS, (row) => range(UNITS, (column) => (row === column ? 1 : 0))),
    Whh: scaledOrthogonal(UNITS, eigenvalue),
    bh: range(UNITS, () => 0),
  },
});

const BANDS = ["Less than 1 %", "1 % to 10 %", "10 % to 50 %", "More than 50 %"];
const band = (value) => [0.01, 0.1, 0.5, Infinity].findIndex((limit) => value < limit);
const last = (values) => values.at(-1);

const SIMULATION = {
  name: "memory_playground",
  title: "The memory playground",
  lead: "A signal is in the memory at step 1; from step 2 on inputs distract. How much of it can still be told apart at the last step *T*? A vanilla RNN and an LSTM cell on one clock, that of Chapter 8.",
  controls: [
    { id: "length", label: "Steps after the signal, *T* − 1", min: 1, max: 60, step: 1 },
    { id: "eigenvalue", label: "RNN eigenvalue", min: 0.5, max: 1.3, step: 0.01, digits: 2 },
    { id: "forget", label: "LSTM forget gate", min: 0.5, max: 1, step: 0.005, digits: 3 },
    { id: "noise", label: "Strength of the inputs", min: 0, max: 1.5, step: 0.1, digits: 1 },
    { id: "tanh", label: "RNN with tanh (off: linear)", check: true },
  ],
  presets: [
    {
      id: "start", label: "Start: 20 steps", set: DEFAULTS,
      question: ({ length }) => `After ${length} steps, which memory still has more than half of the signal?`,
      options: ["The vanilla RNN only", "The LSTM cell only", "Both", "Neither"],
      answer: (_, { rnn, lstm }) => (last(rnn) > 0.5 ? (last(lstm) > 0.5 ? 2 : 0) : last(lstm) > 0.5 ? 1 : 3),
      why: ({ forget, length }, { rnn, lstm }) => `RNN ${percent(last(rnn))}, LSTM ${percent(last(lstm))}. The cell's factor is ${forget.toFixed(3)}^{${length}}; the RNN's has a slope in every step besides its eigenvalue.`,
    },
    {
      id: "short", label: "1: 10 steps", set: { ...DEFAULTS, length: 10 },
      question: () => "Eigenvalue 0.95, only 10 steps, with tanh and inputs: how much does the vanilla RNN keep?",
      options: BANDS, answer: (_, { rnn }) => band(last(rnn)),
      why: (_, { rnn, linear, slope }) => `It keeps ${percent(last(rnn))}. 0.95^{10} alone would be ${percent(last(linear))}; the mean slope of the tanh, ${fixed(slope)}, takes the rest. Switch tanh off and see.`,
    },
    {
      id: "long", label: "2: 40 steps", set: { ...DEFAULTS, length: 40 },
      question: () => "And over 40 steps?",
      options: BANDS, answer: (_, { rnn }) => band(last(rnn)),
      why: (_, { rnn, linear }) => `${percent(last(rnn))}; a linear network would have ${percent(last(linear))}.`,
    },
    {
      id: "gate", label: "3: LSTM, gate 0.90", set: { ...DEFAULTS, forget: 0.9 },
      question: () => "An LSTM is said to keep its signal at any length. With a forget gate of 0.90, how much is left after 20 steps?",
      options: BANDS, answer: (_, { lstm }) => band(last(lstm)),
      why: (_, { lstm }) => `0.90^{20} is ${percent(last(lstm))}. Nearly full signal needs a gate near 0.995: then 90 % are left after 20 steps and 82 % after 40.`,
    },
    {
      id: "one", label: "4: eigenvalue 1.0", set: { ...DEFAULTS, length: 40, eigenvalue: 1 },
      question: () => "Eigenvalue exactly 1, with tanh and inputs, 40 steps: does the RNN preserve the signal?",
      options: ["Yes, nearly all of it", "Some of it", "Hardly any"],
      answer: (_, { rnn }) => (last(rnn) > 0.8 ? 0 : last(rnn) > 0.1 ? 1 : 2),
      why: (_, { rnn }) => `${percent(last(rnn))}. An eigenvalue of 1 preserves in a *linear* network only: the next experiment.`,
    },
    {
      id: "linear", label: "4, linear", set: { ...DEFAULTS, length: 40, eigenvalue: 1, tanh: false },
      question: () => "The same without tanh: how much is left after 40 steps?",
      options: BANDS, answer: (_, { rnn }) => band(last(rnn)),
      why: (_, { rnn }) => `${percent(last(rnn))}. Now try 1.05: what is preserved at 1 explodes just above it, and just below it fades. The edge is narrow.`,
    },
  ],
  conditions: [
    "0.95^{10} is 60 %. “Barely remembers” at 0.95 takes tanh and inputs; without them more than half is left after 10 steps.",
    "An eigenvalue of 1 preserves the signal in a linear network only, and only because *W*_{hh} is an orthogonal matrix times that number.",
    "A forget gate of 0.90 keeps 12 % after 20 steps. Near-full signal needs about 0.995.",
    "The gates are constant here and the input gate is 0.1. A trained LSTM sets them itself, for each unit and step.",
    "A small signal in silence is not yet lost: a readout may amplify it. Against noise it is.",
  ],
  compute,
  steps: ({ rnn }) => rnn.length - 1,
  moment: ({ rnn }, step) => `*t* = ${step + 1} of ${rnn.length}`,
  figure,
  equations({ settings, run, step }) {
    const { eigenvalue, forget } = settings;
    return [
      `RNN: ‖*h*^{+} − *h*^{−}‖ / 2 is ${percent(run.rnn[step])} of the signal; *λ*^{t−1} = ${eigenvalue.toFixed(2)}^{${step}} = ${percent(run.linear[step])}; gradient ‖∂*h*_{${step + 1}}/∂*h*_{1}‖ ${percent(run.gradient[step])}`,
      `LSTM: *c*_{t} = *f* *c*_{t−1} + *i* *c̃*_{t}, so *f*^{t−1} = ${forget.toFixed(3)}^{${step}} = ${percent(run.lstm[step])}`,
    ];
  },
  verdict({ run, step, student }) {
    const word = (value) => (value > 1.5 ? "has blown it up to" : value > 0.8 ? "has nearly all of it:" : value > 0.3 ? "has a part of it:" : value > 0.02 ? "barely remembers:" : "has forgotten:");
    const own = student?.rnn ? ` Your step leaves ${percent(student.rnn[step])}.` : "";
    return `After ${step} ${step === 1 ? "step" : "steps"} the vanilla RNN ${word(run.rnn[step])} ${percent(run.rnn[step])}; the LSTM cell ${word(run.lstm[step])} ${percent(run.lstm[step])}.${own}`;
  },
};

function figure({ settings, run, step, width, student }) {
  const T = settings.length;
  const [left, each] = [46, 84];
  const root = canvas(width, 2 * (each + 26), "Heat maps of the signal left in the units of the RNN and of the LSTM cell");
  [["signal left in the RNN's 12 units", run.rnnStates], ["signal left in the LSTM's 12 cells", run.lstmStates]].forEach(([name, states], index) => {
    const top = 20 + index * (each + 26);
    root.append(words(left, top - 6, name, "small"));
    heat(root, states, { left, top, width: width - left - 12, height: each, largest: 0.8, shown: step + 1 });
  });
  const part = (values) => values.slice(0, step + 1);
  const highest = Math.max(1, ...run.rnn, ...run.gradient);
  const plot = chart({
    width, height: 230, x: [0, T], y: [0.001, Math.min(1e5, highest > 1.05 ? 10 ** Math.ceil(Math.log10(highest)) : 1)], log: true, percentages: true,
    xLabel: "steps after the signal, t − 1", label: "Signal left after each step, on a logarithmic axis",
  });
  plot.line(part(run.linear), "kept").line(part(run.gradient), "three").line(part(run.rnn), "two").line(part(run.lstm), "one");
  if (student?.rnn) plot.line(part(student.rnn), "student");
  return [
    root,
    legend([["one", "LSTM cell"], ["two", "RNN, signal"], ["three", "RNN, gradient"], ["kept", "*λ*^{t−1}"], student?.rnn && ["student", "RNN, your step"]]),
    plot.node,
  ];
}

export const render = (host, options) => mount(host, SIMULATION, options);
