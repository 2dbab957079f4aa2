"""The names of contestants in files of votes."""

import pytest

from arena.models import Contestant
from ratings.interchange.contestant_names import NamedContestants, load_labels
from tests import factories

pytestmark = pytest.mark.django_db


def test_label_is_found_again_even_where_names_are_shared():
    for model_slug, name in [("a", "Same"), ("b", "Same"), ("c", "a"), ("d", "Own"), ("same", "x")]:
        factories.contestant(factories.model(model_slug, name=name))
    model = factories.model("a")
    for slug, name in [("v", "Same"), ("w", "Own variant"), ("x-y", "same")]:
        Contestant.objects.create(slug=slug, name=name, model=model)
    labels = load_labels()
    assert (
        NamedContestants().get_or_create_keys(labels.values()).items()
        >= {label: pk for pk, label in labels.items()}.items()
    )
    assert len(set(labels.values())) == 8


def test_label_does_not_change_when_another_model_plays():
    older = factories.model("older", name="Same")
    contestant = factories.contestant(factories.model("younger", name="Same"))
    before = load_labels()
    factories.contestant(older)
    assert before[contestant.pk] == load_labels()[contestant.pk] == "younger"


def test_name_is_that_of_a_contestant_before_that_of_a_model_that_does_not_play():
    factories.model("other", name="Variant")
    variant = Contestant.objects.create(slug="v", name="Variant", model=factories.model("a"))
    names = NamedContestants()
    keys = names.get_or_create_keys(["Variant", "other", "new"])
    assert keys["Variant"] == variant.pk
    assert Contestant.objects.get(pk=keys["other"]).model.slug == "other"
    assert (Contestant.objects.get(pk=keys["new"]).plain, names.created_count) == (True, 1)
