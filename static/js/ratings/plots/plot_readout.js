// A card next to a mark with its values. Readers select the mark with the pointer, a tap, or the arrow keys.
const FORWARD = ["ArrowRight", "ArrowDown"];
const ACROSS = ["ArrowUp", "ArrowDown"];
const GAP_PX = 8;

function listMarks(place) {
  return [...place.querySelectorAll("svg title")].map((title) => title.parentNode);
}

// Returns the next mark. In a matrix, the up and down keys select the next mark in the same column.
function findNextMark(all, now, key) {
  const at = all.indexOf(now);
  if (at < 0) return all[0];
  const rest = FORWARD.includes(key) ? all.slice(at + 1) : all.slice(0, at).reverse();
  return rest.find((mark) => !ACROSS.includes(key) || mark.dataset.across === now.dataset.across) ?? now;
}

// Lights the row and the column of a cell, with their names.
function lightLines(place, { down, across } = {}) {
  for (const each of place.querySelectorAll("[data-down], [data-across]")) {
    const isLit = (down && each.dataset.down === down) || (across && each.dataset.across === across);
    each.classList.toggle("lit", Boolean(isLit));
  }
}

// Returns links to the model's page, as in the table below the plot, and to its comparison with others.
function buildLinks({ table, page, board, compare }, model) {
  if (!model) return [];
  const links = [
    [document.querySelector(`#${table} [data-model="${CSS.escape(model)}"] a`).href, page],
    [board.replace("MODEL", encodeURIComponent(model)), compare],
  ];
  return links.flatMap(([href, textContent], at) => [at ? " · " : "\n", Object.assign(document.createElement("a"), { href, textContent })]);
}

function moveCard(card, mark) {
  const [box, frame] = [mark, card.offsetParent].map((each) => each.getBoundingClientRect());
  const left = box.left + box.width / 2 - frame.left - card.offsetWidth / 2;
  const above = box.top - card.offsetHeight - GAP_PX;
  const top = above > 0 ? above : box.bottom + GAP_PX;
  card.style.left = `${Math.max(0, Math.min(left, frame.width - card.offsetWidth))}px`;
  card.style.top = `${top - frame.top}px`;
}

export function readout(place, card) {
  let now;
  let isPointed = false; // whether the pointer selected the mark
  function hide() {
    now?.classList.remove("read");
    now = undefined;
    card.replaceChildren();
    lightLines(place);
  }
  function read(mark) {
    if (!mark || mark === now) return;
    hide();
    now = mark;
    now.classList.add("read");
    card.append(now.querySelector("title").textContent, ...buildLinks(place.dataset, now.dataset.model));
    moveCard(card, now);
    lightLines(place, now.dataset);
  }
  // Unlike `pointermove`, `pointerover` also fires when the page scrolls under a pointer that stays where it is.
  for (const event of ["pointermove", "click"]) {
    place.addEventListener(event, ({ target }) => {
      const mark = listMarks(place).find((each) => each.contains(target));
      if (!mark) return;
      isPointed = true;
      read(mark);
    });
  }
  for (const part of [place, card]) {
    part.addEventListener("pointerleave", ({ pointerType, relatedTarget }) => {
      if (isPointed && pointerType === "mouse" && ![place, card].some((each) => each.contains(relatedTarget))) hide();
    });
    part.addEventListener("keydown", ({ key }) => { if (key === "Escape") hide(); });
  }
  place.addEventListener("keydown", (event) => {
    if (!FORWARD.concat("ArrowLeft", "ArrowUp").includes(event.key)) return;
    event.preventDefault();
    isPointed = false;
    read(findNextMark(listMarks(place), now, event.key));
    now?.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (now) moveCard(card, now);
  });
}
