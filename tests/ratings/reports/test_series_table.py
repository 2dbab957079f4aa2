"""The table of ratings over time."""

import json
from datetime import timedelta
from itertools import pairwise

import pytest

from ratings.boards.snapshots import BoardKey
from ratings.reports import series_table
from tests import factories
from tests.ratings.board_history import NOW, met, published

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def rows(*models):
    return [{"model": model.slug, "name": model.name} for model in models]


def test_table_has_a_line_for_each_board_newest_first(client):
    one, other, late = (factories.model(slug) for slug in ("one", "other", "late"))
    met(one, other, 5, 5)
    published(2 * HOUR)
    met(late, other, 5, 5)
    published(HOUR)

    found = series_table.build_series_table(BoardKey(), rows(one, late), until=NOW)

    assert [line["at"] for line in found["lines"]] == [NOW - HOUR, NOW - 2 * HOUR]
    newest, oldest = (line["cells"] for line in found["lines"])
    assert oldest == [("1,000", "892 \N{EN DASH} 1,108"), None]
    assert newest[1][0] == "1,000"
    assert json.loads(found["names"]) == [["one", "One"], ["late", "Late"]]


def test_address_says_what_the_table_says(client):
    one, other = factories.models(2)
    for hours in (3, 2, 1):
        met(one, other)
        published(hours * HOUR)

    found = series_table.build_series_table(BoardKey(), rows(one, other), until=NOW - 2 * HOUR)
    said = client.get(found["json"]).json()

    assert len(found["lines"]) == 2
    for place, series in enumerate(said["series"]):
        ratings = [f"{point['rating']:,.0f}" for point in series["points"]]
        assert ratings == [line["cells"][place][0] for line in reversed(found["lines"])]


def test_open_ends_are_told():
    one, other = factories.models(2)
    factories.cast(one, other)
    published()
    [line] = series_table.build_series_table(BoardKey(), rows(one, other), until=NOW)["lines"]
    assert sorted(cell[1][0] == "…" for cell in line["cells"]) == [False, True]


def test_ten_models_are_shown_and_none_without_rows():
    models = factories.models(12)
    for one, other in pairwise(models):
        met(one, other, 1, 1)
    published()

    assert len(series_table.build_series_table(BoardKey(), rows(*models), until=NOW)["lines"][0]["cells"]) == 10
    assert series_table.build_series_table(BoardKey(), [], until=None)["lines"] == []
