// Ratings against price or speed, with the Pareto frontier and the region that it dominates.
import { labelMarks } from "./mark_labels.js";
import { FONT_PX, fillTemplate, renderPlot, formatDollars, formatWhole, computeDomain } from "./plot_frame.js";

const { Plot } = window;
const TICK_PX = 60;
const MARGINS = { marginTop: 28, marginRight: 24, marginBottom: 48, marginLeft: 52 };
const LEFT_ROOM = [3.5, 12]; // for names: the lowest price is divided by this number, the second one in narrow plots
const FREE = 4; // free models are drawn at the lowest price divided by this number
const RADIUS_PX = 5;
const SMALL_PX = 3.5; // if there is little room, for marks that are not on the frontier
const NAME_SHARE = 0.03; // of the height, for a name below the lowest mark
const FAINT = 0.45; // their opacity
const NARROW_PX = 540;
const CROWDED_PX2 = 5000; // area per mark; with less, or in a narrow plot, only marks on the frontier have names
const HUES = new Map([[true, "var(--a)"], [false, "var(--b)"], [null, "var(--ink-soft)"]]);

// Returns the first series with at most `most` ticks, or else every nth tick of the last series.
function ticks(low, high, most) {
  const decades = Array.from({ length: 12 }, (_, place) => 10 ** (place - 6));
  const series = [[1, 2, 5], [1, 3], [1]].map((steps) => decades
    .flatMap((ten) => steps.map((step) => step * ten))
    .filter((tick) => tick >= low && tick <= high));
  const last = series.at(-1);
  return series.find((found) => found.length <= most) ?? last.filter((_, place) => place % Math.ceil(last.length / most) === 0);
}

function scaleX(rows, priced, words, most, room) {
  const paid = rows.map(({ value }) => value).filter((value) => value > 0);
  const [cheapest, dearest] = paid.length ? [Math.min(...paid), Math.max(...paid)] : [1, 1];
  const free = cheapest / FREE;
  const hasFree = paid.length < rows.length;
  const place = ({ value }) => value || free;
  const formatTick = priced ? formatDollars : (tick) => tick.toLocaleString("en");
  const domain = [Math.min(...rows.map(place)) / room, dearest * 1.4];
  return {
    place,
    x: { type: "log", domain, axis: null },
    // On a logarithmic scale, Plot omits some tick labels, so the labels are set here.
    axis: {
      ticks: [...(hasFree ? [free] : []), ...ticks(cheapest / 1.4, dearest * 1.4, most - Number(hasFree))],
      text: (tick) => (tick === free && hasFree ? words.free : formatTick(tick)),
      label: words.x,
      labelAnchor: "center",
      labelArrow: "none",
    },
  };
}

function formatMark({ name, organization, open_weights: open, rating, ci_low: low, ci_high: high, rank, value, as_of: day }, priced, words) {
  const month = day && new Date(day).toLocaleDateString("en-US", { month: "short", year: "numeric", timeZone: "UTC" });
  return fillTemplate(words.words.replaceAll("|", "\n"), {
    name,
    about: [organization, { true: words.open, false: words.closed }[open]].filter(Boolean).join(" · "),
    rating: low === null || high === null ? formatWhole(rating) : `${formatWhole(rating)} ± ${formatWhole((high - low) / 2)}`,
    rank,
    figure: priced ? formatDollars(value) : value.toLocaleString("en", { maximumSignificantDigits: 3 }),
    month,
  }).replace("\n\n", "\n");
}

// Returns the points and the lines of the frontier as steps, continued to the edge of the plot on the side where models are worse.
function buildSteps(best, place, priced, [first, last]) {
  const steps = best.toSorted((one, other) => place(one) - place(other)).map((row) => ({ x: place(row), rating: row.rating }));
  const points = priced ? [...steps, { x: last, rating: steps.at(-1).rating }] : [{ x: first, rating: steps[0].rating }, ...steps];
  const corners = points.slice(1).map((point, at) => [points[at], priced ? { x: point.x, rating: points[at].rating } : { x: points[at].x, rating: point.rating }, point]);
  return { points, lines: corners.flatMap(([start, corner, end]) => [[start, corner], [corner, end]]) };
}

export function frontier({ rows, against }, width, words, height) {
  const priced = against === "price";
  const [lowest, high] = computeDomain(rows);
  const low = lowest - (high - lowest) * NAME_SHARE;
  const isNarrow = width < NARROW_PX;
  const isCrowded = (width * height) / rows.length < CROWDED_PX2;
  const { place, x, axis } = scaleX(rows, priced, words, Math.floor((width - MARGINS.marginLeft) / TICK_PX), LEFT_ROOM[Number(isNarrow)]);
  const best = rows.filter(({ on_frontier: on }) => on).sort((one, other) => other.rating - one.rating);
  const { points, lines } = buildSteps(best, place, priced, x.domain);
  const curve = priced ? "step-after" : "step-before";
  const isFaint = ({ on_frontier: on }) => isCrowded && !on;
  const r = (row) => (isFaint(row) ? SMALL_PX : RADIUS_PX);
  const named = new Set(isCrowded || isNarrow ? best : rows);
  // The best names come first in a narrow plot. In others, the lowest ones do, so that each leader line is below the names above it.
  const order = isNarrow ? (one, other) => other.rating - one.rating : (one, other) => one.rating - other.rating;
  const side = ({ on_frontier: on }) => [on === priced ? -1 : 1, on ? -1 : 1];
  const isMixed = new Set(rows.map((row) => row.has_enabled_endpoint)).size > 1;
  const hue = ({ on_frontier: on, open_weights: open }) => (on ? HUES.get(open) : "var(--line-strong)");
  const svg = renderPlot({
    ariaLabel: words.alt,
    width,
    height,
    ...MARGINS,
    x,
    y: { domain: [low, high], label: words.y, grid: true, labelArrow: "none", ticks: Math.round(height / 120) },
    color: { type: "identity" },
    marks: [
      Plot.areaY(points, { x: "x", y1: low, y2: "rating", curve, fill: "var(--line)", fillOpacity: 0.25 }),
      Plot.axisX(axis),
      Plot.ruleX(rows, { x: place, y1: ({ ci_low: end, rating }) => end ?? rating, y2: ({ ci_high: end, rating }) => end ?? rating, stroke: "var(--line-strong)", strokeWidth: 1.5, strokeOpacity: (row) => (isFaint(row) || isNarrow ? FAINT : 1) }),
      Plot.line(points, { x: "x", y: "rating", curve, stroke: "var(--ink)", strokeWidth: 1.5 }),
      Plot.dot(rows, {
        x: place,
        y: "rating",
        r,
        fill: (row) => (isMixed && !row.has_enabled_endpoint ? "var(--paper)" : hue(row)),
        stroke: hue,
        strokeWidth: 1.5,
        opacity: (row) => (isFaint(row) ? FAINT : 1),
        title: (row) => formatMark(row, priced, words),
        sort: null,
      }),
      labelMarks(rows.toSorted(order), (row) => ({ x: place(row), y: row.rating, r: r(row), name: named.has(row) ? row.name : "", strong: row.on_frontier, side: side(row) }), lines),
    ],
    r: { type: "identity" },
    style: { fontSize: `${FONT_PX}px` },
  });
  svg.querySelectorAll("title").forEach((title, at) => { title.parentNode.dataset.model = rows[at].model; });
  return svg;
}
