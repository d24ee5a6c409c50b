// An encoder that reads letters, and two decoders that copy them: one from the last state alone, one with attention.
// Nothing is trained; every weight follows from a formula, so that capacity is the only thing that differs.
import { mount } from "./common.mjs";
import { arrow, canvas, element, heat, legend, shape, words } from "./drawing.mjs";
import { argmax, band, decimal, dot, fixed, percent, range, scaledOrthogonal, softmax, times, timesTransposed } from "./numbers.mjs";

export const DEFAULTS = { length: 12, width: 32, keep: 0.85, sharpness: 4 };

const ALPHABET = "abcdefghijklmnopqrstuvwxyz_";
const TEXT = "attention_reads_all_states_at_every_step";
const NARROW = 2;

/** A vector of length 1 for each letter, its signs from the generator of Park and Miller. */
function embeddings(width) {
  let seed = 2014;
  const size = 1 / Math.sqrt(width);
  return [...ALPHABET].map(() => range(width, () => {
    seed = (seed * 16807) % 2147483647;
    return seed % 4 < 2 ? size : -size;
  }));
}

function encode({ length, width, keep }) {
  const letters = [...TEXT.slice(0, length)].map((letter) => ALPHABET.indexOf(letter));
  const table = embeddings(width);
  const W = scaledOrthogonal(width, keep);
  const states = [];
  let state = range(width, () => 0);
  for (const letter of letters) {
    state = times(W, state).map((entry, unit) => entry + table[letter][unit]);
    states.push(state);
  }
  return { letters, table, states };
}

/**
 * Additive attention over positions: v = sharpness (1, −1), and two tanh units that rise on either side of the
 * position that is due. Both read a position that stands behind each state.
 */
const attentionParameters = (width, sharpness) => ({
  Wa: [[...range(width, () => 0), -NARROW, NARROW / 2], [...range(width, () => 0), -NARROW, -NARROW / 2]],
  Ua: [[...range(width, () => 0), NARROW, 0], [...range(width, () => 0), NARROW, 0]],
  va: [sharpness, -sharpness],
});

const withPosition = (vectors, width) => vectors.map((vector, index) => [...(vector ?? range(width, () => 0)), index + 1, 1]);

function attend(query, keys, { Wa, Ua, va }) {
  const wanted = times(Wa, query);
  return softmax(keys.map((key) => dot(va, times(Ua, key).map((entry, unit) => Math.tanh(entry + wanted[unit])))));
}

/** What each decoder reads at every output step, how well each letter fits, and which one it writes. */
export function compute(settings) {
  const { length, width, keep, sharpness } = settings;
  const { letters, table, states } = encode(settings);
  const fits = (vector) => table.map((embedding) => dot(embedding, vector));

  // The encoder turned what it read at step k by Q once per later step; the decoder turns it back.
  const Q = scaledOrthogonal(width, 1);
  const turned = [states.at(-1)];
  while (turned.length < length) turned.unshift(timesTransposed(Q, turned[0]));

  const parameters = attentionParameters(width, sharpness);
  const keys = withPosition(states, width);
  const queries = withPosition(range(length, () => null), width);
  const weights = queries.map((query) => attend(query, keys, parameters));
  const contexts = weights.map((row) => range(width, (unit) => row.reduce((sum, weight, j) => sum + weight * states[j][unit], 0)));

  const decoder = (vectors) => {
    const scores = vectors.map(fits);
    const picked = scores.map(argmax);
    const right = picked.map((letter, k) => letter === letters[k]);
    return { scores, picked, right, accuracy: right.filter(Boolean).length / length };
  };
  return {
    letters, states, weights,
    share: range(length, (k) => keep ** (length - 1 - k)),
    bottleneck: decoder(turned),
    attention: decoder(contexts),
  };
}

/** What the student's own additive_attention(s, states, mask, params) is run on. */
export const inputs = (settings) => ({
  queries: withPosition(range(settings.length, () => null), settings.width),
  states: withPosition(encode(settings).states, settings.width),
  params: attentionParameters(settings.width, settings.sharpness),
});

const OPTIONS = ["The bottleneck", "Attention", "Both alike"];
const winner = (_, { bottleneck, attention }) =>
  (bottleneck.accuracy > attention.accuracy ? 0 : bottleneck.accuracy < attention.accuracy ? 1 : 2);
const hits = ({ right }) => right.filter(Boolean).length;
const outOf = (decoder) => `${hits(decoder)} of ${decoder.right.length}`;
const score = ({ bottleneck, attention }) => `Right letters: ${outOf(bottleneck)} from the bottleneck, ${outOf(attention)} with attention.`;
const moreRight = ({ length, width }) => `${length} letters through ${width} numbers: which decoder gets more of them right?`;
const firstLetter = (run) => `The first letter stands in the last state at ${percent(run.share[0])} of its strength, under everything that came after.`;
const complete = (decoder) => hits(decoder) === decoder.right.length;

const CLEAR = 0.9;
const uniform = ([weights]) => Math.max(...weights) - Math.min(...weights) < 1e-9;

const SIMULATION = {
  name: "encoder_decoder",
  title: "Encoder, decoder, and the bottleneck between them",
  lead: "An encoder reads letters into a state of *H* numbers. Two decoders copy the letters: one sees the last state only, the other looks at all states through attention. They share one clock.",
  controls: [
    { id: "length", label: "Letters to read", min: 2, max: 40, step: 1 },
    { id: "width", label: "State width *H*", min: 4, max: 64, step: 4 },
    { id: "keep", label: "Kept per encoder step", min: 0.5, max: 1, step: 0.01, digits: 2 },
    { id: "sharpness", label: "Attention sharpness", min: 0, max: 8, step: 0.5, digits: 1 },
  ],
  presets: [
    {
      id: "start", label: "12 letters", set: DEFAULTS,
      question: moreRight, options: OPTIONS, answer: winner, why: (_, run) => `${score(run)} ${firstLetter(run)}`,
    },
    {
      id: "short", label: "3 letters", set: { ...DEFAULTS, length: 3 },
      question: moreRight, options: OPTIONS, answer: winner,
      why: (_, run) => `${score(run)} ${complete(run.bottleneck) ? "As long as everything fits, a fixed vector is no obstacle." : firstLetter(run)}`,
    },
    {
      id: "long", label: "40 letters", set: { ...DEFAULTS, length: 40, width: 64 },
      question: ({ length, width }) => `${length} letters, *H* = ${width}: does the bottleneck get more than half of them right?`,
      options: ["Yes", "No"], answer: (_, { bottleneck }) => (bottleneck.accuracy > 0.5 ? 0 : 1),
      why: (_, run) => `${score(run)} A wider state moves the limit and does not remove it.`,
    },
    {
      id: "blunt", label: "Blunt attention", set: { ...DEFAULTS, sharpness: 0 },
      question: ({ sharpness }) => `Attention with sharpness ${sharpness.toFixed(1)}: what does the decoder read when it writes the first letter?`,
      options: ["The mean of all states", "A mixture of states, less than 90 % of it the right one", "The right state, 90 % of what it reads or more"],
      answer: (_, { weights }) => (uniform(weights) ? 0 : 1 + band(weights[0][0], [CLEAR])),
      why: ({ length }, run) => (uniform(run.weights)
        ? `All weights are 1/${length}, at every step. ${score(run)} Attention that cannot choose is a bottleneck too.`
        : `The right state has a weight of ${percent(run.weights[0][0], [CLEAR])} there. ${score(run)}`),
    },
    {
      id: "lossless", label: "Nothing fades", set: { ...DEFAULTS, keep: 1 },
      question: ({ keep, length, width }) => `Kept per step: ${keep.toFixed(2)}${keep === 1 ? ", so no letter fades" : ""}. ${length} letters, *H* = ${width}: which decoder gets more right?`,
      options: OPTIONS, answer: winner,
      why({ keep, width }, run) {
        if (keep < 1) return `${score(run)} ${firstLetter(run)}`;
        if (complete(run.bottleneck) && complete(run.attention)) return `${score(run)} Nothing fades, and ${width} numbers have room for these letters.`;
        return `${score(run)} What fails here is not fading but room: letters lie on top of each other in ${width} numbers, in the states that attention reads as well.`;
      },
    },
  ],
  conditions: [
    "Nothing is trained. The encoder is linear, *h*_{j} = *keep* · *Q* *h*_{j−1} + *e*(*x*_{j}) with an orthogonal *Q*; the bottleneck's decoder knows *Q* and turns it back. A trained network may store better or worse; the limit on room stays.",
    "The attention is the additive one of the chapter with weights set by hand: it knows *where* to look. Real attention has to learn that.",
    "In exact arithmetic real numbers could hold any text. What fails is telling the letters apart by a simple readout.",
  ],
  compute,
  steps: ({ letters }) => 2 * letters.length,
  moment: ({ letters }, step) => (step <= letters.length ? `reads ${step} of ${letters.length}` : `writes ${step - letters.length} of ${letters.length}`),
  figure,
  equations({ settings, run, step }) {
    const T = settings.length;
    if (step <= T) return [`*h*_{j} = ${settings.keep.toFixed(2)} *Q* *h*_{j−1} + *e*(*x*_{j})`, "bottleneck: *c* = *h*_{T}. Attention: *c*_{t} = Σ_{j} *α*_{t,j} *h*_{j}"];
    const k = step - T - 1;
    const [b, a] = [run.bottleneck, run.attention];
    const say = (decoder) => `fit of “${ALPHABET[run.letters[k]]}” ${decimal(decoder.scores[k][run.letters[k]])}, best fit “${ALPHABET[decoder.picked[k]]}” ${decimal(Math.max(...decoder.scores[k]))}`;
    return [
      `bottleneck, position ${k + 1}: strength ${settings.keep.toFixed(2)}^{${T - 1 - k}} = ${percent(run.share[k])}; ${say(b)}`,
      `attention, position ${k + 1}: *α*_{${k + 1},${k + 1}} = ${decimal(run.weights[k][k])}; ${say(a)}`,
    ];
  },
  verdict({ settings, run, step, student }) {
    const T = settings.length;
    if (step < 2 * T) return step <= T ? `The encoder has read ${step} of ${T} letters.` : `Both decoders have written ${step - T} of ${T} letters.`;
    const own = student?.weights ? ` ${agreement(run, student)}` : "";
    return `Through ${settings.width} numbers the bottleneck copies ${percent(run.bottleneck.accuracy)} of ${T} letters, attention ${percent(run.attention.accuracy)}.${own}`;
  },
};

function agreement(run, student) {
  const largest = Math.max(...run.weights.flatMap((row, t) => row.map((weight, j) => Math.abs(weight - student.weights[t][j]))));
  return largest < 1e-6 ? "Your attention gives the same weights." : `Your weights differ, by up to ${fixed(largest, 3)}.`;
}

/** What a decoder has written so far; a wrong letter is struck through as well as coloured. */
function written(name, decoder, letters, count) {
  const done = decoder.picked.slice(0, count);
  return element("p", { class: "written" }, element("strong", {}, name), " ", element("code", {}, ...done.map((letter, k) =>
    (decoder.right[k] ? ALPHABET[letter] : element("del", { title: `should be ${ALPHABET[letters[k]]}` }, ALPHABET[letter])))),
    ` ${decoder.right.slice(0, count).filter(Boolean).length} of ${count} right`);
}

/** The funnel: all states on one side, one vector in the middle, the letters that are written on the other. */
function funnel({ settings, run, step, width }) {
  const T = settings.length;
  const root = canvas(width, 150, "Encoder states on the left, the single context vector in the middle, the output on the right");
  const [read, wrote] = [Math.min(step, T), Math.max(0, step - T)];
  const [wide, middle] = [width * 0.38, width / 2];
  root.append(words(4, 14, width < 460 ? "all states" : "encoder states, one column each", "small"), words(middle, 14, "c", "small", "middle"), words(width - 4, 14, "output", "small", "end"));
  const largest = Math.max(...run.states.flat().map(Math.abs));
  heat(root, run.states, { left: 4, top: 24, width: wide, height: 84, largest, shown: read });
  if (read === T) heat(root, [run.states.at(-1)], { left: middle - 8, top: 24, width: 16, height: 84, largest });
  else root.append(shape("rect", { x: middle - 8, y: 24, width: 16, height: 84, class: "edge" }));
  root.append(arrow(4 + wide, 66, middle - 10, 66, read === T ? "live" : "idle"));
  root.append(arrow(middle + 10, 66, width * 0.6, 66, wrote > 0 ? "live" : "idle"));
  const each = (width * 0.39) / T;
  const marks = [["bottleneck", 40], ["attention", 76]];
  for (const [name, y] of marks) {
    root.append(words(width - 4, y - 4, name, "small", "end"));
    for (let k = 0; k < T; k += 1) {
      const x = width * 0.6 + k * each + 2;
      const done = k < wrote;
      const right = run[name].right[k];
      root.append(shape("rect", { x, y, width: Math.max(each - 1.5, 1), height: 14, class: done ? (right ? "hit" : "miss") : "edge" }));
    }
  }
  if (wrote > 0) {
    const x = width * 0.6 + (wrote - 0.5) * each;
    const weights = run.weights[wrote - 1];
    const strongest = Math.max(...weights);
    weights.forEach((weight, j) => {
      if (weight < 0.05 * strongest) return;
      const path = shape("path", { d: `M${x} 92C${x} 150 ${4 + (j + 0.5) * (wide / T)} 150 ${4 + (j + 0.5) * (wide / T)} 110`, class: "line two gaze" });
      path.style.strokeOpacity = String(Math.max(0.15, weight / strongest));
      root.append(path);
    });
  }
  return root;
}

function figure(view) {
  const { settings, run, step, width, student } = view;
  const T = settings.length;
  const wrote = Math.max(0, step - T);
  const maps = [["weights: output step down, letter across", run.weights]];
  if (student?.weights) maps.push(["the weights of your function", student.weights]);
  const side = Math.min(240, (width - 40) / (width < 460 ? 1 : maps.length));
  const pictures = maps.map(([name, weights]) => {
    const root = canvas(side + 20, side + 40, name);
    root.append(words(0, 14, name, "small"));
    // The map of weights has the output steps downward.
    const columns = range(T, (j) => range(T, (t) => (t < wrote ? weights[t][j] : 0)));
    heat(root, columns, { left: 4, top: 24, width: side, height: side });
    return root;
  });
  return [
    element("p", { class: "written" }, element("strong", {}, "source"), " ", element("code", {}, run.letters.map((letter) => ALPHABET[letter]).join("").slice(0, Math.max(step, 1)))),
    written("bottleneck", run.bottleneck, run.letters, wrote),
    written("attention", run.attention, run.letters, wrote),
    funnel(view),
    legend([["hits", "right letter"], ["misses", "wrong letter"], ["two gaze", "where attention looks"]]),
    element("div", { class: "side" }, ...pictures),
  ];
}

export const render = (host, options) => mount(host, SIMULATION, options);
