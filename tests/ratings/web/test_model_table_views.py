"""The board of models by facts, scores and rating."""

import re
from datetime import date

import pytest

from arena.models import Pool
from catalog.benchmarks import table
from catalog.facts.claims import set_hand_fact
from catalog.models import Benchmark, LanguageModel, Price, Score
from ratings.pipeline import board_refresh
from ratings.web.models import table_views
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def benchmark():
    return Benchmark.objects.create(slug="mmlu", name="MMLU", chance=0.25)


def score(benchmark, slug, value, **fields):
    model = factories.model(slug)
    model.open_weights = True
    model.save()
    known = {"task": "mmlu", "metric": "acc", "measured_by": "us", "source": "s", "run": "r", "n": 100, "harness": "h"}
    return Score.objects.create(model=model, benchmark=benchmark, value=value, **(known | fields))


def text(client, query=""):
    answer = client.get(f"/models/{query}")
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).replace("&nbsp;", " ").split())


def names(client, query=""):
    return re.findall(r'<th scope="row"><a href="/models/([^/]+)/"', client.get(f"/models/{query}").content.decode())


def key(**alike):
    series = table.build_table("", {}, {}).series
    [found] = [each.key for each in series if alike.items() <= vars(each.conditions).items()]
    return found


def test_facts_that_were_set_by_hand_are_mentioned(client, benchmark):
    for slug in ("a", "b"):
        score(benchmark, slug, 0.5)
        set_hand_fact(factories.model(slug).pk, "open_weights", "true", "memo")
    assert "entered manually" not in text(client)
    values = {"license": "MIT", "parameters_total": 7_000_000_000, "kind": "chat", "context_window": 8192}
    for field, value in values.items():
        set_hand_fact(factories.model("a").pk, field, value, "memo")
    model = factories.model("a")
    Price.objects.create(model=model, input=1, output=3, source="memo", as_of="2026-01-01", by_hand=True)
    assert "A $1.50 MIT chat – $1.50 8.19K MIT 7B" in text(client)
    assert "A MIT chat – $1.50 8.19K MIT 7B" in text(client, "?sort=price")  # once is enough
    assert text(client).count("Some facts were entered manually; each model's page shows which.") == 1


def test_rating_and_scores_stand_side_by_side(client, benchmark):
    score(benchmark, "a", 0.5)
    factories.pool("import", kind=Pool.Kind.IMPORT)
    for winner in ("a", "b"):
        factories.cast(factories.model("a"), factories.model("b"), winner, pool="import")
    board_refresh.refresh()
    assert "Ratings are from “import”." in text(client)
    assert "Score source" in text(client)
    assert re.search(r"A 1,000 [^B]*50\.0 ± 9\.8", text(client))


def test_models_of_the_first_tier_are_emphasized(client):
    factories.pool("import", kind=Pool.Kind.IMPORT)
    one, other = factories.models(2)
    for winner in "aaaaaaaaaaaaaaaaaaaaaaaab":
        factories.cast(one, other, winner, pool="import")
    board_refresh.refresh()
    best = re.findall(
        r'<tr class="best">\s*<th scope="row"><a href="/models/([^/]+)/', client.get("/models/").content.decode()
    )
    assert best == [one.slug]


def test_all_models_stand_in_it_and_only_those_with_a_score_in_a_series(client, benchmark):
    score(benchmark, "a", 0.5)
    score(benchmark, "c", 0.4)
    factories.model("b", open_weights=True)
    factories.model("closed", open_weights=False)
    factories.model("unknown")
    factories.cast(factories.model("a"), factories.model("b"), "b")
    board_refresh.refresh()
    assert names(client) == ["b", "a", "c", "closed", "unknown"]
    assert "5 models. These" in text(client)
    assert sorted(names(client, "?weights=open")) == ["a", "b", "c"]
    hidden = "3 models. Not matching the filters: 1. Hidden because we lack data for a filter: 1. Show all models"
    assert hidden in text(client, "?weights=open")
    assert sorted(names(client, f"?series={key()}")) == ["a", "c"]
    assert "2 models. Models without a score from this source are not listed." in text(client, f"?series={key()}")


def test_retired_models_are_marked(client):
    for slug, facts in {"gone": {"status": "retired"}, "late": {"retires_on": date(2026, 1, 5)}, "here": {}}.items():
        LanguageModel.objects.filter(pk=factories.model(slug).pk).update(**facts)
    assert text(client).count("retired") == 2


def test_release_date_takes_the_place_of_a_size_that_is_hardly_known(client):
    for number in range(6):
        factories.model(f"m{number}")
    LanguageModel.objects.filter(slug="m0").update(parameters_total=7_000_000_000, release_date=date(2026, 1, 5))
    assert "Release date m0 – Jan 2026" in text(client, "?sort=name").replace("M0", "m0")
    assert "Size ↓ M0 – 7B" in text(client, "?sort=size")
    for number in range(12):
        factories.model(f"a{number}")
    assert "Release date" not in text(client, "?sort=name").partition("License")[2]
    assert "Release date" in text(client, "?sort=released").partition("License")[2]
    LanguageModel.objects.filter(slug__startswith="a").delete()
    LanguageModel.objects.filter(slug__in=("m1", "m2")).update(parameters_total=8_000_000_000)
    assert "7B" in text(client)


def test_search_finds_names_and_makers(client):
    for slug in ("claude-opus-4.1", "claude-haiku", "gpt-4o"):
        factories.model(slug)
    assert names(client, "?q=OPUS+4.1") == ["claude-opus-4.1"]
    page = client.get("/models/?q=claude&sort=name").content.decode()
    assert 'name="q" value="claude"' in page
    assert "?q=claude&amp;sort=context" in page
    assert "Not matching the filters: 1." in text(client, "?q=claude")


def test_scores_of_one_series_can_be_put_in_order(client, benchmark):
    for slug, value in (("a", 0.5), ("b", 0.9), ("c", 0.7)):
        score(benchmark, slug, value)
    score(benchmark, "d", 0.99, chat_template=True)
    series = key(chat_template=None)
    assert names(client, f"?series={series}&sort=mmlu") == ["b", "c", "a"]
    assert names(client, f"?series={series}&sort=mmlu&order=asc") == ["a", "c", "b"]


def test_series_without_ratings_is_sorted_by_its_fullest_column(client, benchmark):
    other = Benchmark.objects.create(slug="arc", name="ARC")
    for slug, value in (("a", 0.5), ("b", 0.9), ("c", 0.7)):
        score(benchmark, slug, value)
    score(other, "a", 0.9)
    for winner in "de":
        factories.cast(factories.model("d"), factories.model("e"), "a" if winner == "d" else "b")
    board_refresh.refresh()
    query = f"?series={key()}"
    assert names(client, query) == ["b", "c", "a"]
    assert names(client, f"{query}&sort=rating&order=asc") == ["b", "c", "a"]
    assert re.search(r'aria-current="true">MMLU</a>', client.get(f"/models/{query}").content.decode())

    factories.cast(factories.model("c"), factories.model("d"))
    board_refresh.refresh()
    assert names(client, query)[0] == "c"


@pytest.mark.parametrize("other", [{"shots": 3}, {"version": "2"}, {"metric": "em"}, {"filter": "strict"}])
def test_different_conditions_are_never_in_one_column(client, benchmark, other):
    for slug, value in (("a", 0.5), ("b", 0.9)):
        score(benchmark, slug, value)
    score(benchmark, "c", 0.99, **other)
    found = table.build_table(key(), {}, {})
    assert [column.key for column in found.columns] == ["mmlu", "mmlu~2"]
    cells = {entry.slug: set(entry.cells) for entry in found.entries}
    assert cells == {"a": {"mmlu"}, "b": {"mmlu"}, "c": {"mmlu~2"}}


def test_scores_that_cannot_be_ordered_are_not_and_it_says_so(client, benchmark):
    for slug, value in (("b", 0.9), ("c", 0.5)):
        score(benchmark, slug, value)
    factories.model("a")
    for query, order in (("?sort=mmlu", ["b", "c", "a"]), (f"?sort=mmlu~7&series={key()}", ["b", "c"])):
        assert names(client, query) == order
        assert "cannot be sorted" in text(client, query)


def test_normalized_scale_starts_at_chance(client, benchmark):
    score(benchmark, "a", 0.25)
    score(benchmark, "b", 1.0)
    shown = text(client, "?scale=normalized")
    assert "A – 0.0 B – 100.0" in shown


def test_state_is_in_the_address_and_kept_by_form_and_links(client, benchmark):
    for slug in "ab":
        score(benchmark, slug, 0.5)
    page = client.get(f"/models/?series={key()}&sort=size&order=asc&size_to=0.5&weights=open").content.decode()
    assert '<option value="open" selected>' in page
    assert 'name="size_to" inputmode="decimal" value="0.5"' in page
    assert '<option value="size" selected>' in page
    assert f'<option value="{key()}" selected>' in page
    assert "No matching models." in page
    assert "Hidden because we lack data for a filter: 2." in page


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("?kind=x", 400, "“kind” must be one of"),
        ("?sort=x", 400, "“sort” must be a benchmark slug or one of"),
        ("?sort=%00", 400, "“sort” must be text"),
        ("?series=x", 404, "does not exist"),
        ("?size_to=x", 400, "“size_to” must be a number"),
    ],
)
def test_bad_questions_get_a_clear_answer(client, query, status, words):
    answer = client.get(f"/models/{query}")
    assert answer.status_code == status
    assert words in answer.content.decode()


def test_bad_number_shows_its_error_in_place_of_the_live_table(client):
    answer = client.get("/models/?size_to=x", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert '<div id="models"><p class="notice" role="status">“size_to” must be a number' in answer.content.decode()


def test_it_works_without_any_score(client):
    assert "0 models." in text(client)
    assert "Score source" not in text(client)


def test_long_lists_come_in_pages(client, benchmark, monkeypatch):
    monkeypatch.setattr(table_views, "PAGE_SIZE", 2)
    for slug in "abc":
        score(benchmark, slug, 0.5)
    assert names(client) == ["a", "b"]
    assert "3 models." in text(client)
    assert 'href="?sort=name&amp;page=2#page" rel="next"' in client.get("/models/?sort=name").content.decode()
    assert names(client, "?page=2") == ["c"]
    assert client.get("/models/?page=3").status_code == 404


def test_a_column_leads_to_the_series_that_has_most_of_it(client, benchmark):
    for slug, harness in {"a": "few", "b": "many", "c": "many"}.items():
        score(benchmark, slug, 0.5, harness=harness)
    assert f'href="?series={key(harness="many")}&amp;sort=mmlu"' in client.get("/models/").content.decode()


def test_a_column_without_alike_scores_leads_nowhere(client, benchmark):
    score(benchmark, "a", 0.5)
    assert "sort=mmlu" not in client.get("/models/").content.decode()


def test_columns_can_be_chosen_and_say_how_many_models_have_a_score(client, benchmark):
    score(benchmark, "a", 0.5)
    other = Benchmark.objects.create(slug="gpqa", name="GPQA")
    for slug in "ab":
        score(other, slug, 0.5)
    head = re.compile(r'<th scope="col" class="number[^"]*">(?:<a[^>]*>)?(MMLU|GPQA)')
    page = client.get("/models/?column=gpqa&column=there-is-none").content.decode()
    assert head.findall(page) == ["GPQA"]
    assert re.findall(r'name="column" value="([^"]*)"( checked)?', page) == [("gpqa", " checked"), ("mmlu", "")]
    assert "GPQA 2 MMLU 1" in " ".join(re.sub(r"<[^>]*>", " ", page).split())
    assert head.findall(client.get("/models/?column=there-is-none").content.decode()) == ["GPQA", "MMLU"]


def test_default_columns_are_those_with_the_most_scores_on_the_page(client, monkeypatch):
    monkeypatch.setattr(table_views, "DEFAULT_COLUMNS", 1)
    for slug, models in {"mmlu": "a", "gpqa": "ab"}.items():
        found = Benchmark.objects.create(slug=slug, name=slug)
        for model in models:
            score(found, model, 0.5)
    assert "Benchmark columns 1 of 2" in text(client)
    assert "Benchmark columns 2 of 2" in text(client, "?sort=mmlu")


def test_column_with_few_scores_on_the_page_is_shown_only_on_request(client, monkeypatch, benchmark):
    monkeypatch.setattr(table_views, "MIN_DEFAULT_SHARE", 0.5)
    score(benchmark, "a", 0.5)
    score(Benchmark.objects.create(slug="gpqa", name="GPQA"), "b", 0.5)
    assert "Benchmark columns 2 of 2" in text(client)
    factories.model("c", open_weights=True)
    assert "Benchmark columns 0 of 2" in text(client)
    assert "Benchmark columns 1 of 2" in text(client, "?column=gpqa")


@pytest.mark.parametrize(("query", "shades"), [("", ["1", "2"]), ("?series={series}", ["0", "4"])])
def test_scores_are_tinted_from_guessing_on_or_from_the_lowest_of_one_series(client, benchmark, query, shades):
    for slug, value in (("a", 0.5), ("b", 0.6)):
        score(benchmark, slug, value)
    page = client.get(f"/models/{query.format(series=key())}").content.decode()
    assert sorted(re.findall(r'data-shade="(\d)"', page)) == shades


def test_columns_are_those_in_which_a_shown_model_has_a_score(client, benchmark):
    score(benchmark, "a", 0.5)
    score(Benchmark.objects.create(slug="gpqa", name="GPQA"), "b", 0.5)
    LanguageModel.objects.filter(slug="b").update(open_weights=False)
    assert "MMLU" in text(client)
    assert "GPQA" in text(client)
    assert "GPQA" not in text(client, "?weights=open")


def test_filters_that_are_set_are_counted(client):
    assert "Filters 3" in text(client, "?kind=chat&weights=open&size_to=8")


def test_only_signs_that_are_there_are_explained(client, benchmark):
    score(benchmark, "a", 0.5)
    assert "Reported by the model's maker" not in text(client)
    score(benchmark, "b", 0.5, self_reported=True)
    assert "* Reported by the model's maker." in text(client)
    assert "submitted" not in text(client)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("series=&q=&weights=any&kind=&size_from=&size_to=7.50&scale=raw&sort=rating", "?size_to=7.5"),
        ("series=&weights=open&kind=chat&organization=A+%26+B", "?weights=open&kind=chat&organization=A+%26+B"),
        ("series=&weights=any", ""),
    ],
)
def test_form_ends_at_an_address_that_says_only_what_was_chosen(client, sent, kept):
    answer = client.get(f"/models/?{sent}")
    assert (answer.status_code, answer["Location"]) == (302, f"/models/{kept}")


def test_address_is_short_while_the_form_sends_itself(client):
    """htmx puts this address into the address bar. The page around the list stays."""
    factories.model("a")
    for query, address in (("q=a&kind=&scale=raw", "/models/?q=a"), ("q=&weights=any", "/models/")):
        answer = client.get(f"/models/?{query}", headers={"HX-Request": "true"})
        assert (answer.status_code, answer["HX-Replace-Url"]) == (200, address)
