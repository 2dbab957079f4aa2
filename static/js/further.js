// The box for a further question: at hand once it is opened, and Enter sends. It comes and goes with the verdict.
document.addEventListener("toggle", ({ target }) => {
  if (target.matches(".further[open]")) target.querySelector("textarea").focus();
}, true);

document.addEventListener("keydown", (event) => {
  // While an input method is composing a word, Enter belongs to it.
  if (event.target.id !== "further-prompt" || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (event.target.value.trim()) event.target.form.requestSubmit();
});
