// Shows the events of a battle on the page, and fetches the parts of the page that change.
import { fail, findAnswer, finish, grow, restart, setUpAnswers } from "./answer_panes.js";
import { cancelPatience, restoreStatus, setStatus, startPatienceTimer } from "./status_line.js";

const battle = document.getElementById("battle");
const words = document.getElementById("words").dataset;
const OPEN_STATES = ["answering", "ready", "void"];
let source;
let requesting = false; // while true, the response to the page's own request updates the page, and events do not
let hasFailure = false; // whether a side has failed, so that the vote bar needs another status
let stopping = false;

const verdict = () => document.getElementById("verdict");
const status = () => document.getElementById("status");

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
  cancelPatience();
  const hadFocus = verdict().contains(document.activeElement) && !document.activeElement.matches("textarea");
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
  cancelPatience();
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
