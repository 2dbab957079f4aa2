// Moves the focus after the verdict of a battle changes, and shows failed requests.
import { scrollToQuestion } from "./page_scroll.js";

const battle = document.getElementById("battle");
const words = document.getElementById("words").dataset;
let draft = ""; // a follow-up question that has not been sent yet

const followUpBox = () => document.getElementById("further-prompt");

function report(text) {
  const status = document.getElementById("status");
  if (status) status.textContent = text;
}

function showQuestion(question) {
  scrollToQuestion(question);
  question.focus({ preventScroll: true });
}

// Discards a refresh that was requested before a vote, so that it does not replace the outcome of the vote. The
// listener is on the verdict itself, because events do not bubble after the verdict has been removed from the page.
function discardLateRefreshes(verdict) {
  verdict.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target !== verdict) return;
    const isLate = !verdict.isConnected || document.querySelector("form.htmx-request");
    if (isLate && event.detail.requestConfig.verb === "get") event.preventDefault();
  });
}

discardLateRefreshes(document.getElementById("verdict"));

// Without this, screen readers would begin at the top of the page when a battle starts.
if (document.querySelector('#verdict[data-state="answering"]') && document.activeElement === document.body) {
  document.querySelector(".turn:last-child .question").focus({ preventScroll: true });
}

// After a vote, the focus moves to the outcome. After a follow-up question, it moves to the question.
battle.addEventListener("htmx:beforeSwap", ({ detail }) => {
  draft = detail.requestConfig.elt.closest(".further") ? "" : followUpBox()?.value ?? "";
});
battle.addEventListener("htmx:afterSettle", ({ target, detail }) => {
  if (target.id !== "verdict") return;
  if (draft && followUpBox()) followUpBox().value = draft;
  discardLateRefreshes(document.getElementById("verdict"));
  const heading = target.querySelector("h2");
  if (detail.requestConfig.elt.closest(".further")) showQuestion(document.querySelector(".turn:last-child .question"));
  else if (heading) heading.focus({ preventScroll: true });
  else if (document.activeElement === document.body) document.getElementById("status").focus({ preventScroll: true });
});

battle.addEventListener("htmx:sendError", () => report(words.unsent));
battle.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  const isPlainText = xhr.getResponseHeader("Content-Type")?.startsWith("text/plain");
  report(isPlainText ? xhr.responseText : words.unstored);
  // A conflict means that the battle has changed, perhaps in another tab, so the page must show its new state.
  if (xhr.status === 409) document.getElementById("verdict").dispatchEvent(new Event("stale"));
});
