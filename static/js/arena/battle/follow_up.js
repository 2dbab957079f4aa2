// The box for a further question: at hand as soon as it is opened, and Enter sends. It comes and goes with the verdict.

// A battle of several turns opens at its last one, and a box that is open is ready to be typed in.
function open() {
  document.querySelector(".turn:last-child:not(:first-child)")?.scrollIntoView();
  document.querySelector(".further[open] textarea")?.focus({ preventScroll: true });
}

open();
// To a place that its address names the browser goes once more, and takes the focus away.
if (location.hash) window.addEventListener("load", open);

document.addEventListener("click", (event) => {
  const box = event.target.closest(".further summary")?.parentElement;
  if (!box) return;
  // By itself it would open a little later, and what is typed meanwhile would be lost.
  event.preventDefault();
  box.open = !box.open;
  if (box.open) box.querySelector("textarea").focus();
});

document.addEventListener("keydown", (event) => {
  // While an input method is composing a word, Enter belongs to it.
  if (event.target.id !== "further-prompt" || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (event.target.value.trim()) event.target.form.requestSubmit();
});
