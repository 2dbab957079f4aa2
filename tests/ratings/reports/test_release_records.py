"""The models that were rated above all earlier ones."""

from datetime import date

import pytest

from ratings.reports.release_records import list_release_records
from tests import factories

pytestmark = pytest.mark.django_db
# name, release date, rating, whether the weights are open, whether the interval is open
MODELS = (
    ("first", date(2024, 1, 1), 1000.0, True, False),
    ("worse", date(2024, 2, 1), 900.0, True, False),
    ("closed", date(2024, 3, 1), 1200.0, False, False),
    ("same-day", date(2024, 4, 1), 1050.0, True, False),
    ("best", date(2024, 4, 1), 1100.0, True, False),
    ("unbounded", date(2024, 5, 1), 2000.0, True, True),
    ("unknown-weights", date(2024, 5, 1), 2000.0, None, False),
    ("undated", None, 2000.0, True, False),
)


def rows(models):
    for slug, day, _, is_open, _ in models:
        factories.model(slug, release_date=day, open_weights=is_open)
    return [{"model": slug, "rating": rating, "unbounded": unbounded} for slug, _, rating, _, unbounded in models]


def test_records_are_the_best_so_far_among_open_and_among_closed_weights(django_assert_num_queries):
    board = rows(MODELS)
    with django_assert_num_queries(1):
        records = list_release_records(board)
    assert [(each.row["model"], each.day.month, each.is_open) for each in records] == [
        ("best", 4, True),
        ("closed", 3, False),
        ("first", 1, True),
    ]


@pytest.mark.parametrize(("count", "found"), [(0, 0), (2, 0), (3, 2)])
def test_few_models_with_a_date_have_no_records(count, found):
    assert len(list_release_records(rows(MODELS[:count]))) == found
