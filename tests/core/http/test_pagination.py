"""Pagination of `GET battles/`."""

import base64
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db.models import F

from arena.models import Battle
from core.http.pagination import MAX_PAGE_SIZE, NewestFirstPagination
from tests import factories as common

pytestmark = pytest.mark.django_db
CALL = "/api/v1/battles/"
SECOND = timedelta(seconds=1)


@pytest.fixture
def battles(me):
    """Five battles of this voter, newest first, two of them with the same time, and one of another voter."""
    models = common.models(2)
    made = [common.battle(*models, voter=me) for _ in range(5)]
    for age, battle in enumerate(made):
        Battle.objects.filter(pk=battle.pk).update(created_at=F("created_at") - age * (age != 3) * 1000 * SECOND)
    Battle.objects.filter(pk=made[3].pk).update(created_at=Battle.objects.get(pk=made[2].pk).created_at)
    common.battle(*models)
    return {str(battle.pk) for battle in made}


def ids(page):
    return [battle["id"] for battle in page["results"]]


def through(client, path, way):
    seen = []
    while path:
        page = client.get(path).json()
        seen.append(ids(page))
        last, path = page, page[way]
    return seen, last


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_pages_hold_each_battle_once_and_lead_back(client, battles, size):
    forth, last = through(client, f"{CALL}?page_size={size}", "next")

    assert [len(page) for page in forth[:-1]] == [size] * (len(forth) - 1)
    seen = [each for page in forth for each in page]
    assert (set(seen), len(seen)) == (battles, 5)
    times = [Battle.objects.get(pk=each).created_at for each in seen]
    assert times == sorted(times, reverse=True)
    if size < 5:
        back, _ = through(client, last["previous"], "previous")
        assert [each for page in reversed(back) for each in page] == seen[: -len(forth[-1])]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("", MAX_PAGE_SIZE), ("1000000000", MAX_PAGE_SIZE), ("101", MAX_PAGE_SIZE), ("7", 7)],
)
def test_page_is_never_larger_than_allowed(client, me, asked, shown):
    models = common.models(2)
    for _ in range(MAX_PAGE_SIZE + 1):
        common.battle(*models, voter=me)

    page = client.get(CALL, {"page_size": asked}).json()

    assert len(page["results"]) == shown
    assert page["next"]
    assert page["previous"] is None


def cursor(**parts):
    return base64.b64encode(urlencode(parts).encode()).decode()


@pytest.mark.parametrize(
    "sent",
    [
        "x",
        "%%%",
        "\u00e9",
        "\x00",
        cursor(p="yesterday"),
        cursor(p="2026-99-99 00:00:00+00:00"),
        cursor(p="2026-01-01 00:00:00"),
        cursor(p="\x00"),
        cursor(p="a" * 5000),
        cursor(o="-5"),
        cursor(o="x"),
    ],
    ids=range(11),
)
def test_cursor_that_is_not_ours_is_refused_or_harmless(client, battles, sent):
    answer = client.get(CALL, {"cursor": sent})

    assert answer.status_code in (200, 404)
    if answer.status_code == 404:
        assert answer.json() == {"error": {"code": "not_found", "detail": NewestFirstPagination.invalid_cursor_message}}


def test_cursor_of_somebody_else_shows_nothing_of_theirs(client, battles):
    other = common.voter()
    theirs = common.battle(*common.models(2), voter=other)

    place = cursor(r="1", p=str(theirs.created_at))

    assert str(theirs.pk) not in ids(client.get(CALL, {"cursor": place}).json())


def test_any_page_needs_as_many_queries(client, me, django_assert_num_queries):
    models = common.models(2)
    for _ in range(30):
        common.battle(*models, voter=me)
    small = client.get(f"{CALL}?page_size=2").json()

    for path in (f"{CALL}?page_size=2", small["next"], f"{CALL}?page_size=30"):
        with django_assert_num_queries(1):
            client.get(path)
