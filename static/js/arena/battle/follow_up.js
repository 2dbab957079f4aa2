// The box for a follow-up question: it gets the focus if the URL asks for it, and Enter sends the question.
import { scrollToQuestion } from "./page_scroll.js";

function showLastTurn() {
  const question = document.querySelector(".turn:last-child:not(:first-child) .question");
  if (question) scrollToQuestion(question);
  document.querySelector(".further [data-focus]")?.focus({ preventScroll: true });
}

showLastTurn();
// After loading, the browser scrolls to the fragment of the URL and moves the focus, so it is set again.
if (location.hash) window.addEventListener("load", showLastTurn);

document.addEventListener("keydown", (event) => {
  // While an input method composes a word, Enter confirms the word.
  if (event.target.id !== "further-prompt" || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  const isReady = event.target.closest(".verdict").dataset.state === "ready";
  if (isReady && event.target.value.trim()) event.target.form.requestSubmit();
});
