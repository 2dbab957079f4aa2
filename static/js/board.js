// Keeps the open leaderboard up to date: the table is fetched again soon after the server says that it changed.
const DELAY_MS = 200;
const board = document.getElementById("board");
const status = document.getElementById("board-status");
const events = new EventSource("/api/v1/leaderboard/events");
let timer;

function refresh() {
  clearTimeout(timer);
  timer = setTimeout(() => board.dispatchEvent(new Event("refresh")), DELAY_MS);
}

events.addEventListener("board", refresh);
// What happened while the connection was away was told to nobody.
events.addEventListener("open", () => events.addEventListener("open", refresh), { once: true });

// The same words twice would be announced once, so they go away before each request.
board.addEventListener("htmx:beforeRequest", () => { status.textContent = ""; });
board.addEventListener("htmx:afterSwap", () => { status.textContent = status.dataset.done; });
