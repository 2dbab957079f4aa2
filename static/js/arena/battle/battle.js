// Follows a battle: what its events tell is shown, and what changes its shape is fetched as a part of the page.
import { fail, find, finish, grow, restart, takeOver } from "./answer_panes.js";

const battle = document.getElementById("battle");
const words = document.getElementById("words").dataset;
const PATIENCE_MS = 8000;
const GOES_ON = ["answering", "ready", "void"];
let source;
let patience;
let unsaid = "";
let asking = false; // what this page asked for comes in its answer; the events are for the other tabs
let special = false; // the bar will open with other words than usual
let stopping = false;

const verdict = () => document.getElementById("verdict");
const status = () => document.getElementById("status");

function say(text) {
  if (status()) status().textContent = text;
  unsaid = "";
}

// One line for the whole battle: which side is late must not show.
function waitPatiently() {
  clearTimeout(patience);
  patience = setTimeout(() => {
    const line = unsaid || status()?.textContent;
    say(words.patience);
    unsaid = line;
  }, PATIENCE_MS);
}

// What the line of patience stood in for comes back.
function hear() {
  clearTimeout(patience);
  if (unsaid) say(unsaid);
}

function refresh() {
  if (!asking) verdict().dispatchEvent(new Event("stale"));
}

// Gives the pane of an event; another tab may have asked for what is not on this page yet.
function pane(data) {
  const found = find(data);
  if (!asking && (!found || verdict().dataset.state !== "answering")) location.reload();
  return found;
}

function openBar() {
  clearTimeout(patience);
  const held = verdict().contains(document.activeElement);
  verdict().dataset.state = "ready";
  verdict().querySelector(".vote fieldset")?.removeAttribute("disabled");
  say(words.ready);
  if (held) status()?.focus();
  if (special || "special" in verdict().dataset) refresh();
}

const on = {
  delta(data) {
    hear();
    const answer = pane(data);
    if (answer) grow(answer, data.text);
  },
  reset(data) {
    const answer = pane(data);
    if (!answer) return;
    restart(answer);
    waitPatiently();
  },
  done(data) {
    const answer = pane(data);
    if (!answer) return;
    finish(answer, data.html);
    say(data.side === "a" ? words.doneA : words.doneB);
  },
  failed(data) {
    const answer = pane(data);
    if (!answer) return;
    special = true;
    fail(answer, stopping ? "stopped" : data.reason);
    say(data.side === "a" ? words.failedA : words.failedB);
  },
  ready: openBar,
  voted: refresh,
  void: refresh,
};

function follow() {
  source?.close();
  clearTimeout(patience);
  special = stopping = false;
  const { state, events } = verdict().dataset;
  if (!GOES_ON.includes(state)) return;
  if (state === "answering") waitPatiently();
  source = new EventSource(events);
  for (const [name, handle] of Object.entries(on)) {
    source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  }
  source.addEventListener("error", (event) => {
    if (event.target === source && source.readyState === EventSource.CLOSED) say(words.lost);
  });
}

battle.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.elt.matches(".stop")) special = stopping = true;
  else if (detail.elt.matches("form") && detail.target === verdict()) asking = true;
});
battle.addEventListener("htmx:afterRequest", () => { asking = false; });
battle.addEventListener("htmx:afterSettle", ({ target, detail }) => {
  if (target !== verdict()) return;
  // The texts of this page are older than a question that another tab has asked.
  if (detail.requestConfig.verb === "get" && target.dataset.state === "answering") location.reload();
  takeOver();
  follow();
});

takeOver();
follow();
