// The line of text above the vote buttons.
const words = document.getElementById("words").dataset;
const PATIENCE_MS = 8000;
let patienceTimer;
let hiddenStatus = []; // the nodes of the status that the request for patience has replaced

const status = () => document.getElementById("status");

export function cancelPatience() {
  clearTimeout(patienceTimer);
}

export function setStatus(...nodes) {
  status()?.replaceChildren(...nodes);
  hiddenStatus = [];
}

// The request for patience is one line for the whole battle, because it must not reveal which side is late.
export function startPatienceTimer() {
  cancelPatience();
  patienceTimer = setTimeout(() => {
    const nodes = hiddenStatus.length ? hiddenStatus : [...(status()?.childNodes ?? [])];
    setStatus(words.patience);
    hiddenStatus = nodes;
  }, PATIENCE_MS);
}

export function restoreStatus() {
  cancelPatience();
  if (hiddenStatus.length) setStatus(...hiddenStatus);
}
