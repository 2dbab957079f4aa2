"""What is known of the models of a board beside their votes, and how they have moved within a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone

from arena.endpoints.performance import EndpointPerformance, load_performance
from catalog.calculators.cost_model import blend_price
from catalog.facts.prices import load_current_prices
from catalog.models import LanguageModel, License, Price
from core.storage.ttl_cache import TtlCache
from ratings.boards import snapshot_cache
from ratings.boards.changes import BoardChanges, compare_boards, has_rank
from ratings.boards.snapshot_cache import PublishedBoard
from ratings.boards.snapshots import BoardKey
from ratings.models import Category, Pool

DAY = timedelta(days=1)
CACHE_SECONDS = 10.0  # a change of the catalogue is seen after so many seconds
context_cache: TtlCache["BoardContext"] = TtlCache(64, CACHE_SECONDS)


@dataclass(frozen=True)
class BoardModelFacts:
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
    measured: EndpointPerformance | None = None

    @property
    def price(self) -> Decimal | None:
        """Of a million tokens, three of four of them read and one written."""
        if self.price_input is None or self.price_output is None:
            return None
        return blend_price(self.price_input, self.price_output)


@dataclass(frozen=True)
class RatingChange:
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


UNKNOWN_FACTS = BoardModelFacts()


@dataclass(frozen=True, eq=False)
class BoardContext:
    """What stands around the rows of a board, all by slug; `compute_changes` is empty where there was no board a day
    ago.

    categories: those of the pool, and the one that is shown, though it be empty.
    """

    pool: Pool
    pools: list[Pool]
    categories: list[Category]
    facts: dict[str, BoardModelFacts]
    changes: dict[str, RatingChange] = field(default_factory=dict)


def load_board_context(asked: BoardKey, board: PublishedBoard) -> BoardContext:
    """By as many queries for any number of models; the same for all who ask within some seconds."""
    return context_cache.of((asked, board.snapshot), lambda: _build_board_context(asked, board))


def _build_board_context(asked: BoardKey, board: PublishedBoard) -> BoardContext:
    pools = list(Pool.objects.exclude(kind=Pool.Kind.SHORTLIST).order_by("pk"))
    pool = next((each for each in pools if each.slug == asked.pool), None) or Pool.objects.get(slug=asked.pool)
    return BoardContext(
        pool=pool,
        pools=pools,
        categories=list_categories(pool, asked.category),
        facts=load_facts(row["model"] for row in board.rows),
        changes=_load_changes(asked, board),
    )


def list_categories(pool: Pool, shown: str = "") -> list[Category]:
    """Those of which it has a board, over all votes first; and the one that is shown, though it be empty."""
    theirs = pool.boards.filter(style_control=False).values("category")
    return list(Category.objects.filter(Q(pk__in=theirs) | Q(slug=shown)).order_by("pk"))


def load_facts(slugs: Iterable[str]) -> dict[str, BoardModelFacts]:
    models = list(LanguageModel.objects.filter(slug__in=list(slugs)).select_related("license", "organization"))
    prices, measured = load_current_prices(models), load_performance(model.pk for model in models)
    return {model.slug: _build_facts(model, prices.get(model.pk), measured.get(model.pk)) for model in models}


def _build_facts(model: LanguageModel, price: Price | None, measured: EndpointPerformance | None) -> BoardModelFacts:
    return BoardModelFacts(
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


def _load_changes(asked: BoardKey, board: PublishedBoard) -> dict[str, RatingChange]:
    if board.snapshot is None:
        return {}
    earlier = snapshot_cache.get_board(replace(asked, at=subtract_day(asked.at or timezone.now())))
    return {} if earlier.snapshot in (None, board.snapshot) else compute_changes(board.board, earlier.board)


def subtract_day(at: datetime) -> datetime:
    """To the minute, so that all who ask within one share what was found."""
    return (at - DAY).replace(second=0, microsecond=0)


def compute_changes(board: Mapping[str, Any], earlier: Mapping[str, Any]) -> dict[str, RatingChange]:
    had = {row["model"]: row for row in earlier["rows"]}
    beyond = _test_significance(compare_boards(earlier, board), board)
    return {
        model: RatingChange(row["rating"] - old["rating"], _compute_rank_gain(old, row), beyond.get(model))
        if (old := had.get(model))
        else RatingChange()
        for row in board["rows"]
        for model in [row["model"]]
    }


def _compute_rank_gain(old: Mapping[str, Any], row: Mapping[str, Any]) -> int | None:
    return old["rank"] - row["rank"] if has_rank(old) and has_rank(row) else None


def _test_significance(found: BoardChanges, board: Mapping[str, Any]) -> dict[str, bool]:
    """Of the models that are in the main group of both boards, if both tell of errors."""
    if not found.noise:
        return {}
    moved, came = {each.now["model"] for each in found.moved}, {row["model"] for row in found.came}
    main = (row["model"] for row in board["rows"] if row["component"] == 0)
    return {model: model in moved for model in main if model not in came}
