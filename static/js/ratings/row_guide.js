// While a row has the pointer or the focus, draws a line through its dot and marks the rows that cannot be told apart from it.
const board = document.getElementById("board");
let guided;

function clear() {
  guided = undefined;
  board.querySelectorAll(".guided, .tested, .same").forEach((part) => part.classList.remove("guided", "tested", "same"));
  board.querySelectorAll("[data-told]").forEach((cell) => cell.removeAttribute("data-told"));
}

function guide({ target }) {
  const row = target.closest("tbody tr");
  if (row && row === guided) return;
  clear();
  const dot = row?.querySelector(".strip-dot");
  if (!dot) return;
  guided = row;
  const body = row.parentElement;
  const { left, width } = dot.getBoundingClientRect();
  body.style.setProperty("--dot", `${left + width / 2 - body.getBoundingClientRect().left}px`);
  body.classList.add("guided");
  if (row.dataset.same) markSame(row, body);
}

// Returns both ends of a row's range of ranks and, on a board without tests, those of its interval.
const parseTies = ({ dataset }) => dataset.same.split(" ").map(Number);
const overlaps = ([low, high], [otherLow, otherHigh]) => otherLow <= high && otherHigh >= low;

function markSame(row, body) {
  const [low, high, ...interval] = parseTies(row);
  const isTied = interval.length ? (each) => overlaps(interval, parseTies(each).slice(2)) : (each) => {
    const rank = Number(each.querySelector(".cell-rank strong").textContent);
    return rank >= low && rank <= high;
  };
  for (const each of body.rows) each.classList.toggle("same", each === row || ("same" in each.dataset && isTied(each)));
  body.classList.add("tested");
  const { one, many } = row.closest("table").dataset;
  row.querySelector(".rating").dataset.told = high - low === 1 ? one : many.replace("#", high - low);
}

for (const type of ["pointerover", "focusin"]) board.addEventListener(type, guide);
for (const type of ["pointerleave", "focusout"]) board.addEventListener(type, clear);
