// The keys of a battle, where the focus goes when its verdict changes, and what is said when something went wrong.
const battle = document.getElementById("battle");
const words = document.getElementById("words").dataset;
const PRINTED = ["1", "2", "="];

function isTyping(target) {
  return target.isContentEditable || target.matches("input, textarea, select") || target.closest(".further");
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

function showTurn(turn) {
  turn.scrollIntoView();
  turn.querySelector(".question").focus({ preventScroll: true });
}

function showVerdict(verdict, heading) {
  heading.focus({ preventScroll: true });
  verdict.scrollIntoView({ block: "nearest" });
}

// What was fetched before a vote must not take the place of what the vote brings. The listener is on the element itself:
// what happens to one that is no longer on the page reaches nobody else.
function watch(verdict) {
  verdict.addEventListener("htmx:beforeSwap", (event) => {
    const late = !verdict.isConnected || document.querySelector("form.htmx-request");
    if (late && event.detail.requestConfig.verb === "get") event.preventDefault();
  });
}

watch(document.getElementById("verdict"));

// Where the buttons were, the outcome is read first; after a further question that question.
battle.addEventListener("htmx:afterSettle", ({ target, detail }) => {
  if (target.id !== "verdict") return;
  watch(document.getElementById("verdict"));
  const heading = target.querySelector("h2");
  if (detail.requestConfig.elt.closest(".further")) showTurn(document.querySelector(".turn:last-child"));
  else if (heading) showVerdict(target, heading);
  else if (document.activeElement === document.body) document.getElementById("status").focus({ preventScroll: true });
});

battle.addEventListener("htmx:sendError", () => report(words.unsent));
battle.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  const plain = xhr.getResponseHeader("Content-Type")?.startsWith("text/plain");
  report(plain ? xhr.responseText : words.unstored);
  // A conflict means that the battle has moved on, perhaps in another tab: the page shows how it stands.
  if (xhr.status === 409) document.getElementById("verdict").dispatchEvent(new Event("stale"));
});
