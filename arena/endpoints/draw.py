"""Lists the contestants that can be in a battle, and draws pairs of them with the newest pair weights.

`arena.endpoints.pair_sampler` makes the random choice.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial
from itertools import combinations
from typing import Any, NamedTuple, Self

from django.db import transaction
from django.db.models import F, QuerySet

from arena.endpoints import pair_sampler
from arena.endpoints.circuit_breaker import IN_DRAW
from arena.endpoints.context_limit import list_small_windows
from arena.models import (
    IS_ENABLED,
    LIVE_POOL,
    Contestant,
    DrawTable,
    PairWeight,
    get_conversation_limit,
    list_contestants,
)
from core.storage.compiled_queries import CompiledQuery
from core.storage.database import fetch_rows

MIN_CONTESTANTS = 2


class Budget(NamedTuple):
    """The token budget of an endpoint, which all its contestants share, in tokens per day."""

    endpoint: int
    per_day: int

    @classmethod
    def of(cls, endpoint: int, per_day: int | None) -> Self | None:
        return None if per_day is None else cls(endpoint, per_day)


def list_enabled() -> QuerySet[Contestant]:
    """Return a queryset of the contestants that visitors can name for a battle, even if their endpoint is down."""
    return list_contestants().filter(IS_ENABLED)


def list_weighted() -> QuerySet[Contestant]:
    """Return a queryset of the contestants that can be drawn among all if no endpoint is down."""
    return list_enabled().exclude(pk__in=list_small_windows().values("pk"))


def list_drawable(chosen: Iterable[int] | None = None) -> list[int]:
    """Return the ids of the contestants that are enabled and whose endpoints have not failed their probes.

    A draw among all contestants also excludes those with a small context window (see `arena.endpoints.context_limit`).
    The result never depends on the question.

    chosen: ids of the contestants that the voter named, or None for all
    """
    return list(load_drawable_budgets(chosen))


def load_drawable_budgets(chosen: Iterable[int] | None = None) -> dict[int, Budget | None]:
    """Return the token budgets of the contestants from `list_drawable`, keyed by contestant. None is no limit."""
    if chosen is None:
        contestants = _compile_drawable_query(get_conversation_limit()).load()
    else:
        contestants = list(_query_drawable(list_enabled().filter(pk__in=chosen)))
    return {each.pk: Budget.of(each.endpoint_id, each.tokens_per_day) for each in contestants}


@lru_cache(maxsize=4)
def _compile_drawable_query(_conversation_limit: int) -> CompiledQuery[Any]:
    """Return the query for all drawable contestants, cached by the limit that determines which windows are small."""
    return CompiledQuery(lambda: _query_drawable(list_weighted()))


def _query_drawable(contestants: QuerySet[Contestant]) -> QuerySet[Any]:
    return contestants.filter(IN_DRAW).only("endpoint_id").annotate(tokens_per_day=F("endpoint__tokens_per_day"))


def draw_pair(contestants: Collection[int], pool: int | None = LIVE_POOL) -> pair_sampler.PairDraw | None:
    """Draw a pair of these contestants. Return None if there are fewer than two.

    pool: the key of the pool with whose newest weights to draw. The draw's table is stored. None for a draw with equal
        probabilities and without a table, for a battle that is not rated.
    """
    return _draw(contestants, pool) if len(contestants) >= MIN_CONTESTANTS else None


def draw_opponent(contestant: int, opponents: Sequence[int], pool: int | None) -> pair_sampler.PairDraw | None:
    """Draw an opponent for this contestant, as `draw_pair` does. Return None if there are no opponents."""
    return _draw([contestant, *opponents], pool, contestant) if opponents else None


def _draw(contestants: Collection[int], pool: int | None, fixed: int | None = None) -> pair_sampler.PairDraw:
    """Draw a pair of these contestants. `fixed` is the id of one that must be in the pair, or None."""
    keys = tuple(sorted(contestants))
    if pool is None:
        return _load_sampler(None, None, keys, fixed).draw()
    updated_at = _load_update_time(pool)
    table = _build_table(pool, updated_at, keys, fixed)
    if not table.is_committed:
        DrawTable.objects.bulk_create([table], ignore_conflicts=True)
        transaction.on_commit(partial(vars(table).update, is_committed=True))
    return replace(_load_sampler(pool, updated_at, keys, fixed).draw(), table=table.pk)


def compute_draw_shares(contestants: Collection[int], pool: int | None) -> dict[int, float]:
    """Return each contestant's probability of being drawn by `draw_pair`. Empty if there are fewer than two."""
    if len(contestants) < MIN_CONTESTANTS:
        return {}
    updated_at = None if pool is None else _load_update_time(pool)
    return _load_sampler(pool, updated_at, tuple(sorted(contestants)), None).shares


@lru_cache(maxsize=64)
def _build_table(pool: int, updated_at: datetime | None, keys: tuple[int, ...], fixed: int | None) -> DrawTable:
    """Return the unsaved table of a draw. Processes that draw with the same weights compute the same id.

    The id also depends on the shares, because a process whose weights have just been replaced draws with equal weights.
    """
    shares = _load_sampler(pool, updated_at, keys, fixed).shares
    digest = hashlib.blake2b(repr((pool, updated_at, shares)).encode(), digest_size=8).digest()
    table_id = int.from_bytes(digest, "big") >> 1  # a positive number of 63 bits
    return DrawTable(id=table_id, pool_id=pool, keys=list(keys), shares=list(shares.values()))


def _load_update_time(pool: int) -> datetime | None:
    """Return the time of the newest weights, or None if the pool has none. The time is part of the cache keys."""
    rows = fetch_rows("SELECT updated_at FROM arena_pairweight WHERE pool_id = %s", [pool])
    return rows[0][0] if rows else None


@lru_cache(maxsize=64)
def _load_sampler(
    pool: int | None, updated_at: datetime | None, keys: tuple[int, ...], fixed: int | None
) -> pair_sampler.PairSampler:
    """Return a sampler with the weights of this update time, or with equal weights if the time is None."""
    pair_weight = PairWeight.objects.filter(pool=pool, updated_at=updated_at).first() if updated_at else None
    weights: dict[pair_sampler.Pair, float] = {}
    if pair_weight:
        weights = dict(zip(combinations(pair_weight.keys, 2), pair_weight.weights, strict=True))
    return pair_sampler.PairSampler(keys, weights, fixed)
