// A signal stands in the memory at step 1. How much of it can be told apart so many steps later: a vanilla RNN and an LSTM.
import { mount } from "./common.mjs";
import { canvas, chart, heat, legend, words } from "./drawing.mjs";
import { band, count, decimal, logit, norm, percent, range, scaledOrthogonal, settled, times } from "./numbers.mjs";

export const DEFAULTS = { length: 20, eigenvalue: 0.95, forget: 0.995, noise: 0.4, tanh: true };

const UNITS = 12;
const SIGNAL = range(UNITS, (unit) => (unit % 3 === 0 ? -0.8 : 0.8));

const distraction = (t, noise) => range(UNITS, (unit) => noise * Math.sqrt(2) * Math.sin(1.9 * t + 0.8 * unit * unit + 1));

/**
 * What two runs have in an entry is kept as half their sum m and half their difference e: [m, e]. Were the two values
 * kept, their difference would drown in rounding errors where it is small, and the smallest part of the signal that is
 * left would be noise. These are tanh, the logistic function and a product of such pairs.
 */
const tanhOf = ([m, e]) => [
  (Math.tanh(m + e) + Math.tanh(m - e)) / 2,
  Math.sinh(2 * e) / (2 * Math.cosh(m + e) * Math.cosh(m - e)),
];
function sigmoidOf([m, e]) {
  const [sum, difference] = tanhOf([m / 2, e / 2]);
  return [(1 + sum) / 2, difference / 2];
}
const product = ([m, e], [n, d]) => [m * n + e * d, m * d + e * n];

/** A matrix times a vector of pairs, plus what both runs are given alike. */
function affine(W, pairs, given) {
  const differences = times(W, pairs.map(([, e]) => e));
  return times(W, pairs.map(([m]) => m)).map((entry, unit) => [entry + given[unit], differences[unit]]);
}

const differences = (pairs) => pairs.map(([, e]) => e);
const unitVectors = range(UNITS, (column) => range(UNITS, (row) => (row === column ? 1 : 0)));
/** The norm of a Jacobian, given as columns, against that of the unit matrix. */
const relative = (columns) => norm(columns.flat()) / Math.sqrt(UNITS);

function runRnn({ length, eigenvalue, noise, tanh }) {
  const W = scaledOrthogonal(UNITS, eigenvalue);
  let state = SIGNAL.map((entry) => [0, entry]);
  let columns = unitVectors;
  const [states, gradient, slopes] = [[SIGNAL], [1], []];
  for (let t = 1; t <= length; t += 1) {
    const before = affine(W, state, distraction(t, noise));
    state = tanh ? before.map(tanhOf) : before;
    // Of the run that began with the signal.
    const slope = state.map(([m, e]) => (tanh ? 1 - (m + e) ** 2 : 1));
    columns = columns.map((column) => times(W, column).map((entry, unit) => slope[unit] * entry));
    states.push(differences(state));
    gradient.push(relative(columns));
    slopes.push(...slope);
  }
  return { states, gradient, slope: slopes.reduce((sum, value) => sum + value, 0) / slopes.length };
}

/**
 * An LSTM with given weights. Each gate is σ(w x + U h + b) with one U for all of them; the bias of the forget gate is
 * such that it would be `forget` if it saw nothing.
 */
const LSTM = { recurrent: 0.2, forget: 2, input: 1, inputBias: logit(0.1) };

function runLstm({ length, forget, noise }) {
  const U = scaledOrthogonal(UNITS, LSTM.recurrent);
  let cell = SIGNAL.map((entry) => [0, entry]);
  let hidden = cell.map((pair) => product([0.5, 0], tanhOf(pair)));
  let cells = unitVectors;
  let hiddens = unitVectors.map((column) => column.map((entry, unit) => 0.5 * (1 - Math.tanh(SIGNAL[unit]) ** 2) * entry));
  const [states, gradient, gates] = [[SIGNAL], [1], []];
  for (let t = 1; t <= length; t += 1) {
    const x = distraction(t, noise);
    const seen = affine(U, hidden, x.map(() => 0));
    const gate = (weight, bias) => seen.map(([m, e], unit) => sigmoidOf([m + weight * x[unit] + bias, e]));
    const [f, i, o] = [gate(LSTM.forget, logit(forget)), gate(LSTM.input, LSTM.inputBias), gate(LSTM.input, 0)];
    const candidate = seen.map(([m, e], unit) => tanhOf([m + x[unit], e]));
    const before = cell;
    cell = cell.map((pair, unit) => {
      const [kept, written] = [product(f[unit], pair), product(i[unit], candidate[unit])];
      return [kept[0] + written[0], kept[1] + written[1]];
    });
    const squashed = cell.map(tanhOf);
    hidden = o.map((pair, unit) => product(pair, squashed[unit]));

    // The derivatives, again of the run that began with the signal.
    const [fa, ia, oa, ga, ca, ta] = [f, i, o, candidate, before, squashed].map((pairs) => pairs.map(([m, e]) => m + e));
    const moved = hiddens.map((column) => times(U, column));
    cells = cells.map((column, k) => column.map((entry, unit) => fa[unit] * entry + moved[k][unit]
      * (ca[unit] * fa[unit] * (1 - fa[unit]) + ga[unit] * ia[unit] * (1 - ia[unit]) + ia[unit] * (1 - ga[unit] ** 2))));
    hiddens = cells.map((column, k) => column.map((entry, unit) =>
      oa[unit] * (1 - ta[unit] ** 2) * entry + ta[unit] * oa[unit] * (1 - oa[unit]) * moved[k][unit]));
    states.push(differences(cell));
    gradient.push(relative(cells));
    gates.push(...fa);
  }
  return { states, gradient, gate: gates.reduce((sum, value) => sum + value, 0) / gates.length };
}

/**
 * Both memories run twice through the same inputs, once from the signal and once from its opposite. The signal that is
 * left is half the difference of the two runs. The gradients are the norms of dh_t/dh_1 and dc_t/dc_1 against that of
 * the unit matrix. Beside them stand the two formulas: λ^(t−1), and f^(t−1) for a cell with a constant gate.
 */
export function compute(settings) {
  const [rnn, lstm] = [runRnn(settings), runLstm(settings)];
  const whole = norm(SIGNAL);
  const shares = ({ states }) => states.map((state) => norm(state) / whole);
  return {
    rnnStates: rnn.states, lstmStates: lstm.states,
    rnn: shares(rnn), lstm: shares(lstm),
    gradient: rnn.gradient, lstmGradient: lstm.gradient,
    linear: range(settings.length + 1, (t) => settings.eigenvalue ** t),
    constant: range(settings.length + 1, (t) => settings.forget ** t),
    slope: rnn.slope, gate: lstm.gate,
  };
}

/** What the student's own rnn_step_forward(x, h_prev, params) is run on: two rows, the signal and its opposite. */
export const inputs = ({ length, eigenvalue, noise }) => ({
  x: range(length, (index) => distraction(index + 1, noise)),
  h0: [SIGNAL, SIGNAL.map((entry) => -entry)],
  params: {
    Wxh: unitVectors,
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

const constantGate = ({ forget, length }) =>
  `A constant gate of ${forget.toFixed(3)} would leave ${forget.toFixed(3)}^{${length}} = ${percent(forget ** length)}.`;
const lstmKeeps = ({ forget, noise, length }) =>
  `A forget gate of ${forget.toFixed(3)} in silence, ${noise === 0 ? "no inputs" : `inputs of strength ${noise.toFixed(1)}`}, ${count(length, "step")}: how much of its signal does the LSTM keep?`;
const lstmReason = (settings, { lstm, gate }) =>
  `It keeps ${percent(last(lstm), LIMITS)}. ${constantGate(settings)} The gates of this LSTM see inputs and states; its forget gate is ${decimal(gate, 3)} on average.`;
const openGate = () => `0.995^{20} is ${percent(0.995 ** 20)} and 0.995^{40} is ${percent(0.995 ** 40)}, but 0.90^{20} is ${percent(0.9 ** 20)}: the gate decides, not the name of the cell.`;

const SIMULATION = {
  name: "memory_playground",
  title: "The memory playground",
  lead: "A signal is in the memory at step 1; from step 2 on inputs distract. How much of it can still be told apart at the last step *T*? A vanilla RNN and an LSTM whose gates see the inputs, on one clock, that of Chapter 8.",
  controls: [
    { id: "length", label: "Steps after the signal, *T* − 1", min: 1, max: 60, step: 1 },
    { id: "eigenvalue", label: "RNN eigenvalue", min: 0.5, max: 1.3, step: 0.01, digits: 2 },
    { id: "forget", label: "LSTM forget gate *f*, in silence", min: 0.5, max: 1, step: 0.005, digits: 3 },
    { id: "noise", label: "Strength of the inputs", min: 0, max: 1.5, step: 0.1, digits: 1 },
    { id: "tanh", label: "RNN with tanh (off: linear)", check: true },
  ],
  presets: [
    {
      id: "start", label: "Start: 20 steps", set: DEFAULTS,
      question: ({ length }) => `After ${count(length, "step")}, which memory still has more than half of the signal?`,
      options: ["The vanilla RNN only", "The LSTM only", "Both", "Neither"],
      answer: (_, { rnn, lstm }) => (half(rnn) ? (half(lstm) ? 2 : 0) : half(lstm) ? 1 : 3),
      why: (settings, { rnn, lstm }) => `RNN ${percent(last(rnn), [0.5])}, LSTM ${percent(last(lstm), [0.5])}. ${constantGate(settings)} The RNN's factor ${settings.tanh ? "has a slope in every step besides its eigenvalue" : `is ${power(settings.eigenvalue, settings.length)}`}.`,
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
      id: "told", label: "3: LSTM, 60 steps", set: { ...DEFAULTS, length: 60 },
      question: lstmKeeps, options: BANDS, answer: (_, { lstm }) => band(last(lstm), LIMITS),
      why: (settings, run) => lstmReason(settings, run),
    },
    {
      id: "gate", label: "3, gate 0.90", set: { ...DEFAULTS, forget: 0.9 },
      question: (settings) => `An LSTM is said to keep its signal at any length. ${lstmKeeps(settings)}`,
      options: BANDS, answer: (_, { lstm }) => band(last(lstm), LIMITS),
      why: (settings, run) => `${lstmReason(settings, run)} ${openGate()}`,
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
    "A constant forget gate of 0.90 keeps 12 % after 20 steps. Near-full signal needs about 0.995, and inputs that leave the gate alone.",
    "The weights of the LSTM are given, not trained: each gate sees the input and the state, and the slider is the forget gate when both are zero. Loud inputs open and shut it; a trained LSTM has learned which inputs may.",
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
      `LSTM: ‖*c*^{+} − *c*^{−}‖ / 2 is ${percent(run.lstm[step])} of the signal; constant gate *f*^{t−1} = ${forget.toFixed(3)}^{${step}} = ${percent(run.constant[step])}; gradient ‖∂*c*_{${step + 1}}/∂*c*_{1}‖ ${percent(run.lstmGradient[step])}`,
    ];
  },
  verdict({ run, step, student }) {
    const word = (value) => (value > 1.5 ? "has blown it up to" : value > 0.8 ? "still has it:" : value > 0.3 ? "has a part of it:" : value > 0.02 ? "barely remembers:" : "has forgotten:");
    const own = student?.rnn ? ` Your step leaves ${percent(student.rnn[step])}.` : "";
    return `After ${count(step, "step")} the vanilla RNN ${word(run.rnn[step])} ${percent(run.rnn[step])}; the LSTM ${word(run.lstm[step])} ${percent(run.lstm[step])}.${own}`;
  },
};

function figure({ settings, run, step, width, student }) {
  const T = settings.length;
  const [left, each] = [46, 84];
  const root = canvas(width, 2 * (each + 26), "Heat maps of the signal left in the units of the RNN and of the LSTM");
  [["signal left in the RNN's 12 units", run.rnnStates], ["signal left in the LSTM's 12 cells", run.lstmStates]].forEach(([name, states], index) => {
    const top = 20 + index * (each + 26);
    root.append(words(left, top - 6, name, "small"));
    heat(root, states, { left, top, width: width - left - 12, height: each, largest: 0.8, shown: step + 1 });
  });
  const part = (values) => values.slice(0, step + 1);
  const curves = [["constant", "five"], ["linear", "kept"], ["lstmGradient", "four"], ["gradient", "three"], ["rnn", "two"], ["lstm", "one"]];
  // Nothing is cut off at either end; below 1e-20 there is no more to be seen.
  const all = [0.1, 1, ...curves.flatMap(([name]) => run[name])].filter((value) => value > 1e-20);
  const [lowest, highest] = [Math.min(...all), Math.max(...all)].map((value) => settled(Math.log10(value)));
  const plot = chart({
    width, height: 230, x: [0, T], y: [10 ** Math.floor(lowest), 10 ** Math.ceil(highest)], log: true, percentages: true,
    xLabel: "steps after the signal, t − 1", label: "Signal left after each step, on a logarithmic axis",
  });
  for (const [name, kind] of curves) plot.line(part(run[name]), kind);
  if (student?.rnn) plot.line(part(student.rnn), "student");
  return [
    root,
    legend([["one", "LSTM, signal"], ["four", "LSTM, gradient"], ["five", "constant gate, *f*^{t−1}"], ["two", "RNN, signal"], ["three", "RNN, gradient"], ["kept", "*λ*^{t−1}"], student?.rnn && ["student", "RNN, your step"]]),
    plot.node,
  ];
}

export const render = (host, options) => mount(host, SIMULATION, options);
