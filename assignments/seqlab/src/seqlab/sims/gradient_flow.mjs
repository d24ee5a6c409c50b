// How large the gradient of a loss at step T still is at each step before, and what clipping does to the gradients of
// the parameters that follow from it: a linear and a tanh network, one clock.
import { mount } from "./common.mjs";
import { chart, element, legend } from "./drawing.mjs";
import { band, count, decimal, norm, percent, range, scaledOrthogonal, times, timesTransposed } from "./numbers.mjs";

export const DEFAULTS = { length: 20, eigenvalue: 0.95, threshold: 2, drive: 0.5, logarithmic: false };

const UNITS = 8;

const drive = ({ length, drive: strength }) =>
  range(length, (index) => range(UNITS, (unit) => strength * Math.sin(1.1 * (index + 1) + 2 * unit)));

/** h_0 = 0 and the states after it; W_xh is the unit matrix, b_h zero. */
function forward(inputs, W, squash) {
  const states = [range(UNITS, () => 0)];
  for (const x of inputs) states.push(times(W, states.at(-1)).map((term, unit) => squash(term + x[unit])));
  return states;
}

const atTheEnd = () => range(UNITS, () => 1 / Math.sqrt(UNITS));

/** A sum of outer products whose norm is noted after each of them. */
function growing(rows, columns) {
  const sum = range(rows, () => range(columns, () => 0));
  return (a, b) => {
    a.forEach((entry, row) => b.forEach((other, column) => { sum[row][column] += entry * other; }));
    return norm(sum.flat());
  };
}

/**
 * One way back. `norms` are those of dL/dh_1 … dL/dh_T for a loss on h_T alone. `Whh`, `Wxh` and `bh` are the norms that
 * the gradients of the parameters have once the terms of the steps T … t are added up, `total` that of all three as one
 * vector. Clipping multiplies the finished gradients, the ones at t = 1, by `factor`.
 */
function backward(inputs, states, W, slope, threshold) {
  const [recurrent, input, bias] = [growing(UNITS, UNITS), growing(UNITS, UNITS), growing(UNITS, 1)];
  const [norms, Whh, Wxh, bh, total] = [[], [], [], [], []];
  let gradient = atTheEnd();
  for (let t = inputs.length; t >= 1; t -= 1) {
    norms.unshift(norm(gradient));
    const inside = gradient.map((entry, unit) => entry * slope(states[t][unit]));
    Whh.unshift(recurrent(inside, states[t - 1]));
    Wxh.unshift(input(inside, inputs[t - 1]));
    bh.unshift(bias(inside, [1]));
    total.unshift(norm([Whh[0], Wxh[0], bh[0]]));
    gradient = timesTransposed(W, inside);
  }
  return { norms, Whh, Wxh, bh, total, factor: total[0] > threshold ? threshold / total[0] : 1 };
}

const slopeOfTanh = (state) => 1 - state * state;

/** The way back through both networks, and the mean slope of the tanh. */
export function compute(settings) {
  const W = scaledOrthogonal(UNITS, settings.eigenvalue);
  const inputs = drive(settings);
  const back = (squash, slope) => backward(inputs, forward(inputs, W, squash), W, slope, settings.threshold);
  const states = forward(inputs, W, Math.tanh).slice(1).flat();
  return {
    linear: back((value) => value, () => 1),
    tanh: back(Math.tanh, slopeOfTanh),
    slope: states.map(slopeOfTanh).reduce((sum, value) => sum + value, 0) / states.length,
  };
}

/** What the student's own step_jacobian(h, Whh) is run on. */
export function inputs(settings) {
  const Whh = scaledOrthogonal(UNITS, settings.eigenvalue);
  return { states: forward(drive(settings), Whh, Math.tanh).slice(1), Whh, delta: atTheEnd() };
}

const LIMITS = [0.1, 0.5, 1.5];
const BANDS = ["Less than 10 %", "10 % to below 50 %", "50 % to below 150 %", "150 % or more"];

const question = ({ length, eigenvalue }) =>
  `Linear network, |eigenvalue| ${eigenvalue.toFixed(2)}: how large is the gradient at step 1, against that at step ${length}?`;
const answer = (_, run) => band(run.linear.norms[0], LIMITS);
const why = ({ length, eigenvalue }, run) =>
  `${count(length, "step")} are ${count(length - 1, "factor")}: ${eigenvalue.toFixed(2)}^{${length - 1}} is ${percent(run.linear.norms[0], LIMITS)}. The tanh network, whose slopes count too, is at ${percent(run.tanh.norms[0])}.`;

const preset = (id, label, set) => ({ id, label, set: { ...DEFAULTS, ...set }, question, options: BANDS, answer, why });

const NETWORKS = [["linear", "one", "Linear network"], ["tanh", "two", "Tanh network"]];
const ARRAYS = [["Whh", "W_{hh}"], ["Wxh", "W_{xh}"], ["bh", "b_{h}"], ["total", "all"]];

/** What clipping compares and does, once all steps are added up. */
function clipping(name, { Whh, Wxh, bh, total, factor }, threshold) {
  const norms = `${name}: ‖d*W*_{hh}‖ = ${decimal(Whh[0])}, ‖d*W*_{xh}‖ = ${decimal(Wxh[0])}, ‖d*b*_{h}‖ = ${decimal(bh[0])}, together ‖*g*‖ = ${decimal(total[0], 2, [threshold])}`;
  return factor < 1
    ? `${norms} > *τ* = ${threshold.toFixed(1)}, so *g* is multiplied by ${decimal(factor, 3)}`
    : `${norms} ≤ *τ* = ${threshold.toFixed(1)}, so *g* stays as it is`;
}

const SIMULATION = {
  name: "gradient_flow",
  title: "Gradient flow through time",
  lead: "The loss touches the last state only. Each bar is the norm of ∂*L*/∂*h*_{t}, from the last step back to the first; below, the gradients of the parameters add up, and at the end they are clipped.",
  controls: [
    { id: "length", label: "Sequence length *T*", min: 2, max: 100, step: 1 },
    { id: "eigenvalue", label: "Eigenvalue magnitude", min: 0.5, max: 1.3, step: 0.01, digits: 2 },
    { id: "threshold", label: "Clipping threshold *τ*", min: 0.5, max: 20, step: 0.5, digits: 1 },
    { id: "drive", label: "Input strength", min: 0, max: 2, step: 0.1, digits: 1 },
    { id: "logarithmic", label: "Powers of ten on the axes", check: true },
  ],
  presets: [
    preset("start", "Length 20, 0.95", {}),
    preset("ten", "Ten factors of 0.95", { length: 11 }),
    preset("hundred", "Length 100, 0.90", { length: 100, eigenvalue: 0.9, logarithmic: true }),
    preset("one", "Eigenvalue 1", { eigenvalue: 1, length: 50 }),
    preset("explode", "Eigenvalue 1.2", { eigenvalue: 1.2, length: 30, logarithmic: true }),
  ],
  conditions: [
    "0.95 is close to 1 for a while: ten factors leave 60 %. It is the number of factors that does the damage; 50 leave 8 %.",
    "The bars of the linear network follow the eigenvalue exactly because *W*_{hh} is an orthogonal matrix times that factor. For other matrices the gradient may grow for some steps before it shrinks.",
    "With tanh every factor is also multiplied by slopes of at most 1. So an eigenvalue of exactly 1 preserves the gradient in a linear network only, and above 1 the tanh network need not explode.",
    "Clipping looks at the gradients of the parameters, all of them as one vector, where the terms of all steps are already added up: d*W*_{hh} = Σ_{t} *δ*_{t} *h*_{t−1}^{⊤}, and *δ*_{t} is ∂*L*/∂*h*_{t} times the slope. It bounds the update. No bar of ∂*L*/∂*h*_{t} gets smaller, and the share of the early steps stays what it was.",
  ],
  compute,
  steps: ({ linear }) => linear.norms.length - 1,
  moment: ({ linear }, step) => `back at *t* = ${linear.norms.length - step}`,
  figure,
  equations({ settings, run, step }) {
    const t = settings.length - step;
    return [
      `linear: ‖∂*L*/∂*h*_{${t}}‖ = *λ*^{T−t} = ${settings.eigenvalue.toFixed(2)}^{${step}} = ${percent(run.linear.norms[t - 1])}`,
      `tanh: ‖∂*L*/∂*h*_{${t}}‖ = ${percent(run.tanh.norms[t - 1])}; the mean slope 1 − *h*^{2} of all steps is ${decimal(run.slope)}`,
      ...(t === 1 ? NETWORKS.map(([name]) => clipping(name, run[name], settings.threshold)) : []),
    ];
  },
  verdict({ settings, run, step, student }) {
    const t = settings.length - step;
    const word = (value) => (value > 1.5 ? "has grown to" : value > 0.67 ? "is at" : value > 0.1 ? "has shrunk to" : "has all but vanished:");
    const [a, b] = [run.linear.norms[t - 1], run.tanh.norms[t - 1]];
    const own = student?.norms ? ` By your Jacobians it is ${percent(student.norms[t - 1])} for tanh.` : "";
    return `After ${count(step, "factor")} the gradient of the linear network ${word(a)} ${percent(a)}, that of the tanh network ${word(b)} ${percent(b)}.${own}`;
  },
};

/** From the smallest to the largest of some values, for an axis that both networks share. */
function axis(values, logarithmic) {
  const highest = Math.max(...values);
  const lowest = Math.min(...values.filter((value) => value > 0), highest);
  if (!logarithmic) return [0, 1.08 * highest];
  return [10 ** Math.min(-1, Math.floor(Math.log10(lowest))), 10 ** Math.max(1, Math.ceil(Math.log10(highest)))];
}

function figure({ settings, run, step, width, student }) {
  const T = settings.length;
  const { logarithmic, threshold } = settings;
  const y = axis([1, ...run.linear.norms, ...run.tanh.norms], logarithmic);
  const panels = NETWORKS.map(([name, kind, title]) => {
    const plot = chart({
      width, height: 160, x: [0.4, T + 0.6], y, log: logarithmic, xLabel: "step t", label: `${title}: norm of dL/dh at each step`,
    });
    for (let t = T - step; t <= T; t += 1) plot.bar(t, run[name].norms[t - 1], kind);
    if (name === "tanh" && student?.norms) plot.line(student.norms.slice(T - 1 - step), "student", T - step);
    return [element("h2", {}, `${title}: ‖∂L/∂h‖`), plot.node];
  });
  const done = step === T - 1;
  const sums = NETWORKS.flatMap(([name, kind], group) => ARRAYS.map(([array, label], index) => {
    const value = run[name][array][T - 1 - step];
    return { at: 1 + index + 5 * group, label: index < 3 && width >= 460 ? `d${label}` : label, value, kind, after: done && run[name].factor < 1 ? value * run[name].factor : null };
  }));
  const finished = NETWORKS.flatMap(([name]) => ARRAYS.map(([array]) => run[name][array][0]));
  const plot = chart({
    width, height: 210, x: [0.4, 9.6], y: axis([threshold, ...finished, ...sums.flatMap(({ value, after }) => [value, after ?? value])], logarithmic),
    log: logarithmic, names: sums.map(({ at, label }) => [at, label]),
    label: `Norms of the parameter gradients of both networks: ${sums.map(({ label, value }) => `${label.replaceAll(/[_{}]/gu, "")} ${decimal(value)}`).join(", ")}`,
  });
  for (const { at, value, kind, after } of sums) {
    plot.bar(at, value, kind);
    if (after !== null) plot.bar(at, after, "after", 0.4);
  }
  plot.level(threshold, "clip", `τ = ${threshold.toFixed(1)}`, 5);
  return [
    ...panels.flat(),
    element("h2", {}, done ? "Norms of the parameter gradients" : `Norms of the parameter gradients, of ${step === 0 ? `step ${T}` : `steps ${T} back to ${T - step}`}`),
    legend([["bar one", "linear"], ["bar two", "tanh"], ["bar after", "after clipping"], ["clip", "clipping line for “all”"], student?.norms && ["student", "your Jacobians"]]),
    plot.node,
  ];
}

export const render = (host, options) => mount(host, SIMULATION, options);
