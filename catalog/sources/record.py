"""The record that all readers return: one model as one provider sells it, according to one package."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from catalog.facts.fields import MODALITIES, parse_value

MAX_DOLLARS = 100_000  # per million tokens; a larger number is the price of another unit
DATE_PREFIX = re.compile(r"\d{4}-\d{2}(-\d{2})?")


class SourceError(ValueError):
    """Raised if a file is not what its package usually contains."""


@dataclass(frozen=True)
class ListedPrice:
    """US dollars per million tokens. `tiers` are prices for longer prompts: {above, input, output}.

    `since` is the day from which the source records the price. It is None for the price on the day of reading.
    `context` is the number of tokens that a host accepts at this price. It is None for the maker's own price.
    """

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    tiers: tuple[dict[str, Any], ...] = ()
    since: date | None = None
    context: int | None = None

    @property
    def is_free(self) -> bool:
        """True if input or output costs 0, which means in all packages that no price is known."""
        return not (self.input and self.output)

    @property
    def is_cheaper_when_longer(self) -> bool:
        """True if a tier for longer prompts costs less than the base price, which no provider offers."""
        return any(tier["input"] < self.input or tier["output"] < self.output for tier in self.tiers)


@dataclass(frozen=True)
class ListedModel:
    """A model in a package.

    id: the provider's name for it, such as `gpt-5` or `zai-org/GLM-5.1`.
    provider: a name in `providers.PROVIDERS`, or `providers.YUAN`.
    claims: field → parsed value, see `catalog.facts.fields`.
    links: field or "price" → the page that the package cites for the value, if that is not `source`.
    prices: the current price first. If the source has earlier ones, all dated prices follow, the current one first.
    source: URL, followed by package, version, and id in parentheses.
    as_of: the day on which the package was read.
    """

    id: str
    provider: str
    name: str
    claims: Mapping[str, Any]
    prices: tuple[ListedPrice, ...]
    source: str
    as_of: date
    links: Mapping[str, str]

    @property
    def url(self) -> str:
        """The address of the package's project. Two entries with the same address come from versions of one source."""
        return self.source.partition(" (")[0]

    def get_source(self, field: str) -> str:
        """Return the source of one value, for display and storage."""
        link = self.links.get(field)
        return self.source if link is None else f"{link} {self.source[self.source.index('(') :]}"


def list_over_time(dated: Sequence[ListedPrice]) -> list[ListedPrice]:
    """Return the prices for `ListedModel.prices`. `dated` has the prices with their days, the current one first."""
    if not dated:
        return []
    earlier = [price for price in dated[1:] if price.since]
    return [replace(dated[0], since=None), *([dated[0], *earlier] if dated[0].since and earlier else earlier)]


def parse_claims(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parsed values, without the fields that are absent (None, 0, or empty) or invalid.

    The packages are large and written by many people. One odd value must not stop the import of the others.
    """
    claims = {}
    for field, value in raw.items():
        if value is False or value not in (None, 0, "", []):
            try:
                claims[field] = parse_value(field, value)
            except ValueError:
                continue
    return claims


def parse_modalities(words: Any) -> list[str]:
    """Return the known input modalities."""
    return [word for word in MODALITIES if isinstance(words, list) and word in words]


def parse_dollars(value: Any, factor: int = 1) -> Decimal | None:
    """Return a price per million tokens, or None if the value is not a plausible one.

    `factor` is the number of units in a million tokens: 1,000,000 if the value is a price per token.
    """
    if value is None or isinstance(value, bool):
        return None
    try:
        dollars = round(Decimal(str(value)) * factor, 6)
    except InvalidOperation:
        return None
    return dollars.normalize() + 0 if 0 <= dollars <= MAX_DOLLARS else None


def parse_month_or_day(value: Any) -> str | None:
    """Return the date at the start of the text, or None."""
    match = DATE_PREFIX.match(value) if isinstance(value, str) else None
    return match[0] if match else None
