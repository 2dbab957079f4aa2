// Copies the field or the text before a [data-copied] button, and says so in the button.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copied]");
  if (!button) return;
  const source = button.previousElementSibling;
  if (source.select) source.select();
  else getSelection().selectAllChildren(source);
  document.execCommand("copy"); // deprecated, but it also works over plain HTTP
  button.textContent = button.dataset.copied;
});
