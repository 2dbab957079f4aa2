// Light or dark without a reload: focus and place stay. The cookie is the one that the form without scripts sets.
const YEAR_S = 365 * 24 * 3600;
const SECURE = location.protocol === "https:" ? "; Secure" : "";
const form = document.querySelector(".scheme-switch");
const meta = document.querySelector("meta[name=color-scheme]");

function dress(scheme) {
  document.documentElement.dataset.scheme = meta.content = scheme;
}

// A page out of the browser's own cache may be older than the choice.
function restore() {
  const kept = /(?:^|; )scheme=(light|dark)(?:;|$)/.exec(document.cookie);
  if (kept) dress(kept[1]);
}

restore();
window.addEventListener("pageshow", restore);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { value } = event.submitter;
  // Who chooses what the system says follows the system again.
  const system = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.cookie = `scheme=${value}; Path=/; Max-Age=${value === system ? 0 : YEAR_S}; SameSite=Lax${SECURE}`;
  dress(value);
  // The pressed button is hidden now, and the other one stands in its place.
  form.querySelector(`button:not([value=${value}])`).focus();
});
