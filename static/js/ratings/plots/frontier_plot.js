// Ratings against price or speed, with the Pareto frontier.
import { FONT_PX, LETTER_PX, fillTemplate, renderPlot, computeLabelWidth, formatDollars, formatWhole, shortenNames, computeDomain } from "./plot_frame.js";

const { Plot } = window;
const LABEL_PX = 15;
const TICK_PX = 52;
const MARGINS = { marginTop: 28, marginRight: 16, marginBottom: 48, marginLeft: 52 };
const INSET_PX = 8;
const FREE = 4; // free models are drawn at the lowest price divided by this number

// Places the names of the models on the frontier, lowest rating first. Each name is beside its point, on the side where
// no model can be better, or above a name that it would overlap. `at` is a position on the rating axis.
function placeLabels(frontier, { across, perPx, left, room }) {
  const placed = [];
  const texts = shortenNames(frontier.map(({ name }) => name), room);
  for (const [row, text] of frontier.map((each, at) => [each, texts[at]]).toSorted(([one], [other]) => one.rating - other.rating)) {
    const [x, wide] = [across(row), text.length * LETTER_PX + 12];
    const [start, end] = left ? [x - wide, x] : [x, x + wide];
    const below = placed.filter((other) => other.start < end && start < other.end).map(({ at }) => at);
    placed.push({ row, text, start, end, at: Math.max(row.rating, ...below.map((at) => at + LABEL_PX * perPx)) });
  }
  return placed;
}

// Returns the first series with at most `most` ticks, or else every nth tick of the last series.
function ticks(low, high, most) {
  const decades = Array.from({ length: 12 }, (_, place) => 10 ** (place - 6));
  const series = [[1, 2, 5], [1, 3], [1]].map((steps) => decades
    .flatMap((ten) => steps.map((step) => step * ten))
    .filter((tick) => tick >= low && tick <= high));
  const last = series.at(-1);
  return series.find((found) => found.length <= most) ?? last.filter((_, place) => place % Math.ceil(last.length / most) === 0);
}

function scaleX(rows, priced, words, most) {
  const paid = rows.map(({ value }) => value).filter((value) => value > 0);
  const [cheapest, dearest] = paid.length ? [Math.min(...paid), Math.max(...paid)] : [1, 1];
  const free = cheapest / FREE;
  const place = ({ value }) => value || free;
  const formatTick = priced ? formatDollars : (tick) => tick.toLocaleString("en");
  const domain = [Math.min(...rows.map(place)) / 1.4, dearest * 1.4];
  return {
    place,
    x: { type: "log", domain, axis: null },
    // On a logarithmic scale, Plot omits some tick labels, so the labels are set here.
    axis: {
      ticks: [...(paid.length < rows.length ? [free] : []), ...ticks(cheapest / 1.4, dearest * 1.4, most)],
      text: (tick) => (tick === free && paid.length < rows.length ? words.free : formatTick(tick)),
      label: words.x,
      labelAnchor: "center",
      labelArrow: "none",
    },
  };
}

function formatMark(row, priced, words) {
  const figure = priced ? formatDollars(row.value) : row.value.toLocaleString("en", { maximumSignificantDigits: 3 });
  return fillTemplate(words.words, { name: row.name, rating: formatWhole(row.rating), figure });
}

export function frontier({ rows, against }, width, words) {
  const priced = against === "price";
  const height = Math.min(520, Math.max(320, width * 0.55));
  const [low, high] = computeDomain(rows);
  const best = rows.filter(({ on_frontier: on }) => on);
  const side = priced ? { textAnchor: "end", dx: -9 } : { textAnchor: "start", dx: 9 };
  const room = computeLabelWidth(best.map(({ name }) => name), width * 0.8);
  const inner = width - MARGINS.marginLeft - MARGINS.marginRight - room - INSET_PX;
  const { place, x, axis } = scaleX(rows, priced, words, Math.floor(inner / TICK_PX));
  const [from, to] = x.domain.map(Math.log);
  const perPx = (high - low) / (height - MARGINS.marginTop - MARGINS.marginBottom);
  const across = (row) => ((Math.log(place(row)) - from) / (to - from)) * inner;
  const names = placeLabels(best, { across, perPx, left: priced, room });
  const top = Math.max(high, ...names.map(({ at }) => at + 2 * LABEL_PX * perPx));
  return renderPlot({
    ariaLabel: words.alt,
    width,
    height,
    ...MARGINS,
    insetLeft: priced ? room : INSET_PX,
    insetRight: priced ? INSET_PX : room,
    x,
    y: { domain: [low, top], label: words.y, grid: true, labelArrow: "none" },
    color: { type: "identity" },
    marks: [
      Plot.axisX(axis),
      Plot.ruleX(rows, { x: place, y1: ({ ci_low: end, rating }) => end ?? rating, y2: ({ ci_high: end, rating }) => end ?? rating, stroke: "var(--line-strong)", strokeWidth: 1.5, strokeOpacity: 0.6 }),
      Plot.line(best.toSorted((one, other) => place(one) - place(other)), { x: place, y: "rating", curve: priced ? "step-after" : "step-before", stroke: "var(--a)", strokeWidth: 2 }),
      Plot.dot(rows, {
        x: place,
        y: "rating",
        r: ({ on_frontier: on }) => (on ? 5.5 : 4),
        symbol: ({ on_frontier: on }) => (on ? "diamond" : "circle"),
        fill: ({ on_frontier: on }) => (on ? "var(--a)" : "var(--paper)"),
        stroke: ({ on_frontier: on }) => (on ? "var(--a)" : "var(--line-strong)"),
        strokeWidth: 1.5,
        title: (row) => formatMark(row, priced, words),
        sort: null,
      }),
      Plot.text(names, { x: ({ row }) => place(row), y: "at", text: "text", ...side, dy: -9, stroke: "var(--paper)", strokeWidth: 4, fill: "var(--ink)" }),
    ],
    r: { type: "identity" },
    symbol: { type: "identity" },
    style: { fontSize: `${FONT_PX}px` },
  });
}
