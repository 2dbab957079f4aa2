// Follows the events of all boards. Calls `onBoard` with the key of each new board, and `onGap` if events may be lost.
const REFUSED_MS = 30_000;

export function followBoards(onBoard, onGap) {
  const events = new EventSource("/api/v1/leaderboard/events");
  events.addEventListener("board", ({ data }) => {
    const { pool, category, style_control: style, method } = JSON.parse(data);
    onBoard(`${pool}/${category}/${style}/${method}`);
  });
  // Events may have been lost while there was no connection.
  events.addEventListener("open", () => events.addEventListener("open", onGap), { once: true });
  // A browser reconnects automatically after a connection ends, but not after an error response.
  events.addEventListener("error", ({ target }) => {
    if (target.readyState !== EventSource.CLOSED) return;
    setTimeout(() => {
      onGap();
      followBoards(onBoard, onGap);
    }, REFUSED_MS);
  });
}
