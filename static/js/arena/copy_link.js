// Copies the link in the field beside a [data-copied] button, and says so in the button.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copied]");
  if (!button) return;
  button.previousElementSibling.select();
  document.execCommand("copy"); // deprecated, but it also works over plain HTTP
  button.textContent = button.dataset.copied;
});
