"""One whole service per test session, driven by HTTP and by a browser alone."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.system.person import Person
from tests.system.service import ROOT, Service, running
from tests.system.zoo import MODELS, VARIABLES

# A busy machine is no failure.
expect.set_options(timeout=20_000)

ENTRY = """
[[model]]
slug = "{slug}"
name = "Model {name}"
organization = "Maker of {name}"
license = "Licence of {name}"
endpoint.kind = "openai"
endpoint.base_url = "{url}/v1"
endpoint.model = "{model}"
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those with a browser and those without can run side by side."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


def models_file(path: Path, url: str, models: dict[str, str]) -> Path:
    """A models file of fake models: {slug: what the fake provider does for it}."""
    path.write_text(
        "".join(ENTRY.format(slug=slug, name=slug.title(), url=url, model=model) for slug, model in models.items())
    )
    return path


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    """The address of a fake provider, a process of its own."""
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
    """A second service with short limits and all kinds of models."""
    folder = tmp_path_factory.mktemp("zoo")
    file = models_file(folder / "models.toml", provider, MODELS)
    with running(folder / "data", "--no-local-models", "--models", str(file), **VARIABLES) as up:
        yield up


@pytest.fixture
def person(service: Service) -> Person:
    return Person(service.port)


# Not for the whole session: while it is open, Playwright's event loop runs in the thread of all other tests.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # The shell has the same engine and no windows, which cost as much as the pages.
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
    """A fresh browser page on the service; any message on its console fails the test."""
    context = browser.new_context(base_url=service.url, viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened
    context.close()
    assert not said
