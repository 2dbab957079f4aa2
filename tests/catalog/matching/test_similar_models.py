"""Suggestions for a model that does not exist."""

from datetime import date

import pytest

from catalog.matching.similar_models import MAX_SUGGESTIONS, find_similar_models
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("gpt-4o", ["gpt-4o-2024-11-20", "gpt-4o-2024-05-13"]),
        ("GPT-4O", ["gpt-4o-2024-11-20", "gpt-4o-2024-05-13"]),
        ("claude-opus-41", ["claude-opus-4-1"]),
        ("nothing-like-it", []),
        ("x\0", []),
    ],
)
def test_models_with_the_name_or_a_similar_one_are_found(wanted, found):
    factories.model("gpt-4o-2024-11-20", release_date=date(2024, 11, 20))
    factories.model("gpt-4o-2024-05-13", release_date=date(2024, 5, 13))
    factories.model("claude-opus-4-1")
    assert [model.slug for model in find_similar_models(wanted)] == found


def test_there_are_few_suggestions():
    factories.models(MAX_SUGGESTIONS + 1)
    assert len(find_similar_models("model")) == MAX_SUGGESTIONS
