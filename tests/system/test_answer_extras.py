"""Tests copy buttons for code and rendered formulas in finished answers."""

import re

import pytest
from playwright.sync_api import Page, expect

from arena.answers.markdown import render_markdown

SCRATCH = """async ([html, template]) => {
  const { enhanceAnswer } = await import("/static/js/arena/battle/answer_extras.js");
  const battle = document.createElement("div");
  battle.id = "battle";
  battle.dataset.katexJs = "/static/vendor/katex/katex.min.js";
  battle.dataset.katexCss = "/static/vendor/katex/katex.min.css";
  battle.innerHTML = `${template}<div class="answer prose">${html}</div>`;
  document.body.replaceChildren(battle);
  const looks = document.createElement("link");
  Object.assign(looks, { rel: "stylesheet", href: "/static/css/arena/battle.css" });
  document.head.append(looks);
  await new Promise((done) => looks.addEventListener("load", done));
  enhanceAnswer(battle.querySelector(".answer"));
}"""
TEMPLATE = '<template id="copy"><button class="copy" type="button" data-done="Copied">Copy</button></template>'
CODE = "```python\nif x < 1:\n    pass\n```\n\nText.\n\n```\nother\n```"
PASTED = "navigator.clipboard.readText()"


def dress(page: Page, markdown: str, template: str = TEMPLATE) -> None:
    page.goto("/")
    page.evaluate(SCRATCH, [render_markdown(markdown), template])


@pytest.mark.parametrize("refusal", ["", "navigator.clipboard.writeText = () => Promise.reject()"])
def test_copy_puts_the_code_on_the_clipboard_even_where_the_browser_has_none(page: Page, refusal: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    dress(page, CODE)
    page.evaluate(f"() => {{ {refusal} }}")
    button = page.get_by_role("button", name="Copy").first
    button.click()
    expect(page.get_by_role("button", name="Copied")).to_have_count(1)
    assert page.evaluate(PASTED) == "if x < 1:\n    pass"
    page.get_by_role("button", name="Copy", exact=True).click()
    assert page.evaluate(PASTED) == "other"
    expect(page.get_by_role("button", name="Copy", exact=True)).to_have_count(2)


def test_code_has_no_button_where_the_page_offers_none(page: Page) -> None:
    dress(page, CODE, template="")
    expect(page.locator("pre")).to_have_count(2)
    expect(page.get_by_role("button")).to_have_count(0)


def test_answer_that_is_dressed_twice_has_one_button(page: Page) -> None:
    dress(page, "```\nx\n```")
    page.evaluate(
        """async () => {
          const { enhanceAnswer } = await import("/static/js/arena/battle/answer_extras.js");
          enhanceAnswer(document.querySelector(".answer"));
        }"""
    )
    expect(page.get_by_role("button", name="Copy")).to_have_count(1)


FORMULAS = {
    r"\frac{a}{b}": ".mfrac",
    r"\vec{v}": ".katex-overlay svg, .overlay svg",
    r"\fcolorbox{red}{white}{x}": ".fcolorbox",
    r"\pmb{x}": "math",
    r"\nosuchcommand x": ".katex",
    r"\frac{a}": ".katex-error",
    r"\text{中文}": ".katex",
}


def test_formulas_are_set_within_the_policy_of_the_page(page: Page) -> None:
    """The fixture fails if the browser reports a blocked style."""
    dress(page, "\n\n".join(f"${tex}$" for tex in FORMULAS))
    for number, shown in enumerate(FORMULAS.values()):
        expect(page.locator(".math").nth(number).locator(shown).first).to_be_attached()
    assert page.locator("[data-style]").count() == 0


def test_formula_that_stands_by_itself_is_reached_by_keyboard_where_it_must_be_scrolled(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    dress(page, f"$${'+'.join(['x^2'] * 20)}$$\n\n$${'x' * 80}$$\n\n$$y$$")
    expect(page.locator(".math-display > .katex-display")).to_have_count(3)
    reached = page.evaluate("() => [...document.querySelectorAll('.math-display')].map((node) => node.tabIndex)")
    assert reached == [0, 0, -1]


def test_formulas_that_could_take_long_stay_as_they_are(page: Page) -> None:
    macros = (r"\def\a{x}\a", r"\newcommand{\a}{x}\a", r"\gdef\a{x}\a", r"\let\a=x\a")
    formulas = ["x" * 2_001, r"\frac{1}{" * 60 + "x" + "}" * 60, *macros]
    dress(page, "\n\n".join(f"${tex}$" for tex in formulas) + "\n\n$y$")
    expect(page.locator(".katex")).to_have_count(1)
    expect(page.locator(".math")).to_have_text([*formulas, re.compile("y")])


def test_formulas_are_set_up_to_a_bound_in_each_answer(page: Page) -> None:
    dress(page, f"${'x' * 1_900}$\n\n" * 12 + "$y$")
    expect(page.locator(".katex")).to_have_count(11)
    expect(page.locator(".math").nth(11)).to_have_text("x" * 1_900)


def test_answers_without_formulas_fetch_nothing(page: Page) -> None:
    fetched = []
    page.on("request", lambda request: fetched.append(request.url))
    dress(page, "No formulas for $5 or $10.")
    assert not [url for url in fetched if "katex" in url]
