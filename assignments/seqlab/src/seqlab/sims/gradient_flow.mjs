// How large the gradient of a loss at step T still is at each step before: a linear and a tanh network, one clock.
import { mount } from "./common.mjs";
import { chart, element, legend } from "./drawing.mjs";
import { fixed, norm, percent, range, scaledOrthogonal, times, timesTransposed } from "./numbers.mjs";

export const DEFAULTS = { length: 20, eigenvalue: 0.95, threshold: 2, drive: 0.5, logarithmic: false };

const UNITS = 8;

const drive = ({ length, drive: strength }) =>
  range(length, (index) => range(UNITS, (unit) => strength * Math.sin(1.1 * (index + 1) + 2 * unit)));

function forward(settings, W) {
  const states = [range(UNITS, () => 0)];
  for (const x of drive(settings)) {
    states.push(times(W, states.at(-1)).map((term, unit) => Math.tanh(term + x[unit])));
  }
  return states.slice(1);
}

const atTheEnd = () => range(UNITS, () => 1 / Math.sqrt(UNITS));

function backward(length, W, slope) {
  let delta = atTheEnd();
  const norms = [norm(delta)];
  for (let t = length; t > 1; t -= 1) {
    delta = timesTransposed(W, delta.map((entry, unit) => entry * slope(t, unit)));
    norms.unshift(norm(delta));
  }
  return norms;
}

function clipped(norms, threshold) {
  const total = norm(norms);
  const factor = total > threshold ? threshold / total : 1;
  return { norms, total, factor, clipped: norms.map((value) => value * factor) };
}

/** Norms of dL/dh_1 … dL/dh_T for a loss on h_T alone, and what clipping by the norm of all of them leaves. */
export function compute(settings) {
  const { length, eigenvalue, threshold } = settings;
  const W = scaledOrthogonal(UNITS, eigenvalue);
  const states = forward(settings, W);
  const slopes = states.map((state) => state.map((value) => 1 - value * value));
  return {
    linear: clipped(backward(length, W, () => 1), threshold),
    tanh: clipped(backward(length, W, (t, unit) => slopes[t - 1][unit]), threshold),
    slope: slopes.flat().reduce((sum, value) => sum + value, 0) / (UNITS * length),
  };
}

/** What the student's own step_jacobian(h, Whh) is run on. */
export function inputs(settings) {
  const Whh = scaledOrthogonal(UNITS, settings.eigenvalue);
  return { states: forward(settings, Whh), Whh, delta: atTheEnd() };
}

const band = (value) => (value > 1.5 ? 3 : value >= 0.5 ? 2 : value >= 0.1 ? 1 : 0);
const BANDS = ["Less than 10 %", "10 % to 50 %", "50 % to 150 %", "More than 150 %"];

const question = ({ length, eigenvalue }) =>
  `Linear network, |eigenvalue| ${eigenvalue.toFixed(2)}: how large is the gradient at step 1, against that at step ${length}?`;
const answer = (_, run) => band(run.linear.norms[0]);
const why = ({ length, eigenvalue }, run) =>
  `${length} steps are ${length - 1} factors: ${eigenvalue.toFixed(2)}^{${length - 1}} is ${percent(run.linear.norms[0])}. The tanh network, whose slopes count too, is at ${percent(run.tanh.norms[0])}.`;

const preset = (id, label, set) => ({ id, label, set: { ...DEFAULTS, ...set }, question, options: BANDS, answer, why });

const SIMULATION = {
  name: "gradient_flow",
  title: "Gradient flow through time",
  lead: "The loss touches the last state only. Each bar is the norm of ∂*L*/∂*h*_{t}, from the last step back to the first.",
  controls: [
    { id: "length", label: "Sequence length *T*", min: 2, max: 100, step: 1 },
    { id: "eigenvalue", label: "Eigenvalue magnitude", min: 0.5, max: 1.3, step: 0.01, digits: 2 },
    { id: "threshold", label: "Clipping threshold *τ*", min: 0.5, max: 20, step: 0.5, digits: 1 },
    { id: "drive", label: "Input strength (tanh)", min: 0, max: 2, step: 0.1, digits: 1 },
    { id: "logarithmic", label: "Powers of ten on the axis", check: true },
  ],
  presets: [
    preset("start", "Length 20, 0.95", {}),
    preset("ten", "Ten factors of 0.95", { length: 11 }),
    preset("hundred", "Length 100, 0.90", { length: 100, eigenvalue: 0.9, logarithmic: true }),
    preset("one", "Eigenvalue 1", { eigenvalue: 1, length: 50 }),
    preset("explode", "Eigenvalue 1.2", { eigenvalue: 1.2, length: 30 }),
  ],
  conditions: [
    "0.95 is close to 1 for a while: ten factors leave 60 %. It is the number of factors that does the damage; 50 leave 8 %.",
    "The bars of the linear network follow the eigenvalue exactly because *W*_{hh} is an orthogonal matrix times that factor. For other matrices the gradient may grow for some steps before it shrinks.",
    "With tanh every factor is also multiplied by slopes of at most 1. So an eigenvalue of exactly 1 preserves the gradient in a linear network only, and above 1 the tanh network need not explode.",
    "Clipping scales the whole gradient by one factor. It bounds the step; the share of the early steps stays as small as it was.",
  ],
  compute,
  steps: ({ linear }) => linear.norms.length - 1,
  moment: ({ linear }, step) => `back at *t* = ${linear.norms.length - step}`,
  figure,
  equations({ settings, run, step }) {
    const t = settings.length - step;
    const { total, factor } = run.linear;
    return [
      `linear: ‖∂*L*/∂*h*_{${t}}‖ = *λ*^{T−t} = ${settings.eigenvalue.toFixed(2)}^{${step}} = ${percent(run.linear.norms[t - 1])}`,
      `tanh: ‖∂*L*/∂*h*_{${t}}‖ = ${percent(run.tanh.norms[t - 1])}; the mean slope 1 − *h*^{2} is ${fixed(run.slope)}`,
      step === settings.length - 1 && `linear, all steps: ‖*g*‖ = ${fixed(total)} ${total > settings.threshold ? ">" : "≤"} *τ* = ${settings.threshold.toFixed(1)}, so *g* is multiplied by ${fixed(factor, 3)}`,
    ].filter(Boolean);
  },
  verdict({ settings, run, step, student }) {
    const t = settings.length - step;
    const word = (value) => (value > 1.5 ? "has grown to" : value > 0.67 ? "is still" : value > 0.1 ? "has shrunk to" : "has all but vanished:");
    const [a, b] = [run.linear.norms[t - 1], run.tanh.norms[t - 1]];
    const own = student?.norms ? ` By your Jacobians it is ${percent(student.norms[t - 1])} for tanh.` : "";
    return `After ${step} ${step === 1 ? "factor" : "factors"} the gradient of the linear network ${word(a)} ${percent(a)}, that of the tanh network ${word(b)} ${percent(b)}.${own}`;
  },
};

function figure({ settings, run, step, width, student }) {
  const T = settings.length;
  const { logarithmic, threshold } = settings;
  const panels = [["linear", "one", "Linear network"], ["tanh", "two", "Tanh network"]].map(([name, kind, title]) => {
    const { norms, clipped: after, total } = run[name];
    const highest = Math.min(1e6, Math.max(1, total, threshold) * 1.08);
    const plot = chart({
      width, height: 190, x: [0.4, T + 2.6], y: logarithmic ? [1e-8, Math.max(10, highest)] : [0, highest], log: logarithmic,
      xLabel: "step t, and the norm ‖g‖ of all", label: `${title}: gradient norm at each step, and the norm of all of them`,
    });
    for (let t = T - step; t <= T; t += 1) {
      plot.bar(t, norms[t - 1], kind);
      if (step === T - 1 && run[name].factor < 1) plot.bar(t, after[t - 1], `${kind} after`, 0.4);
    }
    if (step === T - 1) {
      plot.bar(T + 2, total, `${kind} sum`);
      if (run[name].factor < 1) plot.bar(T + 2, threshold, `${kind} after`, 0.4);
    }
    plot.level(threshold, "clip", `clipping line τ = ${threshold.toFixed(1)}`);
    if (name === "tanh" && student?.norms) plot.line(student.norms.slice(T - 1 - step), "student", T - step);
    return [element("h2", {}, title), plot.node];
  });
  return [
    legend([["one", "linear"], ["two", "tanh"], ["after", "after clipping"], ["clip", "clipping line"], student?.norms && ["student", "your Jacobians"]]),
    ...panels.flat(),
  ];
}

export const render = (host, options) => mount(host, SIMULATION, options);
