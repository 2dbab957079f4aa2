// One answer on the page: it grows as Markdown, gives way to the server's HTML, or says that there is none.
import { dress } from "./answer_extras.js";
import { Growing } from "./markdown_stream.js";

const SLACK_PX = 24;
const growing = new WeakMap();
const followed = new WeakSet();
const dressed = new WeakSet();

export function find({ turn, side }) {
  return document.getElementById(`turn-${turn}-${side}`);
}

function isAtEnd(body) {
  return body.scrollHeight - body.clientHeight - body.scrollTop <= SLACK_PX;
}

// Whoever has gone to the end stays there while text comes in. Nobody else is moved: most begin to read at the top.
function keepAtEnd(answer) {
  if (followed.has(answer)) return;
  followed.add(answer);
  const body = answer.closest(".pane-body");
  let atEnd = false;
  body.addEventListener("scroll", () => { atEnd = isAtEnd(body); }, { passive: true });
  new ResizeObserver(() => {
    if (atEnd && answer.ariaBusy) body.scrollTop = body.scrollHeight;
  }).observe(answer);
}

function begin(answer) {
  keepAtEnd(answer);
  const brought = answer.textContent;
  answer.replaceChildren();
  answer.className = "answer";
  answer.ariaBusy = "true";
  growing.set(answer, new Growing(answer));
  if (brought) growing.get(answer).append(brought);
}

export function grow(answer, text) {
  if (!growing.has(answer)) begin(answer);
  growing.get(answer).append(text);
}

export function restart(answer) {
  replace(answer, () => begin(answer));
}

// Whoever was reading in what goes away reads on in its pane: without any focus the arrow keys would vote.
function replace(answer, put) {
  const held = answer.contains(document.activeElement);
  answer.replaceChildren();
  put();
  if (held) answer.closest(".pane-body").focus({ preventScroll: true });
}

function dressOnce(answer) {
  if (!dressed.has(answer)) dress(answer);
  dressed.add(answer);
}

function end(answer, className) {
  dressed.delete(answer);
  growing.delete(answer);
  answer.className = className;
  answer.ariaBusy = null;
}

export function finish(answer, html) {
  end(answer, "answer prose");
  replace(answer, () => { answer.innerHTML = html; });
  dressOnce(answer);
}

export function fail(answer, reason) {
  end(answer, "answer");
  replace(answer, () => answer.append(document.getElementById("failed").content.cloneNode(true)));
  for (const line of answer.querySelectorAll("[data-reason]")) {
    if (line.dataset.reason !== reason) line.remove();
  }
  htmx.process(answer);
}

// What the page brought: finished answers, and the beginnings of others.
export function takeOver() {
  for (const answer of document.querySelectorAll(".answer.prose")) dressOnce(answer);
  for (const answer of document.querySelectorAll(".answer.stream")) begin(answer);
}

// From one pane to the other without leaving a trace in the browser's history.
document.addEventListener("click", (event) => {
  const pane = document.querySelector(event.target.closest(".jump")?.getAttribute("href") ?? ":not(*)");
  if (!pane) return;
  event.preventDefault();
  pane.scrollIntoView();
  pane.querySelector(".pane-body").focus({ preventScroll: true });
});
