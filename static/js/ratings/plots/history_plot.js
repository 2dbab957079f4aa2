// Ratings over time in one plot. Models that moved significantly have a color and an interval, and the others are gray.
// If there are none, each model has a color, the first three have strong lines, and the first has an interval.
import { stackLabels } from "./mark_labels.js";
import { computeDomain, computeLabelWidth, formatWhole, renderPlot, shortenNames } from "./plot_frame.js";
import { formatTick, listTicks, parseSeries } from "./series_plot.js";

const { Plot } = window;
const LEADER_PX = 20;
const NARROW_LEADER_PX = 12;
const NARROW_PX = 540;
const MOST_TICKS = 6;
const TICK_PX = 60;
const FIGURE_PX = 44; // a rating to the left of a name
const MARGIN = { marginTop: 12, marginBottom: 40, marginLeft: 44 };
const COLORS = { up: "var(--a)", down: "var(--b)" };
const TOP_COLORS = ["var(--a)", "var(--b)", "var(--ink)"];
const OTHER_HUES = [150, 350, 230, 110, 20, 190, 320];
const GRAYS = ["var(--ink-soft)", "var(--line-strong)"];
const MARGIN_SHARE = 0.06; // of the time before the last change, after it
const LEAST_CHANGE = 0.01; // of the scale of ratings; smaller changes are hard to see

function formatPoint({ at, rating, ci_low: low, ci_high: high }) {
  const interval = low === null || high === null ? "" : ` (${formatWhole(low)} – ${formatWhole(high)})`;
  return `${at.toISOString().slice(0, 10)}: ${formatWhole(rating)}${interval}`;
}

function formatColor(hue) {
  return `color-mix(in oklab, oklch(0.6 0.15 ${hue}) 75%, var(--ink))`;
}

function parseLines(data, words) {
  const names = new Map(JSON.parse(words.names));
  const moved = JSON.parse(words.moved);
  const lines = parseSeries(data).map(({ model, points }) => ({ name: names.get(model), points, last: points.at(-1), color: COLORS[moved[model]] }));
  lines.sort((one, other) => other.last.rating - one.last.rating);
  const hasMoved = lines.some(({ color }) => color);
  lines.forEach((line, at) => {
    line.isStrong = hasMoved ? Boolean(line.color) : at < TOP_COLORS.length;
    line.hasBand = hasMoved ? line.isStrong : at === 0;
    if (!hasMoved) line.color = TOP_COLORS[at] ?? formatColor(OTHER_HUES[(at - TOP_COLORS.length) % OTHER_HUES.length]);
  });
  return lines;
}

// Ratings from few votes would make the rest of the plot too small. So the scale of ratings fits the last ones, and all
// whose intervals are at most twice as wide as the last one: those from at least about a quarter of the votes. It also
// fits the bands of these. The scale of times begins with the first such rating that has a band, but it leaves out at most a third of the time.
function computeScales(lines) {
  const measureInterval = ({ ci_low: low, ci_high: high }) => (low === null || high === null ? Infinity : high - low);
  const findReliable = ({ points, last }) => points.filter((point) => measureInterval(point) <= 2 * measureInterval(last));
  const withBand = lines.filter(({ hasBand }) => hasBand);
  const times = lines.flatMap(({ points }) => points.map(({ at }) => at));
  const [begin, last] = [Math.min(...times), Math.max(...times)];
  const first = Math.min(...withBand.flatMap(findReliable).map(({ at }) => at), begin + (last - begin) / 3);
  const closed = withBand.flatMap(findReliable).filter((point) => measureInterval(point) < Infinity);
  const domain = computeDomain([...closed, ...withBand.map(({ last }) => last), ...lines.flatMap(findReliable).map(({ rating }) => ({ rating, ci_low: null, ci_high: null }))]);
  const least = (domain[1] - domain[0]) * LEAST_CHANGE;
  const changes = lines.map(({ points }) => points.findLast(({ rating }, place) => !place || Math.abs(rating - points[place - 1].rating) > least).at);
  const lastChange = Math.max(...changes);
  return { first, last: Math.min(last, lastChange + (lastChange - first) * MARGIN_SHARE || last), domain };
}

function drawLine({ name, points: all, last, color, isStrong, hasBand }, { first, last: end, domain: [low, high] }, place) {
  const points = all.slice(Math.max(0, all.findLastIndex(({ at }) => at <= first))); // the line begins without a step
  const path = { x: "at", y: "rating", curve: "step-after", clip: true };
  const title = () => [name, ...[all[0], last].map(formatPoint)].join("\n");
  const ends = { x: "at", y1: (point) => point.ci_low ?? low, y2: (point) => point.ci_high ?? high, curve: "step-after", clip: true };
  const gray = GRAYS[place % GRAYS.length];
  return [
    Plot.areaY(hasBand ? points : [], { ...ends, fill: color, fillOpacity: 0.05 }),
    Plot.line(points, { ...path, stroke: color ?? gray, strokeOpacity: isStrong ? 1 : color ? 0.6 : 0.8, strokeWidth: hasBand ? 3 : isStrong ? 2 : 1.5 }),
    Plot.dot([{ ...last, at: new Date(end) }], { x: "at", y: "rating", r: 3.5, fill: color ?? gray }),
    Plot.line(points, { ...path, stroke: "var(--ink)", strokeOpacity: 0, strokeWidth: 14, title }),
  ];
}

export function history(data, width, words, height) {
  const lines = parseLines(data, words);
  const scales = computeScales(lines);
  const { first, last, domain } = scales;
  const [low, high] = domain;
  const isCut = lines.some(({ points }) => points.some(({ at, rating }) => at < first || rating < low || rating > high));
  document.getElementById("history-cut").textContent = isCut ? words.cut : "";
  const isNarrow = width < NARROW_PX;
  const leader = isNarrow ? NARROW_LEADER_PX : LEADER_PX;
  const room = leader + computeLabelWidth(lines.map(({ name }) => `1,000  ${name}`), width);
  const names = shortenNames(lines.map(({ name }) => name), room - leader - FIGURE_PX).map((name, at) => `${formatWhole(lines[at].last.rating)}  ${name}`);
  const places = stackLabels(lines.map((line) => line.last.rating), domain, [MARGIN.marginTop, height - MARGIN.marginBottom]);
  const end = new Date(last + ((last - first) * leader) / (width - room - MARGIN.marginLeft));
  const labels = lines.map(({ last: { rating }, color, isStrong }, index) => ({ at: new Date(last), rating, end, y: places[index], text: names[index], color, isStrong }));
  const text = { x: "end", y: "y", text: "text", textAnchor: "start", dx: 4 };
  return renderPlot({
    ariaLabel: words.alt,
    width,
    height,
    ...MARGIN,
    marginRight: room,
    x: { type: "utc", domain: [new Date(first), new Date(last)], label: null, ticks: listTicks([first, last], Math.max(1, Math.min(MOST_TICKS, Math.floor((width - room) / TICK_PX)))), tickFormat: formatTick },
    y: { domain, label: null, ticks: 6, grid: true },
    marks: [
      Plot.link(labels, { x1: "at", x2: "end", y1: "rating", y2: "y", stroke: (label) => label.color ?? "var(--line-strong)", strokeOpacity: 0.6 }),
      ...lines.filter(({ isStrong }) => !isStrong).flatMap((line, place) => drawLine(line, scales, place)),
      ...lines.filter(({ isStrong }) => isStrong).reverse().flatMap((line, place) => drawLine(line, scales, place)),
      Plot.text(labels.filter(({ isStrong }) => !isStrong), { ...text, fill: ({ color }) => color ?? "var(--ink-soft)" }),
      Plot.text(labels.filter(({ isStrong }) => isStrong), { ...text, fill: "color", fontWeight: 650 }),
    ],
    color: { type: "identity" },
    style: { fontSize: "13px" },
  });
}
