// Shows an answer on the page. While it streams, its Markdown is rendered here. At the end, the server's HTML or a
// failure message replaces it.
import { enhanceAnswer } from "./answer_extras.js";
import { MarkdownStream } from "./markdown_stream.js";
import { followGrowth } from "./page_scroll.js";

const growing = new WeakMap();
const enhanced = new WeakSet();

export function findAnswer({ turn, side }) {
  return document.getElementById(`turn-${turn}-${side}`);
}

function begin(answer) {
  followGrowth(answer);
  const initialText = answer.textContent;
  answer.replaceChildren();
  answer.className = "answer";
  answer.ariaBusy = "true";
  growing.set(answer, new MarkdownStream(answer));
  if (initialText) growing.get(answer).append(initialText);
}

export function grow(answer, text) {
  if (!growing.has(answer)) begin(answer);
  growing.get(answer).append(text);
}

export function restart(answer) {
  replaceContent(answer, () => begin(answer));
}

// Replaces the content of an answer. If the answer had the focus, its pane gets the focus. Otherwise, the next Tab would
// start at the top of the page.
function replaceContent(answer, insertContent) {
  const hadFocus = answer.contains(document.activeElement);
  answer.replaceChildren();
  insertContent();
  if (hadFocus) answer.closest(".pane-body").focus({ preventScroll: true });
}

function enhanceOnce(answer) {
  if (!enhanced.has(answer)) enhanceAnswer(answer);
  enhanced.add(answer);
}

function end(answer, className) {
  enhanced.delete(answer);
  growing.delete(answer);
  answer.className = className;
  answer.ariaBusy = null;
}

export function finish(answer, html) {
  end(answer, "answer prose");
  replaceContent(answer, () => { answer.innerHTML = html; });
  enhanceOnce(answer);
}

export function fail(answer, reason) {
  end(answer, "answer");
  replaceContent(answer, () => answer.append(document.getElementById("failed").content.cloneNode(true)));
  for (const line of answer.querySelectorAll("[data-reason]")) {
    if (line.dataset.reason !== reason) line.remove();
  }
  htmx.process(answer);
}

// Sets up the finished and unfinished answers in the HTML of the page.
export function setUpAnswers() {
  for (const answer of document.querySelectorAll(".answer.prose")) enhanceOnce(answer);
  for (const answer of document.querySelectorAll(".answer.stream")) begin(answer);
  const failed = document.querySelector('.battle:has([data-state="void"]) .pane:has(.failed)');
  if (failed) battle.dataset.shown = failed.dataset.side;
  alignRows();
}

// On a phone, a swipe or a tap leads from one answer to the other, and all turns show the same side.
const battle = document.getElementById("battle");
battle.dataset.shown = "a";

const listRows = () => document.querySelectorAll(".panes");
const findEnd = (row) => row.scrollWidth - row.clientWidth;

function alignRows() {
  for (const row of listRows()) row.scrollLeft = battle.dataset.shown === "b" ? findEnd(row) : 0;
}

document.addEventListener("scroll", ({ target }) => {
  if (target.matches?.(".panes")) battle.dataset.shown = target.scrollLeft * 2 > findEnd(target) ? "b" : "a";
}, { capture: true, passive: true });
document.addEventListener("scrollend", ({ target }) => {
  if (target.matches?.(".panes")) alignRows();
}, { capture: true });

// Links between the answers do not add an entry to the browser's history. They lead to the turn that is being read.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".jump");
  if (!link) return;
  event.preventDefault();
  battle.dataset.shown = document.querySelector(link.hash).dataset.side;
  alignRows();
  const panes = [...document.querySelectorAll(`.pane[data-side="${battle.dataset.shown}"]`)];
  const pane = panes.find((each) => each.getBoundingClientRect().bottom > innerHeight / 2) ?? panes.at(-1);
  if (pane.getBoundingClientRect().top < 0) pane.scrollIntoView();
  pane.querySelector(".pane-body").focus({ preventScroll: true });
});
