// Draws what the API says into each place for a plot; the table below it has the same numbers.
import { exclude } from "../rule_options.js";
import { counts, rates } from "./pair_matrix.js";
import { disagreement } from "./disagreement_plot.js";
import { frontier } from "./frontier_plot.js";
import { attach, waited } from "./plot_frame.js";
import { ratings } from "./rating_plot.js";
import { readout } from "./plot_readout.js";
import { series } from "./series_plot.js";

const DRAWN_BY = { counts, disagreement, frontier, rates, ratings, series };
const fetched = new Map(); // address → what it says; two plots may draw the same

function said(address) {
  if (!fetched.has(address)) {
    fetched.set(address, fetch(address).then((answer) => {
      if (!answer.ok) throw new Error(`${answer.status} of ${address}`);
      return answer.json();
    }));
  }
  return fetched.get(address);
}

async function show(place) {
  const { plot, source } = place.dataset;
  const data = await said(source);
  let width = 0;
  // The first call comes at once.
  new ResizeObserver(waited(() => {
    if (place.clientWidth === width) return;
    width = place.clientWidth;
    attach(place, DRAWN_BY[plot](data, width, place.dataset));
  })).observe(place);
}

for (const place of document.querySelectorAll(".plot")) {
  place.hidden = false;
  const words = place.nextElementSibling;
  if (words?.matches(".readout")) readout(place, words);
  show(place).catch(() => { place.textContent = place.dataset.failed; });
}
for (const form of document.querySelectorAll(".chooser")) exclude(form);
