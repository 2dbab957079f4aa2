// Ratings against the scores of a benchmark, with the trend line, the band of agreement, and the names of models far
// from the line.
import { FONT_PX, fillTemplate, renderPlot, formatWhole, shortenNames, computeDomain } from "./plot_frame.js";

const { Plot } = window;
const LABEL_PX = 15;
const LETTER_PX = 6.8;
const MARGIN = { left: 52, right: 16, top: 30, bottom: 48 };
// The shape and the color show the verdict. Models that agree with the line are plain.
const LOOKS = {
  below: { symbol: "triangle", rotate: 180, fill: "var(--b)", stroke: "var(--b)", r: 5.5 },
  above: { symbol: "triangle", rotate: 0, fill: "var(--a)", stroke: "var(--a)", r: 5.5 },
  unclear: { symbol: "diamond", rotate: 0, fill: "var(--paper)", stroke: "var(--ink)", r: 5 },
  agree: { symbol: "circle", rotate: 0, fill: "var(--paper)", stroke: "var(--line-strong)", r: 4 },
};

function formatMark({ name, score, rating, expected }, { words }) {
  const figures = { name, score: score.toFixed(1), rating: formatWhole(rating), expected: formatWhole(expected) };
  return fillTemplate(words, figures);
}

function getScoreEnds({ score, score_margin: margin }) {
  return [score - (margin ?? 0), score + (margin ?? 0)];
}

// Places names without overlap, on the side with more room. Models farthest from the line come first.
function placeLabels(points, at, width) {
  const taken = [];
  return points.filter(({ verdict }) => verdict !== "agree").toSorted((one, other) => Math.abs(other.z) - Math.abs(one.z)).flatMap((point) => {
    const [x, y] = at(point);
    const left = x > width / 2;
    const [text] = shortenNames([point.name], Math.max(left ? x - MARGIN.left : width - MARGIN.right - x, 60));
    const long = text.length * LETTER_PX + 10;
    const box = { low: left ? x - long : x, high: left ? x : x + long, y };
    if (taken.some((other) => Math.abs(other.y - y) < LABEL_PX && other.low < box.high && box.low < other.high)) return [];
    taken.push(box);
    return [{ ...point, text, left }];
  });
}

function drawLabels(names, left) {
  return Plot.text(names.filter((each) => each.left === left), {
    x: "score", y: "rating", text: "text", textAnchor: left ? "end" : "start", dx: left ? -11 : 11, stroke: "var(--paper)", strokeWidth: 4, fill: "var(--ink)",
  });
}

export function disagreement({ points, slope, intercept, sd, far }, width, words, height) {
  const ends = points.flatMap(getScoreEnds);
  const x = [Math.max(0, Math.min(...ends) - 2), Math.min(100, Math.max(...ends) + 2)];
  const line = x.map((score) => ({ score, rating: intercept + slope * score }));
  const band = line.map((each) => ({ ...each, ci_low: each.rating - far * sd, ci_high: each.rating + far * sd }));
  const y = computeDomain([...points, ...band]);
  const inside = [width - MARGIN.left - MARGIN.right, height - MARGIN.top - MARGIN.bottom];
  const at = ({ score, rating }) => [
    MARGIN.left + ((score - x[0]) / (x[1] - x[0])) * inside[0],
    MARGIN.top + ((y[1] - rating) / (y[1] - y[0])) * inside[1],
  ];
  const names = placeLabels(points, at, width);
  const look = (part) => ({ verdict }) => LOOKS[verdict][part];
  return renderPlot({
    ariaLabel: words.alt,
    width,
    height,
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    marginTop: MARGIN.top,
    marginBottom: MARGIN.bottom,
    x: { domain: x, label: words.x, labelAnchor: "center", labelArrow: "none", ticks: Math.max(3, width / 110) },
    y: { domain: y, label: words.y, grid: true, labelArrow: "none", ticks: Math.round(height / 70) },
    color: { type: "identity" },
    symbol: { type: "identity" },
    r: { type: "identity" },
    marks: [
      Plot.areaY(band, { x: "score", y1: "ci_low", y2: "ci_high", fill: "var(--line)", fillOpacity: 0.45 }),
      Plot.line(line, { x: "score", y: "rating", stroke: "var(--ink-soft)", strokeWidth: 1.5 }),
      Plot.ruleX(points, { x: "score", y1: (point) => point.ci_low ?? point.rating, y2: (point) => point.ci_high ?? point.rating, stroke: "var(--line-strong)", strokeOpacity: 0.7 }),
      Plot.ruleY(points, { y: "rating", x1: (point) => getScoreEnds(point)[0], x2: (point) => getScoreEnds(point)[1], stroke: "var(--line-strong)", strokeOpacity: 0.45 }),
      Plot.dot(points, { x: "score", y: "rating", r: look("r"), symbol: look("symbol"), rotate: look("rotate"), fill: look("fill"), stroke: look("stroke"), strokeWidth: 1.5, title: (point) => formatMark(point, words), sort: null }),
      drawLabels(names, true),
      drawLabels(names, false),
    ],
    style: { fontSize: `${FONT_PX}px` },
  });
}
