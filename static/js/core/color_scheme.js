// Switches between light and dark without a reload, so focus and scroll position stay. The form sets the same cookie
// without scripts.
const YEAR_S = 365 * 24 * 3600;
const SECURE = location.protocol === "https:" ? "; Secure" : "";
const form = document.querySelector(".scheme-switch");
const meta = document.querySelector("meta[name=color-scheme]");

function applyScheme(scheme) {
  document.documentElement.dataset.scheme = scheme;
  meta.content = scheme;
}

// A page from the browser's cache may be older than the last choice.
function restore() {
  const match = /(?:^|; )scheme=(light|dark)(?:;|$)/.exec(document.cookie);
  if (match) applyScheme(match[1]);
}

restore();
window.addEventListener("pageshow", restore);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { value } = event.submitter;
  // Choosing the scheme of the system deletes the cookie, so the page follows the system again.
  const system = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.cookie = `scheme=${value}; Path=/; Max-Age=${value === system ? 0 : YEAR_S}; SameSite=Lax${SECURE}`;
  applyScheme(value);
  // The pressed button is hidden now, and the other button takes its place.
  form.querySelector(`button:not([value=${value}])`).focus();
});
