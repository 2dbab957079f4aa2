"""Starts one service per test session, which the tests use only over HTTP and with a browser."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.system.browser_page import judging, opening, reading
from tests.system.person import Person
from tests.system.service import ROOT, Service, running
from tests.system.zoo import MODELS, VARIABLES

# Allow more time on a busy machine.
expect.set_options(timeout=20_000)

BRIEF = {f"brief-{n}": f"brief-{n}/steady-200-len-5" for n in (1, 2)}
STEADY = {f"steady-{n}": f"steady-{n}/steady-20-len-80" for n in (1, 2)}
BATTLES_PER_HOUR = 24
ENTRY = """
[[model]]
slug = "{slug}"
name = "Model {name}"
organization = "Maker of {name}"
license = "License of {name}"
endpoint.kind = "openai"
endpoint.base_url = "{url}/v1"
endpoint.model = "{model}"
"""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the staged faults, which take minutes, to `./scripts/test --thorough`."""
    is_thorough = config.getoption("--hypothesis-profile") == "thorough"
    return None if is_thorough or collection_path.name != "test_staged_faults.py" else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark browser tests, and start with the tests of the service, because their files take longest.

    Otherwise, the last process would still run one of them when the others have ended.
    """
    items.sort(key=lambda item: not item.path.is_relative_to(Path(__file__).parent))
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


def models_file(path: Path, url: str, models: dict[str, str]) -> Path:
    """Write a models file for fake models. `models` maps slugs to behaviors of the fake provider."""
    path.write_text(
        "".join(ENTRY.format(slug=slug, name=slug.title(), url=url, model=model) for slug, model in models.items())
    )
    return path


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    """Start a fake provider as a separate process, and return its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fake_provider", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    port = int(process.stdout.readline().strip().rpartition(":")[2])
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.communicate(timeout=30)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    models = {"quokka-7b": "steady-50", "wombat-70b": "steady-200"}
    with running(
        folder / "data", "--no-local-models", "--models", str(models_file(folder / "models.toml", provider, models))
    ) as up:
        yield up


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[Service]:
    """Start a second service with short time limits and models of all kinds."""
    folder = tmp_path_factory.mktemp("zoo")
    file = models_file(folder / "models.toml", provider, MODELS)
    with running(folder / "data", "--no-local-models", "--models", str(file), **VARIABLES) as up:
        yield up


@pytest.fixture
def person(service: Service) -> Person:
    return Person(service.port)


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[Service]:
    """Start a service with limits, two web processes on one port, and two answers workers."""
    folder = tmp_path_factory.mktemp("pair")
    file = models_file(folder / "models.toml", provider, BRIEF | STEADY)
    options = ("--no-local-models", "--web", "2", "--models", str(file))
    with (
        running(folder / "data", *options, ARENA_BATTLES_PER_HOUR=str(BATTLES_PER_HOUR)) as up,
        up.another({"answers@%h": "second@%h"}, "worker", "answers"),
    ):
        yield up


# Not session-scoped: Playwright's event loop would run in the thread of all other tests.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # The headless shell has the same engine without windows, which take as much CPU time as the pages.
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    chromium = next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    """Open a new browser page on the service. Any console message fails the test."""
    with reading(browser, service) as opened:
        yield opened


@pytest.fixture
def plain(browser: Browser, service: Service) -> Iterator[Page]:
    """A page without JavaScript."""
    with opening(browser, service, java_script_enabled=False) as opened:
        yield opened


@pytest.fixture
def ready(browser: Browser, zoo: Service) -> Iterator[Page]:
    """The page of a battle that is ready for a vote."""
    with judging(browser, zoo, "Which answer is better?") as opened:
        yield opened
