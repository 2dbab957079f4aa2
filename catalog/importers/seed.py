"""Loads the files that ship with Arena: licenses, facts, prices, benchmarks, and scores."""

from collections import defaultdict
from hashlib import sha256

from django.db import transaction
from django.utils.timezone import now

from catalog.benchmarks.rankings import save_benchmarks
from catalog.facts.claims import record_claims
from catalog.facts.fields import Claim
from catalog.importers import scores_csv
from catalog.importers.listed_import import retire_listed_models, seed_listed_tables
from catalog.importers.listed_selection import add_retirement
from catalog.importers.listed_tables import parse_claim, parse_prices
from catalog.importers.name_claims import record_name_claims
from catalog.importers.price_rows import save_prices
from catalog.importers.scores import import_scores
from catalog.matching import seed_files
from catalog.matching.resolver import NamedModels
from catalog.models import Fact, LanguageModel, License, Score

SCORE_FILES = (
    "scores.csv", "evalplus_scores.csv", "simple_evals_scores.csv", "aider_scores.csv", "ruler_scores.csv",
    "models_dev_scores.csv",
)  # fmt: skip
PRICE_FILES = ("earlier_prices.csv", "prices.csv")
RUN_PREFIX = "shipped "


@transaction.atomic
def seed_catalog() -> None:
    """Update the catalog from the shipped files. Values set by hand stay unchanged."""
    _seed_licenses()
    names = NamedModels()
    _seed_facts(names)
    _seed_prices(names)
    seed_listed_tables(names)
    retire_listed_models(now().date())
    save_benchmarks(
        seed_files.read_tables("benchmarks.toml", "benchmark"),
        common_caveats=seed_files.read_tables("benchmarks.toml", "everywhere"),
    )
    _seed_scores()
    record_name_claims(dict(LanguageModel.objects.values_list("pk", "name")))


def _seed_licenses() -> None:
    """Create missing licenses, and fill in the terms of existing licenses whose terms are unknown."""
    for entry in seed_files.read_tables("licenses.toml", "license"):
        terms, created = License.objects.get_or_create(name=entry["name"], defaults=entry)
        has_unknown_terms = terms.commercial == License.Commercial.UNKNOWN and not terms.conditions
        if not created and has_unknown_terms:
            License.objects.filter(pk=terms.pk).update(**{field: entry[field] for field in entry if field != "slug"})


def _seed_facts(names: NamedModels) -> None:
    claims: dict[int, list[Claim]] = defaultdict(list)
    rows = seed_files.read_seed_rows("facts.csv")
    keys = names.get_or_create_keys([row["model"] for row in rows])
    today = now().date()
    for row in rows:
        claims[keys[row["model"]]] += add_retirement([parse_claim(row)], today)
    record_claims(claims, Fact.Origin.SHIPPED)


def _seed_prices(names: NamedModels) -> None:
    prices = parse_prices(row for name in PRICE_FILES for row in seed_files.read_seed_rows(name))
    keys = names.get_or_create_keys(prices)
    save_prices((keys[model], *dated) for model, history in prices.items() for dated in history)


def _seed_scores() -> None:
    """Import each version of a score file once, and delete scores from earlier versions."""
    # Forty of the 64 digits are enough to identify a version, and they fit into the column together with the prefix.
    digests = {name: sha256((seed_files.DATA_DIR / name).read_bytes()).hexdigest()[:40] for name in SCORE_FILES}
    runs = {name: RUN_PREFIX + digest for name, digest in digests.items()}
    Score.objects.filter(run__startswith=RUN_PREFIX).exclude(run__in=runs.values()).delete()
    for name, run in runs.items():
        import_scores([scores_csv.parse_row(line) for line in seed_files.read_seed_rows(name)], run)
