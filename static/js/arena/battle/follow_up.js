// The box for a follow-up question gets the focus when it opens, and Enter sends the question.

// Scrolls to the last turn of a battle with several turns, and focuses the box if it is open.
function focusLastTurn() {
  document.querySelector(".turn:last-child:not(:first-child)")?.scrollIntoView();
  document.querySelector(".further[open] textarea")?.focus({ preventScroll: true });
}

focusLastTurn();
// After loading, the browser scrolls to the fragment of the URL and moves the focus, so it is set again.
if (location.hash) window.addEventListener("load", focusLastTurn);

document.addEventListener("click", (event) => {
  const box = event.target.closest(".further summary")?.parentElement;
  if (!box) return;
  // The browser would open the box a little later, and text typed before that would be lost.
  event.preventDefault();
  box.open = !box.open;
  if (box.open) box.querySelector("textarea").focus();
});

document.addEventListener("keydown", (event) => {
  // While an input method composes a word, Enter confirms the word.
  if (event.target.id !== "further-prompt" || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (event.target.value.trim()) event.target.form.requestSubmit();
});
