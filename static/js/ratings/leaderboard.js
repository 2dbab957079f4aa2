// Updates the open leaderboard in place after a click on a link, a change in the form, or new votes. While the pointer or
// the focus is in the table, new votes do not change it. Instead, a button appears that shows them.
import { openDetails } from "./board_rows.js";
import { watchPress } from "./press_watch.js";
import "./row_guide.js";
import { linkExclusiveOptions } from "./rule_options.js";

const DELAY_MS = 200; // longer than a web process caches which board is the newest (`NEWEST_CACHE_S`)
const LEFT_MS = 600;
const RECONNECT_MS = 30_000;
const board = document.getElementById("board");
const form = document.getElementById("board-form");
const status = document.getElementById("board-status");
const news = document.getElementById("board-news");
const canHover = matchMedia("(hover: hover)");
const boardState = () => board.querySelector(".board-state").dataset;
let timer;
let choices = 0;
const choicesAtRequest = new WeakMap();
let choicesAtHold;

function isBusy() {
  if (board.contains(document.activeElement)) return true;
  const table = board.querySelector(".board-table");
  if (!table) return false;
  return canHover.matches ? table.matches(":hover") : table.getBoundingClientRect().top < 0;
}

function refresh() {
  news.hidden = true;
  board.dispatchEvent(new Event("refresh"));
}

function refreshUnlessBusy() {
  clearTimeout(timer);
  if (form.matches(".htmx-request")) return scheduleRefresh();
  news.hidden = !isBusy();
  if (news.hidden) refresh();
}

function scheduleRefresh(delay = DELAY_MS) {
  clearTimeout(timer);
  timer = setTimeout(refreshUnlessBusy, delay);
}

function refreshIfCurrent() {
  if (boardState().past === undefined) scheduleRefresh();
}

function followBoards() {
  const events = new EventSource("/api/v1/leaderboard/events");
  events.addEventListener("board", ({ data }) => {
    const { pool, category, style_control: style, method } = JSON.parse(data);
    if (boardState().eventKey === `${pool}/${category}/${style}/${method}`) refreshIfCurrent();
  });
  // Events may have been lost while there was no connection.
  events.addEventListener("open", () => events.addEventListener("open", refreshIfCurrent), { once: true });
  // A browser reconnects automatically after a connection ends, but not after an error response.
  events.addEventListener("error", () => {
    if (events.readyState !== EventSource.CLOSED) return;
    setTimeout(() => {
      refreshIfCurrent();
      followBoards();
    }, RECONNECT_MS);
  });
}

followBoards();

news.addEventListener("click", refresh);
// New votes appear automatically after the pointer and the focus have left the table.
for (const type of ["pointerleave", "focusout"]) {
  board.addEventListener(type, () => { if (!news.hidden) scheduleRefresh(LEFT_MS); });
}

board.addEventListener("click", (event) => {
  const link = event.target.closest("thead a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const parameters = new URL(link.href).searchParams;
  form.elements.sort.value = parameters.get("sort") ?? "rank";
  form.elements.order.value = parameters.get("order") ?? "";
  form.elements.sort.dispatchEvent(new Event("change", { bubbles: true }));
});

linkExclusiveOptions(form);
for (const part of [form, board]) part.addEventListener("change", () => { choices += 1; }, true);
// A screen reader announces a status only if the text changes, so the text is cleared before each request.
document.body.addEventListener("htmx:beforeRequest", ({ detail }) => {
  status.textContent = "";
  choicesAtRequest.set(detail.xhr, choices);
});
// The table is not replaced while the button is pressed, or the click would be lost. The press itself can request a new
// table, because it takes the focus from a field. So the table is requested again after the release, unless the click has
// requested another one.
const isPressed = watchPress(board, () => {
  if (choicesAtHold === choices) form.dispatchEvent(new Event("change"));
  choicesAtHold = undefined;
});

// The focused element keeps its position on the screen, even if rows are inserted above it.
let focusPosition;
let openIds;
let openRowPins; // the ids of the comparison's check boxes in rows that are open on a phone
board.addEventListener("htmx:beforeSwap", ({ detail }) => {
  openIds = [...board.querySelectorAll("details[open]")].map(({ id }) => id);
  openRowPins = [...board.querySelectorAll("tr:has(.row-open :checked) [name=pin]")].map(({ id }) => id);
  // Ignore the response to an earlier choice, because it would undo a later one.
  detail.shouldSwap &&= choicesAtRequest.get(detail.xhr) === choices;
  if (detail.shouldSwap && isPressed()) {
    detail.shouldSwap = false;
    choicesAtHold = choices;
  }
  const focused = board.contains(document.activeElement) && document.activeElement.id;
  focusPosition = focused && { id: focused, top: document.activeElement.getBoundingClientRect().top };
});
board.addEventListener("htmx:afterSettle", () => {
  for (const id of openRowPins) {
    const opener = document.getElementById(id)?.closest("tr").querySelector(".row-open input");
    if (opener) opener.checked = true;
  }
  const element = focusPosition && document.getElementById(focusPosition.id);
  if (element) scrollBy(0, element.getBoundingClientRect().top - focusPosition.top);
  openIds.forEach(openDetails);
  const { filters, progress } = boardState();
  document.getElementById("filter-count")?.replaceChildren(filters);
  // Only the default board has the progress of this arena's own board.
  if (progress) document.getElementById("board-progress")?.replaceChildren(progress);
  status.textContent = status.dataset.done;
});
// If a choice causes an error, open the error page. If an automatic refresh fails, ignore it.
document.body.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.elt !== board) location.assign(detail.pathInfo.finalRequestPath);
});
