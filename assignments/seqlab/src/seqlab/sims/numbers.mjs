// Arithmetic and formats that the simulations share. Nothing here touches the page.

/** The product of a matrix, an array of rows, and a vector. */
export const times = (matrix, vector) =>
  matrix.map((row) => row.reduce((sum, entry, column) => sum + entry * vector[column], 0));

/** The product of a matrix's transpose and a vector. */
export const timesTransposed = (matrix, vector) =>
  matrix[0].map((_, column) =>
    matrix.reduce((sum, row, index) => sum + row[column] * vector[index], 0));

export const dot = (a, b) => a.reduce((sum, entry, index) => sum + entry * b[index], 0);

export const norm = (vector) => Math.sqrt(dot(vector, vector));

export const range = (count, entry) => Array.from({ length: count }, (_, index) => entry(index));

/**
 * An orthogonal matrix of an even size, times a factor: planes that rotate by different angles,
 * then a reflection that mixes all entries. Every eigenvalue has the factor as absolute value,
 * and so has every singular value.
 */
export function scaledOrthogonal(size, scale) {
  return range(size, (row) =>
    range(size, (column) => {
      const plane = column - (column % 2);
      const angle = 0.3 + 0.25 * plane;
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      const [upper, lower] = column % 2 === 0 ? [cos, sin] : [-sin, cos];
      const rotated = row === plane ? upper : row === plane + 1 ? lower : 0;
      return scale * (rotated - (2 / size) * (upper + lower));
    }));
}

export function softmax(scores) {
  const largest = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((entry) => entry / sum);
}

/** The bias of a gate that is this far open when it sees nothing; 40 stands for an infinite one. */
export const logit = (gate) => (gate <= 0 ? -40 : gate >= 1 ? 40 : Math.log(gate / (1 - gate)));

/** Where the largest entry stands; the first of them where there are several. */
export const argmax = (values) => values.indexOf(Math.max(...values));

const POWER = /e\+?(-?)(\d+)/u;
const powers = (text) => minus(text.replace(POWER, "·10^{$1$2}"));

/** A value without what rounding errors did to its last digits, to be compared with a limit. */
export const settled = (value) => Number(value.toPrecision(12));

/** In which of the ranges between ascending limits a value lies; a limit belongs to the range above it. */
export const band = (value, limits) => limits.filter((limit) => settled(value) >= limit).length;

/**
 * A factor as a percentage, with as many digits as say something. It gets more digits where it would otherwise look as
 * if it lay on the other side of one of the limits, or on it. No line is broken before the sign.
 */
export function percent(part, limits = []) {
  const size = Math.abs(part);
  if (size >= 10) return `${part >= 1e5 ? powers(part.toExponential(1)) : minus(part.toFixed(0))}\u00a0times`;
  const value = settled(100 * part);
  const side = (number) => [1, ...limits].map((limit) => Math.sign(settled(number - 100 * limit))).join();
  if (size === 0 || size >= 0.00095) {
    let digits = size >= 0.0995 || size === 0 ? 0 : 1;
    // What differs from 100 % by less than a thousandth is called 100 %.
    while (digits < 9 && Math.abs(value - 100) > 0.05 && side(Number(value.toFixed(digits))) !== side(value)) digits += 1;
    return `${minus(value.toFixed(digits))}\u00a0%`;
  }
  if (size >= 9.5e-6) return `${minus(String(Number(value.toPrecision(1))))}\u00a0%`;
  return `${powers(value.toExponential(0))}\u00a0%`;
}

/** A number with a fixed count of digits, and a real minus sign. */
export const fixed = (value, digits = 2) =>
  Math.abs(value) >= 1e5 ? minus(value.toExponential(1)) : minus(value.toFixed(digits));

/**
 * The same for a sentence: what is not zero is not called 0.00, large numbers are powers of ten, and there are more
 * digits where a value is close to one of the limits.
 */
export function decimal(value, digits = 2, limits = []) {
  const size = Math.abs(value);
  if (size >= 1e5 || (size > 0 && size < 0.5 * 10 ** -digits)) return powers(value.toExponential(1));
  const side = (number) => limits.map((limit) => Math.sign(settled(number - limit))).join();
  let enough = digits;
  while (enough < 12 && side(Number(value.toFixed(enough))) !== side(settled(value))) enough += 1;
  return minus(value.toFixed(enough));
}

/** The same inside a product: what is below zero stands in brackets. */
export const factor = (value, digits = 2) => (value < 0 ? `(${decimal(value, digits)})` : decimal(value, digits));

/** A count and its noun. */
export const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : noun.endsWith("x") ? "es" : "s"}`;

const minus = (text) => (Number(text) === 0 ? text.replace("-", "") : text.replaceAll("-", "−"));
