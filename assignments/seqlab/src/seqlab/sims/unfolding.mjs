// One recurrence h_t = a h_(t-1) + b x_t, unfolded for T steps, and backpropagation through it.
import { mount } from "./common.mjs";
import { arrow, canvas, chart, element, legend, shape, words } from "./drawing.mjs";
import { count, decimal, factor, fixed, range, settled } from "./numbers.mjs";

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

/** The uses of *a* whose shares are the largest: one of them, or several that are equal in size. */
const largestShares = ({ shares }) => {
  const largest = settled(Math.max(...shares.map(Math.abs)));
  return shares.flatMap((share, index) => (settled(Math.abs(share)) === largest ? [index + 1] : []));
};

const short = (value) => decimal(value, Number.isInteger(settled(value)) ? 0 : 2);
const listed = (words) => (words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);
const inputsRead = (x) => (x.length === 1 ? `the input ${x[0]}` : `the inputs ${x.map((value) => fixed(value, 0)).join(", ")}`);
const EXAMPLE = { length: 3, weight: 0.5 };

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
      question: ({ length }) => `The unfolded graph has ${count(length, "box")}. How many different recurrent weights does training have to find?`,
      options: ["One", "One per step", "One per pair of steps"],
      answer: () => 0,
      why: ({ length }, { gradient }) => (length === 1
        ? `The only box holds *a*. Its gradient is what this one use contributes: ${decimal(gradient, 3)}.`
        : `All ${length} boxes hold the same *a*. Its gradient is the sum of what its ${length} uses contribute: ${decimal(gradient, 3)}.`),
    },
    {
      id: "hand", label: "By hand: length 3", set: EXAMPLE,
      question: ({ weight }, { x }) => `With *h*_{0} = ${START}, *a* = ${fixed(weight)}, *b* = ${INPUT_WEIGHT} and ${inputsRead(x)}: how large is d*L*/d*a*?`,
      options: ["Below 2", "From 2 to 4", "Above 4"],
      answer: (_, { gradient }) => (settled(gradient) < 2 ? 0 : settled(gradient) <= 4 ? 1 : 2),
      why: ({ length, weight }, { shares, gradient }) => (length === 1
        ? `There is one use, and it contributes ${short(gradient)}.`
        : `From *t* = 1 to ${length} the uses contribute ${listed(shares.map(short))}, together ${short(gradient)}.`)
        + (length === EXAMPLE.length && weight === EXAMPLE.weight ? " Take a pencil: it is the example of the chapter." : ""),
    },
    {
      id: "long", label: "Length 10", set: { length: 10, weight: 0.5 },
      question: ({ length, weight }) => `*h*_{0} = ${START} is larger than any input. With *a* = ${fixed(weight)} and length ${length}, which use of *a* contributes most to d*L*/d*a*, in size?`,
      options: ["An early one, *t* ≤ *T*/2", "A late one, *t* > *T*/2", "An early and a late one alike"],
      answer({ length }, run) {
        const early = largestShares(run).filter((t) => t <= length / 2).length;
        return early === 0 ? 1 : early === largestShares(run).length ? 0 : 2;
      },
      why({ weight }, run) {
        const largest = largestShares(run);
        const size = Math.abs(run.shares[largest[0] - 1]);
        const which = size === 0 ? "All shares are zero" : largest.length === 1
          ? `The largest share is that of *t* = ${largest[0]}, ${decimal(size, 3)} in size`
          : `The largest shares are those of *t* = ${listed(largest)}, ${decimal(size, 3)} in size`;
        return `${which}. Each step back multiplies by *a* = ${fixed(weight)}; *δ*_{1} is ${decimal(run.delta[0], 4)}.`;
      },
    },
    {
      id: "growing", label: "Weight 1.3", set: { length: 10, weight: 1.3 },
      question: ({ length, weight }) => `With *a* = ${fixed(weight)}: how large is *δ*_{1}, the gradient of *h*_{${length}} at the first state, in size?`,
      options: ["Below 1", "From 1 to 5", "Above 5"],
      answer(_, { delta }) {
        const size = settled(Math.abs(delta[0]));
        return size < 1 ? 0 : size <= 5 ? 1 : 2;
      },
      why({ length, weight }, { delta, states }) {
        const size = Math.abs(weight);
        const back = size > 1 ? "grows" : size === 1 ? "keeps its size" : "shrinks";
        return `*a*^{T−1} = ${factor(weight)}^{${length - 1}} = ${decimal(delta[0], 3)}. A share is *δ*_{t} *h*_{t−1}: with every step back *δ*_{t} ${back}, and the state comes from the forward pass; *h*_{${length - 1}} is ${decimal(states[length - 1], 3)}.`;
      },
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
      return [`*h*_{${step}} = *a* *h*_{${step - 1}} + *b* *x*_{${step}} = ${a} · ${signed(states[step - 1])} + ${INPUT_WEIGHT} · ${signed(x[step - 1])} = ${decimal(states[step], 3)}`];
    }
    const t = 2 * T + 1 - step;
    const sum = run.shares.slice(t - 1).reduce((total, share) => total + share, 0);
    return [
      `*δ*_{${t}} = *a*^{${T - t}} = ${decimal(run.delta[t - 1], 4)}`,
      `share of this use of *a*: *δ*_{${t}} *h*_{${t - 1}} = ${decimal(run.delta[t - 1], 4)} · ${signed(run.states[t - 1])} = ${decimal(run.shares[t - 1], 3)}`,
      `d*L*/d*a* so far: ${decimal(sum, 3)}${t === 1 ? ", and complete" : ""}`,
    ];
  },
  verdict({ run, step, student }) {
    const T = run.x.length;
    if (step < 2 * T) return `States computed: ${Math.min(step, T)} of ${T}${step > T ? `; uses of *a* added up: ${step - T} of ${T}` : ""}.`;
    const own = student?.states ? ` Your step gives *h*_{T} = ${decimal(student.states.at(-1), 3)}.` : "";
    return `One weight, ${count(T, "use")}: *h*_{T} = ${decimal(run.states[T], 3)} and d*L*/d*a* = ${decimal(run.gradient, 3)}, the sum of ${count(T, "share")}.${own}`;
  },
};

const signed = (value) => factor(value, 3);

/** The recurrence before it is unfolded. */
function loop() {
  const root = canvas(96, 118, "The recurrence as one box with a loop");
  root.append(
    shape("path", { d: "M62 59C94 59 94 24 42 24C-2 24 -4 59 10 59", class: "line" }),
    arrow(8, 59, 22, 59, "live"),
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
      if (t > 1) graph.append(arrow(x, y + 24, column > 0 ? x - gap + 40 : x - 32, y + 24, "two dashed"));
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
