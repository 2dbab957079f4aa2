"""Each catalog model with an endpoint or a vote has one plain contestant, which is named like its model."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from arena.endpoints import draw, profiles
from arena.endpoints.models_file import load_models
from arena.models import Contestant, get_or_create_plain, list_contestants
from arena.ready import shipped_pairs
from catalog.models import LanguageModel
from ratings.interchange.import_votes import import_file
from tests import factories

pytestmark = pytest.mark.django_db


def read_contestants():
    return list(Contestant.objects.order_by("slug").values_list("slug", "name", "model__slug", "plain"))


def test_plain_contestants_are_created_once():
    one, other = factories.model("one"), factories.model("other", name="The Other")
    first = get_or_create_plain([one.pk, other.pk])
    assert read_contestants() == [("one", "One", "one", True), ("other", "The Other", "other", True)]
    assert get_or_create_plain([other.pk, one.pk, other.pk]) == first == {row.model_id: row for row in first.values()}
    assert Contestant.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_plain_contestants_are_created_once_by_processes_at_the_same_time():
    keys = [model.pk for model in factories.models(20)]

    def create(_number):
        try:
            return {key: row.pk for key, row in get_or_create_plain(keys).items()}
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(create, range(4)))
    assert len(results[0]) == 20 and results == results[:1] * 4


def test_models_of_a_models_file_have_plain_contestants(tmp_path):
    path = tmp_path / "models.toml"
    path.write_text('[[model]]\nslug = "new"\nname = "New"\nendpoint.kind = "echo"\n')
    load_models(path)
    load_models(path)
    assert read_contestants() == [("new", "New", "new", True)]
    path.write_text('[[model]]\nslug = "new"\nname = "Newer"\nendpoint.kind = "echo"\n')
    load_models(path)
    assert read_contestants() == [("new", "Newer", "new", True)]


def test_models_of_imported_votes_have_plain_contestants(tmp_path):
    factories.contestant(factories.model("known"))
    factories.model("without-votes")
    path = tmp_path / "votes.jsonl"
    path.write_text('{"model_a": "known", "model_b": "unknown", "winner": "model_a"}\n')
    import_file(path, "imported")
    assert read_contestants() == [("known", "Known", "known", True), ("unknown", "unknown", "unknown", True)]


def test_models_of_shipped_pairs_have_plain_contestants():
    pair = next(iter(shipped_pairs.load_pairs().values()))
    contestants = shipped_pairs.save_contestants(pair)
    assert {row[2] for row in read_contestants()} == {contestant.model.slug for contestant in contestants.values()}


def test_plain_contestants_follow_their_models():
    one, other = factories.model("one"), factories.model("other")
    get_or_create_plain([one.pk, other.pk])
    variant = Contestant.objects.create(slug="one-brief", name="One, brief", model=one)
    one.name = "One!"
    one.save()
    LanguageModel.objects.filter(pk=other.pk).update(slug="others")
    LanguageModel.objects.bulk_update([LanguageModel(pk=other.pk, name="Others")], ["name"])
    assert read_contestants() == [
        ("one", "One!", "one", True),
        (variant.slug, "One, brief", "one", False),
        ("others", "Others", "others", True),
    ]


def test_slug_of_another_contestant_stays_with_it():
    one = factories.model("one")
    Contestant.objects.create(slug="two", name="Two", model=factories.model())
    plain = factories.contestant(one)
    LanguageModel.objects.filter(pk=one.pk).update(slug="two", name="Second")
    plain.refresh_from_db()
    assert (plain.slug, plain.name) == ("one", "Second")
    factories.model("three-2")
    Contestant.objects.create(slug="three", name="Three", model=one)
    assert factories.contestant(factories.model("three")).slug == "three-3"


def test_slugs_are_unique_among_shared_contestants_and_within_a_pool():
    one, other = factories.pool("one"), factories.pool("other")
    for pool in (None, one, other):
        Contestant.objects.create(slug="brief", name="Brief", pool=pool)
    for pool in (None, one, other):
        with pytest.raises(IntegrityError), transaction.atomic():
            Contestant.objects.create(slug="brief", name="Another", pool=pool)
    assert [row.pool for row in list_contestants("one")] == [None, one]
    assert [row.pool for row in list_contestants()] == [None]


def test_contestant_of_a_pool_takes_part_in_no_other_battle_and_keeps_no_slug_from_a_model():
    model = factories.model("ours")
    endpoint = factories.endpoint(factories.model())
    own = Contestant.objects.create(slug="ours", name="Ours", pool=factories.pool("one"), endpoint=endpoint)
    assert not draw.list_enabled().filter(pk=own.pk).exists()
    assert [row.pool for row in profiles.list_family("ours")] == [None]
    assert profiles.list_family("ours", "one") == [own]
    plain = factories.contestant(model)
    assert plain.slug == "ours"
    Contestant.objects.create(slug="ours-4", name="Ours", pool=own.pool)
    LanguageModel.objects.filter(pk=model.pk).update(slug="ours-4")
    plain.refresh_from_db()
    assert plain.slug == "ours-4"


def test_plain_contestants_need_a_model_and_a_model_has_only_one():
    plain = factories.contestant()
    model = factories.model()
    for fields in ({"model": plain.model}, {"model": None}, {"model": model, "pool": factories.pool("mine")}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Contestant.objects.create(slug="another", name="Another", plain=True, **fields)
