// Ratings with their intervals, one line per model, in tiers. An arrow at the edge marks an open end, or a rating outside
// the axis.
import { FONT_PX, fillTemplate, renderPlot, computeLabelWidth, formatWhole, shortenNames, computeDomain } from "./plot_frame.js";

const { Plot } = window;
const LINE_PX = 28;
const FIGURE_PX = 48; // the room for a rating to the right of the plot
const TIER_PX = 60; // and for its tier, unless the plot is narrow
const NARROW_PX = 600;

function formatMark({ name, rating, ci_low: low, ci_high: high }, { words }) {
  const ends = low === null && high === null ? "" : `, ${low === null ? "…" : formatWhole(low)} – ${high === null ? "…" : formatWhole(high)}`;
  return `${fillTemplate(words, { name, rating: formatWhole(rating) })}${ends}`;
}

function arrows(rows, end, at, rotate) {
  const open = rows.filter((row) => row[end] === null && row.interval !== null);
  return Plot.dot(open, { x: at, y: "model", symbol: "triangle", r: 3.5, rotate, fill: "var(--line-strong)", className: "open-end" });
}

export function ratings({ rows, scale }, width, words) {
  const chosen = new Set(words.models.split(","));
  const shown = rows.filter(({ model }) => chosen.has(model));
  const names = new Map(shown.map(({ model, name }) => [model, name]));
  const room = computeLabelWidth([...names.values()], width, 0.5);
  const labels = shortenNames([...names.values()], room);
  const [low, high] = computeDomain(shown);
  const ticks = Math.max(3, width / 130);
  const closed = shown.filter((row) => row.interval !== null);
  const tiers = JSON.parse(words.tiers);
  const inTiers = shown.filter(({ model }) => tiers[model]);
  const starts = inTiers.filter(({ model }, at) => tiers[model] !== tiers[inTiers[at - 1]?.model]);
  const isBest = ({ model }) => tiers[model] === 1;
  const hue = (row) => (isBest(row) ? "var(--a)" : "var(--ink)");
  const tierPx = starts.length && width > NARROW_PX ? TIER_PX : 0;
  const figure = { y: "model", frameAnchor: "right", textAnchor: "end" };
  const within = (place) => Math.min(high, Math.max(low, place));
  const beyond = ({ rating }) => rating !== within(rating);
  return renderPlot({
    ariaLabel: words.alt,
    width,
    height: shown.length * LINE_PX + 44,
    marginLeft: room,
    marginRight: FIGURE_PX + tierPx,
    marginTop: 28,
    marginBottom: 16,
    x: { domain: [low, high], axis: null, inset: 6 },
    y: { domain: [...names.keys()], label: null, tickFormat: (_, place) => labels[place], tickSize: 0 },
    marks: [
      Plot.gridX({ ticks }),
      Plot.axisX({ anchor: "top", label: null, ticks, tickSize: 0 }),
      Plot.ruleY(starts.slice(1), { y: "model", dy: -LINE_PX / 2, insetRight: -FIGURE_PX - tierPx, stroke: "var(--line)" }),
      Plot.text(shown, { ...figure, dx: FIGURE_PX, text: ({ rating }) => formatWhole(rating), fill: hue }),
      Plot.text(tierPx ? starts : [], { ...figure, dx: FIGURE_PX + tierPx, text: ({ model }) => `${words.tier} ${tiers[model]}`, fill: (row) => (isBest(row) ? "var(--a)" : "var(--ink-soft)") }),
      Plot.ruleX([scale.mean].filter((mean) => mean !== null && mean > low && mean < high), { stroke: "var(--line-strong)", strokeDasharray: "1 3" }),
      Plot.ruleY(closed, {
        x1: ({ ci_low: end }) => within(end ?? low),
        x2: ({ ci_high: end }) => within(end ?? high),
        y: "model",
        stroke: (row) => (isBest(row) ? "color-mix(in oklab, var(--a) 55%, var(--paper))" : "var(--line-strong)"),
        strokeWidth: 4,
        strokeLinecap: "round",
      }),
      arrows(closed, "ci_low", low, -90),
      arrows(closed, "ci_high", high, 90),
      Plot.dot(shown, {
        x: ({ rating }) => within(rating),
        y: "model",
        r: 5,
        symbol: (row) => (beyond(row) ? "triangle" : "circle"),
        rotate: ({ rating }) => (rating < low ? -90 : rating > high ? 90 : 0),
        fill: (row) => (row.provisional ? "var(--paper)" : hue(row)),
        stroke: hue,
        strokeWidth: 1.5,
        title: (row) => formatMark(row, words),
      }),
    ],
    color: { type: "identity" },
    symbol: { type: "identity" },
    style: { fontSize: `${FONT_PX}px` },
  });
}
