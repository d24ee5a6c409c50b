// One recurrence h_t = a h_(t-1) + b x_t, unfolded for T steps, and backpropagation through it.
import { mount } from "./common.mjs";
import { arrow, canvas, chart, element, legend, shape, words } from "./drawing.mjs";
import { factor, fixed, range } from "./numbers.mjs";

export const DEFAULTS = { length: 4, weight: 0.5 };

const INPUT_WEIGHT = 2;
const START = 4;
const INPUTS = [1, 0, 3, -1, 2, 0, 1, -2, 3, 1, 0, 2];

/** The states, the gradients delta_t of L = h_T, and what each use of the weight a adds to dL/da. */
export function compute({ length, weight }) {
  const x = INPUTS.slice(0, length);
  const states = [START];
  for (const input of x) states.push(weight * states.at(-1) + INPUT_WEIGHT * input);
  const delta = range(length, (index) => weight ** (length - 1 - index));
  const shares = delta.map((gradient, index) => gradient * states[index]);
  return { x, states, delta, shares, gradient: shares.reduce((sum, share) => sum + share, 0) };
}

/** What the student's own step(h, x, theta) is run on. */
export const inputs = ({ length, weight }) => ({
  h0: START, x: INPUTS.slice(0, length), theta: { a: weight, b: INPUT_WEIGHT },
});

const largestShare = ({ shares }) => {
  const sizes = shares.map(Math.abs);
  return sizes.indexOf(Math.max(...sizes)) + 1;
};

const SIMULATION = {
  name: "unfolding",
  title: "Unfolding a recurrence",
  lead: "One box with a loop, *h*_{t} = *a* *h*_{t−1} + *b* *x*_{t}, becomes a chain of *T* boxes. First the states run forward, then the gradient of *L* = *h*_{T} runs back.",
  controls: [
    { id: "length", label: "Sequence length *T*", min: 1, max: 12, step: 1 },
    { id: "weight", label: "Shared weight *a*", min: -1.5, max: 1.5, step: 0.05, digits: 2 },
  ],
  presets: [
    {
      id: "start", label: "Length 4", set: DEFAULTS,
      question: ({ length }) => `The unfolded graph has ${length} boxes. How many different recurrent weights does training have to find?`,
      options: ["One", "One per step", "One per pair of steps"],
      answer: () => 0,
      why: ({ length }) => `All ${length} boxes hold the same *a*. Its gradient is the sum of what its ${length} uses contribute.`,
    },
    {
      id: "hand", label: "By hand: length 3", set: { length: 3, weight: 0.5 },
      question: () => "With *h*_{0} = 4 and the inputs 1, 0, 3: how large is d*L*/d*a*?",
      options: ["1", "3", "5"],
      answer: (_, { gradient }) => ["1", "3", "5"].indexOf(String(gradient)),
      why: (_, { shares }) => `The uses contribute ${shares.map((share) => fixed(share, 0)).join(", ")} at *t* = 1, 2, 3. Take a pencil: it is the example of the chapter.`,
    },
    {
      id: "long", label: "Length 10", set: { length: 10, weight: 0.5 },
      question: () => "*h*_{0} = 4 is larger than any input. Which use of *a* contributes most to d*L*/d*a* at length 10?",
      options: ["The first half", "The second half", "All alike"],
      answer: ({ length }, run) => (largestShare(run) <= length / 2 ? 0 : 1),
      why: (_, run) => `The largest share is that of *t* = ${largestShare(run)}: each step back multiplies by *a* = 0.5, and *δ*_{1} is ${fixed(run.delta[0], 4)}.`,
    },
    {
      id: "growing", label: "Weight 1.3", set: { length: 10, weight: 1.3 },
      question: () => "And with *a* = 1.3: how large is *δ*_{1}, the gradient of *h*_{10} at the first state?",
      options: ["Below 1", "Between 1 and 5", "Above 5"],
      answer: (_, { delta }) => (delta[0] < 1 ? 0 : delta[0] <= 5 ? 1 : 2),
      why: (_, { delta, states }) => `1.3^{9} = ${fixed(delta[0], 1)}. A share is *δ*_{t} *h*_{t−1}, and the state grows by the same factor: *h*_{9} is ${fixed(states[9], 1)}. One factor grows backward, the other forward.`,
    },
  ],
  conditions: [
    "The recurrence here is linear, so *δ*_{t} is exactly *a*^{T−t}. With a tanh every step also multiplies by its slope, which is at most 1.",
    "That the weights are shared lets the model *run* at any length. That it is any *good* at lengths it was not trained on does not follow.",
    "The number of parameters does not grow with *T*. The memory for the states of backpropagation does.",
  ],
  compute,
  steps: ({ x }) => 2 * x.length,
  moment: ({ x }, step) => (step <= x.length ? `forward, *t* = ${step} of ${x.length}` : `backward, *t* = ${2 * x.length + 1 - step}`),
  figure,
  equations({ settings, run, step }) {
    const T = run.x.length;
    const a = fixed(settings.weight);
    if (step === 0) return [`*h*_{0} = ${START}, *b* = ${INPUT_WEIGHT}, *a* = ${a} in every box`];
    if (step <= T) {
      const { states, x } = run;
      return [`*h*_{${step}} = *a* *h*_{${step - 1}} + *b* *x*_{${step}} = ${a} · ${signed(states[step - 1])} + ${INPUT_WEIGHT} · ${signed(x[step - 1])} = ${fixed(states[step], 3)}`];
    }
    const t = 2 * T + 1 - step;
    const sum = run.shares.slice(t - 1).reduce((total, share) => total + share, 0);
    return [
      `*δ*_{${t}} = *a*^{${T - t}} = ${fixed(run.delta[t - 1], 4)}`,
      `share of this use of *a*: *δ*_{${t}} *h*_{${t - 1}} = ${fixed(run.delta[t - 1], 4)} · ${signed(run.states[t - 1])} = ${fixed(run.shares[t - 1], 3)}`,
      `d*L*/d*a* so far: ${fixed(sum, 3)}${t === 1 ? ", and complete" : ""}`,
    ];
  },
  verdict({ run, step, student }) {
    const T = run.x.length;
    if (step < 2 * T) return `${Math.min(step, T)} of ${T} states are computed${step > T ? `, ${step - T} of ${T} uses of *a* are added up` : ""}.`;
    const own = student?.states ? ` Your step gives *h*_{T} = ${fixed(student.states.at(-1), 3)}.` : "";
    return `One weight, ${T} ${T === 1 ? "use" : "uses"}: *h*_{T} = ${fixed(run.states[T], 3)} and d*L*/d*a* = ${fixed(run.gradient, 3)}, the sum of ${T} ${T === 1 ? "share" : "shares"}.${own}`;
  },
};

const signed = (value) => factor(value, 3);

/** The recurrence before it is unfolded. */
function loop() {
  const root = canvas(96, 118, "The recurrence as one box with a loop");
  root.append(
    shape("path", { d: "M62 59C96 59 96 20 42 20C22 20 18 30 18 44", class: "line" }),
    arrow(18, 40, 26, 52, "live"),
    shape("rect", { x: 22, y: 44, width: 40, height: 30, rx: 6, class: "box done" }),
    words(42, 64, "a", "strong slanted", "middle"),
    words(42, 14, "hₜ₋₁", "small", "middle"),
    arrow(42, 102, 42, 76, "live"),
    words(42, 114, "xₜ", "small", "middle"));
  return root;
}

function figure({ run, step, width, student }) {
  const T = run.x.length;
  const narrow = width < 460;
  const room = narrow ? width : width - 112;
  const perRow = Math.max(2, Math.floor((room - 60) / 74));
  const rows = Math.ceil(T / perRow);
  const high = 118;
  const graph = canvas(room, rows * high + 4, `The unfolded graph: ${T} boxes that share the weight a`);
  const gap = Math.min(110, (room - 60) / Math.min(T, perRow));
  for (let t = 1; t <= T; t += 1) {
    const [column, row] = [(t - 1) % perRow, Math.floor((t - 1) / perRow)];
    const [x, y] = [60 + column * gap, row * high + 44];
    const done = step >= t;
    const back = step > T && t >= 2 * T + 1 - step;
    graph.append(arrow(column === 0 ? x - 34 : x - gap + 40, y + 15, x, y + 15, done ? "live" : "idle"));
    if (column === 0) graph.append(words(x - 38, y + (row === 0 ? 4 : 19), row === 0 ? `h₀=${START}` : "…", "small", "middle"));
    graph.append(arrow(x + 20, y + 58, x + 20, y + 32, done ? "live" : "idle"));
    graph.append(shape("rect", { x, y, width: 40, height: 30, rx: 6, class: done ? "box done" : "box" }));
    graph.append(words(x + 20, y + 20, "a", "strong slanted", "middle"));
    graph.append(words(x + 20, y - 8, done ? fixed(run.states[t], Math.abs(run.states[t]) >= 100 ? 0 : 2) : "?", done ? "small" : "small faint", "middle"));
    graph.append(words(x + 20, y + 70, `x${sub(t)}=${fixed(run.x[t - 1], 0)}`, "small", "middle"));
    if (back) {
      graph.append(words(x + 20, y - 24, `+${fixed(run.shares[t - 1], Math.abs(run.shares[t - 1]) >= 100 ? 0 : 2)}`.replace("+−", "−"), "small strong two", "middle"));
      if (column > 0) graph.append(arrow(x, y + 24, x - gap + 40, y + 24, "two dashed"));
    }
  }
  const shown = run.states.slice(0, Math.min(step, T) + 1);
  const backward = step > T ? run.delta.slice(2 * T - step) : [];
  const all = [...run.states, ...run.delta, 0];
  const lines = chart({
    width, height: 200, x: [0, T], y: [Math.min(...all), Math.max(...all)], xLabel: "step t",
    label: "States going forward and gradients going back",
  });
  lines.line(shown, "one");
  if (student?.states) lines.line(student.states.slice(0, shown.length), "student");
  if (backward.length) lines.line(backward, "two", T - backward.length + 1);
  return [element("div", { class: "side" }, loop(), graph), legend([["one", "state *h*_{t}"], ["two", "gradient *δ*_{t} = ∂*L*/∂*h*_{t}"], student?.states && ["student", "your step"]]), lines.node];
}

const sub = (value) => String(value).replace(/\d/gu, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);

export const render = (host, options) => mount(host, SIMULATION, options);
