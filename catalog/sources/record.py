"""The record that all readers of packages return: a model of one provider, as described in one package."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from catalog.facts.fields import MODALITIES, parse_value

MAX_DOLLARS = 100_000  # per million tokens; larger numbers are prices in a different unit
DATE_PREFIX = re.compile(r"\d{4}-\d{2}(-\d{2})?")


class SourceError(ValueError):
    """Raised if a file does not have the expected format or content."""


@dataclass(frozen=True)
class PackageFile:
    """The data file of a package. `label` is the name of the package, with the version if it is known."""

    content: bytes
    label: str


@dataclass(frozen=True)
class ListedPrice:
    """A price in US dollars per million tokens. `tiers` contains prices for longer prompts: {above, input, output}.

    `since` is the day on which the price became effective according to the source, or None for the price on the day of
    reading. `context` is the number of tokens that a host accepts at this price. It is None if the number is
    unknown or the price is the maker's own.
    """

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    tiers: tuple[dict[str, Any], ...] = ()
    since: date | None = None
    context: int | None = None

    @property
    def has_zero_rate(self) -> bool:
        """True if input or output costs 0. In all packages, this means that the price is unknown."""
        return not (self.input and self.output)

    @property
    def is_cheaper_when_longer(self) -> bool:
        """True if a tier for longer prompts costs less than the base price. No provider has such prices."""
        return any(tier["input"] < self.input or tier["output"] < self.output for tier in self.tiers)

    @property
    def is_plausible(self) -> bool:
        return not (self.has_zero_rate or self.is_cheaper_when_longer)


@dataclass(frozen=True)
class ListedModel:
    """A model in a package.

    id: the provider's name for the model, such as `gpt-5` or `zai-org/GLM-5.1`.
    provider: a key of `providers.PROVIDERS`, or `providers.YUAN`.
    name: the display name, or the ID if the package has none.
    claims: parsed values, keyed by field (see `catalog.facts.fields`).
    links: the pages that the package cites for values, keyed by field or "price". Other values come from `source`.
    prices: the current price without a date. If the source has earlier prices, all dated prices follow, newest first.
    source: a URL, followed by the package, version, and ID in parentheses.
    as_of: the day on which the package was read.
    """

    id: str
    provider: str
    name: str
    claims: Mapping[str, Any]
    prices: tuple[ListedPrice, ...]
    source: str
    as_of: date
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The URL of the source. Entries with the same URL come from different versions of one source."""
        return self.source.partition(" (")[0]

    def get_source(self, field: str) -> str:
        """Return the source of a value, in the form that is stored and displayed. `field` can be "price"."""
        link = self.links.get(field)
        return self.source if link is None else f"{link} {self.source[self.source.index('(') :]}"


def read_json(content: bytes) -> Any:
    """Return the parsed content of a file. Raises SourceError."""
    try:
        return json.loads(content)
    except ValueError:
        raise SourceError("the file is not JSON") from None


def parse_price(
    rates: Sequence[Any], tiers: Iterable[tuple[int, Any, Any]] = (), since: date | None = None, factor: int = 1
) -> ListedPrice | None:
    """Return a price, or None if input or output has no plausible price.

    rates: the prices of input, output, and cached input, of which the last one can be None.
    tiers: for prompts of more than a number of tokens, this number and the prices of input and output.
    factor: converts all prices to prices per million tokens.
    """
    input_price, output_price, cached = (parse_dollars(rate, factor) for rate in rates)
    if input_price is None or output_price is None:
        return None
    parsed = [(above, parse_dollars(one, factor), parse_dollars(other, factor)) for above, one, other in tiers]
    known = tuple(
        {"above": int(above), "input": float(one), "output": float(other)}
        for above, one, other in parsed
        if one is not None and other is not None
    )
    return ListedPrice(input_price, output_price, cached, known, since)


def build_price_list(dated: Sequence[ListedPrice]) -> list[ListedPrice]:
    """Build the value of `ListedModel.prices` from dated prices, which must be sorted from newest to oldest."""
    if not dated:
        return []
    current = replace(dated[0], since=None)
    earlier = [price for price in dated[1:] if price.since]
    if earlier and dated[0].since:
        return [current, dated[0], *earlier]
    return [current, *earlier]


def parse_claims(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parsed values, without those that are missing (None, 0, or empty) or invalid.

    Invalid values are skipped because one error in a large package must not stop the import of all other values.
    """
    claims = {}
    for name, value in raw.items():
        if value is False or value not in (None, 0, "", []):
            try:
                claims[name] = parse_value(name, value)
            except ValueError:
                continue
    return claims


def parse_modalities(words: Any) -> list[str]:
    """Return the known input modalities in a list of words."""
    return [word for word in MODALITIES if isinstance(words, list) and word in words]


def parse_dollars(value: Any, factor: int = 1) -> Decimal | None:
    """Return a price per million tokens, or None if the value is not a plausible price.

    `factor` converts the value to a price per million tokens, for example 1,000,000 for a price per token.
    """
    if value is None or isinstance(value, bool):
        return None
    try:
        dollars = round(Decimal(str(value)) * factor, 6)
    except InvalidOperation:
        return None
    return dollars.normalize() + 0 if 0 <= dollars <= MAX_DOLLARS else None


def parse_month_or_day(value: Any) -> str | None:
    """Return the date at the start of the text, like `2024-05-13` or `2024-05`, or None."""
    match = DATE_PREFIX.match(value) if isinstance(value, str) else None
    return match[0] if match else None
