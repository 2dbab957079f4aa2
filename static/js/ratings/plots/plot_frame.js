// Functions that all plots share. An earlier script loads Plot.
const { Plot } = window;

export const FONT_PX = 13;
export const LETTER_PX = 6.6; // approximate width of a letter in the names next to a plot

// Our content security policy blocks the style element that Plot adds. Its rules are in plots.css instead.
export function renderPlot(options) {
  const svg = Plot.plot({ className: "picture", figure: false, ...options });
  svg.querySelector("style")?.remove();
  svg.setAttribute("role", "img");
  // Elements without a role must not have an ARIA label. The plot itself has one.
  for (const group of svg.querySelectorAll("[aria-label]")) {
    group.dataset.mark = group.getAttribute("aria-label");
    group.removeAttribute("aria-label");
  }
  return svg;
}

export function attach(place, drawn) {
  place.replaceChildren(...[drawn].flat());
}

// Returns a function that runs the action after the current layout.
export function afterLayout(action) {
  return () => requestAnimationFrame(action);
}

// Capitals and letters of other scripts are up to twice as wide as lowercase Latin letters.
const canvas = document.createElement("canvas").getContext("2d");
function measureLetter(name) {
  canvas.font = `${FONT_PX}px ${getComputedStyle(document.body).fontFamily}`;
  return Math.max(LETTER_PX, canvas.measureText(name).width / name.length);
}

// Returns the name, cut to the room in pixels if needed, and its width.
export function fitText(name, room) {
  const [text] = shortenNames([name], room);
  return { text, width: text.length * measureLetter(text) + 4 };
}

// Returns the width that the names need, up to a part of the plot. `shortenNames` cuts longer names.
export function computeLabelWidth(names, width, share = 0.42) {
  const longest = Math.max(...names.map((name) => name.length * measureLetter(name))) + 20;
  return Math.ceil(Math.min(longest, width * share, 260));
}

// Cuts names in the middle, because the names of related models usually differ at the end. If two names would become
// equal, they are cut elsewhere.
export function shortenNames(names, room) {
  const most = new Map(names.map((name) => [name, Math.max(5, Math.floor((room - 16) / measureLetter(name)))]));
  const steps = Math.max(...most.values()) - 1;
  const half = Math.floor(steps / 2);
  const ends = Array.from({ length: steps + 1 }, (_, end) => end).sort((one, other) => Math.abs(one - half) - Math.abs(other - half));
  const cut = (name, end) => {
    const kept = most.get(name) - 1;
    const tail = Math.floor((kept * end) / steps);
    return name.length > kept + 1 ? `${name.slice(0, kept - tail)}…${name.slice(name.length - tail)}` : name;
  };
  const different = (texts) => new Set(texts).size;
  return ends.map((end) => names.map((name) => cut(name, end))).reduce((best, each) => (different(each) > different(best) ? each : best));
}

export function formatWhole(number) {
  return Math.round(number).toLocaleString("en");
}

// Formats an amount like `format_dollars` in core/text/number_format.py, which formats the amounts in the tables.
export function formatDollars(amount) {
  if (amount === 0) return "$0";
  const places = Math.max(2, 1 - Math.floor(Math.log10(amount)));
  return `$${amount.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places })}`;
}

// Fills the placeholders of a phrase like "{row} against {column}".
export function fillTemplate(phrase, values) {
  return phrase.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// Unbounded models are ignored unless all models are unbounded. The rating of a model that has never won means little,
// and with it on the axis, the other intervals would be too small to see.
export function computeDomain(rows) {
  const bounded = rows.filter(({ unbounded }) => !unbounded);
  const ends = (bounded.length ? bounded : rows).flatMap(({ rating, ci_low, ci_high }) => [rating, ci_low, ci_high]).filter((end) => end !== null);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const margin = Math.max(5, (high - low) * 0.03);
  return [low - margin, high + margin];
}
