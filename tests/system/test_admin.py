"""Tests the admin in a real browser, with the same content security policy as other pages and an empty console."""

import os
import re
import subprocess
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.system.person import Person
from tests.system.service import ROOT, SERVICE_VARIABLES, Service
from tests.system.test_accessibility import violations

NAME, PASSWORD = "operator", "a long pass phrase"
LISTS = (
    *("arena/endpoint", "arena/battle", "arena/vote", "arena/voter", "catalog/languagemodel", "catalog/license"),
    *("catalog/organization", "ratings/pool", "ratings/board", "ratings/category", "core/auditentry", "auth/user"),
)
FORMS = ("catalog/languagemodel/add", "arena/endpoint/add", "catalog/fact/add", "catalog/benchmark/add")
# Violations in Django's own templates and scripts: an image as a label, an empty column header, a span in an option.
DJANGOS = (
    "label-title-only",
    "empty-table-header",
    "aria-input-field-name: ['<span class=\"select2-selection__rendered",
)


@pytest.fixture(scope="module")
def operator(service: Service) -> None:
    """Create an operator as described in docs/how-to/run-for-a-team.md."""
    command = [str(ROOT / "scripts" / "manage"), "--data", str(service.data), "createsuperuser", "--noinput"]
    command += ["--username", NAME, "--email", "operator@example.org"]
    env = {name: value for name, value in os.environ.items() if name not in SERVICE_VARIABLES}
    subprocess.run(command, check=True, capture_output=True, env=env | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD})


@pytest.fixture
def inside(page: Page, operator: None) -> Page:
    """Log in to the admin with the regular login page."""
    page.goto("/admin/")
    page.get_by_label("Username").fill(NAME)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Administration")).to_be_visible()
    return page


def test_lists_and_forms_keep_to_the_policy(inside: Page) -> None:
    for path in LISTS:
        inside.goto(f"/admin/{path}/")
        expect(inside.locator("#changelist")).to_be_visible()
    inside.goto("/admin/catalog/languagemodel/add/")
    inside.get_by_role("button", name="Add another Price").click()
    expect(inside.locator("#id_prices-0-input")).to_be_visible()


def test_battle_is_inspected(inside: Page, person: Person) -> None:
    battle = person.fight("Who looks into this?")
    inside.goto(f"/admin/arena/battle/{battle['id']}/change/")
    expect(inside.get_by_text("Who looks into this?")).to_be_visible()
    expect(inside.get_by_role("heading", name=re.compile("Side [ab]"))).to_have_count(2)
    expect(inside.get_by_text("in total")).to_have_count(2)


def test_button_asks_an_endpoint(inside: Page) -> None:
    inside.goto("/admin/arena/endpoint/")
    inside.get_by_role("link", name="Quokka-7B").click()
    inside.get_by_role("button", name="Send a test question").click()
    expect(inside.get_by_text("answered: first token after")).to_be_visible(timeout=40_000)


def test_boards_are_verified_by_the_worker(inside: Page) -> None:
    inside.goto("/admin/ratings/pool/")
    inside.locator("input.action-select").first.check()
    inside.locator("select[name=action]").select_option(label="Verify the tallies of the affected pools")
    inside.get_by_role("button", name="Go").click()
    expect(inside.get_by_text("The tasks are queued. Their results will appear in the audit entries.")).to_be_visible()
    for _ in range(20):
        inside.goto("/admin/core/auditentry/")
        if inside.get_by_role("cell", name="verified", exact=True).count():
            break
        inside.wait_for_timeout(500)
    inside.get_by_role("row", name=re.compile("verified")).first.get_by_role("link").click()
    expect(inside.get_by_text("against the votes")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_start_page_forms_and_lists_have_no_violation(inside: Page, person: Person, scheme: Any) -> None:
    person.fight("Who reads this in the dark?")
    inside.emulate_media(color_scheme=scheme)
    broken = {"": _of_ours(inside)}  # the start page
    broken |= {path: _of_ours(inside, path) for path in (*FORMS, "arena/endpoint", "arena/battle", "ratings/board")}
    for path in ("arena/battle", "ratings/board", "catalog/license"):
        inside.goto(f"/admin/{path}/")
        inside.locator("#result_list tbody th a").first.click()
        expect(inside.get_by_role("heading", level=1)).to_be_visible()  # wait for the page to load
        inside.wait_for_load_state()
        broken[inside.url] = _of_ours(inside)
    assert not {path: said for path, said in broken.items() if said}


def _of_ours(page: Page, path: str = "") -> list[str]:
    if path:
        page.goto(f"/admin/{path}/")
    for button in page.get_by_role("button", name=re.compile("^Add another")).all():
        button.click()
    return [said for said in violations(page) if not said.startswith(DJANGOS)]


def test_model_is_chosen_by_its_name(inside: Page) -> None:
    """Django's autocomplete script works under the content security policy."""
    inside.goto("/admin/catalog/fact/add/")
    inside.get_by_role("combobox", name="Type part of the name").click()
    inside.locator(".select2-search__field").fill("quok")
    inside.get_by_role("option", name="Model Quokka-7B").click()
    expect(inside.get_by_role("combobox", name="Model Quokka-7B")).to_be_visible()
