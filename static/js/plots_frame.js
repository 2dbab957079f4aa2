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

// Room for names, up to a share of the width; longer ones are cut by `short`.
export function roomFor(names, width) {
  const longest = Math.max(...names.map((name) => name.length)) * LETTER_PX + 16;
  return Math.round(Math.min(longest, width * 0.42, 260));
}

export function short(name, room) {
  const most = Math.max(4, Math.floor((room - 16) / LETTER_PX));
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}

export function rounded(number) {
  return Math.round(number).toLocaleString("en");
}

// A phrase of the page with its blanks filled: "{row} against {column}".
export function filled(phrase, values) {
  return phrase.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function span(rows) {
  const ends = rows.flatMap(({ rating, ci_low, ci_high }) => [rating, ci_low, ci_high]).filter((end) => end !== null);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const margin = Math.max(5, (high - low) * 0.03);
  return [low - margin, high + margin];
}
