// The prompt box. Enter sends the question, and the browser stores the draft.
const STORAGE_KEY = "draft";
const form = document.getElementById("ask");
const box = document.getElementById("prompt");
const send = form.querySelector("[type=submit]");
const storeDraft = () => localStorage.setItem(STORAGE_KEY, box.value);

if (!box.value) box.value = localStorage.getItem(STORAGE_KEY) ?? "";
else {
  // Text from the server becomes the draft. The query is removed from the URL, so that a reload shows the edited draft.
  storeDraft();
  history.replaceState(null, "", location.pathname);
}

// On a phone, the keyboard would cover the pair to judge, which comes first unless the voter goes on to the next battle.
const fromBattle = document.referrer.startsWith(`${location.origin}/battles/`);
const isInView = matchMedia("(width >= 44rem)").matches && box.getBoundingClientRect().bottom < innerHeight;
if (!box.autofocus && (fromBattle || isInView)) box.focus();

// The page has set this focus, so its ring waits until a person uses the box.
box.dataset.quiet = "";
for (const name of ["blur", "input", "pointerdown"]) box.addEventListener(name, () => { delete box.dataset.quiet; });

box.addEventListener("input", storeDraft);

box.addEventListener("keydown", (event) => {
  // While an input method composes a word, Enter belongs to it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!send.disabled && box.value.trim()) form.requestSubmit(send);
});

form.addEventListener("submit", (event) => {
  if (event.submitter === send) localStorage.removeItem(STORAGE_KEY); // a card's question leaves the draft
  send.disabled = true;
});

// If the browser restores the page from its cache, the button is still disabled.
window.addEventListener("pageshow", () => {
  send.disabled = false;
});
