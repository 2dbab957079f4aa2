// The prompt box: Enter sends the question, and a draft survives a closed tab.
const STORAGE_KEY = "draft";
const form = document.getElementById("ask");
const box = document.getElementById("prompt");
const send = form.querySelector("[type=submit]");
const storeDraft = () => localStorage.setItem(STORAGE_KEY, box.value);

if (!box.value) box.value = localStorage.getItem(STORAGE_KEY) ?? "";
else {
  // A text from the server becomes the draft. Without its query, a reload shows the draft as it was edited.
  storeDraft();
  history.replaceState(null, "", location.pathname);
}

box.addEventListener("input", storeDraft);

box.addEventListener("keydown", (event) => {
  // While an input method composes a word, Enter belongs to it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!send.disabled && box.value.trim()) form.requestSubmit(send);
});

form.addEventListener("submit", () => {
  localStorage.removeItem(STORAGE_KEY);
  send.disabled = true;
});

// A page restored from the browser's cache still has its button disabled.
window.addEventListener("pageshow", () => {
  send.disabled = false;
});
