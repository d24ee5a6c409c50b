// A signal stands in the memory at step 1. How much of it can be told apart so many steps later: vanilla RNN and LSTM cell.
import { mount } from "./common.mjs";
import { canvas, chart, heat, legend, words } from "./drawing.mjs";
import { band, count, decimal, norm, percent, range, scaledOrthogonal, settled, times } from "./numbers.mjs";

export const DEFAULTS = { length: 20, eigenvalue: 0.95, forget: 0.995, noise: 0.4, tanh: true };

const UNITS = 12;
const SIGNAL = range(UNITS, (unit) => (unit % 3 === 0 ? -0.8 : 0.8));

const distraction = (t, noise) => range(UNITS, (unit) => noise * Math.sqrt(2) * Math.sin(1.9 * t + 0.8 * unit * unit + 1));

/**
 * Half of tanh(m + e) − tanh(m − e), and half of their sum. A difference of the two values would drown in rounding
 * errors where e is small, and the smallest part of the signal that is left would be noise.
 */
const halves = (m, e) => [
  Math.sinh(2 * e) / (2 * Math.cosh(m + e) * Math.cosh(m - e)),
  (Math.tanh(m + e) + Math.tanh(m - e)) / 2,
];

/**
 * Both memories run twice through the same inputs, once from the signal and once from its opposite. The signal that is
 * left is half the difference of the two runs; it is carried along beside their mean. In the linear cell the inputs
 * cancel in it. The gradient is the norm of dh_T/dh_1 against that of the unit matrix.
 */
export function compute({ length, eigenvalue, forget, noise, tanh }) {
  const W = scaledOrthogonal(UNITS, eigenvalue);
  let [difference, mean, cell] = [SIGNAL, SIGNAL.map(() => 0), SIGNAL];
  // The columns of the Jacobian, one per unit of the first state.
  let columns = range(UNITS, (column) => range(UNITS, (row) => (row === column ? 1 : 0)));
  const [rnnStates, lstmStates, gradient, slopes] = [[SIGNAL], [SIGNAL], [1], []];
  for (let t = 1; t <= length; t += 1) {
    const x = distraction(t, noise);
    const [middle, apart] = [times(W, mean).map((entry, unit) => entry + x[unit]), times(W, difference)];
    const pairs = middle.map((m, unit) => (tanh ? halves(m, apart[unit]) : [apart[unit], m]));
    [difference, mean] = [pairs.map(([e]) => e), pairs.map(([, m]) => m)];
    // Of the run that began with the signal.
    const slope = mean.map((m, unit) => (tanh ? 1 - (m + difference[unit]) ** 2 : 1));
    slopes.push(...slope);
    columns = columns.map((column) => times(W, column).map((entry, unit) => slope[unit] * entry));
    gradient.push(Math.sqrt(columns.flat().reduce((sum, entry) => sum + entry * entry, 0) / UNITS));
    cell = cell.map((entry) => forget * entry);
    rnnStates.push(difference);
    lstmStates.push(cell);
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

const LIMITS = [0.01, 0.1, 0.5, 1.5];
const BANDS = ["Less than 1 %", "1 % to below 10 %", "10 % to below 50 %", "50 % to below 150 %", "150 % or more"];
const last = (values) => values.at(-1);
const half = (values) => settled(last(values)) > 0.5;

const power = (base, length) => `${base.toFixed(2)}^{${length}}`;
const network = ({ eigenvalue, noise, tanh }) =>
  `Eigenvalue ${eigenvalue.toFixed(2)}, ${tanh ? "with tanh" : "without tanh"}, ${noise === 0 ? "no inputs" : `inputs of strength ${noise.toFixed(1)}`}`;
const keeps = (settings) => `${network(settings)}, ${count(settings.length, "step")}: how much of its signal does the vanilla RNN keep?`;

/** Why the RNN is where it is: the power of its eigenvalue, and with tanh the slopes. */
function reason({ length, eigenvalue, tanh }, { rnn, linear, slope }, limits) {
  const left = percent(last(rnn), limits);
  const alone = power(eigenvalue, length);
  if (!tanh) return `${alone} is ${left}. Without tanh nothing else counts: the inputs are the same in both runs.`;
  return `It keeps ${left}. ${alone} alone would be ${percent(last(linear))}; the tanh, with a mean slope of ${decimal(slope)}, makes the difference.`;
}

const SHARES = [0.1, 0.8, 1.25];

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
      question: ({ length }) => `After ${count(length, "step")}, which memory still has more than half of the signal?`,
      options: ["The vanilla RNN only", "The LSTM cell only", "Both", "Neither"],
      answer: (_, { rnn, lstm }) => (half(rnn) ? (half(lstm) ? 2 : 0) : half(lstm) ? 1 : 3),
      why: ({ forget, eigenvalue, length, tanh }, { rnn, lstm }) => `RNN ${percent(last(rnn), [0.5])}, LSTM ${percent(last(lstm), [0.5])}. The cell's factor is ${forget.toFixed(3)}^{${length}}; the RNN's ${tanh ? "has a slope in every step besides its eigenvalue" : `is ${power(eigenvalue, length)}`}.`,
    },
    {
      id: "short", label: "1: 10 steps", set: { ...DEFAULTS, length: 10 },
      question: keeps, options: BANDS, answer: (_, { rnn }) => band(last(rnn), LIMITS),
      why: (settings, run) => `${reason(settings, run, LIMITS)}${settings.tanh ? " Switch tanh off and see." : ""}`,
    },
    {
      id: "long", label: "2: 40 steps", set: { ...DEFAULTS, length: 40 },
      question: keeps, options: BANDS, answer: (_, { rnn }) => band(last(rnn), LIMITS),
      why: (settings, run) => reason(settings, run, LIMITS),
    },
    {
      id: "gate", label: "3: LSTM, gate 0.90", set: { ...DEFAULTS, forget: 0.9 },
      question: ({ forget, length }) => `An LSTM is said to keep its signal at any length. With a forget gate of ${forget.toFixed(3)}, how much is left after ${count(length, "step")}?`,
      options: BANDS, answer: (_, { lstm }) => band(last(lstm), LIMITS),
      why: ({ forget, length }, { lstm }) => `${forget.toFixed(3)}^{${length}} is ${percent(last(lstm), LIMITS)}. Nearly full signal over many steps needs a gate near 0.995: 0.995^{20} is ${percent(0.995 ** 20)}, and 0.995^{40} is ${percent(0.995 ** 40)}.`,
    },
    {
      id: "one", label: "4: eigenvalue 1.0", set: { ...DEFAULTS, length: 40, eigenvalue: 1 },
      question: (settings) => `${network(settings)}, ${count(settings.length, "step")}: does the RNN preserve the signal?`,
      options: ["Hardly: less than 10 % of it", "In part: 10 % to below 80 %", "Yes, 80 % to below 125 %", "It blows it up to 125 % or more"],
      answer: (_, { rnn }) => band(last(rnn), SHARES),
      why: (settings, run) => `${reason(settings, run, SHARES)} An eigenvalue of 1 preserves in a *linear* network only${settings.tanh ? ": the next experiment" : ""}.`,
    },
    {
      id: "linear", label: "4, linear", set: { ...DEFAULTS, length: 40, eigenvalue: 1, tanh: false },
      question: keeps, options: BANDS, answer: (_, { rnn }) => band(last(rnn), LIMITS),
      why: (settings, run) => `${reason(settings, run, LIMITS)} The edge is narrow: ${power(1.05, settings.length)} is ${percent(1.05 ** settings.length)}, and ${power(0.95, settings.length)} is ${percent(0.95 ** settings.length)}.`,
    },
  ],
  conditions: [
    "0.95^{10} is 60 %. “Barely remembers” at 0.95 takes tanh and inputs; without them more than half is left after 10 steps.",
    "An eigenvalue of 1 preserves the signal in a linear network only, and only because *W*_{hh} is an orthogonal matrix times that number.",
    "A forget gate of 0.90 keeps 12 % after 20 steps. Near-full signal needs about 0.995.",
    "The gates are constant here. A trained LSTM sets them itself, for each unit and step.",
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
    return `After ${count(step, "step")} the vanilla RNN ${word(run.rnn[step])} ${percent(run.rnn[step])}; the LSTM cell ${word(run.lstm[step])} ${percent(run.lstm[step])}.${own}`;
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
