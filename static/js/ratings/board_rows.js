// Follows links to a row and to the comparison, and opens rows on a phone.
export const openDetails = (id) => document.getElementById(id)?.setAttribute("open", "");

// The page begins with the best models, so another one may need all rows.
const url = new URL(location);
if (url.hash.startsWith("#model-") && !document.querySelector(":target") && url.searchParams.get("rows") !== "all") {
  url.searchParams.set("rows", "all");
  location.replace(url);
}
if (url.hash === "#compare") openDetails("compare-drawer");

// The check box that opens a row is no choice for the form.
document.getElementById("board").addEventListener("change", (event) => {
  if (event.target.closest(".row-open")) event.stopImmediatePropagation();
}, true);

// A click elsewhere closes the panel that lies over the rows.
document.addEventListener("click", ({ target }) => {
  document.querySelectorAll(".board-sort[open]").forEach((panel) => { panel.open = panel.contains(target); });
});
