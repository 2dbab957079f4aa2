"""Tests the admin in a real browser, with the same content security policy as other pages and an empty console."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.system.browser_page import violations
from tests.system.person import Person
from tests.system.service import Service

NAME, PASSWORD = "operator", "a long pass phrase"
LISTS = (
    *("arena/endpoint", "arena/battle", "arena/vote", "catalog/languagemodel", "ratings/board", "core/auditentry"),
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
    words = ("createsuperuser", "--noinput", "--username", NAME, "--email", "operator@example.org")
    service.manage(*words, DJANGO_SUPERUSER_PASSWORD=PASSWORD)


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


def test_button_asks_an_endpoint(inside: Page) -> None:
    inside.goto("/admin/arena/endpoint/")
    inside.get_by_role("link", name="Quokka-7B").click()
    inside.get_by_role("button", name="Send a test question").click()
    expect(inside.get_by_text("answered: first token after")).to_be_visible(timeout=40_000)


def test_boards_are_verified_by_the_worker(inside: Page) -> None:
    inside.goto("/admin/arena/pool/")
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


def test_start_page_forms_and_lists_have_no_violation(inside: Page, person: Person) -> None:
    person.fight("Who reads this in the dark?")
    broken = find_violations(inside, "dark", "light")  # of the start page
    for path in (*FORMS, "arena/endpoint", "arena/battle", "ratings/board"):
        inside.goto(f"/admin/{path}/")
        broken += find_violations(inside, "light")
    for path in ("arena/battle", "ratings/board"):
        inside.goto(f"/admin/{path}/")
        inside.locator("#result_list tbody th a").first.click()
        expect(inside.get_by_role("heading", level=1)).to_be_visible()  # wait for the page to load
        inside.wait_for_load_state()
        broken += find_violations(inside, "dark", "light")
    assert not broken


def find_violations(page: Page, *schemes: Any) -> list[tuple[str, str]]:
    """Those of our own templates in these color schemes, with their pages."""
    for button in page.get_by_role("button", name=re.compile("^Add another")).all():
        button.click()
    broken = []
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function("() => !document.getAnimations().length")  # Django's links fade to their new colors
        broken += [(page.url, said) for said in violations(page) if not said.startswith(DJANGOS)]
    return broken


def test_model_is_chosen_by_its_name(inside: Page) -> None:
    """Django's autocomplete script works under the content security policy."""
    inside.goto("/admin/catalog/fact/add/")
    inside.get_by_role("combobox", name="Type part of the name").click()
    inside.locator(".select2-search__field").fill("quok")
    inside.get_by_role("option", name="Model Quokka-7B").click()
    expect(inside.get_by_role("combobox", name="Model Quokka-7B")).to_be_visible()
