"""Facts about the models on a board, and the changes in their ratings over the day before the board's time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone

from arena.endpoints.circuit_breaker import IN_DRAW
from arena.endpoints.performance import EndpointPerformance, load_performance
from arena.identity.pool_access import STRANGER, Viewer
from arena.models import LIVE_SLUG, Contestant, Pool, list_contestants
from catalog.calculators.cost_model import blend_price
from catalog.facts.prices import load_current_prices
from catalog.facts.retirement import is_retired
from catalog.models import License, Price
from core.storage.ttl_cache import TtlCache
from ratings.boards import snapshot_cache
from ratings.boards.board_row import BoardRow, has_rank
from ratings.boards.board_selection import load_pools
from ratings.boards.changes import compare_boards
from ratings.boards.snapshot_cache import PublishedBoard
from ratings.boards.snapshots import BRADLEY_TERRY, BoardKey
from ratings.models import Category

DAY = timedelta(days=1)
CACHE_S = 10.0  # the longest time until a change in the catalog appears on boards
context_cache: TtlCache["BoardContext"] = TtlCache(64, CACHE_S)


@dataclass(frozen=True)
class BoardModelFacts:
    """Facts about one model. None means unknown.

    can_battle: whether the model can be drawn for battles in this arena.
    size: the number of parameters.
    context: the context window in tokens.
    price_input, price_output: US dollars per million tokens.
    """

    organization: str | None = None
    license: str | None = None
    open_weights: bool | None = None
    commercial: str = License.Commercial.UNKNOWN
    retired: bool = False
    retires_on: date | None = None
    size: int | None = None
    context: int | None = None
    released: date | None = None
    price_input: Decimal | None = None
    price_output: Decimal | None = None
    measured: EndpointPerformance | None = None
    can_battle: bool = False

    @property
    def price(self) -> Decimal | None:
        """US dollars per million tokens, blended 3:1 (input to output)."""
        if self.price_input is None or self.price_output is None:
            return None
        return blend_price(self.price_input, self.price_output)


@dataclass(frozen=True)
class RatingChange:
    """The change in a model's rating and rank over one day.

    rating: in Elo points, or None if the model was not on the earlier board.
    rank: the number of ranks gained, or None if the model was unranked on one of the boards.
    is_significant: whether `changes.compare_boards` finds a significant change, or None if a board has no intervals.
    """

    rating: float | None = None
    rank: int | None = None
    is_significant: bool | None = None

    @property
    def is_new(self) -> bool:
        return self.rating is None


UNKNOWN_FACTS = BoardModelFacts()


@dataclass(frozen=True, eq=False)
class BoardContext:
    """The data for a page about a board, besides the board itself.

    categories: the categories with a board in the pool, and the selected one even if it has no board.
    facts, changes: keyed by slug. `changes` is empty if there was no board a day earlier, or if it was the same one.
    certificate: the fields `pairs` and `first` of the board's certificate, or None.
    """

    pool: Pool
    pools: list[Pool]
    categories: list[Category]
    facts: dict[str, BoardModelFacts]
    changes: dict[str, RatingChange] = field(default_factory=dict)
    certificate: dict[str, Any] | None = None


def load_board_context(board_key: BoardKey, board: PublishedBoard, viewer: Viewer = STRANGER) -> BoardContext:
    """Return a board's context, cached for `CACHE_S` seconds. Loading it takes a fixed number of queries."""
    return context_cache.get_or_compute(
        (board_key, board.snapshot_id, viewer), lambda: _build_board_context(board_key, board, viewer)
    )


def _build_board_context(board_key: BoardKey, board: PublishedBoard, viewer: Viewer) -> BoardContext:
    pool, pools = load_pools(board_key.pool, viewer)
    categories = list_categories(pool, board_key.category)
    is_certified = not board_key.style_control and board_key.method == BRADLEY_TERRY and not board_key.at
    certificate = next((category.certificate for category in categories if category.slug == board_key.category), None)
    return BoardContext(
        pool=pool,
        pools=pools,
        categories=categories,
        certificate=certificate if is_certified else None,
        facts=load_facts(board.rows, board_key.pool),
        changes=_load_changes(board_key, board),
    )


def list_categories(pool: Pool, selected: str = "") -> list[Any]:
    """Return the categories with a board in the pool, the overall one first.

    The selected category is always included. Its `certificate` has the fields `pairs` and `first` of its board's
    certificate, or is None.
    """
    boards = pool.boards.filter(style_control=False)
    selected_board = boards.filter(category=OuterRef("pk"), category__slug=selected, certificate__isnull=False)
    fields = JSONObject(pairs="certificate__pairs", first="certificate__first")
    categories = Category.objects.filter(Q(pk__in=boards.values("category")) | Q(slug=selected))
    return list(categories.annotate(certificate=Subquery(selected_board.values(data=fields)[:1])).order_by("pk"))


def load_facts(rows: Iterable[BoardRow], pool: str = LIVE_SLUG) -> dict[str, BoardModelFacts]:
    """Return the facts about the contestants in these rows of a pool, keyed by slug. Unknown ones are omitted."""
    known = (
        list_contestants(pool)
        .filter(slug__in=[row["model"] for row in rows])
        .select_related("model__license", "model__organization")
    )
    contestants = list(known)
    drawable = set(known.filter(IN_DRAW).values_list("pk", flat=True))
    prices = load_current_prices([each.model for each in contestants if each.model])
    performances = load_performance(contestants)
    return {
        each.slug: _build_facts(
            each,
            prices.get(each.model_id) if each.model_id else None,
            performances.get(each.pk),
            can_battle=each.pk in drawable,
        )
        for each in contestants
    }


def _build_facts(
    contestant: Contestant, price: Price | None, measured: EndpointPerformance | None, *, can_battle: bool
) -> BoardModelFacts:
    model = contestant.model
    here: dict[str, Any] = {"measured": measured, "can_battle": can_battle}
    if model is None:
        return BoardModelFacts(**here)
    return BoardModelFacts(
        organization=model.organization.name if model.organization else None,
        license=model.license.name if model.license else None,
        open_weights=model.open_weights,
        commercial=model.license.commercial if model.license else License.Commercial.UNKNOWN,
        retired=is_retired(model),
        retires_on=model.retires_on,
        size=model.parameters_total,
        context=model.context_window,
        released=model.release_date,
        price_input=price.input if price else None,
        price_output=price.output if price else None,
        **here,
    )


def _load_changes(board_key: BoardKey, board: PublishedBoard) -> dict[str, RatingChange]:
    if board.snapshot_id is None:
        return {}
    earlier = snapshot_cache.get_board(replace(board_key, at=subtract_day(board_key.at or timezone.now())))
    if earlier.snapshot_id in (None, board.snapshot_id):
        return {}
    return compute_changes(board.board, earlier.board)


def subtract_day(time: datetime) -> datetime:
    """Return the time one day earlier, truncated to the minute.

    This way, all requests within a minute use the same cached board.
    """
    return (time - DAY).replace(second=0, microsecond=0)


def compute_changes(board: Mapping[str, Any], earlier: Mapping[str, Any]) -> dict[str, RatingChange]:
    """Map each slug to the change from the earlier board to the current one. Both boards are in the API's format."""
    earlier_rows = {row["model"]: row for row in earlier["rows"]}
    comparison = compare_boards(earlier, board)
    movements = comparison.movements if comparison.has_intervals else ()
    significance = {movement.current["model"]: bool(movement.significant) for movement in movements}
    changes = {}
    for row in board["rows"]:
        model = row["model"]
        old = earlier_rows.get(model)
        if old is None:
            changes[model] = RatingChange()
            continue
        rank_gain = old["rank"] - row["rank"] if has_rank(old) and has_rank(row) else None
        changes[model] = RatingChange(row["rating"] - old["rating"], rank_gain, significance.get(model))
    return changes
