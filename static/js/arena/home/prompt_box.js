// The prompt box: Enter sends, and what is typed survives a closed tab.
const DRAFT = "draft";
const form = document.getElementById("ask");
const box = document.getElementById("prompt");
const send = form.querySelector("[type=submit]");
const keep = () => localStorage.setItem(DRAFT, box.value);

if (!box.value) box.value = localStorage.getItem(DRAFT) ?? "";
else {
  // Given by the server, and from now on like anything typed: a reload shows what became of it.
  keep();
  history.replaceState(null, "", location.pathname);
}

box.addEventListener("input", keep);

box.addEventListener("keydown", (event) => {
  // While an input method is composing a word, Enter belongs to it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!send.disabled && box.value.trim()) form.requestSubmit(send);
});

form.addEventListener("submit", () => {
  localStorage.removeItem(DRAFT);
  send.disabled = true;
});

// A page that comes back from the browser's cache comes back as it was left: with its button disabled.
window.addEventListener("pageshow", () => {
  send.disabled = false;
});
