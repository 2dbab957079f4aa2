"""Updates the pictures in docs/screenshots. Called by scripts/screenshots.

Without a URL, the script starts a service with a temporary data folder and twelve invented models. The fake provider of
the tests generates the answers, and simulated voters judge 1,920 battles according to the models' intended strengths.
With the URL of a running service, the script runs and judges only the battles that the screenshots need.
"""

import argparse
import base64
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from tests.fake_provider import FakeProvider
from tests.system.person import Person
from tests.system.service import ROOT, Service, running

TARGET = ROOT / "docs" / "screenshots"
MAX_BYTES = 150_000
WEBP_QUALITY = 90
DESKTOP, LAPTOP, PHONE = (1440, 900), (1280, 800), (390, 844)
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
VOTERS = 64
BATTLES_EACH = 30
UNLIMITED = {"ARENA_BATTLES_PER_HOUR": "0", "ARENA_BATTLES_PER_HOUR_ADDRESS": "0", "ARENA_STREAMS_PER_VOTER": "0"}
QUESTION = "Why do leaves change color in autumn, and why do only some of them turn red?"
PROSE = """\
In summer a leaf is full of **chlorophyll**, the green pigment that catches the light. Light also destroys it, so \
the tree makes more of it all the time.

When the days become shorter, the tree stops, and takes back what it can use again. The green is gone within days, \
and **carotenoids**, which were there all along, become visible: yellow and orange.

Red is another matter. **Anthocyanins** are made in autumn from sugar that is trapped in the leaf, and not every \
species makes them. Why a tree spends anything on a leaf that it is about to drop is not settled; red may shade the \
leaf while the last nitrogen is taken back."""
TABLE = """\
The green goes away. Yellow was there before, and red is new.

| Color | Pigment | Made in |
|---|---|---|
| green | chlorophyll | spring and summer |
| yellow, orange | carotenoids | spring and summer |
| red, purple | anthocyanins | autumn |

### Step by step

1. Shorter days tell the tree to make no more chlorophyll.
2. A layer of cork seals the stem, and sugar stays in the leaf.
3. Maples turn that sugar into anthocyanins. Birches do not, so they only turn yellow.

> Bright days and cool nights without frost give the strongest reds."""
REFERENCE_POOL = "lmarena-2026-10"
SHORTLIST_QUERY = "task=facts&context=100k&price=3&commercial=on"
ANSWERS_ARE_LONG = "() => [...document.querySelectorAll('.answer')].every(pane => pane.innerText.length > 380)"
ENTRY = """
[[model]]
slug = {slug}
name = {name}
organization = {organization}
license = {license}
open_weights = {open_weights}
endpoint.kind = "openai"
endpoint.base_url = {url}
endpoint.model = {behavior}
endpoint.parameters.says = {answer}
"""


@dataclass(frozen=True)
class Model:
    """An invented model.

    strength: in Elo points, for the simulated votes.
    answer: the text of all its answers.
    price: US dollars per million tokens.
    context: the context window in tokens.
    """

    name: str
    organization: str
    license: str
    strength: int
    answer: str
    price: float
    context: int

    @property
    def slug(self) -> str:
        return self.name.lower().replace(" ", "-")

    def build_entry(self, url: str) -> str:
        """Return the model's entry for the models file. Its model name selects the behavior of the fake provider."""
        texts = {
            "slug": self.slug, "name": self.name, "organization": self.organization, "license": self.license,
            "open_weights": self.license != "proprietary",
            "url": url, "behavior": f"{self.slug}/rate-80", "answer": self.answer,
        }  # fmt: skip
        return ENTRY.format(**{key: json.dumps(text) for key, text in texts.items()})


MODELS = (
    Model("Osprey Large", "Invented Coast", "proprietary", 1190, PROSE, 9, 400_000),
    Model("Badger 120B", "Invented Forest", "Apache-2.0", 1150, TABLE, 2.4, 200_000),
    Model("Osprey Small", "Invented Coast", "proprietary", 1110, TABLE, 1.2, 400_000),
    Model("Ibex 70B", "Invented Hills", "MIT", 1085, PROSE, 0.9, 128_000),
    Model("Otter 34B", "Invented River", "Apache-2.0", 1050, TABLE, 0.5, 200_000),
    Model("Badger 22B", "Invented Forest", "Apache-2.0", 1030, PROSE, 0.35, 200_000),
    Model("Heron 32B", "Invented River", "research-only", 990, TABLE, 0.4, 128_000),
    Model("Ibex 9B", "Invented Hills", "MIT", 960, PROSE, 0.15, 128_000),
    Model("Otter 8B", "Invented River", "Apache-2.0", 930, PROSE, 0.12, 200_000),
    Model("Marmot 7B", "Invented Hills", "MIT", 900, TABLE, 0.1, 32_000),
    Model("Puffin 3B", "Invented Coast", "Apache-2.0", 840, PROSE, 0.06, 200_000),
    Model("Marmot 1B", "Invented Hills", "MIT", 765, TABLE, 0.03, 32_000),
)
STRENGTH = {model.slug: model.strength for model in MODELS}


def open_home(page: Page) -> None:
    page.goto("/")


def open_streaming_battle(page: Page) -> None:
    """Ask questions until a battle streams two different answers."""
    while True:
        page.goto("/")
        page.get_by_role("textbox").fill(QUESTION)
        page.keyboard.press("Enter")
        panes = [page.locator(f"#turn-1-{side}") for side in "ab"]
        page.wait_for_function(ANSWERS_ARE_LONG)
        first, second = (pane.inner_text()[:20] for pane in panes)
        if first != second:
            return


def open_ready_battle(page: Page) -> None:
    open_streaming_battle(page)
    expect(page.get_by_role("button", name="A is better")).to_be_enabled(timeout=120_000)


def open_reveal(page: Page) -> None:
    open_ready_battle(page)
    page.get_by_role("button", name="A is better").click()
    expect(page.locator("#next")).to_be_visible()
    expect(page.locator("#ratings > p:not([data-moved])")).to_have_count(0, timeout=60_000)  # the next board is shown


def open_leaderboard(page: Page) -> None:
    page.goto("/leaderboard/")


def open_shortlist(page: Page) -> None:
    page.goto(f"/choose/?{SHORTLIST_QUERY}&pool={REFERENCE_POOL}")


def open_decision(page: Page) -> None:
    page.goto(f"/choose/?{SHORTLIST_QUERY}")
    page.get_by_role("link", name="Write a decision note").click()
    page.get_by_label("Chosen model").select_option(index=2)
    page.get_by_label("Why").fill("Its answers are good enough for these questions, and the shortest.")
    page.get_by_role("button", name="Update this page").click()


def open_cost(page: Page) -> None:
    page.goto(
        "/cost/?model=llama-3.1-8b-instruct&input_tokens=15B&output_tokens=3B&gpu_hour=2.5&own_weeks=6&price_week=4000"
    )


def open_benchmark(page: Page) -> None:
    page.goto("/benchmarks/humaneval/")


@dataclass(frozen=True)
class Shot:
    """A screenshot: its file name, how to open its page, the size of the window, and the color scheme."""

    name: str
    open_page: Callable[[Page], None]
    size: tuple[int, int]
    scheme: str


SHOTS = (
    Shot("home", open_home, DESKTOP, "dark"),
    Shot("streaming-phone", open_streaming_battle, PHONE, "dark"),
    Shot("battle", open_ready_battle, DESKTOP, "light"),
    Shot("reveal", open_reveal, LAPTOP, "light"),
    Shot("leaderboard", open_leaderboard, DESKTOP, "dark"),
    Shot("leaderboard-phone", open_leaderboard, PHONE, "light"),
    Shot("choose", open_shortlist, DESKTOP, "light"),
    Shot("choose-phone", open_shortlist, PHONE, "dark"),
    Shot("decision", open_decision, DESKTOP, "light"),
    Shot("cost", open_cost, LAPTOP, "dark"),
    Shot("benchmark", open_benchmark, DESKTOP, "light"),
)


def take_screenshots(url: str) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        for shot in SHOTS:
            size = take_screenshot(browser, url, shot)
            say(f"{shot.name}: {size // 1000} kB")
            if size > MAX_BYTES:
                raise ValueError(f"{shot.name} is larger than {MAX_BYTES // 1000} kB")


def take_screenshot(browser: Browser, url: str, shot: Shot) -> int:
    """Take one screenshot in a new browser context. Return its size in bytes."""
    width, height = shot.size
    context = browser.new_context(
        base_url=url, viewport={"width": width, "height": height}, color_scheme=shot.scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    shot.open_page(page)
    page.mouse.move(0, 0)
    # Playwright cannot write WebP, which takes a third of the space of PNG.
    options = {"format": "webp", "quality": WEBP_QUALITY}
    picture = base64.b64decode(context.new_cdp_session(page).send("Page.captureScreenshot", options)["data"])
    (TARGET / f"{shot.name}.webp").write_bytes(picture)
    context.close()
    return len(picture)


@contextmanager
def run_populated_service() -> Iterator[Service]:
    """Run a service with the invented models, and simulate the votes."""
    with FakeProvider() as provider, tempfile.TemporaryDirectory(prefix="arena-") as folder:
        models = Path(folder) / "models.toml"
        models.write_text("".join(model.build_entry(provider.base_url) for model in MODELS))
        options = ("--no-local-models", "--models", str(models))
        with running(Path(folder) / "data", *options, **UNLIMITED) as service:
            store_facts(service)
            say(f"running {VOTERS * BATTLES_EACH} battles")
            with ThreadPoolExecutor(VOTERS) as voters:
                rngs = map(random.Random, range(VOTERS))
                list(voters.map(judge_battles, repeat(service), rngs))
            yield service


def store_facts(service: Service) -> None:
    """Store the prices and context windows of the invented models."""
    for model in MODELS:
        [(key,)] = service.query(
            "UPDATE catalog_languagemodel SET context_window = %s WHERE slug = %s RETURNING id",
            *(model.context, model.slug),
        )
        service.query(
            "INSERT INTO catalog_price (model_id, input, output, tiers, source, as_of, by_hand) "
            "VALUES (%s, %s, %s, '[]', 'invented', '2026-01-01', true) RETURNING id",
            *(key, model.price, model.price),
        )


def judge_battles(service: Service, rng: random.Random) -> None:
    """Run and judge battles."""
    person = Person(service.port)
    for _ in range(BATTLES_EACH):
        battle = person.fight(QUESTION)
        person.vote(battle, choose_vote(service, battle["id"], rng))


def choose_vote(service: Service, battle: str, rng: random.Random) -> str:
    """Return a random vote according to the strengths of both models. One in five votes is a tie or "both bad"."""
    pair = "SELECT a.slug, b.slug FROM arena_battle JOIN arena_contestant a ON a.id = contestant_a_id"
    pair += " JOIN arena_contestant b ON b.id = contestant_b_id WHERE arena_battle.id = %s"
    [(a, b)] = service.query(pair, battle)
    difference = STRENGTH[str(b)] - STRENGTH[str(a)]
    winner = "a" if rng.random() < 1 / (1 + 10 ** (difference / 400)) else "b"
    return rng.choices([winner, "tie", "both_bad"], [80, 14, 6])[0]


def say(line: str) -> None:
    sys.stderr.write(f"screenshots: {line}\n")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./scripts/screenshots", description=__doc__, allow_abbrev=False)
    parser.add_argument("url", nargs="?", help="a running service, such as http://127.0.0.1:8000")
    if url := parser.parse_args(arguments).url:
        take_screenshots(url)
        return
    with run_populated_service() as service:
        take_screenshots(service.url)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (AssertionError, Error, OSError, ValueError) as error:
        sys.exit(f"screenshots: {str(error).strip().partition(chr(10))[0]}")
