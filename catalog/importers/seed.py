"""What the catalogue knows from the first minute: licenses, facts, prices, benchmarks, scores, all with sources."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from hashlib import sha256
from importlib.metadata import version

from django.db import transaction
from django.utils.timezone import now

from catalog.benchmarks.rankings import save_benchmarks
from catalog.facts.claims import record_claims
from catalog.facts.fields import Claim, parse_day, parse_value
from catalog.importers import scores_csv
from catalog.importers.model_facts import import_models_dev, save_prices
from catalog.importers.models_dev_facts import ListedPrice
from catalog.importers.scores import import_scores
from catalog.matching import seed_files
from catalog.matching.resolver import NamedModels
from catalog.models import Fact, LanguageModel, License, Score

SCORE_FILES = ("scores.csv", "evalplus_scores.csv")


@transaction.atomic
def seed_catalog() -> None:
    """Bring the tables to what the files say; what somebody has set by hand stays."""
    _seed_licenses()
    names = NamedModels()
    _seed_facts(names)
    _seed_prices(names)
    tests, everywhere = (seed_files.read_tables("benchmarks.toml", key) for key in ("benchmark", "everywhere"))
    save_benchmarks(tests, everywhere)
    _seed_scores()


def seed_models_dev() -> bool:
    """What the package models-dev says, once for each of its versions; whether it was taken over now.

    Without it the models that one can have today would have no price and no context, and no limit could be known to be
    met by any of them.
    """
    source = f"(models-dev {version('models-dev')}, "
    if Fact.objects.filter(origin=Fact.Origin.MODELS_DEV, source__contains=source).exists():
        return False
    import_models_dev()
    return True


def _seed_licenses() -> None:
    """New licenses, and what is still unknown of others."""
    for entry in seed_files.read_tables("licenses.toml", "license"):
        found, created = License.objects.get_or_create(name=entry["name"], defaults=entry)
        undecided = not created and found.commercial == License.Commercial.UNKNOWN and not found.conditions
        if undecided:
            License.objects.filter(pk=found.pk).update(**{field: entry[field] for field in entry if field != "slug"})


def _seed_facts(names: NamedModels) -> None:
    claims: dict[int, list[Claim]] = defaultdict(list)
    rows = seed_files.read_rows("facts.csv")
    ids = names.ids([row["model"] for row in rows])
    today = now().date()
    for row in rows:
        claims[ids[row["model"]]] += iter_claims(row, today)
    record_claims(claims, Fact.Origin.SHIPPED)


def iter_claims(row: dict[str, str], today: date) -> Iterator[Claim]:
    """What a line of facts.csv says; that a model retires on a day says, once it has come, that it is retired."""
    as_of = date.fromisoformat(row["as_of"])
    yield Claim(row["field"], parse_value(row["field"], row["value"]), row["source"], as_of)
    if row["field"] == "retires_on" and parse_day(row["value"]) <= today:
        yield Claim("status", LanguageModel.Status.RETIRED.value, row["source"], as_of)


def _seed_prices(names: NamedModels) -> None:
    rows = seed_files.read_rows("prices.csv")
    ids = names.ids([row["model"] for row in rows])
    save_prices((ids[row["model"]], _parse_price(row), row["source"], date.fromisoformat(row["as_of"])) for row in rows)


def _parse_price(row: dict[str, str]) -> ListedPrice:
    cached = row["cached_input"]
    return ListedPrice(Decimal(row["input"]), Decimal(row["output"]), Decimal(cached) if cached else None)


def _seed_scores() -> None:
    """Once for each version of a file; those of an earlier version go."""
    runs = {
        name: f"shipped {sha256((seed_files.DATA_DIR / name).read_bytes()).hexdigest()[:40]}" for name in SCORE_FILES
    }
    Score.objects.filter(run__startswith="shipped ").exclude(run__in=runs.values()).delete()
    for name, run in runs.items():
        import_scores([scores_csv.parse_row(line) for line in seed_files.read_rows(name)], run)
