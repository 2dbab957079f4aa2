"""The names of contestants in files of votes."""

import pytest

from arena.models import LIVE_POOL, Contestant
from catalog.models import LanguageModel
from ratings.interchange.contestant_names import NamedContestants, load_labels
from tests import factories

pytestmark = pytest.mark.django_db


def test_label_is_found_again_even_where_names_are_shared():
    for model_slug, name in [("a", "Same"), ("b", "Same"), ("c", "a"), ("d", "Own"), ("same", "x")]:
        factories.contestant(factories.model(model_slug, name=name))
    model = factories.model("a")
    for slug, name in [("v", "Same"), ("w", "Own variant"), ("x-y", "same")]:
        Contestant.objects.create(slug=slug, name=name, model=model)
    labels = load_labels(LIVE_POOL)
    assert (
        NamedContestants(factories.pool()).get_or_create_keys(labels.values()).items()
        >= {label: pk for pk, label in labels.items()}.items()
    )
    assert len(set(labels.values())) == 8


def test_label_does_not_change_when_another_model_plays():
    older = factories.model("older", name="Same")
    contestant = factories.contestant(factories.model("younger", name="Same"))
    before = load_labels(LIVE_POOL)
    factories.contestant(older)
    assert before[contestant.pk] == load_labels(LIVE_POOL)[contestant.pk] == "younger"


def test_name_is_that_of_a_contestant_before_that_of_a_model_that_does_not_play():
    factories.model("other", name="Variant")
    variant = Contestant.objects.create(slug="v", name="Variant", model=factories.model("a"))
    names = NamedContestants(factories.pool())
    keys = names.get_or_create_keys(["Variant", "other", "new"])
    assert keys["Variant"] == variant.pk
    assert Contestant.objects.get(pk=keys["other"]).model.slug == "other"
    assert (Contestant.objects.get(pk=keys["new"]).plain, names.created_count) == (True, 1)


def test_own_contestant_is_meant_in_its_pool_though_a_shared_one_has_its_slug_and_name():
    pool = factories.pool("mine", kind="import", visibility="invited")
    names = NamedContestants(pool).get_or_create_keys(["Ours", "Other"])
    shared = factories.contestant(factories.model("ours", name="Ours"))
    assert NamedContestants(pool).get_or_create_keys(["Ours"])["Ours"] == names["Ours"] != shared.pk
    assert NamedContestants(factories.pool()).get_or_create_keys(["Ours"])["Ours"] == shared.pk
    labels = load_labels(pool.pk)
    assert NamedContestants(pool).get_or_create_keys([labels[names["Ours"]]])[labels[names["Ours"]]] == names["Ours"]


def test_names_in_a_pool_that_not_everyone_sees_become_its_own_contestants():
    """The catalog, which everyone sees, has no new model. Names that it knows are those of its models."""
    pool = factories.pool("mine", kind="import", visibility="invited")
    other = Contestant.objects.create(slug="ours", name="Ours", pool=factories.pool("theirs"))
    factories.model("known")
    models = LanguageModel.objects.count()
    names = NamedContestants(pool)
    keys = names.get_or_create_keys(["known", "Ours", "ours!", "Our prompt 2"])
    assert Contestant.objects.get(pk=keys["known"]).plain
    own = Contestant.objects.filter(pool=pool).order_by("pk")
    assert list(own.values_list("slug", "name", "model")) == [
        ("ours", "Ours", None), ("ours-2", "ours!", None), ("our-prompt-2", "Our prompt 2", None),
    ]  # fmt: skip
    assert (other.pk in keys.values(), LanguageModel.objects.count(), names.created_count) == (False, models, 3)
    assert NamedContestants(pool).get_or_create_keys(["ours", "Our prompt 2"]).items() >= {
        ("ours", keys["Ours"]), ("Our prompt 2", keys["Our prompt 2"]),
    }  # fmt: skip
    labels = load_labels(pool.pk)
    assert {labels[keys[name]] for name in ("known", "Ours", "Our prompt 2")} == {"Known", "Ours", "Our prompt 2"}
    assert other.pk not in labels
