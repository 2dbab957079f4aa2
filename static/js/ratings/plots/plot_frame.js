// What all plots have in common. Plot itself comes from a script before this one.
const { Plot } = window;

export const FONT_PX = 13;
export const LETTER_PX = 6.6; // about, of the names beside a plot

// The style element that Plot adds would be refused by our policy; its rules are in plots.css.
export function picture(options) {
  const svg = Plot.plot({ className: "picture", figure: false, ...options });
  svg.querySelector("style")?.remove();
  svg.setAttribute("role", "img");
  // Groups have no role, so they must have no name either; the picture has one.
  for (const group of svg.querySelectorAll("[aria-label]")) {
    group.dataset.mark = group.getAttribute("aria-label");
    group.removeAttribute("aria-label");
  }
  return svg;
}

export function attach(place, drawn) {
  place.replaceChildren(...[drawn].flat());
}

// Not in the middle of the layout that has told of it.
export function waited(action) {
  return () => requestAnimationFrame(action);
}

// Letters of other scripts, and capitals, are up to twice as wide as the usual ones.
const canvas = document.createElement("canvas").getContext("2d");
function letterOf(name) {
  canvas.font = `${FONT_PX}px ${getComputedStyle(document.body).fontFamily}`;
  return Math.max(LETTER_PX, canvas.measureText(name).width / name.length);
}

// Room for names, up to a share of the width; longer ones are cut by `shortened`.
export function roomFor(names, width) {
  const longest = Math.max(...names.map((name) => name.length * letterOf(name))) + 16;
  return Math.round(Math.min(longest, width * 0.42, 260));
}

// Cut in the middle, for names of one family differ at their ends; elsewhere where two of them would be the same.
export function shortened(names, room) {
  const most = new Map(names.map((name) => [name, Math.max(5, Math.floor((room - 16) / letterOf(name)))]));
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

export function rounded(number) {
  return Math.round(number).toLocaleString("en");
}

// A phrase of the page with its blanks filled: "{row} against {column}".
export function filled(phrase, values) {
  return phrase.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// Models without a bound count only where there are no others: the place of one that never won says little, and beside
// it no interval of the others could be seen.
export function span(rows) {
  const bounded = rows.filter(({ unbounded }) => !unbounded);
  const ends = (bounded.length ? bounded : rows).flatMap(({ rating, ci_low, ci_high }) => [rating, ci_low, ci_high]).filter((end) => end !== null);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const margin = Math.max(5, (high - low) * 0.03);
  return [low - margin, high + margin];
}
