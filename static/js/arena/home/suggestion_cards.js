// A suggestion card fills the prompt box and selects its [placeholder], so that typing replaces it. This script also
// loads four other cards without reloading the page.
const PLACEHOLDER = /(?<!\w)\[\p{L}[^[\]\n]*\](?!\()/u;
const box = document.getElementById("prompt");
const cards = document.getElementById("cards");
const shuffle = document.getElementById("shuffle");
const status = document.getElementById("cards-status");

function fillBox(text) {
  box.focus();
  box.select();
  // This command is deprecated, but only with it does undo restore the earlier text.
  if (!document.execCommand("insertText", false, text)) {
    box.value = text;
    box.dispatchEvent(new Event("input"));
  }
  const placeholder = PLACEHOLDER.exec(box.value);
  if (placeholder) box.setSelectionRange(placeholder.index, placeholder.index + placeholder[0].length);
}

const hasModifierKey = (event) => event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;

async function loadOtherCards() {
  const shownKeys = [...cards.querySelectorAll("[data-key]")].map((card) => ["shown", card.dataset.key]);
  const response = await fetch(`${shuffle.dataset.cards}?${new URLSearchParams(shownKeys)}`);
  if (!response.ok) throw new Error(response.status);
  cards.innerHTML = await response.text();
  status.textContent = status.dataset.changed;
}

cards?.addEventListener("click", (event) => {
  const card = event.target.closest(".card");
  if (!card || hasModifierKey(event)) return;
  event.preventDefault();
  fillBox(card.querySelector(".card-prompt").textContent);
});

shuffle?.addEventListener("click", (event) => {
  if (hasModifierKey(event)) return;
  event.preventDefault();
  status.textContent = "";
  loadOtherCards().catch(() => location.assign(shuffle.href));
});
