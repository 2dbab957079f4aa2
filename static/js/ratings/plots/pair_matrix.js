// Two matrices of the same pairs, row against column: predicted win rates, and numbers of direct votes.
import { FONT_PX, LETTER_PX, fillTemplate, renderPlot, computeLabelWidth, shortenNames } from "./plot_frame.js";

const { Plot } = window;
const CELL_PX = 30;
const STRONGEST = 50; // in percent; with more color, the numbers in the cells would be hard to read

function mixColor(share, color) {
  return `color-mix(in oklab, var(--${color}) ${Math.round(share * STRONGEST)}%, var(--sheet))`;
}

function pairs({ models }, figures) {
  return models.flatMap((row, down) => models.map((column, across) => ({
    row, column, down, across, figure: figures[down][across],
  }))).filter(({ down, across, figure }) => down !== across && figure !== null);
}

function matrix(data, cells, width, words, look) {
  const names = new Map(JSON.parse(words.names));
  const room = computeLabelWidth([...names.values()].map((name) => `00  ${name}`), width);
  const places = [...data.models.keys()];
  const side = Math.max(CELL_PX, Math.min(44, (width - room - 8) / places.length));
  const name = (place) => names.get(data.models[place]);
  const font = side < 34 ? FONT_PX - 2 : FONT_PX;
  const labels = shortenNames(places.map(name), room * (FONT_PX / font) - 4 * LETTER_PX);
  return renderPlot({
    ariaLabel: words.alt,
    width: room + places.length * side + 8,
    height: places.length * side * 0.8 + 32,
    margin: 4,
    marginLeft: room,
    marginTop: 28,
    x: { domain: places, axis: "top", label: null, tickFormat: (place) => place + 1, tickSize: 0, padding: 0.06 },
    y: { domain: places, label: null, tickFormat: (place) => `${place + 1}  ${labels[place]}`, tickSize: 0, padding: 0.06 },
    color: { type: "identity" },
    marks: [
      Plot.cell(cells, {
        x: "across",
        y: "down",
        fill: ({ figure }) => look.fill(figure),
        title: ({ down, across, figure }) => fillTemplate(words.words, { row: name(down), column: name(across), figure: look.describe(figure) }),
        rx: 2,
      }),
      Plot.text(cells, { x: "across", y: "down", text: ({ figure }) => look.text(figure), fill: "var(--ink)", pointerEvents: "none" }),
    ],
    style: { fontSize: `${font}px` },
  });
}

function formatPercent(rate) {
  return `${Math.round(100 * rate)}`;
}

export function rates(data, width, words) {
  return matrix(data, pairs(data, data.win_probability), width, words, {
    // Most rates are close to one half, so the exponent makes small differences visible.
    fill: (rate) => mixColor(Math.abs(2 * rate - 1) ** 0.6, rate < 0.5 ? "b" : "a"),
    text: formatPercent,
    describe: formatPercent,
  });
}

function formatCompact(count) {
  return count < 1000 ? `${count}` : Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 2 }).format(count);
}

export function counts(data, width, words) {
  const cells = pairs(data, data.counts);
  const most = Math.max(1, ...cells.map(({ figure }) => figure));
  return matrix(data, cells, width, words, {
    fill: (count) => mixColor(Math.log1p(count) / Math.log1p(most), "a"),
    text: formatCompact,
    describe: (count) => count.toLocaleString("en"),
  });
}
