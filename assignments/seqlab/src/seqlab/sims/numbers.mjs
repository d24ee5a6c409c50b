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

/** Where the largest entry stands; the first of them where there are several. */
export const argmax = (values) => values.indexOf(Math.max(...values));

/** A factor as a percentage, with as many digits as say something. No line is broken before the sign. */
export function percent(part) {
  const size = Math.abs(part);
  if (size >= 10) return `${part >= 1e5 ? part.toExponential(1) : part.toFixed(0)}\u00a0times`;
  const value = 100 * part;
  if (size >= 0.0995 || size === 0) return `${minus(value.toFixed(0))}\u00a0%`;
  if (size >= 0.00095) return `${minus(value.toFixed(1))}\u00a0%`;
  if (size >= 9.5e-6) return `${minus(String(Number(value.toPrecision(1))))}\u00a0%`;
  return size < 1e-300 ? "0\u00a0%" : `${minus(value.toExponential(0)).replace("e", "·10^{")}}\u00a0%`;
}

/** A number with a fixed count of digits, and a real minus sign. */
export const fixed = (value, digits = 2) =>
  Math.abs(value) >= 1e5 ? minus(value.toExponential(1)) : minus(value.toFixed(digits));

/** The same inside a product: what is below zero stands in brackets. */
export const factor = (value, digits = 2) => (value < 0 ? `(${fixed(value, digits)})` : fixed(value, digits));

const minus = (text) => (Number(text) === 0 ? text.replace("-", "") : text.replaceAll("-", "−"));
