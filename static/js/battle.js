// Follows a battle: text is appended as plain text, a finished answer is replaced by the server's sanitised HTML.
const battle = document.getElementById("battle");
const failed = document.getElementById("failed");
const PATIENCE = "The models are still thinking. Some take up to half a minute.";
const PATIENCE_MS = 8000;
let voting = false;
let patience;
let unsaid = "";

function answer({ turn, side }) {
  const found = document.getElementById(`turn-${turn}-${side}`);
  // A turn that was asked in another tab is not on this page yet.
  if (!found) location.reload();
  return found;
}

function say(text) {
  const status = document.getElementById("status");
  if (status) status.textContent = text;
  unsaid = "";
}

function finish(pane, className) {
  pane.className = className;
  pane.removeAttribute("aria-busy");
}

// One line for the whole battle: which side is late must not show.
function waitPatiently() {
  clearTimeout(patience);
  patience = setTimeout(() => {
    const line = unsaid || document.getElementById("status")?.textContent;
    say(PATIENCE);
    unsaid = line;
  }, PATIENCE_MS);
}

// What the line of patience stood in for comes back.
function hear() {
  clearTimeout(patience);
  if (unsaid) say(unsaid);
}

const on = {
  delta(data) {
    hear();
    const pane = answer(data);
    if (!pane) return;
    if (pane.lastChild) pane.lastChild.appendData(data.text);
    else pane.append(data.text);
  },
  reset(data) {
    const pane = answer(data);
    if (!pane) return;
    pane.className = "answer stream";
    pane.setAttribute("aria-busy", "true");
    pane.replaceChildren();
    waitPatiently();
  },
  done(data) {
    const pane = answer(data);
    if (!pane) return;
    finish(pane, "answer prose");
    pane.innerHTML = data.html;
    say(`Answer ${data.side.toUpperCase()} is finished.`);
  },
  failed(data) {
    const pane = answer(data);
    if (!pane) return;
    finish(pane, "answer");
    pane.replaceChildren(failed.content.cloneNode(true));
    say(`Answer ${data.side.toUpperCase()} could not be given.`);
  },
  ready() {
    clearTimeout(patience);
    say("Both answers are here. Which is better?");
    document.querySelector("#verdict fieldset")?.removeAttribute("disabled");
  },
  voted() {
    if (!voting) location.reload();
  },
  void() {
    if (!voting) location.reload();
  },
};

function follow() {
  const source = new EventSource(battle.dataset.events);
  for (const [name, handle] of Object.entries(on)) {
    source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  }
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) say("The connection was lost. Reload the page to go on.");
  });
  // The vote of this page announces itself in its own answer; the event is for the other tabs.
  battle.addEventListener("htmx:beforeRequest", () => { voting = true; });
  battle.addEventListener("htmx:afterSwap", () => source.close());
  battle.addEventListener("htmx:sendError", () => { voting = false; });
  battle.addEventListener("htmx:responseError", () => { voting = false; });
}

if (battle.dataset.state === "answering") waitPatiently();
if (["answering", "ready"].includes(battle.dataset.state)) follow();
