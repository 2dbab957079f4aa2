// After the vote, waits for the next board of the battle's pool, and shows how it has moved both ratings.
const MOVE_MS = 600;
const battle = document.getElementById("battle");
let events;

function follow() {
  events?.close();
  const ratings = document.getElementById("ratings");
  if (!ratings || ratings.querySelector("[data-moved]")) return;
  events = new EventSource("/api/v1/leaderboard/events");
  const refresh = () => ratings.dispatchEvent(new Event("board"));
  events.addEventListener("open", refresh); // the board may have come before the connection
  events.addEventListener("board", ({ data }) => {
    const { pool, category, style_control: style, method } = JSON.parse(data);
    if (pool === ratings.dataset.pool && category === "overall" && !style && method === "bt") refresh();
  });
}

function findCenter(dot) {
  const { left, width } = dot.getBoundingClientRect();
  return left + width / 2;
}

function moveDots(ratings) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const earlier of ratings.querySelectorAll(".strip-earlier")) {
    const dot = earlier.parentNode.querySelector(".strip-dot");
    const distance = dot ? 2 * (findCenter(earlier) - findCenter(dot)) : 0; // the line ends at the dot
    dot?.animate({ transform: [`translateX(${distance}px)`, "none"] }, { duration: MOVE_MS, easing: "ease-in-out" });
  }
}

battle.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.id === "ratings") moveDots(target);
  if (["ratings", "verdict"].includes(target.id)) follow();
});

follow();
