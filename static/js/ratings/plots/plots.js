// Draws each plot from API data. The table below it has the same numbers.
import { linkExclusiveOptions } from "../rule_options.js";
import { counts, rates } from "./pair_matrix.js";
import { disagreement } from "./disagreement_plot.js";
import { frontier } from "./frontier_plot.js";
import { attach, afterLayout } from "./plot_frame.js";
import { ratings } from "./rating_plot.js";
import { readout } from "./plot_readout.js";
import { series } from "./series_plot.js";

const DRAWN_BY = { counts, disagreement, frontier, rates, ratings, series };
const responses = new Map(); // URL → promise of the JSON, because two plots may use the same data

function fetchJson(address) {
  if (!responses.has(address)) {
    responses.set(address, fetch(address).then((response) => {
      if (!response.ok) throw new Error(`${response.status} of ${address}`);
      return response.json();
    }));
  }
  return responses.get(address);
}

// Resolves when the plot has been drawn for the first time. It is drawn again whenever its width changes.
async function draw(place) {
  const { plot, source } = place.dataset;
  const data = await fetchJson(source);
  let width = 0;
  await new Promise((resolve) => {
    // The observer also calls this function once immediately.
    new ResizeObserver(afterLayout(() => {
      if (place.clientWidth === width) return;
      width = place.clientWidth;
      attach(place, DRAWN_BY[plot](data, width, place.dataset));
      resolve();
    })).observe(place);
  });
}

// The plots above the target of the URL's fragment have moved it, so the page goes there again, unless the reader has
// already moved on.
function returnToTarget(drawings) {
  const moves = ["wheel", "touchmove", "pointerdown", "keydown"];
  const moved = new AbortController();
  for (const move of moves) window.addEventListener(move, () => moved.abort(), { passive: true, signal: moved.signal });
  Promise.all(drawings).then(() => {
    if (!moved.signal.aborted) document.querySelector(":target")?.scrollIntoView();
    moved.abort();
  });
}

returnToTarget([...document.querySelectorAll(".plot")].map((place) => {
  place.hidden = false;
  const words = place.nextElementSibling;
  if (words?.matches(".readout")) readout(place, words);
  return draw(place).catch(() => { place.textContent = place.dataset.failed; });
}));
for (const form of document.querySelectorAll(".chooser")) linkExclusiveOptions(form);
