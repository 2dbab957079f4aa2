"""The state of the leaderboard as an address, and back."""

from datetime import UTC, date, datetime

import pytest
from django.http import QueryDict

from ratings.boards import addresses, snapshots
from ratings.boards.snapshots import Asked
from ratings.web.leaderboard import filters, links
from ratings.web.leaderboard.filters import View

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
USUAL = ("votes", "price")


@pytest.mark.parametrize(
    ("asked", "view", "query"),
    [
        (Asked(), View(), ""),
        (Asked(), View(columns=USUAL), ""),
        (Asked(), View(columns=()), "?column=none"),
        (Asked(), View(sort="votes", descending=True), "?sort=votes"),
        (Asked(), View(sort="votes"), "?sort=votes&order=asc"),
        (Asked(), View(descending=True), "?sort=rank&order=desc"),
        (Asked("a b", "coding", True), View(), "?pool=a+b&category=coding&style_control=true"),
        (Asked(method="elo", at=NOON), View(), "?method=elo&at=2026-03-01T12%3A00%3A00Z"),
        (Asked(), View(size_min=5e8, size_max=1e10), "?size_min=0.5&size_max=10"),
        (Asked(), View(text="<&>", pins=("x", "y")), "?q=%3C%26%3E&pin=x&pin=y"),
        (Asked(), View(price_max=0.25, context_min=128000.0), "?price_max=0.25&context_min=128000"),
        (Asked(), View(released_after=date(2026, 1, 2), columns=("tier",)), "?released_after=2026-01-02&column=tier"),
        (Asked(), View(commercial="yes", organization="Ö"), "?commercial=yes&organization=%C3%96"),
    ],
)
def test_query_says_all_and_is_understood_again(asked, view, query):
    assert links.query(addresses.query(asked), view, USUAL) == query
    parameters = QueryDict(query[1:])
    assert snapshots.asked(parameters) == asked
    again = filters.view(parameters)
    assert filters.shown_columns(again, USUAL) == filters.shown_columns(view, USUAL)
    assert links.query(addresses.query(asked), again, USUAL) == query


def test_fields_are_those_of_the_form():
    fields = links.fields(View(text="x", size_max=7.24e9))
    assert fields.keys() == links.FILTERS.keys()
    assert {name: value for name, value in fields.items() if value} == {"q": "x", "size_max": "7.24"}
