// A card fills the box and selects its [placeholder], so that typing replaces it; four others come without a reload.
const PLACEHOLDER = /(?<!\w)\[\p{L}[^[\]\n]*\](?!\()/u;
const box = document.getElementById("prompt");
const cards = document.getElementById("cards");
const shuffle = document.getElementById("shuffle");
const status = document.getElementById("cards-status");

function fill(text) {
  box.focus();
  box.select();
  // Deprecated, and the only way in which undoing brings back what was typed before.
  if (!document.execCommand("insertText", false, text)) {
    box.value = text;
    box.dispatchEvent(new Event("input"));
  }
  const found = PLACEHOLDER.exec(box.value);
  if (found) box.setSelectionRange(found.index, found.index + found[0].length);
}

const modified = (event) => event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;

async function change() {
  const shown = [...cards.querySelectorAll("[data-key]")].map((card) => ["shown", card.dataset.key]);
  const answer = await fetch(`${shuffle.dataset.cards}?${new URLSearchParams(shown)}`);
  if (!answer.ok) throw new Error(answer.status);
  cards.innerHTML = await answer.text();
  status.textContent = status.dataset.changed;
}

cards?.addEventListener("click", (event) => {
  const card = event.target.closest(".card");
  if (!card || modified(event)) return;
  event.preventDefault();
  fill(card.querySelector(".card-prompt").textContent);
});

shuffle?.addEventListener("click", (event) => {
  if (modified(event)) return;
  event.preventDefault();
  status.textContent = "";
  change().catch(() => location.assign(shuffle.href));
});
