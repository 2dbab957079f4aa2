"""The figures on the method page that depend on every vote.

A periodic task computes them in advance and stores one row per pool, so that no page has to read a million votes.
"""

import time
from collections import defaultdict
from itertools import combinations
from typing import Any

from django.db.models import Case, F, Sum, Value, When
from django.db.models.functions import Now
from django.utils.timezone import now

from arena.endpoints.pair_sampler import PairSampler
from arena.models import Battle, Contestant, PairWeight, Pool
from core.storage.database import fetch_rows
from ratings.models import EXCLUDED, PoolFigures, VoteWeight, find_public_end

# One pass counts votes by outcome, by the contestant on side a, and by the one on side b. Votes that do not count are
# included after the same delay as in the public record. Otherwise, voters could see immediately whether their own vote
# counts.
VOTE_COUNTS_SQL = """
SELECT winner, COALESCE(contestant_a_id, contestant_b_id), counted, reason, sum(multiplicity)
FROM (
    SELECT winner, contestant_a_id, contestant_b_id, counted, CASE WHEN counted THEN '' ELSE reason END AS reason,
        multiplicity
    FROM arena_vote WHERE pool_id = %s AND (counted OR created_at IS NULL OR created_at < %s)
) AS votes
GROUP BY GROUPING SETS (
    (winner, counted, reason), (contestant_a_id, counted, reason), (contestant_b_id, counted, reason)
)"""
BATTLE_COUNTS_SQL = """
SELECT pool_id, state, count(*), count(*) FILTER (WHERE replaced <> '[]'::jsonb)
FROM arena_battle WHERE among IS NULL GROUP BY 1, 2"""
JUDGED_STATES = (Battle.State.VOTED, Battle.State.SKIPPED)
# The pause between two rounds is this many times the duration of the previous round.
PAUSE_FACTOR = 200
_next_round_at = 0.0


def update_pool_figures() -> None:
    """Update the figures of all pools. During the pause after a round (see `PAUSE_FACTOR`), this does nothing."""
    global _next_round_at  # noqa: PLW0603  # one process computes the figures
    started = time.monotonic()
    if started < _next_round_at:
        return
    battles = _count_battles()
    slugs = dict(Contestant.objects.values_list("pk", "slug"))
    for pool in Pool.objects.exclude(kind=Pool.Kind.REFERENCE).order_by("pk"):
        figures = {
            "battles": battles.get(pool.pk, {}),
            **_count_votes(pool, slugs),
            "reduced": _count_reduced(pool),
            "chances": _compute_draw_chances(pool, slugs),
        }
        PoolFigures.objects.update_or_create(pool=pool, defaults={"figures": figures, "counted_at": Now()})
    _next_round_at = time.monotonic() + PAUSE_FACTOR * (time.monotonic() - started)


def _count_battles() -> dict[int, dict[str, int]]:
    """Return the number of battles among all models by pool key and state.

    The extra state "replaced" counts the voted and skipped battles in which a model was replaced.
    """
    counts: dict[int, dict[str, int]] = defaultdict(lambda: {"replaced": 0})
    for pool, state, number, replaced in fetch_rows(BATTLE_COUNTS_SQL, []):
        counts[pool][state] = number
        if state in JUDGED_STATES:
            counts[pool]["replaced"] += replaced
    return counts


def _count_votes(pool: Pool, slugs: dict[int, str]) -> dict[str, Any]:
    """Return the numbers of counted votes by outcome and of other votes by reason, in total and per model."""
    outcomes: dict[str, int] = defaultdict(int)
    reasons: dict[str, int] = defaultdict(int)
    models: dict[str, Any] = defaultdict(lambda: {"counted": 0, "reasons": defaultdict(int)})
    for winner, key, counted, reason, number in fetch_rows(VOTE_COUNTS_SQL, [pool.pk, find_public_end(now())]):
        votes = int(number)
        if key is None:
            if counted:
                outcomes[winner] += votes
            else:
                reasons[reason] += votes
        elif counted:
            models[slugs[key]]["counted"] += votes
        else:
            models[slugs[key]]["reasons"][reason] += votes
    return {"outcomes": outcomes, "reasons": reasons, "models": models}


def _count_reduced(pool: Pool) -> dict[str, int]:
    """Return the number of votes with a weight below 1, by reason, with the delay of the public record."""
    rows = VoteWeight.objects.filter(vote__pool=pool, vote__created_at__lt=find_public_end(now()))
    reason = Case(When(excluded=True, then=Value(EXCLUDED)), default=F("reason"))
    counts = rows.values_list(reason).annotate(number=Sum("vote__multiplicity"))
    return dict(counts.order_by("-number"))


def _compute_draw_chances(pool: Pool, slugs: dict[int, str]) -> dict[str, Any] | None:
    """Return each model's probability of being in the next pair, and the extremes over all pairs.

    All models are assumed to be available. Return None if the pool has no pair weights.
    """
    weights = PairWeight.objects.filter(pool=pool).first()
    if weights is None:
        return None
    weight_by_pair = dict(zip(combinations(weights.keys, 2), weights.weights, strict=True))
    sampler = PairSampler(weights.keys, weight_by_pair)
    return {
        "models": {slugs[key]: share for key, share in sampler.shares.items()},
        "least": min(sampler.chances),
        "most": max(sampler.chances),
        "pairs": len(sampler.pairs),
    }
