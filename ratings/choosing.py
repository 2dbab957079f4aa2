"""A shortlist over the models that are known here: their facts, prices, measured speed, and ratings for the task."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from arena.battles import MOST_NAMED, pool_of
from arena.errors import Refusal
from arena.models import LIVE, Endpoint
from ratings import snapshots
from ratings.choice_form import ChoiceForm
from ratings.models import OVERALL, Pool
from ratings.offered import Weeks, offered
from ratings.shortlist import Judged, Shortlist, shortlist
from ratings.snapshots import BRADLEY_TERRY
from ratings.task_kinds import TaskKind


@dataclass(frozen=True)
class Choice:
    """`category` is that of the board whose tiers order the survivors: that of the task, or overall where it has none.

    `contestants` are the survivors that answer here, at most as many as one set may have; `own_pool` is the slug of the
    pool of their battles, None before the first vote.
    """

    task: TaskKind | None
    pool: str
    category: str
    computed_at: datetime | None
    found: Shortlist
    contestants: tuple[Judged, ...]
    own_pool: str | None


def choose(form: ChoiceForm) -> Choice:
    """Of a valid form. Raises Refusal 404 for an unknown pool."""
    task = form.task_kind
    board = _board(form.given("pool") or _first_pool(), task.category if task else OVERALL)
    weeks = Weeks(api=form.given("api_weeks"), own=form.given("own_weeks"))
    found = shortlist(offered(board["rows"], weeks), form.limits())
    answering = set(Endpoint.objects.filter(enabled=True).values_list("model__slug", flat=True))
    contestants = tuple(each for each in found.survivors if each.candidate.slug in answering)[:MOST_NAMED]
    pool = Pool.objects.filter(slug=pool_of([each.candidate.slug for each in contestants])).first()
    return Choice(
        task=task,
        pool=board["pool"],
        category=board["category"],
        computed_at=board["computed_at"],
        found=found,
        contestants=contestants,
        own_pool=pool.slug if pool else None,
    )


def _first_pool() -> str:
    """This arena's own ratings; as long as it has none, those of the first pool that has some."""
    return next((snapshot.board.pool.slug for snapshot in snapshots.newest_of_pools() if snapshot.votes), LIVE)


def _board(pool: str, category: str) -> dict[str, Any]:
    if category != OVERALL:
        with suppress(Refusal):  # no vote anywhere has been of this category; an unknown pool is refused below
            board = snapshots.newest(pool, category, style_control=False, method=BRADLEY_TERRY)
            if board["rows"]:
                return board
    return snapshots.newest(pool, OVERALL, style_control=False, method=BRADLEY_TERRY)


def as_json(choice: Choice) -> dict[str, Any]:
    task, found = choice.task, choice.found
    return {
        "task": task and {"slug": task.slug, "name": task.name, "benchmarks": list(task.benchmarks), "why": task.why},
        "pool": choice.pool,
        "category": choice.category,
        "computed_at": choice.computed_at,
        "survivors": [shown(each) for each in found.survivors],
        "excluded": [shown(each) for each in found.excluded],
        "near_misses": [each.candidate.slug for each in found.near_misses],
        "gained": dict(found.gained),
        "costliest": found.costliest,
        "certain": found.certain,
        "contestants": [each.candidate.slug for each in choice.contestants],
        "own_pool": choice.own_pool,
    }


def shown(judged: Judged) -> dict[str, Any]:
    model = judged.candidate
    return {
        "model": model.slug,
        "name": model.name,
        "tier": model.tier,
        "rating": model.rating,
        "price": None if judged.price is None else float(judged.price),
        "monthly": None if judged.monthly is None else float(judged.monthly),
        "tokens_per_s": model.tokens_per_s,
        "latency_s": model.latency_s,
        "conditional": judged.conditional,
        "unknown": [finding.limit for finding in judged.unknown],
        "failures": [{"limit": each.limit, "words": each.words, "known": each.known} for each in judged.failures],
    }
