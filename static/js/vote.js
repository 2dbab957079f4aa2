// The keys of a battle: each vote button names its own, Space or Enter leads to the next battle.
const battle = document.getElementById("battle");
const PRINTED = ["1", "2", "="];

function isTyping(target) {
  return target.isContentEditable || target.matches("input, textarea, select");
}

function isScrolling(event) {
  return event.key.startsWith("Arrow") && event.target.closest("[tabindex='0'], pre, table");
}

function vote(key) {
  const button = document.querySelector(`#verdict [data-keys~="${CSS.escape(key)}"]`);
  if (!button || button.matches(":disabled")) return false;
  button.click();
  return true;
}

function next(event) {
  const link = document.getElementById("next");
  const own = event.target.closest("a, button, summary, [tabindex='0']");
  if (!link || own || ![" ", "Enter"].includes(event.key)) return false;
  link.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
  // Some keyboards need Shift for the printed keys.
  if (event.shiftKey && !PRINTED.includes(event.key)) return;
  if (isScrolling(event)) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (vote(key) || next(event)) event.preventDefault();
});

function report(text) {
  const status = document.getElementById("status");
  if (status) status.textContent = text;
}

// Where the buttons were, the outcome is read first.
battle.addEventListener("htmx:afterSwap", () => document.querySelector("#verdict h2")?.focus());

battle.addEventListener("htmx:sendError", () => report("Your vote did not arrive. Please try again."));
battle.addEventListener("htmx:responseError", (event) => {
  // A conflict means that the battle has moved on, perhaps in another tab: the page shows how it stands.
  if (event.detail.xhr.status === 409) location.reload();
  else report("Your vote could not be stored. Please try again.");
});
