"""Models that a request names."""

import pytest

from core.http.errors import RequestError
from ratings.api.views import parse_model_slugs
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("named", "meant"), [([], []), ([""], []), (["b", "a"], ["b", "a"]), (["a", "b", "a", ""], ["a", "b"])]
)
def test_chosen_are_each_model_once_in_their_order(named, meant):
    for slug in "ab":
        factories.model(slug)
    assert parse_model_slugs(named) == meant


@pytest.mark.parametrize("slug", ["nobody", "\0", "A", " a"])
def test_chosen_refuses_a_model_that_does_not_exist(slug):
    factories.model("a")
    with pytest.raises(RequestError) as refused:
        parse_model_slugs(["a", slug, "z"])
    assert (refused.value.status, repr(slug) in refused.value.detail) == (404, True)
