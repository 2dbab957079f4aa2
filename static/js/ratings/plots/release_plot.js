// Ratings against release dates, with the best rating so far among open and among closed weights.
import { labelMarks } from "./mark_labels.js";
import { FONT_PX, computeDomain, formatWhole, renderPlot } from "./plot_frame.js";

const { Plot } = window;
const MARGINS = { marginTop: 24, marginRight: 16, marginBottom: 32, marginLeft: 48 };
const RADIUS_PX = 5;
const SMALL_PX = 3;
const NARROW_PX = 600; // in narrower plots, only the best of all have names
const MIN_STEP = 20; // only records that are higher by this many points have names, and the first and the last one
const COLORS = new Map([[true, "var(--a)"], [false, "var(--b)"]]);

// Returns the models that were rated above all earlier ones, oldest first.
function findRecords(models) {
  let best = -Infinity;
  return models.filter(({ rating }) => {
    const isRecord = rating > best;
    best = Math.max(best, rating);
    return isRecord;
  });
}

function findSteps(records) {
  return records.filter(({ rating }, place) => !(rating - records[place - 1]?.rating < MIN_STEP) || place === records.length - 1);
}

function buildSteps(records, end) {
  const points = [...records, { ...records.at(-1), at: end }];
  const lines = points.slice(1).flatMap((point, place) => {
    const [start, corner] = [points[place], { at: point.at, rating: points[place].rating }];
    return [[start, corner], [corner, point]];
  });
  return { points, lines: lines.map((ends) => ends.map(({ at, rating }) => ({ x: at, rating }))) };
}

function formatMark({ name, organization, release_date: day, rating }) {
  return [name, organization, `${day}: ${formatWhole(rating)}`].filter(Boolean).join("\n");
}

export function releases({ rows }, width, words, height) {
  const models = rows
    .filter(({ release_date: day, unbounded }) => day && !unbounded)
    .map((row) => ({ ...row, at: new Date(row.release_date) }))
    .sort((one, other) => one.at - other.at || other.rating - one.rating);
  const end = models.at(-1).at;
  const groups = [...COLORS].map(([open, color]) => ({ color, records: findRecords(models.filter(({ open_weights: each }) => each === open)) }));
  const steps = groups.filter(({ records }) => records.length).map(({ color, records }) => ({ color, ...buildSteps(records, end) }));
  const records = new Set(groups.flatMap(({ records: each }) => each));
  const named = new Set(width < NARROW_PX ? findSteps(findRecords(models)) : groups.flatMap(({ records: each }) => findSteps(each)));
  const r = (row) => (records.has(row) ? RADIUS_PX : SMALL_PX);
  const getMark = (row) => ({ x: row.at, y: row.rating, r: r(row), name: named.has(row) ? row.name : "", strong: false, side: [-1, -1] });
  const color = ({ open_weights: open }) => COLORS.get(open) ?? "var(--ink-soft)";
  return renderPlot({
    ariaLabel: words.alt,
    width,
    height,
    ...MARGINS,
    x: { type: "utc", label: null, ticks: Math.max(3, Math.round(width / 120)), inset: RADIUS_PX },
    y: { domain: computeDomain(models.map((row) => ({ ...row, ci_low: null, ci_high: null }))), label: words.y, grid: true, labelArrow: "none", ticks: 6 },
    color: { type: "identity" },
    r: { type: "identity" },
    marks: [
      ...steps.map((step) => Plot.line(step.points, { x: "at", y: "rating", curve: "step-after", stroke: step.color, strokeWidth: 2 })),
      Plot.dot(models, {
        x: "at",
        y: "rating",
        r,
        fill: (row) => (records.has(row) ? color(row) : "var(--paper)"),
        stroke: color,
        strokeOpacity: (row) => (records.has(row) ? 1 : 0.6),
        title: formatMark,
        sort: null,
      }),
      labelMarks(models.toReversed(), getMark, steps.flatMap(({ lines }) => lines)),
    ],
    style: { fontSize: `${FONT_PX}px` },
  });
}
