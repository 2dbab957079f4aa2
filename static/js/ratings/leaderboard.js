// The open leaderboard: links and controls change it in place, and it follows the votes. Nothing moves under the
// pointer or the focus: while either is inside the table, a button says that there is news.
import { exclude } from "./rule_options.js";

const DELAY_MS = 200;
const LEFT_MS = 600;
const REFUSED_MS = 30_000;
const board = document.getElementById("board");
const form = document.getElementById("board-form");
const status = document.getElementById("board-status");
const news = document.getElementById("board-news");
const canHover = matchMedia("(hover: hover)");
const shown = () => board.querySelector(".board-state").dataset;
let timer;
let choices = 0;
const madeFor = new WeakMap();

function busy() {
  if (board.contains(document.activeElement)) return true;
  const table = board.querySelector(".board-table");
  if (!table) return false;
  return canHover.matches ? table.matches(":hover") : table.getBoundingClientRect().top < 0;
}

function refresh() {
  news.hidden = true;
  board.dispatchEvent(new Event("refresh"));
}

function look() {
  clearTimeout(timer);
  if (form.matches(".htmx-request")) return hear();
  news.hidden = !busy();
  if (news.hidden) refresh();
}

function hear(wait = DELAY_MS) {
  clearTimeout(timer);
  timer = setTimeout(look, wait);
}

// What happened while the connection was away, or where too many are open, was told to nobody.
function missed() {
  if (shown().past === undefined) hear();
}

function follow() {
  const events = new EventSource("/api/v1/leaderboard/events");
  events.addEventListener("board", ({ data }) => {
    const { pool, category, style_control: style, method } = JSON.parse(data);
    const which = `${pool}/${category}/${style}/${method}`;
    if (shown().past === undefined && shown().which === which) hear();
  });
  events.addEventListener("open", () => events.addEventListener("open", missed), { once: true });
  // A browser comes again by itself where a connection ends, not where it is refused.
  events.addEventListener("error", ({ target }) => {
    if (target.readyState !== EventSource.CLOSED) return;
    setTimeout(() => {
      missed();
      follow();
    }, REFUSED_MS);
  });
}

follow();

news.addEventListener("click", refresh);
// It is shown by itself once the reader has left.
for (const left of ["pointerleave", "focusout"]) {
  board.addEventListener(left, () => { if (!news.hidden) hear(LEFT_MS); });
}

board.addEventListener("click", (event) => {
  const link = event.target.closest("thead a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const asked = new URL(link.href).searchParams;
  form.elements.sort.value = asked.get("sort") ?? "rank";
  form.elements.order.value = asked.get("order") ?? "";
  form.elements.sort.dispatchEvent(new Event("change", { bubbles: true }));
});

exclude(form);
for (const part of [form, board]) part.addEventListener("change", () => { choices += 1; }, true);
// The same words twice would be announced once, so they go away before each request.
document.body.addEventListener("htmx:beforeRequest", ({ detail }) => {
  status.textContent = "";
  madeFor.set(detail.xhr, choices);
});
// What has the focus stays where it is on the screen, however much comes in above it.
let place;
board.addEventListener("htmx:beforeSwap", ({ detail }) => {
  // An answer that a later choice has overtaken would undo that choice.
  detail.shouldSwap &&= madeFor.get(detail.xhr) === choices;
  const focused = board.contains(document.activeElement) && document.activeElement.id;
  place = focused && { id: focused, top: document.activeElement.getBoundingClientRect().top };
});
board.addEventListener("htmx:afterSettle", () => {
  const found = place && document.getElementById(place.id);
  if (found) scrollBy(0, found.getBoundingClientRect().top - place.top);
  document.getElementById("board-said").textContent = shown().said;
  status.textContent = status.dataset.done;
});
// What cannot be understood, or answered now, gets the page that says so; a look for news that fails is left at that.
document.body.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.elt !== board) location.assign(detail.pathInfo.finalRequestPath);
});
