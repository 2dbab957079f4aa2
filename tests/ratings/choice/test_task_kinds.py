"""The tasks that are shipped."""

from functools import cache

import pytest

from arena.judging.topics import CATEGORY_NAMES
from catalog.matching import seed_files
from core.text.number_fields import AmountField
from ratings.choice.task_kinds import load_task_kinds
from ratings.interchange import reference_file
from ratings.models import OVERALL_CATEGORY

BENCHMARKS = {entry["slug"] for entry in seed_files.read_tables("benchmarks.toml", "benchmark")}


@cache
def list_published_categories():
    return frozenset(rating.category for rating in reference_file.read_ratings(reference_file.RATINGS_PATH))


def test_there_are_enough_tasks():
    assert len(load_task_kinds()) >= 10
    assert all(slug == kind.slug for slug, kind in load_task_kinds().items())


@pytest.mark.parametrize("kind", load_task_kinds().values(), ids=lambda kind: kind.slug)
def test_task_points_to_what_there_is(kind):
    assert kind.categories[-1] in {OVERALL_CATEGORY, *CATEGORY_NAMES}  # this arena has it
    assert set(kind.categories) <= {OVERALL_CATEGORY, *CATEGORY_NAMES, *list_published_categories()}
    assert kind.benchmarks
    assert set(kind.benchmarks) <= BENCHMARKS
    assert kind.name[0].isupper()
    assert kind.why.endswith(".")


@pytest.mark.parametrize("slug", ["gemma-3-4b-it", "gemma-3n-e4b-it", "granite-4.2-8b"])
def test_model_that_is_made_for_small_machines_fits_on_them(slug):
    """A model that is called 4B has a few more parameters, and one with 8B needs less than 5 GB at 4 bits each."""
    limit = AmountField(whole=True, high=1e15).clean(load_task_kinds()["on-device"].limits["params"])
    facts = [*seed_files.read_seed_rows("facts.csv"), *seed_files.read_seed_rows("listed_facts.csv")]
    sizes = [fact["value"] for fact in facts if (fact["model"], fact["field"]) == (slug, "parameters_total")]
    assert 4 * 10**9 < int(sizes[0]) <= limit
