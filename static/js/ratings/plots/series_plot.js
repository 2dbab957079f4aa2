// Ratings over time: one small plot per model, all on the same scale. The other models are gray lines.
import { renderPlot, formatWhole, computeDomain } from "./plot_frame.js";

const { Plot, d3 } = window;
const LEAST_PX = 260;
const GAP_PX = 20;
const HEIGHT_PX = 160;

export function parseSeries({ series }) {
  return series.filter(({ points }) => points.length).map(({ model, points }) => ({
    model,
    points: points.map((point) => ({ ...point, model, at: new Date(point.computed_at) })),
  }));
}

// Returns round times, at most `most` of them, because Plot can use many more than it is asked for.
export function listTicks([first, last], most) {
  const ticks = d3.utcTicks(first, last, most);
  return ticks.filter((_, place) => place % Math.ceil(ticks.length / most) === 0);
}

// Formats a tick in UTC on a 24-hour clock. The first tick also shows the day or the year.
export function formatTick(at, place) {
  const [year, time] = [`${at.getUTCFullYear()}`, at.toISOString().slice(11, at.getUTCSeconds() ? 19 : 16)];
  const day = at.toLocaleDateString("en-US", { day: "numeric", month: "short", timeZone: "UTC" });
  const [first, then] = time === "00:00" ? [day, year] : [time, day];
  return place ? first : `${first}\n${then}`;
}

function listMarks({ points }, all, [low, high]) {
  const last = points.at(-1);
  return [
    Plot.line(all, { x: "at", y: "rating", z: "model", stroke: "var(--line-strong)", strokeOpacity: 0.45, strokeWidth: 1, curve: "step-after" }),
    Plot.areaY(points.filter((point) => point.ci_low !== null || point.ci_high !== null), {
      x: "at", y1: (point) => point.ci_low ?? low, y2: (point) => point.ci_high ?? high, fill: "var(--a)", fillOpacity: 0.22, curve: "step-after", clip: true,
    }),
    Plot.line(points, { x: "at", y: "rating", stroke: "var(--a)", strokeWidth: 2, curve: "step-after" }),
    Plot.dot([last], { x: "at", y: "rating", r: 3.5, fill: "var(--a)" }),
    Plot.text([last], { x: "at", y: "rating", text: ({ rating }) => formatWhole(rating), textAnchor: "start", dx: 7, fontWeight: 650 }),
  ];
}

function panel(each, all, scales, width, names, words) {
  const name = names.get(each.model);
  const figure = document.createElement("figure");
  figure.className = "panel";
  if (names.size > 1) figure.append(Object.assign(document.createElement("figcaption"), { textContent: name, title: name }));
  figure.append(renderPlot({
    ariaLabel: `${name}: ${words.alt}`,
    width,
    height: HEIGHT_PX,
    marginLeft: 44,
    marginRight: 46,
    marginTop: 8,
    marginBottom: 36,
    x: { type: "utc", domain: scales.times, label: null, ticks: listTicks(scales.times, Math.max(2, Math.floor((width - 90) / 75))), tickFormat: formatTick },
    y: { domain: scales.ratings, label: null, ticks: 4, grid: true },
    marks: listMarks(each, all, scales.ratings),
    style: { fontSize: "12px" },
  }));
  return figure;
}

export function series(data, width, words) {
  const names = new Map(JSON.parse(words.names));
  const found = parseSeries(data);
  const all = found.flatMap(({ points }) => points);
  const times = all.map(({ at }) => at);
  // Intervals after the first votes are so wide that the rest of the plot would be too small, so they are cut off.
  const ends = found.map(({ points }) => points.at(-1));
  const wanted = [...ends, ...all.map(({ rating }) => ({ rating, ci_low: null, ci_high: null }))];
  const scales = { ratings: computeDomain(wanted), times: [new Date(Math.min(...times)), new Date(Math.max(...times))] };
  const columns = found.length > 1 ? Math.max(1, Math.floor((width + GAP_PX) / (LEAST_PX + GAP_PX))) : 1;
  const each = Math.floor((width - (columns - 1) * GAP_PX) / columns);
  return found.map((one) => panel(one, all, scales, each, names, words));
}
