// Draws each plot from API data. The table below it has the same numbers.
import { linkExclusiveOptions } from "../rule_options.js";
import { counts, rates } from "./pair_matrix.js";
import { disagreement } from "./disagreement_plot.js";
import { frontier } from "./frontier_plot.js";
import { history } from "./history_plot.js";
import { attach, afterLayout } from "./plot_frame.js";
import { ratings } from "./rating_plot.js";
import { readout } from "./plot_readout.js";
import { series } from "./series_plot.js";

const DRAWN_BY = { counts, disagreement, frontier, history, rates, ratings, series };
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

// Draws the plot, and draws it again whenever its width changes.
async function draw(place) {
  const { plot, source } = place.dataset;
  const data = await fetchJson(source);
  let width = 0;
  // The observer also calls this function once immediately.
  new ResizeObserver(afterLayout(() => {
    if (place.clientWidth === width) return;
    width = place.clientWidth;
    attach(place, DRAWN_BY[plot](data, width, place.dataset, place.clientHeight));
  })).observe(place);
}

for (const place of document.querySelectorAll(".plot")) {
  const card = place.nextElementSibling;
  if (card?.matches(".readout")) readout(place, card);
  draw(place).catch(() => { place.textContent = place.dataset.failed; });
}
for (const form of document.querySelectorAll(".chooser")) linkExclusiveOptions(form);
// Shows another selection at once.
document.getElementById("chooser")?.addEventListener("change", ({ target }) => target.form.requestSubmit());
const top = document.querySelector("select[form=chooser]");
top?.addEventListener("change", () => { top.form.action = "#ratings-title"; top.form.requestSubmit(); });
