"""Tests in a real browser that model output never runs, loads anything, or becomes more than text."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, expect

from arena.answers.markdown import render_markdown
from tests.system.page_watch import Listener, Watched, listening, watched
from tests.system.payloads import answers, payloads
from tests.system.person import Person
from tests.system.service import Service, running

ANSWERS = 20
UNLIMITED = {"ARENA_BATTLES_PER_HOUR": "0", "ARENA_BATTLES_PER_HOUR_ADDRESS": "0"}
ENTRY = """
[[model]]
slug = "hostile-{number}"
name = "Hostile {number}"
organization = "Far"
endpoint.kind = "openai"
endpoint.base_url = "{url}/v1"
endpoint.model = "hostile-{number}"
endpoint.parameters.behavior = {behavior}
"""


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with listening() as opened:
        yield opened


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, provider: str, listener: Listener) -> Iterator[Service]:
    """A service with models that answer only with payloads."""
    folder: Path = tmp_path_factory.mktemp("hostile")
    file = folder / "models.toml"
    behaviors = [f"ttft-3-rate-40-says:{text}" for text in answers(listener.address, ANSWERS)]
    file.write_text(
        "".join(
            ENTRY.format(number=number, url=provider, behavior=json.dumps(behavior, ensure_ascii=False))
            for number, behavior in enumerate(behaviors)
        )
    )
    with running(folder / "data", "--no-local-models", "--models", str(file), **UNLIMITED) as up:
        yield up


@pytest.fixture
def watch(browser: Browser, hostile: Service, listener: Listener) -> Iterator[Watched]:
    listener.requests.clear()
    with watched(browser, hostile.url, listener, {}) as opened:
        yield opened


SET = """() => [...document.querySelectorAll(".answer")].every((answer) =>
  [...answer.querySelectorAll(".math")].at(-1)?.querySelector(".katex"))"""


def test_payloads_do_nothing_on_their_way_through_the_stream_into_the_page(
    browser: Browser, hostile: Service, listener: Listener
) -> None:
    with ExitStack() as stack:
        pages = []
        for number in range(0, ANSWERS, 2):
            person = Person(hostile.port)
            person.get("/")
            battle = person.start("What can you do?", f"hostile-{number}", f"hostile-{number + 1}")
            pages.append(stack.enter_context(watched(browser, hostile.url, listener, person.cookies)))
            pages[-1].page.goto(f"/battles/{battle['id']}/", wait_until="commit")
        for watch in pages:
            expect(watch.page.get_by_role("button", name="A is better")).to_be_enabled(timeout=60_000)
            watch.page.wait_for_function(SET)
            assert watch.page.evaluate("grown.size") == 2
            assert watch.problems() == []


BEYOND_BOUNDS = 6  # payloads with formulas that stay TeX
# Tests each payload separately, first as it grows in pieces and then as the server's HTML.
ALONE = """
async ([texts, pages]) => {
  const { MarkdownStream } = await import("/static/js/arena/battle/markdown_stream.js");
  const { enhanceAnswer } = await import("/static/js/arena/battle/answer_extras.js");
  const frame = () => new Promise(requestAnimationFrame);
  const battle = document.createElement("div");
  const copy = document.createElement("template");
  const panes = texts.map(() => document.createElement("div"));
  Object.assign(copy, { id: "copy", innerHTML: '<button class="copy" type="button" data-done="!">Copy</button>' });
  battle.id = "battle";
  battle.dataset.katexJs = "/static/vendor/katex/katex.min.js";
  battle.dataset.katexCss = "/static/vendor/katex/katex.min.css";
  panes.forEach((pane) => { pane.className = "answer"; });
  battle.append(...panes);
  document.body.replaceChildren(copy, battle);
  const growing = panes.map((pane) => new MarkdownStream(pane));
  const size = texts.map((text) => Math.max(5, Math.ceil(text.length / 60)));
  for (let n = 0; n < 60; n += 1) {
    texts.forEach((text, i) => growing[i].append(text.slice(n * size[i], (n + 1) * size[i])));
    await frame();
  }
  await frame();
  const grown = panes.map((pane) => faults(pane));
  panes.forEach((pane, i) => { pane.innerHTML = pages[i]; });
  const served = panes.map((pane) => faults(pane));
  panes.forEach((pane) => enhanceAnswer(pane));
  const unset = () => document.querySelectorAll(".math:not(:has(> .katex, > .katex-display, > .katex-error))").length;
  let still = 0;
  for (let before = unset(); still < 20; before = unset()) {
    await frame();
    still = unset() === before && document.querySelector(".katex") ? still + 1 : 0;
  }
  return { grown, served, dressed: panes.map((pane) => faults(pane)), unset: unset() };
}
"""


def test_payloads_each_alone_become_nothing_but_text(watch: Watched, listener: Listener) -> None:
    texts = payloads(listener.address)
    watch.page.goto("/")
    faults = watch.page.evaluate(ALONE, [texts, [render_markdown(text) for text in texts]])
    assert len(texts) >= 120
    for stage in ("grown", "served", "dressed"):
        assert {text: found for text, found in zip(texts, faults[stage], strict=True) if found} == {}
    assert faults["unset"] == BEYOND_BOUNDS
    assert watch.problems() == []


PLANTED = (
    "<img src=x onerror=ran=1>",
    "<p onclick=ran=1>x</p>",
    "<p style='color: red'>x</p>",
    "<p class=button>x</p>",
    "<a href=javascript:ran=1>x</a>",
    "<a href=/accounts/logout/>x</a>",
    "<a href=http://far.example target=_blank>x</a>",
    "<span class='button math'>x</span>",
    "<svg><path></path></svg>",
    "<math><mi>x</mi></math>",
    "<button class=copy>x</button>",
    "<input>",
    "<div class=katex><iframe></iframe></div>",
    "<span class=math><span class=katex><a href=http://far.example>x</a></span></span>",
    "<span class=math><span class=katex><span onclick=ran=1>x</span></span></span>",
    "<span class=math><span class=katex><span style='background: url(//far.example)'>x</span></span></span>",
    "<span class=math><span class=katex><img></span></span>",
)


FAULTS = """(html) => {
  const inert = document.createElement("template");
  inert.innerHTML = `<div>${html}</div>`;
  return faults(inert.content.firstElementChild);
}"""


ALLOWED = (
    "<p>x<br><a href='https://a.example' rel='noopener noreferrer nofollow ugc' title=x>y</a></p>",
    "<pre tabindex=0><code class=language-python><span class=nf>x</span></code></pre>",
    "<div class=code><pre>x</pre><button class=copy type=button data-done=Copied>Copy</button></div>",
    "<span class='math math-display'><span class=katex><svg style='width: 1em'></svg></span></span>",
)


def test_checker_finds_what_was_planted_and_lets_pass_what_is_ours(watch: Watched) -> None:
    watch.page.goto("/")
    assert [html for html in (*PLANTED, *ALLOWED) if watch.page.evaluate(FAULTS, html)] == [*PLANTED]


@pytest.mark.parametrize(
    "deed",
    [
        "ran = 1",
        "alert(1)",
        "console.log('x')",
        "setTimeout(() => { throw new Error('x') })",
        "fetch('/leaderboard/').then(() => {})",
        "document.querySelector('.answer').append(document.createElement('iframe'))",
        "document.querySelector('.answer > p').setAttribute('style', '')",
        "document.querySelector('.answer > p').id = 'verdict'",
    ],
)
def test_watch_sees_each_deed(watch: Watched, deed: str) -> None:
    watch.page.goto("/")
    watch.page.evaluate("() => { document.body.innerHTML = '<div class=answer><p>x</p></div>' }")
    assert watch.problems() == []
    watch.page.evaluate(f"() => {{ {deed} }}")
    watch.page.evaluate("new Promise((done) => setTimeout(done, 50))")
    assert watch.problems()


def test_watch_sees_what_is_asked_of_another_host(watch: Watched, listener: Listener) -> None:
    watch.page.goto("/")
    with urlopen(f"http://{listener.address}/x.png"):
        assert watch.problems() == ["/x.png"]
