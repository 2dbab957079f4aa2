// Two matrices of the same pairs, row against column: predicted win rates, and numbers of direct votes.
import { FONT_PX, LETTER_PX, fillTemplate, renderPlot, computeLabelWidth, shortenNames } from "./plot_frame.js";

const { Plot } = window;
const CELL_PX = 30;
const LEAST_CELL_PX = 20; // for at most three characters
const LINE_PX = 28;
const RIGHT_PX = 4;
const STRONGEST = 50; // in percent; with more color, the numbers in the cells would be hard to read
const CLIPPED = 0.15; // the distance from one half with the strongest color
const CONFIDENCE_Z = 1.96;
const HATCH = '<pattern id="noise" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V6" stroke="var(--line-strong)" stroke-opacity="0.45" stroke-width="2"/></pattern>';

function mixColor(share, color) {
  return `color-mix(in oklab, var(--${color}) ${Math.round(share * STRONGEST)}%, var(--sheet))`;
}

function pairs({ models, diff, diff_se: errors }, figures) {
  return models.flatMap((row, down) => models.map((column, across) => {
    const error = errors[down][across];
    return { row, column, down, across, figure: figures[down][across], isNoise: error !== null && Math.abs(diff[down][across]) < CONFIDENCE_Z * error };
  })).filter(({ down, across, figure }) => down !== across && figure !== null);
}

function drawHatch() {
  const defs = document.createElementNS("http://www.w3.org/2000/svg", "defs");
  defs.innerHTML = HATCH;
  return defs;
}

// The cells and the names of rows and columns know their line, so that a row and a column can be lit together.
function markLines(svg, cells) {
  svg.querySelectorAll("rect:has(title)").forEach((rect, at) => {
    rect.dataset.down = cells[at].down;
    rect.dataset.across = cells[at].across;
  });
  for (const [axis, line] of [["x", "across"], ["y", "down"]]) {
    svg.querySelectorAll(`[data-mark="${axis}-axis tick label"] text`).forEach((text, place) => { text.dataset[line] = place; });
  }
}

function matrix(data, cells, width, words, look) {
  const names = new Map(JSON.parse(words.names));
  const places = [...data.models.keys()];
  const list = places.map((place) => names.get(data.models[place]));
  const slantedPx = Number(words.slanted); // room above and to the right for the slanted names of the columns
  const room = computeLabelWidth(list, width);
  // On a phone, upright names of the columns and narrow cells avoid a scroll bar.
  const isUpright = room + places.length * CELL_PX + slantedPx > width
    && room + places.length * LEAST_CELL_PX + RIGHT_PX <= width
    && cells.every(({ figure }) => look.text(figure).length < 4);
  const rightPx = isUpright ? RIGHT_PX : slantedPx;
  const side = Math.max(isUpright ? LEAST_CELL_PX : CELL_PX, Math.min(44, (width - room - rightPx) / places.length));
  const columnPx = isUpright ? 1.2 * slantedPx : slantedPx * Math.SQRT2 - LETTER_PX;
  const [labels, slanted] = [room, columnPx].map((wide) => shortenNames(list, wide));
  const place = { x: "across", y: "down" };
  const svg = renderPlot({
    ariaLabel: words.alt,
    width: room + places.length * side + rightPx,
    height: places.length * LINE_PX + slantedPx + 4,
    margin: 4,
    marginLeft: room,
    marginTop: slantedPx,
    marginRight: rightPx,
    x: { domain: places, axis: null, padding: 0.06 },
    y: { domain: places, label: null, tickFormat: (at) => labels[at], tickSize: 0, padding: 0.06 },
    color: { type: "identity" },
    marks: [
      drawHatch,
      Plot.axisX({ anchor: "top", label: null, tickFormat: (at) => slanted[at], tickSize: 0, tickRotate: isUpright ? -90 : -45, tickPadding: 6 }),
      Plot.cell(cells, {
        ...place,
        fill: ({ figure }) => look.fill(figure),
        title: ({ down, across, figure, isNoise }) => fillTemplate(words.words, { row: list[down], column: list[across], figure: look.describe(figure) }) + (isNoise && words.noise ? `\n${words.noise}` : ""),
        rx: 2,
      }),
      Plot.cell(words.noise ? cells.filter(({ isNoise }) => isNoise) : [], { ...place, fill: "url(#noise)", rx: 2, pointerEvents: "none" }),
      Plot.text(cells, { ...place, text: ({ figure }) => look.text(figure), fill: "var(--ink)", pointerEvents: "none" }),
    ],
    style: { fontSize: `${FONT_PX - (side < 34 ? 2 : 0)}px` },
  });
  markLines(svg, cells);
  return svg;
}

function formatPercent(rate) {
  return `${Math.round(100 * rate)}`;
}

export function rates(data, width, words) {
  return matrix(data, pairs(data, data.win_probability), width, words, {
    fill: (rate) => mixColor(Math.min(1, Math.abs(rate - 0.5) / CLIPPED), rate < 0.5 ? "b" : "a"),
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
