"""Lookup of models by the names used in files."""

from datetime import date

import pytest

from catalog.matching.resolver import (
    MAX_SUGGESTIONS,
    ModelLookup,
    NamedModels,
    find_similar_models,
    load_model_keys,
    make_slug,
)
from catalog.models import LanguageModel
from core.text.slugs import SLUG_PATTERN
from tests import factories

pytestmark = pytest.mark.django_db


def slug(name):
    return LanguageModel.objects.get(pk=NamedModels().get_or_create_keys([name])[name]).slug


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("GPT-4o", "gpt-4o"),
        ("Qwen2.5 72B (Instruct)", "qwen2.5-72b-instruct"),
        ("meta/llama_3", "meta-llama-3"),
        ("Señor 7B", "senor-7b"),
        ("..x..", "x"),
        ("模型", "unnamed"),
        ("x" * 200, "x" * 190),
    ],
)
def test_slug_is_made_of_the_name(name, expected):
    assert make_slug(name) == expected
    assert SLUG_PATTERN.fullmatch(expected)


def test_unknown_name_becomes_an_entry_without_an_endpoint():
    assert slug("New Model") == "new-model"
    model = LanguageModel.objects.get()
    assert (model.name, model.contestants.exists()) == ("New Model", False)


@pytest.mark.parametrize("name", ["gpt-4o", "GPT-4o (May)"])
def test_name_or_slug_of_a_known_model_is_that_model(name):
    factories.model("gpt-4o", name="GPT-4o (May)")
    assert slug(name) == "gpt-4o"
    assert LanguageModel.objects.count() == 1


def test_slug_goes_before_name():
    factories.model("first", name="second")
    factories.model("second", name="first")
    assert (slug("first"), slug("second")) == ("first", "second")


def test_names_that_say_the_same_in_letters_stay_distinct():
    factories.model("a-b", name="A/B")
    models = NamedModels()
    names = ["a b", "a+b", "A_B", "模", "型"]
    ids = models.get_or_create_keys(names)
    assert len({ids[name] for name in names}) == models.created_count == 5
    created = LanguageModel.objects.filter(name__in=names).order_by("pk")
    assert [model.slug for model in created] == ["a-b-2", "a-b-3", "a-b-4", "unnamed", "unnamed-2"]
    assert models.get_or_create_keys([*names, "A/B"])["a b"] == ids["a b"]


def test_known_names_are_looked_up_once(django_assert_num_queries):
    models = NamedModels()
    models.get_or_create_keys(["one", "two", "one"])
    with django_assert_num_queries(0):
        models.get_or_create_keys(["two", "one"])
    with django_assert_num_queries(1):
        models.get_or_create_keys(["one", "three", "four"])


def test_known_models_go_by_slug_and_by_names_of_their_own():
    one, two, three = (
        factories.model("a", name="Same"),
        factories.model("b", name="Same"),
        factories.model("c", name="C!"),
    )
    assert load_model_keys() == {"a": one.pk, "b": two.pk, "c": three.pk, "c!": three.pk}


def test_lookup_finds_another_spelling_but_not_with_a_setting():
    opus, mini = factories.model("claude-opus-4-6"), factories.model("o3-mini")
    models = ModelLookup()
    assert models.find("anthropic/Claude-Opus-4.6") == models.get_or_create("Claude Opus 4.6") == opus.pk
    assert models.find("o3-mini") == mini.pk
    assert models.find("o3-mini-high") is None
    assert models.find("Claude Opus 4.6 FP8") is None
    assert models.get_or_create("o3-mini-high") not in (opus.pk, mini.pk)


def test_new_model_is_shown_under_its_own_name():
    keys = NamedModels({"claude-opus-4-6": "Claude Opus 4.6"}).get_or_create_keys(["claude-opus-4-6"])
    model = LanguageModel.objects.get(pk=keys["claude-opus-4-6"])
    assert (model.slug, model.name) == ("claude-opus-4-6", "Claude Opus 4.6")


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
