// Shows the events of a battle on the page, and fetches the parts of the page that change.
import { fail, findAnswer, finish, grow, restart, setUpAnswers } from "./answer_panes.js";

const battle = document.getElementById("battle");
const words = document.getElementById("words").dataset;
const PATIENCE_MS = 8000;
const OPEN_STATES = ["answering", "ready", "void"];
let source;
let patienceTimer;
let hiddenStatus = ""; // the status that the request for patience has replaced
let requesting = false; // while true, the response to the page's own request updates the page, and events do not
let hasFailure = false; // whether a side has failed, so that the vote bar needs another status
let stopping = false;

const verdict = () => document.getElementById("verdict");
const status = () => document.getElementById("status");

function setStatus(text) {
  if (status()) status().textContent = text;
  hiddenStatus = "";
}

// The request for patience is one line for the whole battle, because it must not reveal which side is late.
function startPatienceTimer() {
  clearTimeout(patienceTimer);
  patienceTimer = setTimeout(() => {
    const text = hiddenStatus || status()?.textContent;
    setStatus(words.patience);
    hiddenStatus = text;
  }, PATIENCE_MS);
}

function restoreStatus() {
  clearTimeout(patienceTimer);
  if (hiddenStatus) setStatus(hiddenStatus);
}

function refresh() {
  if (!requesting) verdict().dispatchEvent(new Event("stale"));
}

// Returns the element of an event's answer. Reloads the page if another tab has added the turn.
function findEventAnswer(data) {
  const answer = findAnswer(data);
  if (!requesting && (!answer || verdict().dataset.state !== "answering")) location.reload();
  return answer;
}

function openVoteBar() {
  clearTimeout(patienceTimer);
  const hadFocus = verdict().contains(document.activeElement);
  verdict().dataset.state = "ready";
  verdict().querySelector(".vote fieldset")?.removeAttribute("disabled");
  setStatus(words.ready);
  if (hadFocus) status()?.focus();
  if (hasFailure || stopping || "special" in verdict().dataset) refresh();
}

const handlers = {
  delta(data) {
    restoreStatus();
    const answer = findEventAnswer(data);
    if (answer) grow(answer, data.text);
  },
  reset(data) {
    const answer = findEventAnswer(data);
    if (!answer) return;
    restart(answer);
    startPatienceTimer();
  },
  done(data) {
    const answer = findEventAnswer(data);
    if (!answer) return;
    finish(answer, data.html);
    setStatus(data.side === "a" ? words.doneA : words.doneB);
  },
  failed(data) {
    const answer = findEventAnswer(data);
    if (!answer) return;
    hasFailure = true;
    fail(answer, stopping ? "stopped" : data.reason);
    setStatus(data.side === "a" ? words.failedA : words.failedB);
  },
  ready: openVoteBar,
  voted: refresh,
  void: refresh,
};

function follow() {
  source?.close();
  clearTimeout(patienceTimer);
  hasFailure = false;
  stopping = false;
  const { state, events } = verdict().dataset;
  if (!OPEN_STATES.includes(state)) return;
  if (state === "answering") startPatienceTimer();
  source = new EventSource(events);
  for (const [name, handle] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  }
  source.addEventListener("error", (event) => {
    if (event.target === source && source.readyState === EventSource.CLOSED) setStatus(words.lost);
  });
}

battle.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.elt.matches(".stop")) stopping = true;
  else if (detail.elt.matches("form") && detail.target === verdict()) requesting = true;
});
battle.addEventListener("htmx:afterRequest", () => { requesting = false; });
battle.addEventListener("htmx:afterSettle", ({ target, detail }) => {
  if (target !== verdict()) return;
  // Another tab has asked a follow-up question that is not on this page yet.
  if (detail.requestConfig.verb === "get" && target.dataset.state === "answering") location.reload();
  setUpAnswers();
  follow();
});

setUpAnswers();
follow();
