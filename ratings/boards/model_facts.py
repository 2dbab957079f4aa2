"""What is known of the models of a board beside their votes, and how they have moved within a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone

from arena.endpoints.performance import Typical, typical
from catalog.calculators.cost_model import blended
from catalog.facts.prices import newest_prices
from catalog.models import LanguageModel, License, Price
from core.storage.ttl_cache import Recent
from ratings.boards import snapshot_cache
from ratings.boards.changes import Changes, between, has_rank
from ratings.boards.snapshot_cache import Published
from ratings.boards.snapshots import Asked
from ratings.models import Category, Pool

DAY = timedelta(days=1)
SAME_S = 10.0  # a change of the catalogue is seen after so many seconds
kept: Recent["Surroundings"] = Recent(64, SAME_S)


@dataclass(frozen=True)
class Facts:
    """Of one model; None is unknown. Size in parameters, context in tokens, prices in dollars a million tokens."""

    organization: str | None = None
    license: str | None = None
    open_weights: bool | None = None
    commercial: str = License.Commercial.UNKNOWN
    retired: bool = False
    size: int | None = None
    context: int | None = None
    released: date | None = None
    price_input: Decimal | None = None
    price_output: Decimal | None = None
    measured: Typical | None = None

    @property
    def price(self) -> Decimal | None:
        """Of a million tokens, three of four of them read and one written."""
        if self.price_input is None or self.price_output is None:
            return None
        return blended(self.price_input, self.price_output)


@dataclass(frozen=True)
class Change:
    """Against the board of a day ago; `rank` counts places upwards, None where it had or has none. Both None: it was
    not on it.

    `beyond_noise`: whether the page of the history names it among what moved; None where no errors tell that.
    """

    rating: float | None = None
    rank: int | None = None
    beyond_noise: bool | None = None

    @property
    def new(self) -> bool:
        return self.rating is None


UNKNOWN = Facts()


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What stands around the rows of a board, all by slug; `changes` is empty where there was no board a day ago.

    categories: those of the pool, and the one that is shown, though it be empty.
    """

    pool: Pool
    pools: list[Pool]
    categories: list[Category]
    facts: dict[str, Facts]
    changes: dict[str, Change] = field(default_factory=dict)


def around(asked: Asked, board: Published) -> Surroundings:
    """By as many queries for any number of models; the same for all who ask within some seconds."""
    return kept.of((asked, board.snapshot), lambda: _around(asked, board))


def _around(asked: Asked, board: Published) -> Surroundings:
    pools = list(Pool.objects.exclude(kind=Pool.Kind.SHORTLIST).order_by("pk"))
    pool = next((each for each in pools if each.slug == asked.pool), None) or Pool.objects.get(slug=asked.pool)
    return Surroundings(
        pool=pool,
        pools=pools,
        categories=categories(pool, asked.category),
        facts=facts(row["model"] for row in board.rows),
        changes=_changes(asked, board),
    )


def categories(pool: Pool, shown: str = "") -> list[Category]:
    """Those of which it has a board, over all votes first; and the one that is shown, though it be empty."""
    theirs = pool.boards.filter(style_control=False).values("category")
    return list(Category.objects.filter(Q(pk__in=theirs) | Q(slug=shown)).order_by("pk"))


def facts(slugs: Iterable[str]) -> dict[str, Facts]:
    models = list(LanguageModel.objects.filter(slug__in=list(slugs)).select_related("license", "organization"))
    prices, measured = newest_prices(models), typical(model.pk for model in models)
    return {model.slug: _facts(model, prices.get(model.pk), measured.get(model.pk)) for model in models}


def _facts(model: LanguageModel, price: Price | None, measured: Typical | None) -> Facts:
    return Facts(
        organization=model.organization.name if model.organization else None,
        license=model.license.name if model.license else None,
        open_weights=model.open_weights,
        commercial=model.license.commercial if model.license else License.Commercial.UNKNOWN,
        retired=model.status == LanguageModel.Status.RETIRED,
        size=model.parameters_total,
        context=model.context_window,
        released=model.release_date,
        price_input=price.input if price else None,
        price_output=price.output if price else None,
        measured=measured,
    )


def _changes(asked: Asked, board: Published) -> dict[str, Change]:
    if board.snapshot is None:
        return {}
    earlier = snapshot_cache.board(replace(asked, at=day_before(asked.at or timezone.now())))
    return {} if earlier.snapshot in (None, board.snapshot) else changes(board.board, earlier.board)


def day_before(at: datetime) -> datetime:
    """To the minute, so that all who ask within one share what was found."""
    return (at - DAY).replace(second=0, microsecond=0)


def changes(board: Mapping[str, Any], earlier: Mapping[str, Any]) -> dict[str, Change]:
    had = {row["model"]: row for row in earlier["rows"]}
    beyond = _beyond_noise(between(earlier, board), board)
    return {
        model: Change(row["rating"] - old["rating"], _places(old, row), beyond.get(model))
        if (old := had.get(model))
        else Change()
        for row in board["rows"]
        for model in [row["model"]]
    }


def _places(old: Mapping[str, Any], row: Mapping[str, Any]) -> int | None:
    return old["rank"] - row["rank"] if has_rank(old) and has_rank(row) else None


def _beyond_noise(found: Changes, board: Mapping[str, Any]) -> dict[str, bool]:
    """Of the models that are in the main group of both boards, if both tell of errors."""
    if not found.noise:
        return {}
    moved, came = {each.now["model"] for each in found.moved}, {row["model"] for row in found.came}
    main = (row["model"] for row in board["rows"] if row["component"] == 0)
    return {model: model in moved for model in main if model not in came}
