// One LSTM cell with constant gates: what it keeps, what it writes, what it shows.
import { mount } from "./common.mjs";
import { arrow, canvas, chart, legend, line, shape, words } from "./drawing.mjs";
import { band, count, decimal, factor, fixed, logit, percent, range } from "./numbers.mjs";

export const DEFAULTS = { forget: 0.9, input: 0.3, output: 0.7, length: 20, signal: "wave" };

const START = 1;
const SIGNALS = {
  wave: (t) => Math.sin(0.6 * t),
  silence: () => 0,
  late: (t, length) => (t === Math.ceil(length / 2) ? 2 : 0),
};

const sequence = ({ length, signal }) => range(length, (index) => SIGNALS[signal](index + 1, length));

/** Cell and hidden state from c_0 = 1, h_0 = 0 on; which part of the cell is old, and the direct path dc_T/dc_t. */
export function compute(settings) {
  const { forget, input, output, length } = settings;
  const candidate = sequence(settings).map(Math.tanh);
  const [cell, hidden, kept] = [[START], [0], [START]];
  for (const value of candidate) {
    cell.push(forget * cell.at(-1) + input * value);
    hidden.push(output * Math.tanh(cell.at(-1)));
    kept.push(forget * kept.at(-1));
  }
  return {
    candidate, cell, hidden, kept,
    written: cell.map((value, t) => value - kept[t]),
    direct: range(length + 1, (t) => forget ** (length - t)),
  };
}

/** What the student's own lstm_step_forward(x, h_prev, c_prev, params) is run on: gates come from biases alone. */
export const inputs = (settings) => ({
  x: sequence(settings),
  h0: [0],
  c0: [START],
  params: {
    Wf: [[0, 0]], Wi: [[0, 0]], Wo: [[0, 0]], Wc: [[0, 1]],
    bf: [logit(settings.forget)], bi: [logit(settings.input)], bo: [logit(settings.output)], bc: [0],
  },
});

const LIMITS = [0.05, 0.3, 0.8];
const KEPT = ["Less than 5 %", "5 % to below 30 %", "30 % to below 80 %", "80 % or more"];
const question = ({ forget, length }) => `The cell starts at *c*_{0} = 1. How much of that is left after ${count(length, "step")} with a forget gate of ${forget.toFixed(3)}?`;
const answer = (_, { kept }) => band(kept.at(-1), LIMITS);
const why = ({ forget, length }, { kept }) => `${forget.toFixed(3)}^{${length}} is ${percent(kept.at(-1), LIMITS)}. Whatever is written meanwhile is added to it and does not change it.`;
const preset = (id, label, set) => ({ id, label, set: { ...DEFAULTS, ...set }, question, options: KEPT, answer, why });

const SIMULATION = {
  name: "lstm_cell",
  title: "The LSTM cell",
  lead: "The cell state is the line at the top: a step multiplies it by the forget gate and adds what the input gate lets in. The output gate decides what is seen outside.",
  controls: [
    { id: "forget", label: "Forget gate *f*", min: 0, max: 1, step: 0.005, digits: 3 },
    { id: "input", label: "Input gate *i*", min: 0, max: 1, step: 0.05, digits: 2 },
    { id: "output", label: "Output gate *o*", min: 0, max: 1, step: 0.05, digits: 2 },
    { id: "length", label: "Steps", min: 1, max: 60, step: 1 },
    { id: "signal", label: "Input *x*_{t}", choices: [["wave", "a wave"], ["silence", "silence"], ["late", "one pulse, halfway"]] },
  ],
  presets: [
    preset("start", "Forget 0.90", {}),
    preset("open", "Forget 0.995", { forget: 0.995 }),
    preset("long", "0.995 for 60 steps", { forget: 0.995, length: 60, signal: "silence" }),
    preset("half", "Untrained: forget 0.50", { forget: 0.5 }),
    {
      id: "private", label: "Output gate shut", set: { ...DEFAULTS, output: 0, forget: 1, input: 0 },
      question: ({ forget, input, output, length }) => `*f* = ${forget.toFixed(3)}, *i* = ${input.toFixed(2)}, *o* = ${output.toFixed(2)}. How much of *c*_{0} = 1 is still in the cell after ${count(length, "step")}, and is anything seen outside?`,
      options: ["Not all of it, and nothing is seen", "Not all of it, and something is seen", "All of it, and nothing is seen", "All of it, and something is seen"],
      answer: ({ forget }, { hidden }) => (forget === 1 ? 2 : 0) + (hidden.at(-1) === 0 ? 0 : 1),
      why: ({ forget, output, length }, { cell, hidden, kept }) => `*f*^{${length}} = ${forget.toFixed(3)}^{${length}} = ${percent(kept.at(-1))}; *h*_{${length}} = *o* tanh(*c*_{${length}}) = ${output.toFixed(2)} · ${factor(Math.tanh(cell.at(-1)), 3)} = ${decimal(hidden.at(-1), 3)}. What is kept and what is shown are two decisions.`,
    },
  ],
  conditions: [
    "A forget gate of 0.90 keeps 12 % after 20 steps. For a nearly full signal the gate has to sit near 0.995, which keeps 90 %.",
    "The sum alone does not preserve anything: *f*^{t} shrinks like any other power. The gain is that *f* is learned for each entry and step, and cannot exceed 1.",
    "Here the gates are held constant. In a trained cell they depend on *h*_{t−1} and *x*_{t}, and the gradient has paths through them besides the direct one.",
  ],
  compute,
  steps: ({ candidate }) => candidate.length,
  moment: ({ candidate }, step) => `*t* = ${step} of ${candidate.length}`,
  figure,
  equations({ settings, run, step }) {
    const { forget: f, input: i, output: o, length } = settings;
    if (step === 0) return [`*c*_{0} = ${START}, *h*_{0} = 0`];
    return [
      `*c*_{${step}} = *f* *c*_{${step - 1}} + *i* *c̃*_{${step}} = ${f.toFixed(3)} · ${factor(run.cell[step - 1], 3)} + ${i.toFixed(2)} · ${factor(run.candidate[step - 1], 3)} = ${decimal(run.cell[step], 3)}`,
      `*h*_{${step}} = *o* tanh(*c*_{${step}}) = ${o.toFixed(2)} · ${factor(Math.tanh(run.cell[step]), 3)} = ${decimal(run.hidden[step], 3)}`,
      `∂*c*_{${step}}/∂*c*_{0}, direct path: *f*^{${step}} = ${percent(run.kept[step])}; from here to the end *f*^{${length - step}} = ${percent(run.direct[step])}`,
    ];
  },
  verdict({ run, step, student }) {
    const own = student?.cell ? ` Your step gives *c* = ${decimal(student.cell[step], 3)} and *h* = ${decimal(student.hidden[step], 3)}.` : "";
    return `After ${count(step, "step")} ${percent(run.kept[step])} of what stood in the cell at the start is left; the cell holds ${decimal(run.cell[step])} and shows ${decimal(run.hidden[step])}.${own}`;
  },
};

/** The cell at this moment. A gate is a valve: its bar is as high as it is open. */
function cellDrawing({ settings, run, step, width }) {
  const root = canvas(width, width < 460 ? 196 : 182, `The cell: forget gate ${settings.forget}, input gate ${settings.input}, output gate ${settings.output}`);
  const [from, to, y] = [56, width - 56, 44];
  const at = (share) => from + share * (to - from);
  const before = step === 0 ? null : run.cell[step - 1];
  const thick = (value) => `${(1.5 + 6 * Math.min(1, Math.abs(value ?? 0))).toFixed(1)}px`;
  const track = (a, b, value, kind) => {
    const piece = line(a, y, b, y, `line one track ${kind}`);
    piece.style.strokeWidth = thick(value);
    root.append(piece);
  };
  const now = run.cell[step];
  track(from, at(0.25), before ?? now, "");
  track(at(0.25), at(0.55), step === 0 ? now : settings.forget * before, "");
  track(at(0.55), to, now, "");
  root.append(words(4, y + 4, before === null ? "" : fixed(before), "small strong"));
  root.append(words(4, y - 14, step === 0 ? "" : `c_{${step - 1}}`, "small slanted"));
  root.append(words(width - 4, y + 4, fixed(now), "small strong", "end"));
  root.append(words(width - 4, y - 14, `c_{${step}}`, "small slanted", "end"));
  const sign = (x, text) => root.append(shape("circle", { cx: x, cy: y, r: 12, class: "box done" }), words(x, y + 5, text, "strong", "middle"));
  const gate = (x, top, name, value, kind) => {
    root.append(shape("rect", { x: x - 9, y: top, width: 18, height: 50, class: "valve" }));
    root.append(shape("rect", { x: x - 9, y: top + 50 * (1 - value), width: 18, height: 50 * value, class: `bar ${kind}` }));
    root.append(words(x, top + 64, `${name} ${value.toFixed(name === "f" ? 3 : 2)}`, "small", "middle"));
  };
  root.append(arrow(at(0.25), 88, at(0.25), y + 13, "live"));
  sign(at(0.25), "×");
  gate(at(0.25), 90, "f", settings.forget, "one");
  root.append(arrow(at(0.55), 88, at(0.55), y + 13, "live"));
  sign(at(0.55), "+");
  gate(at(0.55), 90, "i", settings.input, "two");
  root.append(words(at(0.55), width < 460 ? 188 : 172, step === 0 ? "writes nothing yet" : `writes ${fixed(settings.input * run.candidate[step - 1])}`, "small", "middle"));
  root.append(arrow(at(0.85), y + 4, at(0.85), 88, "live"));
  gate(at(0.85), 90, "o", settings.output, "three");
  root.append(words(at(0.85), 172, `shows ${fixed(run.hidden[step])}`, "small", "middle"));
  root.append(words(at(0.25), 172, `keeps ${percent(settings.forget)}`, "small", "middle"));
  return root;
}

function figure(view) {
  const { run, step, width, student, settings } = view;
  const all = [...run.cell, ...run.hidden, ...run.candidate, 0, 1];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const plot = chart({ width, height: 220, x: [0, settings.length], y: [Math.min(low, 0) - 0.05, high + 0.05], xLabel: "step t", label: "Cell state, hidden state, and what is left of the start" });
  const part = (values) => values.slice(0, step + 1);
  if (step > 0) for (let t = 1; t <= step; t += 1) plot.bar(t, settings.input * run.candidate[t - 1], "two", 0.35);
  plot.line(part(run.cell), "one").line(part(run.kept), "kept").line(part(run.hidden), "three");
  if (student?.cell) plot.line(part(student.cell), "student").line(part(student.hidden), "student thin");
  return [
    cellDrawing(view),
    legend([["one", "cell *c*_{t}"], ["kept", "left of *c*_{0}"], ["three", "hidden *h*_{t}"], ["bar two", "written, *i* *c̃*_{t}"], student?.cell && ["student", "your step: *c* and *h*"]]),
    plot.node,
  ];
}

export const render = (host, options) => mount(host, SIMULATION, options);
