// Handles the keyboard shortcuts of a battle. The key of a choice arms it, Enter confirms it, and Esc cancels it. After the
// vote, N opens the next battle.
const battle = document.getElementById("battle");
const words = document.getElementById("words").dataset;
const STORAGE_KEY = "shortcuts";
const PRINTED = ["1", "2", "3", "4"];
let armed = null; // the button that Enter presses
let hiddenStatus = ""; // the status that the armed choice has replaced

const status = () => document.getElementById("status");
const isOn = () => localStorage.getItem(STORAGE_KEY) !== "off";

// Phones do not show the button that leads to the switch, and keys that cannot be turned off are not handled.
const isHandled = () => isOn() && document.querySelector(".help")?.checkVisibility();

function isTyping(target) {
  return target.isContentEditable || target.matches("input, textarea, select") || target.closest(".further");
}

function disarm() {
  if (!armed) return false;
  delete armed.dataset.armed;
  armed = null;
  status().textContent = hiddenStatus;
  return true;
}

function arm(button) {
  disarm();
  // Otherwise, a second Enter or Space would also press the focused link or button.
  if (document.activeElement.matches("a, button, summary")) status().focus({ preventScroll: true });
  armed = button;
  armed.dataset.armed = "";
  hiddenStatus = status().textContent;
  status().textContent = `${button.firstChild.textContent.trim()}. ${words.armed}`;
}

function confirmArmed() {
  const button = armed;
  if (!disarm()) return false;
  button.click();
  return true;
}

// Returns whether the key had an effect.
function press(key) {
  if (key === "Enter") return confirmArmed();
  if (key === "Escape") return disarm();
  const control = document.querySelector(`#verdict [data-key="${CSS.escape(key.toUpperCase())}"]`);
  if (!control || control.matches(":disabled")) return false;
  if (control.id === "next") control.click();
  else arm(control);
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
  // Some keyboard layouts need Shift for these keys.
  if (event.shiftKey && !PRINTED.includes(event.key)) return;
  if (isHandled() && press(event.key)) event.preventDefault();
});

document.addEventListener("focusin", disarm);

// Shows whether the shortcuts are on. The server's HTML does not contain the state, which only this browser stores.
function showState() {
  const box = document.getElementById("shortcuts");
  if (box) box.checked = isOn();
  for (const control of battle.querySelectorAll("[data-key]")) {
    control.ariaKeyShortcuts = isOn() ? control.dataset.key : null;
  }
}

battle.addEventListener("change", ({ target }) => {
  if (target.id !== "shortcuts") return;
  if (target.checked) localStorage.removeItem(STORAGE_KEY);
  else localStorage.setItem(STORAGE_KEY, "off");
  showState();
});

battle.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.id !== "verdict") return;
  armed = null;
  showState();
});

showState();
