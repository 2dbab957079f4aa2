"""Tests that a growing answer looks like the finished one, whatever its pieces, and costs little CPU time."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.system.service import Service

# Grows all texts at the same time, each in its own pane.
GROW = """async ([texts, size]) => {
  const { MarkdownStream } = await import("/static/js/arena/battle/markdown_stream.js");
  const panes = texts.map(() => document.createElement("div"));
  document.body.replaceChildren(...panes);
  return await Promise.all(texts.map(async (text, number) => {
    const growing = new MarkdownStream(panes[number]);
    for (let at = 0; at < text.length; at += size) {
      growing.append(text.slice(at, at + size));
      await new Promise(requestAnimationFrame);
    }
    for (let n = 0; n <= text.length / 1_000; n += 1) await new Promise(requestAnimationFrame);
    return panes[number].firstElementChild.innerHTML;
  }));
}"""
REL = 'rel="noopener noreferrer nofollow ugc"'
HOST = '<span class="host">(a.example)</span>'
DISPLAY = '<span class="math math-display">'
TABLE = (
    '<div class="table" tabindex="0"><table dir="auto"><thead><tr><th>a</th></tr></thead>'
    "<tbody><tr><td>1</td></tr></tbody></table></div>"
)
SHOWN = [
    ("Hello *there*, **you**.", "<p>Hello <em>there</em>, <strong>you</strong>.</p>"),
    ("a_b_c, snake_case and two__marks (x_1)", "<p>a_b_c, snake_case and two__marks (x_1)</p>"),
    ("_so_ and __so__, `x_y_z`", "<p><em>so</em> and <strong>so</strong>, <code>x_y_z</code></p>"),
    ("[x_y](https://a.example/b_c_d) y_z", f'<p><a href="https://a.example/b_c_d" {REL}>x_y</a> {HOST} y_z</p>'),
    ("one\n\ntwo\nthree", "<p>one</p><p>two<br>three</p>"),
    ("# One\n\n### Three\n\n## Two\n\n# One", "<h3>One</h3><h4>Three</h4><h4>Two</h4><h3>One</h3>"),
    ("## Two\n\n###### Six", "<h3>Two</h3><h4>Six</h4>"),
    ("- a\n  - b\n- c", '<ul dir="auto"><li>a<ul dir="auto"><li>b</li></ul></li><li>c</li></ul>'),
    ("3. a\n4. b", '<ol dir="auto" start="3"><li>a</li><li>b</li></ol>'),
    ("- [ ] a\n- [x] b", '<ul dir="auto"><li><span>[ ]</span> a</li><li><span>[x]</span> b</li></ul>'),
    ("> a", '<blockquote dir="auto"><p>a</p></blockquote>'),
    ("a\n\n---", "<p>a</p><hr>"),
    ("`x < y` and ~~no~~.", "<p><code>x &lt; y</code> and <s>no</s>.</p>"),
    ("```python\nif x:\n    y\n```", '<pre tabindex="0"><code>if x:\n    y</code></pre>'),
    ("[x](https://a.example) y", f'<p><a href="https://a.example" {REL}>x</a> {HOST} y</p>'),
    ('[x](https://a.example "title") y', f'<p><a href="https://a.example" {REL}>x</a> {HOST} y</p>'),
    ("[a.example/b](https://a.example/c).", f'<p><a href="https://a.example/c" {REL}>a.example/b</a>.</p>'),
    (
        "[https://bank.example](https://A.example:8000/bank.example)!",
        f'<p><a href="https://A.example:8000/bank.example" {REL}>https://bank.example</a> {HOST}!</p>',
    ),
    (
        "[a.example:x@bank.example](https://bank.example@a.example) y",
        f'<p><a href="https://bank.example@a.example" {REL}>a.example:x@bank.example</a> {HOST} y</p>',
    ),
    ("see https://a.example/b for y", f'<p>see <a href="https://a.example/b" {REL}>https://a.example/b</a> for y</p>'),
    ("[x](javascript:alert) y", "<p><a>x</a> y</p>"),
    (
        "[**[x](https://a.example)**](https://b.example)",
        f'<p><a href="https://b.example" {REL}><strong><span>x</span></strong></a> {HOST}</p>'.replace("(a.", "(b."),
    ),
    ("![chart](https://a.example/x.png) y", f'<p><a href="https://a.example/x.png" {REL}>chart</a> {HOST} y</p>'),
    ("<b>bold</b><br>x", "<p>&lt;b&gt;bold&lt;/b&gt;<br>x</p>"),
    ("is $x^2$ or \\(y\\),", '<p>is <span class="math">x^2</span> or <span class="math">y</span>,</p>'),
    ("$$\nx\n$$", '<p><span class="math math-display">x\n</span></p>'),
    ("$$x$$ and $$ y $$.", f"<p>{DISPLAY}x</span> and {DISPLAY} y </span>.</p>"),
    ("\\[x\\] and \\[ y\n\\].", f"<p>{DISPLAY}x</span> and {DISPLAY} y\n</span>.</p>"),
    ("cheap ($$), best ($$$).", "<p>cheap ($$), best ($$$).</p>"),
    ("from $5 to $10", "<p>from $5 to $10</p>"),
    ("$$ open\n\n# T", f"<p>{DISPLAY} open\n</span></p><h3>T</h3>"),
    ("$HOME is\n\n# T", '<p><span class="math">HOME is\n</span></p><h3>T</h3>'),
    ("|a|\n|---|\n|1|", TABLE),
    ("|a|\n|---|---|\n|1|", TABLE),  # the server renders it as a table too
    ("|x| < y and |z|\n\n|1|2|\nhold", "<p>|x| &lt; y and |z|</p><p>|1|2|<br>hold</p>"),
    ("|a|\n|===|\n|1|", "<p>|a|<br>|===|<br>|1|</p>"),
    ("```\n|a|\n|b|\n```", '<pre tabindex="0"><code>|a|\n|b|</code></pre>'),
    ("|a|\n|---|\n|1|\n\n|b|", f"{TABLE}<p>|b|</p>"),
    ("日本語と **🙂👩‍🔬** を", "<p>日本語と <strong>🙂👩‍🔬</strong> を</p>"),
]
END = "<p>The end</p>"


@pytest.fixture(scope="module")
def scratch(browser: Browser, service: Service) -> Iterator[Page]:
    page = browser.new_page(base_url=service.url)
    page.goto("/")
    yield page
    page.context.close()


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_growing_shows_markdown_in_pieces_of_any_size(scratch: Page, size: int) -> None:
    shown = scratch.evaluate(GROW, [[f"{text}\n\nThe end." for text, _ in SHOWN], size])
    assert shown == [html + END for _, html in SHOWN]


def test_growing_ends_when_something_else_takes_its_place(scratch: Page) -> None:
    shown = scratch.evaluate("""async () => {
      const { MarkdownStream } = await import("/static/js/arena/battle/markdown_stream.js");
      const pane = document.createElement("div");
      document.body.replaceChildren(pane);
      const growing = new MarkdownStream(pane);
      growing.append("word ".repeat(2_000));
      await new Promise(requestAnimationFrame);
      pane.innerHTML = "<p>Finished.</p>";
      growing.append("more");
      for (let n = 0; n < 5; n += 1) await new Promise(requestAnimationFrame);
      return pane.innerHTML;
    }""")
    assert shown == "<p>Finished.</p>"


def test_growing_takes_no_quadratic_time_for_a_long_line_after_a_row(scratch: Page) -> None:
    started = time.monotonic()
    scratch.evaluate(GROW, [["|a|\n" + " " * 100_000 + "x\n\nThe end."], 100_100])
    assert time.monotonic() - started < 15


DEEP = """(html) => {
  const depth = (node) => 1 + Math.max(0, ...[...node.children].map(depth));
  const made = document.createElement("template");
  made.innerHTML = html;
  return depth(made.content);
}"""


def test_growing_bounds_the_depth_of_what_it_makes(scratch: Page) -> None:
    marks = ("> ", "- ", "1. ", "**a _b ~~c ", "[", "![", "- > 1. ", "| a\n> | b\n- ")
    shown = scratch.evaluate(GROW, [[mark * 300 + "the end of it. " for mark in marks], 10_000])
    for mark, html in zip(marks, shown, strict=True):
        assert scratch.evaluate(DEEP, html) < 30, mark
        assert "the end" in html
