// Shows an answer on the page. While it streams, its Markdown is rendered here. At the end, the server's HTML or a
// failure message replaces it.
import { enhanceAnswer } from "./answer_extras.js";
import { MarkdownStream } from "./markdown_stream.js";

const SLACK_PX = 24;
const growing = new WeakMap();
const scrolling = new WeakSet();
const enhanced = new WeakSet();

export function findAnswer({ turn, side }) {
  return document.getElementById(`turn-${turn}-${side}`);
}

function isAtEnd(body) {
  return body.scrollHeight - body.clientHeight - body.scrollTop <= SLACK_PX;
}

// If readers have scrolled to the end of a growing answer, keeps them there. All other readers are not moved.
function keepAtEnd(answer) {
  if (scrolling.has(answer)) return;
  scrolling.add(answer);
  const body = answer.closest(".pane-body");
  let atEnd = false;
  body.addEventListener("scroll", () => { atEnd = isAtEnd(body); }, { passive: true });
  new ResizeObserver(() => {
    if (atEnd && answer.ariaBusy) body.scrollTop = body.scrollHeight;
  }).observe(answer);
}

function begin(answer) {
  keepAtEnd(answer);
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

// Replaces the content of an answer. If the answer had the focus, its pane gets the focus. Otherwise, the arrow keys
// would no longer scroll the answer.
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
}

// Links between the panes do not add an entry to the browser's history.
document.addEventListener("click", (event) => {
  const pane = document.querySelector(event.target.closest(".jump")?.getAttribute("href") ?? ":not(*)");
  if (!pane) return;
  event.preventDefault();
  pane.scrollIntoView();
  pane.querySelector(".pane-body").focus({ preventScroll: true });
});
