// Ratings against what they cost, or against speed, with the Pareto frontier. Nothing is divided by anything.
import { FONT_PX, filled, picture, roomFor, rounded, short, span } from "./plots_frame.js";

const { Plot } = window;
const LABEL_PX = 15;
const MOST_TICKS = 8;
const FREE = 4; // how many times cheaper than the cheapest the place of what costs nothing is

// Names of the frontier, worst rated first, without those that would lie on the one before. Beside a name is room on the
// side where something better would be, and the better rated of two close ones would write over the other.
function named(frontier, [low, high], height) {
  let last = -Infinity;
  return frontier.toSorted((one, other) => one.rating - other.rating).filter(({ rating }) => {
    const at = ((rating - low) / (high - low)) * height;
    if (at - last < LABEL_PX) return false;
    last = at;
    return true;
  });
}

// The first of these series that is not too dense.
function ticks(low, high) {
  const decades = Array.from({ length: 12 }, (_, place) => 10 ** (place - 6));
  const series = [[1, 2, 5], [1, 3], [1]].map((steps) => decades
    .flatMap((ten) => steps.map((step) => step * ten))
    .filter((tick) => tick >= low && tick <= high));
  return series.find((found) => found.length < MOST_TICKS) ?? series.at(-1);
}

function written(tick, priced) {
  if (!priced) return tick.toLocaleString("en");
  return `$${tick < 1 ? tick.toFixed(Math.max(2, Math.ceil(-Math.log10(tick)))) : tick.toLocaleString("en")}`;
}

function scaleX(rows, priced, words) {
  const paid = rows.map(({ value }) => value).filter((value) => value > 0);
  const [cheapest, dearest] = paid.length ? [Math.min(...paid), Math.max(...paid)] : [1, 1];
  const free = cheapest / FREE;
  const place = ({ value }) => value || free;
  const domain = [Math.min(...rows.map(place)) / 1.4, dearest * 1.4];
  return {
    place,
    x: {
      type: "log",
      domain,
      ticks: [...(paid.length < rows.length ? [free] : []), ...ticks(cheapest / 1.4, dearest * 1.4)],
      tickFormat: (tick) => (tick === free && paid.length < rows.length ? words.free : written(tick, priced)),
      label: words.x,
      labelAnchor: "center",
      labelArrow: "none",
    },
  };
}

function told(row, words) {
  return filled(words.words, { name: row.name, rating: rounded(row.rating), figure: row.value.toLocaleString("en", { maximumSignificantDigits: 3 }) });
}

export function frontier({ rows, against }, width, words) {
  const priced = against === "price";
  const height = Math.min(520, Math.max(320, width * 0.55));
  const domain = span(rows);
  const { place, x } = scaleX(rows, priced, words);
  const best = rows.filter(({ on_frontier: on }) => on);
  const side = priced ? { textAnchor: "end", dx: -9 } : { textAnchor: "start", dx: 9 };
  const room = roomFor(best.map(({ name }) => name), width * 0.8);
  return picture({
    ariaLabel: words.alt,
    width,
    height,
    marginLeft: 52,
    marginBottom: 48,
    insetLeft: priced ? room : 8,
    insetRight: priced ? 8 : room,
    x,
    y: { domain, label: words.y, grid: true, labelArrow: "none" },
    color: { type: "identity" },
    marks: [
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
        title: (row) => told(row, words),
        sort: null,
      }),
      Plot.text(named(best, domain, height - 80), { x: place, y: "rating", text: ({ name }) => short(name, room), ...side, dy: -9, stroke: "var(--paper)", strokeWidth: 4, fill: "var(--ink)" }),
    ],
    r: { type: "identity" },
    symbol: { type: "identity" },
    style: { fontSize: `${FONT_PX}px` },
  });
}
