// Ratings over time in one plot. Models that moved significantly, or else the leader, have a color and an interval.
import { computeDomain, computeLabelWidth, formatWhole, renderPlot, shortenNames } from "./plot_frame.js";
import { formatTick, parseSeries } from "./series_plot.js";

const { Plot } = window;
const LINE_PX = 18;
const MARGIN = { marginTop: 12, marginBottom: 40, marginLeft: 44 };
const COLORS = { up: "var(--a)", down: "var(--b)" };

// Places one label per model beside its last point, from top to bottom, without overlap.
function placeLabels(lines, [low, high], height) {
  const [top, bottom] = [MARGIN.marginTop, height - MARGIN.marginBottom];
  const pixel = (bottom - top) / (high - low);
  const places = lines.map(({ last }) => top + (high - last.rating) * pixel);
  for (let at = 1; at < places.length; at += 1) places[at] = Math.max(places[at], places[at - 1] + LINE_PX);
  let end = bottom;
  for (let at = places.length - 1; at >= 0; at -= 1) {
    places[at] = Math.min(places[at], end);
    end = places[at] - LINE_PX;
  }
  return places.map((place) => high - (place - top) / pixel);
}

function formatPoint({ at, rating, ci_low: low, ci_high: high }) {
  const interval = low === null || high === null ? "" : ` (${formatWhole(low)} – ${formatWhole(high)})`;
  return `${at.toISOString().slice(0, 10)}: ${formatWhole(rating)}${interval}`;
}

function parseLines(data, words) {
  const names = new Map(JSON.parse(words.names));
  const moved = JSON.parse(words.moved);
  const lines = parseSeries(data).map(({ model, points }) => ({ name: names.get(model), points, last: points.at(-1), color: COLORS[moved[model]] }));
  lines.sort((one, other) => other.last.rating - one.last.rating);
  if (!lines.some(({ color }) => color)) lines[0].color = COLORS.up;
  return lines;
}

function drawLine({ name, points, last, color }, [low, high]) {
  const path = { x: "at", y: "rating", curve: "step-after" };
  const title = () => [name, ...[points[0], last].map(formatPoint)].join("\n");
  const band = { x: "at", y1: (point) => point.ci_low ?? low, y2: (point) => point.ci_high ?? high, fill: color, fillOpacity: 0.1, curve: "step-after", clip: true };
  return [
    color && Plot.areaY(points, band),
    Plot.line(points, { ...path, stroke: color ?? "var(--line-strong)", strokeWidth: color ? 2.5 : 1.5 }),
    Plot.dot([last], { x: "at", y: "rating", r: 3.5, fill: color ?? "var(--line-strong)" }),
    Plot.line(points, { ...path, stroke: "var(--ink)", strokeOpacity: 0, strokeWidth: 14, title }),
  ];
}

export function history(data, width, words, height) {
  const lines = parseLines(data, words);
  const all = lines.flatMap(({ points }) => points);
  const times = all.map(({ at }) => at);
  // Intervals after the first votes are so wide that the rest of the plot would be too small, so they are cut off.
  const domain = computeDomain([...lines.filter(({ color }) => color).map(({ last }) => last), ...all.map(({ rating }) => ({ rating, ci_low: null, ci_high: null }))]);
  const room = computeLabelWidth(lines.map(({ name }) => `${name}  1,000 `), width);
  const names = shortenNames(lines.map(({ name }) => name), room - 44);
  const places = placeLabels(lines, domain, height);
  const labels = lines.map(({ last, color }, at) => ({ at: last.at, y: places[at], text: `${formatWhole(last.rating)}  ${names[at]}`, color }));
  const last = new Date(Math.max(...times));
  const text = { x: last, y: "y", text: "text", textAnchor: "start", dx: 10 };
  return renderPlot({
    ariaLabel: words.alt,
    width,
    height,
    ...MARGIN,
    marginRight: room,
    x: { type: "utc", domain: [new Date(Math.min(...times)), last], label: null, ticks: Math.max(1, Math.round((width - room) / 110)), tickFormat: formatTick },
    y: { domain, label: null, ticks: 6, grid: true },
    marks: [
      ...lines.filter(({ color }) => !color).flatMap((line) => drawLine(line, domain)),
      ...lines.filter(({ color }) => color).flatMap((line) => drawLine(line, domain)),
      Plot.text(labels.filter(({ color }) => !color), { ...text, fill: "var(--ink-soft)" }),
      Plot.text(labels.filter(({ color }) => color), { ...text, fill: "color", fontWeight: 650 }),
    ],
    color: { type: "identity" },
    style: { fontSize: "13px" },
  });
}
