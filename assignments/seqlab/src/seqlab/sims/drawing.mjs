// Elements, little equations and charts. A chart is drawn in the pixels it is shown in, so that its letters keep
// their size on a phone. All colours and line styles are in the stylesheet.

/** An element with attributes, listeners (on…) and children. */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

let namespace = null;

/** The same for SVG. The parser knows its namespace, so the page names no address. */
export function shape(tag, attributes = {}, ...children) {
  if (namespace === null) {
    const template = document.createElement("template");
    template.innerHTML = "<svg></svg>";
    namespace = template.content.firstChild.namespaceURI;
  }
  return filled(document.createElementNS(namespace, tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, typeof value === "number" ? String(Number(value.toFixed(3))) : value);
    }
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** Text with _{low}, ^{high} and *slanted* parts as nodes. A percent sign stays beside its number. */
export function mathematics(text) {
  return text.replaceAll(/(\d) (?=%)/gu, "$1\u00a0").split(/([_^]\{[^}]*\}|\*[^*]+\*)/u).filter(Boolean).map((part) => {
    if (part.startsWith("_{")) return element("sub", {}, ...mathematics(part.slice(2, -1)));
    if (part.startsWith("^{")) return element("sup", {}, ...mathematics(part.slice(2, -1)));
    if (part.startsWith("*") && part.length > 2) return element("i", {}, ...mathematics(part.slice(1, -1)));
    return document.createTextNode(part);
  });
}

export const canvas = (width, height, label, ...children) =>
  shape("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, ...children);

/** Text in a figure; _{low} parts are set lower. */
export function words(x, y, text, kind = "", anchor = "start") {
  const parts = text.split(/(_\{[^}]*\})/u).filter(Boolean).flatMap((part) => {
    if (!part.startsWith("_{")) return [shape("tspan", {}, part)];
    // An empty word brings the line back up: a shift holds for all that follows.
    return [shape("tspan", { dy: 3, "font-size": "0.8em" }, part.slice(2, -1)), shape("tspan", { dy: -3 }, "\u200b")];
  });
  return shape("text", { x, y, class: kind, "text-anchor": anchor }, ...(parts.length === 1 ? [text] : parts));
}

export const line = (x1, y1, x2, y2, kind) => shape("line", { x1, y1, x2, y2, class: kind });

export function arrow(x1, y1, x2, y2, kind) {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
  const [x, y] = [x2 - 7 * dx, y2 - 7 * dy];
  return shape("g", { class: `arrow ${kind}` },
    line(x1, y1, x, y, "shaft"),
    shape("path", { class: "tip", d: `M${x2} ${y2}L${x - 4 * dy} ${y + 4 * dx}L${x + 4 * dy} ${y - 4 * dx}Z` }));
}

/** What the lines and bars of a figure mean, each beside a piece of itself. */
export const legend = (entries) =>
  element("ul", { class: "legend" }, ...entries.filter(Boolean).map(([kind, text]) =>
    element("li", {},
      shape("svg", { width: 28, height: 12, viewBox: "0 0 28 12", "aria-hidden": "true" },
        kind.startsWith("bar ") ? shape("rect", { x: 7, y: 1, width: 14, height: 10, class: kind }) : line(1, 6, 27, 6, `line ${kind}`)),
      element("span", {}, ...mathematics(text)))));

const roundTicks = (low, high, count) => {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) * power;
  const ticks = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + 1e-9 * step; index += 1) {
    ticks.push(index * step);
  }
  return ticks;
};

/**
 * Axes with methods that add to them. `x` and `y` are [from, to]; with `log`, y runs in powers of ten. `names` are
 * [[x, text]] in place of the numbers below. What lies beyond an axis is drawn at its end.
 */
export function chart({ width, height, x, y, log = false, label, xLabel = "", yLabel = "", percentages = false, names = null }) {
  const [left, right, top, bottom] = [46, 12, yLabel ? 22 : 8, 34];
  const place = (value) => Math.min(y[1], Math.max(y[0], value));
  const level = (value) => (log ? Math.log10(place(Math.max(Math.abs(value), Number.MIN_VALUE))) : place(value));
  const [low, high] = [level(y[0]), level(y[1])];
  const toX = (value) => left + ((value - x[0]) / (x[1] - x[0] || 1)) * (width - left - right);
  const toY = (value) => top + ((high - level(value)) / (high - low || 1)) * (height - top - bottom);
  const root = canvas(width, height, label);
  const name = (value) => {
    const shown = Number((percentages ? 100 * value : value).toPrecision(3));
    const far = shown !== 0 && (Math.abs(shown) < 1e-3 || Math.abs(shown) >= 1e5);
    return `${far ? shown.toExponential().replace("+", "") : shown}${percentages ? "%" : ""}`.replaceAll("-", "−");
  };
  const every = Math.max(1, Math.ceil((high - low) / 5));
  const levels = log
    ? roundTicks(low, high, 20).filter((power) => Number.isInteger(power) && power % every === 0).map((p) => 10 ** p)
    : roundTicks(low, high, Math.max(2, Math.floor(height / 40)));
  for (const value of levels) {
    root.append(line(left, toY(value), width - right, toY(value), "grid"));
    root.append(words(left - 6, toY(value) + 4, name(value), "small", "end"));
  }
  const below = names ?? roundTicks(x[0], x[1], Math.min(10, (width - left) / 45)).filter(Number.isInteger).map((value) => [value, String(value)]);
  for (const [at, text] of below) root.append(words(toX(at), height - bottom + 15, text, "small", "middle"));
  root.append(words(width - right, height - 3, xLabel, "small", "end"));
  if (yLabel) root.append(words(4, 12, yLabel, "small"));
  const points = (values, first) =>
    values.map((value, index) => `${toX(first + index).toFixed(1)},${toY(value).toFixed(1)}`).join(" ");
  return {
    node: root,
    toX,
    toY,
    line(values, kind, first = 0) {
      if (values.length === 1) return this.dot(first, values[0], kind);
      root.append(shape("polyline", { points: points(values, first), class: `line ${kind}` }));
      return this;
    },
    dot(at, value, kind) {
      root.append(shape("circle", { cx: toX(at), cy: toY(value), r: 3.5, class: `dot ${kind}` }));
      return this;
    },
    bar(at, value, kind, share = 0.8) {
      const each = ((width - left - right) / (x[1] - x[0] || 1)) * share;
      const [from, to] = [toY(log ? y[0] : 0), toY(value)];
      root.append(shape("rect", { x: toX(at) - each / 2, y: Math.min(from, to), width: Math.max(each, 1),
        height: Math.max(Math.abs(from - to), 0.5), class: `bar ${kind}` }));
      return this;
    },
    level(value, kind, text, at = null) {
      root.append(line(left, toY(value), width - right, toY(value), `line ${kind}`));
      const [place, anchor] = at === null ? [left + 4, "start"] : [toX(at), "middle"];
      root.append(words(place, toY(value) - 5, text, "small strong halo", anchor));
      return this;
    },
    moment(at) {
      root.append(line(toX(at), top, toX(at), height - bottom, "moment"));
      return this;
    },
  };
}

/**
 * A heat map into an SVG node: one column per step, one row per unit. The strength of the colour is the size of the
 * entry against `largest`; entries below zero also carry a stroke, so that the sign does not hang on the colour.
 */
export function heat(root, columns, { left, top, width, height, largest = 1, shown = columns.length, between = 0 }) {
  const rows = columns[0]?.length ?? 0;
  const [wide, high] = [width / columns.length, height / rows];
  // All cells of one shade are one path: a few dozen nodes in place of thousands keep a slider quick.
  const shades = new Map();
  let negative = "";
  columns.slice(0, shown).forEach((column, step) => column.forEach((value, unit) => {
    const strength = 4 * Math.round(25 * Math.min(1, Math.abs(value) / largest));
    const [x, y] = [left + step * wide, top + unit * high];
    const shade = `${value < 0 ? "--low" : "--high"}) ${strength}%`;
    const [across, down] = [Math.max(wide - between, 0.5), Math.max(high - between, 0.5)];
    shades.set(shade, `${shades.get(shade) ?? ""}M${x.toFixed(2)} ${y.toFixed(2)}h${across.toFixed(2)}v${down.toFixed(2)}h${(-across).toFixed(2)}z`);
    if (value < 0 && strength >= 8) negative += `M${(x + wide * 0.3).toFixed(1)} ${(y + high / 2).toFixed(1)}h${(wide * 0.4).toFixed(1)}`;
  }));
  for (const [shade, d] of shades) {
    const cells = shape("path", { d });
    cells.style.fill = `color-mix(in srgb, var(${shade}, var(--zero))`;
    root.append(cells);
  }
  root.append(shape("path", { d: negative || "M0 0", class: "minus" }));
  root.append(shape("rect", { x: left, y: top, width, height, class: "edge" }));
}
