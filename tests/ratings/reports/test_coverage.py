"""Coverage of the best models, on the page and by the command."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from catalog.facts.claims import record_claims
from catalog.facts.fields import UNPUBLISHED, Claim
from catalog.models import Fact, LanguageModel, Price
from ratings.boards.snapshots import list_newest_snapshots
from ratings.reports.coverage import load_coverage
from tests.catalog import package_files
from tests.ratings import reference_board

pytestmark = pytest.mark.django_db
DAY = date(2026, 1, 2)
LINES = (
    "overall,openai / gpt-9,GPT-9,1500,1490,1510,900,1",
    "overall,nobody / other-9,Other 9,1400,1390,1410,900,2",
    "overall,nobody / last-9,Last 9,1300,1290,1310,900,3",
)


@pytest.fixture
def board(tmp_path):
    reference_board.loaded(tmp_path, *LINES)
    Fact.objects.all().delete()
    LanguageModel.objects.update(organization=None)


def record(slug, **values):
    model = LanguageModel.objects.get(slug=slug)
    claims = [Claim(field, value, "https://a.example", DAY) for field, value in values.items()]
    record_claims({model.pk: claims}, Fact.Origin.SHIPPED)
    return model


def line(label):
    [found] = [line for line in load_coverage(list_newest_snapshots()).lines if line.label == label]
    return found.known, found.unpublished, found.missing


@pytest.mark.usefixtures("board")
def test_facts_are_known_unpublished_or_missing():
    unpublished_size = {"open_weights": False, "parameters_total": UNPUBLISHED}
    record("gpt-9", knowledge_cutoff="2025-01", license="proprietary", **unpublished_size)
    record("other-9", knowledge_cutoff=UNPUBLISHED)
    assert line("Knowledge cutoff") == (1, 1, 1)
    assert line("License") == (1, 0, 2)
    assert line("Open or closed") == (1, 0, 2)
    assert line("Maker") == (0, 0, 3)
    assert load_coverage(list_newest_snapshots()).newest_fact == DAY
    record("other-9", open_weights=True, parameters_total=8_000_000_000)
    assert line("Size of open models") == (1, 0, 0)  # only open models have a size to publish

    Fact.objects.filter(model__slug__in=["gpt-9", "other-9"]).delete()
    record("last-9", release_date="2025-01")
    report = load_coverage(list_newest_snapshots(), limit=2)
    assert (report.models, report.newest_fact) == (2, None)


@pytest.mark.usefixtures("board")
def test_price_and_context_are_counted_for_models_that_an_api_sells():
    record("last-9", status="retired", open_weights=False)
    record("other-9", open_weights=True)
    model = record("gpt-9", open_weights=False, context_window=5)
    assert line("Price and context") == (0, 0, 1)
    Price.objects.create(model=model, input=1, output=2, source="a", as_of=date(2026, 2, 3))
    assert line("Price and context") == (1, 0, 0)
    assert load_coverage(list_newest_snapshots()).newest_fact == date(2026, 2, 3)


@pytest.mark.usefixtures("board")
def test_page_shows_the_coverage_and_its_day(client):
    record("gpt-9", knowledge_cutoff="2025-01")
    record("other-9", knowledge_cutoff=UNPUBLISHED)
    page = client.get("/models/").content.decode()
    assert "Known facts about the 3 best models on “LMArena, October 2026”" in page
    assert "<li>Knowledge cutoff: known for 1 of 3 (33%), not published by the maker for 1</li>" in page
    assert "<li>Release: known for 0 of 3 (0%)</li>" in page
    assert "The newest of these facts is from January 2, 2026." in page


def run(*arguments, **options):
    out = StringIO()
    call_command("import_models", *arguments, stdout=out, **options)
    return out.getvalue()


@pytest.mark.usefixtures("board")
def test_command_prints_the_coverage_and_what_is_below_the_target():
    for slug in ("gpt-9", "other-9", "last-9"):
        record(slug, organization="Somebody")
    rows = {row[:9].strip(): row for row in run(coverage=True).splitlines()}
    assert rows["Maker (of"].split() == ["Maker", "(of", "3)", "3", "0", "0", "100", "99"]
    assert rows["License ("].endswith("90  below the target")
    assert "License, missing: gpt-9, other-9, last-9\n" in run(coverage=True, verbosity=2)


def test_command_imports_a_file(tmp_path):
    wheels = package_files.write_wheels(tmp_path / "wheels")
    LanguageModel.objects.create(slug="gpt-9", name="GPT-9")
    assert run(str(wheels["litellm"]), source="litellm") == (
        "models described: 1; new or changed: facts (7), prices (1); refused entries and values: none; conflicts: 0\n"
    )


@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [
        (["no.whl"], {"source": "litellm"}, "no.whl cannot be read: No such file or directory"),
        (["no.whl"], {}, "give FILE and --source together, or --coverage alone"),
        ([], {"source": "litellm"}, "give FILE and --source together, or --coverage alone"),
        (["no.whl"], {"source": "litellm", "coverage": True}, "give FILE and --source together, or --coverage alone"),
        ([], {"coverage": True}, "there is no reference board"),
    ],
)
def test_command_refuses_with_one_line(arguments, options, error):
    with pytest.raises(CommandError) as refusal:
        run(*arguments, **options)
    assert str(refusal.value) == error
