"""Parses, updates, and formats the generated tables `listed_facts.csv` and `listed_prices.csv`.

A line whose value did not change keeps its source and day. This module does not use Django.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from catalog.facts.fields import Claim, parse_value
from catalog.importers.listed_selection import DatedPrice, get_package
from catalog.sources.record import ListedPrice

FACTS_FILE = "listed_facts.csv"
PRICES_FILE = "listed_prices.csv"
FACT_COLUMNS = ("model", "field", "value", "source", "as_of")
PRICE_COLUMNS = ("model", "input", "output", "cached_input", "tiers", "context", "source", "as_of")

# Claims keyed by model name and field.
ListedFacts = dict[str, dict[str, Claim]]
# Prices keyed by model name, newest first.
ListedPrices = dict[str, list[DatedPrice]]


def update_facts(
    old: Mapping[str, Claim], listed: Iterable[Claim], packages: Collection[str], changes: Counter[str]
) -> dict[str, Claim]:
    """Return the claims about one model after an update, keyed by field. Count what is new, changed, or removed.

    packages: the packages that list the model now. Claims from other packages stay, because packages drop retired
        models, whose facts remain true.
    """
    updated = {}
    for claim in listed:
        before = old.get(claim.field)
        updated[claim.field] = claim
        if before is None:
            changes["new"] += 1
        elif before.value == claim.value:
            updated[claim.field] = before
        else:
            changes["changed"] += 1
    for name in old.keys() - updated.keys():
        if get_package(old[name].source) in packages:
            changes["removed"] += 1
        else:
            updated[name] = old[name]
    return updated


def update_prices(old: Sequence[DatedPrice], listed: Sequence[DatedPrice], changes: Counter[str]) -> list[DatedPrice]:
    """Return the prices of one model after an update, newest first. Count what is new or changed.

    Earlier prices stay as the model's price history.
    """
    if not listed:
        return list(old)
    price_by_day = {dated.as_of: dated for dated in (*listed[1:], *old)}
    current = listed[0]
    newest = max(old, key=lambda dated: dated.as_of, default=None)
    if newest and newest.price == replace(current.price, context=newest.price.context):
        price_by_day[newest.as_of] = newest._replace(price=current.price)
    else:
        price_by_day[current.as_of] = current
        if newest:
            changes["changed"] += 1
        else:
            changes["new"] += 1
    return sorted(price_by_day.values(), key=lambda dated: dated.as_of, reverse=True)


def parse_facts(rows: Iterable[Mapping[str, str]]) -> ListedFacts:
    """Parse the rows of `listed_facts.csv`."""
    facts: ListedFacts = defaultdict(dict)
    for row in rows:
        facts[row["model"]][row["field"]] = parse_claim(row)
    return facts


def parse_claim(row: Mapping[str, str]) -> Claim:
    """Parse a row of `listed_facts.csv` or `facts.csv`."""
    value = parse_value(row["field"], row["value"])
    return Claim(row["field"], value, row["source"], date.fromisoformat(row["as_of"]))


def parse_prices(rows: Iterable[Mapping[str, str]]) -> ListedPrices:
    """Parse the rows of `listed_prices.csv`, or of `prices.csv`, which has no tiers and no contexts."""
    prices: ListedPrices = defaultdict(list)
    for row in rows:
        cached = Decimal(row["cached_input"]) if row["cached_input"] else None
        tiers = tuple(_parse_tier(tier) for tier in row.get("tiers", "").split())
        context = int(row["context"]) if row.get("context") else None
        price = ListedPrice(Decimal(row["input"]), Decimal(row["output"]), cached, tiers, context=context)
        prices[row["model"]].append(DatedPrice(price, row["source"], date.fromisoformat(row["as_of"])))
    return prices


def format_facts(facts: Mapping[str, Mapping[str, Claim]], comment: str) -> str:
    """Return the text of the table, sorted by model and field."""
    rows = (
        (model, name, _format_value(claim.value), claim.source, claim.as_of)
        for model, claims in sorted(facts.items())
        for name, claim in sorted(claims.items())
    )
    return _format_table(comment, FACT_COLUMNS, rows)


def format_prices(prices: Mapping[str, Sequence[DatedPrice]], comment: str) -> str:
    """Return the text of the table, sorted by model. The prices of a model are sorted from newest to oldest."""
    rows = []
    for model, history in sorted(prices.items()):
        for price, source, as_of in history:
            cached = "" if price.cached_input is None else f"{price.cached_input:f}"
            tiers = " ".join(f"{tier['above']}:{tier['input']:g}/{tier['output']:g}" for tier in price.tiers)
            context = price.context or ""
            rows.append((model, f"{price.input:f}", f"{price.output:f}", cached, tiers, context, source, as_of))
    return _format_table(comment, PRICE_COLUMNS, rows)


def _format_table(comment: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    text.write("".join(f"# {line}\n" for line in comment.splitlines()))
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def _format_value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(value) if isinstance(value, list) else str(value)


def _parse_tier(text: str) -> dict[str, Any]:
    above, _, rates = text.partition(":")
    input_price, _, output_price = rates.partition("/")
    return {"above": int(above), "input": float(input_price), "output": float(output_price)}
