// The box for a follow-up: it takes the focus when it opens, and Enter sends it. It is a part of the verdict.

// Scrolls a battle of several turns to its last one, and focuses the box if it is open.
function focusLastTurn() {
  document.querySelector(".turn:last-child:not(:first-child)")?.scrollIntoView();
  document.querySelector(".further[open] textarea")?.focus({ preventScroll: true });
}

focusLastTurn();
// After loading, the browser scrolls to the fragment of the address and takes the focus away.
if (location.hash) window.addEventListener("load", focusLastTurn);

document.addEventListener("click", (event) => {
  const box = event.target.closest(".further summary")?.parentElement;
  if (!box) return;
  // The browser would open it a little later, and lose text typed before that.
  event.preventDefault();
  box.open = !box.open;
  if (box.open) box.querySelector("textarea").focus();
});

document.addEventListener("keydown", (event) => {
  // While an input method composes a word, Enter belongs to it.
  if (event.target.id !== "further-prompt" || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (event.target.value.trim()) event.target.form.requestSubmit();
});
