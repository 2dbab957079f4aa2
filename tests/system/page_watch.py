"""Watches a page while answers arrive: scripts that run, requests, and the elements of the answers."""

import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, Request

# `faults(root)` lists forbidden nodes below an element. `found` contains all nodes ever seen below an `.answer`.
CHECKER = r"""
const ELEMENTS = new Set(("p br strong em s code pre blockquote ul ol li h3 h4 h5 h6 table thead tbody tr th td a hr " +
  "span div").split(" "));
const ATTRIBUTES = {
  "a href": /^(https?:\/\/|mailto:)/, "a title": /^/, "a rel": /^noopener noreferrer nofollow ugc$/,
  "code class": /^language-[a-z-]+$/, "span class": /^(math|math math-display|host|[a-z]{1,3}\d?)$/,
  "ul dir": /^auto$/, "ol dir": /^auto$/, "blockquote dir": /^auto$/, "table dir": /^auto$/, "span tabindex": /^0$/,
  "div class": /^(prose|table|code)$/, "div tabindex": /^0$/,
  "div data-language": /^[a-z-]*$/, "pre tabindex": /^0$/, "ol start": /^\d+$/,
  "th class": /^(right|center)$/, "td class": /^(right|center)$/,
  "p class": /^ended$/,
};
const COPY = { "button class": /^copy$/, "button type": /^button$/, "button data-done": /^/ };
const IN_FORMULAS = new Set(("span svg path line math semantics annotation mrow mi mo mn ms mtext mspace msup msub " +
  "msubsup munder mover munderover mfrac mroot msqrt mtable mtr mtd mlabeledtr mstyle mpadded mphantom menclose")
  .split(" "));
const NOT_IN_FORMULAS = /^(on.*|.*href|src.*|id|name|action|data-.*)$/;
const NOT_IN_STYLES = /url\(|fixed|expression|image/i;
const FORMULA = ".math > .katex, .math > .katex-display, .math > .katex-error";

function allowed(element, { name, value }) {
  if (element.closest(FORMULA)) return !NOT_IN_FORMULAS.test(name) && !(name === "style" && NOT_IN_STYLES.test(value));
  const rules = element.matches(".code > button.copy") ? COPY : ATTRIBUTES;
  return rules[`${element.localName} ${name}`]?.test(value) ?? false;
}

function known(element) {
  if (element.closest(FORMULA)) return IN_FORMULAS.has(element.localName);
  if (element.namespaceURI !== "http://www.w3.org/1999/xhtml") return false;
  return ELEMENTS.has(element.localName) || element.matches(".code > button.copy");
}

function faultsOf(element) {
  const bad = [...element.attributes].filter((attribute) => !allowed(element, attribute));
  if (known(element) && !bad.length) return [];
  return [[element.localName, ...bad.map(({ name, value }) => `${name}=${value.slice(0, 80)}`)].join(" ")];
}

window.faults = (root) => [...root.querySelectorAll("*")].flatMap(faultsOf);
window.found = new Set();
window.grown = new Set();
const inAnswer = (node) => node instanceof Element && node.parentElement?.closest(".answer");
new MutationObserver((records) => {
  for (const { target, addedNodes } of records) {
    const pane = target.parentElement?.closest(".answer");
    if (pane?.querySelector(":scope > .prose")) window.grown.add(pane);
    const added = [...addedNodes].filter(inAnswer);
    const touched = [target, ...added].filter(inAnswer).flatMap(faultsOf);
    for (const fault of [...touched, ...added.flatMap(faults)]) window.found.add(fault);
  }
}).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
"""
OURS = re.compile(r"^/(static/.*|battles/[^/]+/|api/v1/battles/[^/]+/events/?(\?from=[^/]*)?|favicon\.ico|)$")


@dataclass
class Listener:
    """Another host, which records requests."""

    address: str
    requests: list[str] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Listener]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            listener.requests.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener = Listener(f"127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield listener
        server.shutdown()


@dataclass
class Watched:
    page: Page
    listener: Listener
    said: list[str] = field(default_factory=list)

    def problems(self) -> list[str]:
        """Return messages, requests, and scripts since the page was opened, and each forbidden node."""
        found: list[str] = self.page.evaluate("[...found, ...('ran' in window ? ['it ran'] : [])]")
        return [*self.said, *found, *self.listener.requests]


@contextmanager
def watched(browser: Browser, url: str, listener: Listener, cookies: dict[str, str]) -> Iterator[Watched]:
    """Open a URL in a new browser context with these cookies, and watch it."""
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    context.add_init_script(CHECKER)
    watch = Watched(context.new_page(), listener)

    def dismiss(dialog: Any) -> None:
        watch.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def ask(request: Request) -> None:
        if not (request.url.startswith(url) and OURS.match(request.url.removeprefix(url))):
            watch.said.append(f"request: {request.url}")

    watch.page.on("console", lambda message: watch.said.append(f"console: {message.text}"))
    watch.page.on("pageerror", lambda error: watch.said.append(f"error: {error}"))
    watch.page.on("dialog", dismiss)
    watch.page.on("request", ask)
    yield watch
    context.close()
