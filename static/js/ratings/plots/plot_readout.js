// Shows the values of one mark below a plot. Readers select the mark with the pointer, a tap, or the arrow keys.
const FORWARD = ["ArrowRight", "ArrowDown"];
const ACROSS = ["ArrowUp", "ArrowDown"];

function listMarks(place) {
  return [...place.querySelectorAll("svg title")].map((title) => title.parentNode);
}

// Returns the next mark. In a matrix, the up and down keys select the next mark in the same column.
function findNextMark(all, now, key) {
  const at = all.indexOf(now);
  if (at < 0) return all[0];
  const rest = FORWARD.includes(key) ? all.slice(at + 1) : all.slice(0, at).reverse();
  return rest.find((mark) => !ACROSS.includes(key) || mark.getAttribute("x") === now.getAttribute("x")) ?? now;
}

export function readout(place, words) {
  let now;
  function read(mark) {
    if (!mark) return;
    now?.classList.remove("read");
    now = mark;
    now.classList.add("read");
    words.classList.add("said");
    words.textContent = now.querySelector("title").textContent;
  }
  for (const event of ["pointerover", "click"]) {
    place.addEventListener(event, ({ target }) => read(listMarks(place).find((mark) => mark.contains(target))));
  }
  place.addEventListener("keydown", (event) => {
    if (!FORWARD.concat("ArrowLeft", "ArrowUp").includes(event.key)) return;
    event.preventDefault();
    read(findNextMark(listMarks(place), now, event.key));
    now?.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
}
