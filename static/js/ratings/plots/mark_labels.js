// Labels of plots: columns of labels, and names of marks in a scatter plot. Each name is beside its mark, on the same side of all marks
// of one kind. Names without room are farther up or down, with a leader line, and in narrow plots they are left out.
import { FONT_PX, fitText } from "./plot_frame.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
const HEIGHT_PX = 14;
const LINE_PX = 18; // from one stacked label to the next
const NARROW_PX = 540;
const MIN_ROOM_PX = 170;
const GAP_PX = 8; // from the center of the mark, to the side and up or down
const LEADER_PX = [22, 35, 48]; // up or down, for names that have no room there
const LEADER_STEPS = [0.4, 0.55, 0.7, 0.85, 1];

function buildBox(left, y, width, height) {
  return { left, right: left + width, top: y - height / 2, bottom: y + height / 2 };
}

function overlaps(one, other) {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

function buildWall([[x1, y1], [x2, y2]]) {
  return { left: Math.min(x1, x2) - 1, right: Math.max(x1, x2) + 1, top: Math.min(y1, y2) - 1, bottom: Math.max(y1, y2) + 1 };
}

function buildPlace({ x, y, width, side: [across, down] }, distance) {
  const end = { x: x + across * GAP_PX, y: y + down * distance };
  const left = end.x - (across < 0 ? width : 0);
  const steps = distance > GAP_PX ? LEADER_STEPS : [];
  const leader = steps.map((step) => buildBox(x + (end.x - x) * step - 1, y + (end.y - y) * step, 2, 2));
  return { ...end, left, name: buildBox(left, end.y, width, HEIGHT_PX), leader };
}

// Returns the labels with their places. `marks` have a position, a radius, a side, and a name; the most important ones are first.
// A name and its leader line lie on no mark, no line, and no other name.
function placeLabels(marks, bounds, lines) {
  const taken = [...marks.map(({ x, y, r }) => buildBox(x - r, y, 2 * r, 2 * r)), ...lines];
  const isInside = ({ left, right, top, bottom }) => left >= bounds.left && right <= bounds.right && top >= bounds.top && bottom <= bounds.bottom;
  const distances = [GAP_PX, ...(bounds.right - bounds.left < NARROW_PX ? [] : LEADER_PX)];
  const labels = [];
  for (const mark of marks.filter(({ text }) => text)) {
    const place = distances
      .map((distance) => buildPlace(mark, distance))
      .find(({ name, leader }) => isInside(name) && ![name, ...leader].some((box) => taken.some((other) => overlaps(box, other))));
    if (!place) continue;
    taken.push(place.name, ...place.leader);
    labels.push({ ...mark, place });
  }
  return labels;
}

function append(parent, tag, attributes) {
  const element = parent.appendChild(document.createElementNS(NAMESPACE, tag));
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function drawLabel(group, { x, y, r, text, strong, place }) {
  const length = Math.hypot(place.x - x, place.y - y);
  if (place.leader.length) {
    const start = { x1: x + ((place.x - x) * r) / length, y1: y + ((place.y - y) * r) / length };
    append(group, "line", { ...start, x2: place.x, y2: place.y, stroke: "var(--line-strong)" });
  }
  const look = { stroke: "var(--paper)", "stroke-width": 4, "paint-order": "stroke", fill: "var(--ink)", "font-weight": strong ? 650 : 400, "text-anchor": place.left < place.x ? "end" : "start" };
  append(group, "text", { x: place.x, y: place.y, dy: "0.35em", ...look }).textContent = text;
}

// Returns a function that Plot calls to draw the names of the rows, best places first.
// getMark: returns the position of a row in data units, its radius in pixels, its name or "", whether it is strong, and the
// side of its name: -1 for left, 1 for right, and -1 for above, 1 for below.
// lines: the ends of horizontal and vertical lines in data units, which names must not cross.
export function labelMarks(rows, getMark, lines) {
  return (_, scales, values, { width, height, marginLeft, marginRight, marginTop, marginBottom }) => {
    const group = document.createElementNS(NAMESPACE, "g");
    group.setAttribute("aria-label", "name");
    group.setAttribute("pointer-events", "none");
    group.setAttribute("font-size", FONT_PX - 1);
    const bounds = { left: marginLeft, right: width - marginRight, top: marginTop - HEIGHT_PX, bottom: height - marginBottom };
    const walls = lines.map((ends) => buildWall(ends.map(({ x, rating }) => [scales.x(x), scales.y(rating)])));
    const room = Math.max(MIN_ROOM_PX, (bounds.right - bounds.left) * 0.33);
    const marks = rows.map(getMark).map(({ x, y, name, ...rest }) => ({ ...rest, x: scales.x(x), y: scales.y(y), ...(name && fitText(name, room)) }));
    const order = marks.toSorted((one, other) => Number(other.strong) - Number(one.strong));
    for (const label of placeLabels(order, bounds, walls)) drawLabel(group, label);
    return group;
  };
}

// Places one label per value, as near to it as possible, without overlap, and returns the places on the scale of values.
// The values descend. Labels that would overlap form a group around the mean of their values.
export function stackLabels(values, [low, high], [top, bottom]) {
  const pixel = (bottom - top) / (high - low);
  const groups = [];
  values.forEach((value, at) => {
    let group = { sum: top + (high - value) * pixel - at * LINE_PX, count: 1 };
    while (groups.length && groups.at(-1).sum / groups.at(-1).count > group.sum / group.count) {
      const above = groups.pop();
      group = { sum: above.sum + group.sum, count: above.count + group.count };
    }
    groups.push(group);
  });
  const lowest = bottom - (values.length - 1) * LINE_PX;
  const starts = groups.flatMap(({ sum, count }) => Array(count).fill(Math.min(Math.max(sum / count, top), lowest)));
  return starts.map((start, at) => high - (start + at * LINE_PX - top) / pixel);
}
