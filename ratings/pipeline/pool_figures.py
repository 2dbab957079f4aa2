"""The figures behind the method page that take a look at every vote: counted by beat, one row a pool, so that a page
never waits for a million votes."""

import time
from collections import defaultdict
from itertools import combinations
from typing import Any

import numpy as np
from django.db import connection
from django.db.models.functions import Now
from django.utils.timezone import now

from arena.endpoints.pair_sampler import PairSampler
from arena.models import Battle, PairWeight, Vote
from catalog.models import LanguageModel
from ratings.models import OVERALL_CATEGORY, Pool, PoolFigures, Tally
from ratings.pipeline import battle_outcomes
from ratings.pipeline.public_view import PUBLIC_DELAY
from ratings.statistics import propensity_audit
from ratings.statistics.comparisons import Comparisons, VoterCounts
from ratings.statistics.constants import MIN_VOTERS
from ratings.statistics.likelihood import NotConverged
from ratings.statistics.vote_arrays import Floats, Indices

# Votes by outcome, by the model at the left and by the one at the right, in one pass. Those that do not count come as
# late as in the public record: else a voter would see at once whether the own one counts, and why not.
VOTE_COUNTS_SQL = """
SELECT winner, COALESCE(model_a_id, model_b_id), counted, reason, sum(multiplicity)
FROM (SELECT winner, model_a_id, model_b_id, counted, CASE WHEN counted THEN '' ELSE reason END AS reason, multiplicity
    FROM arena_vote WHERE pool = %s AND (counted OR created_at IS NULL OR created_at <= %s)) AS votes
GROUP BY GROUPING SETS ((winner, counted, reason), (model_a_id, counted, reason), (model_b_id, counted, reason))"""
BATTLE_COUNTS_SQL = """
SELECT pool, state, count(*), count(*) FILTER (WHERE replaced <> '[]'::jsonb)
FROM arena_battle WHERE mode = %s GROUP BY 1, 2"""
JUDGED_STATES = (Battle.State.VOTED, Battle.State.SKIPPED)
# A vote weighs 1 if its pair was drawn as often as any other would be. Votes of nobody known are of a voter each.
# Voters go by 52 bits of a hash, which a float holds: among a million two have the same in one case of ten thousand.
PAIR_VOTES_SQL = """
SELECT LEAST(model_a_id, model_b_id), GREATEST(model_a_id, model_b_id),
    CASE WHEN winner NOT IN ('a', 'b') THEN 0 WHEN (winner = 'a') = (model_a_id < model_b_id) THEN 1 ELSE -1 END,
    who, voter IS NOT NULL,
    sum(multiplicity)::float8, sum(multiplicity * weight)::float8, sum(multiplicity * weight * weight)::float8
FROM (
    SELECT *, LEAST(1 / (propensity * %(pairs)s), %(most)s) AS weight,
        COALESCE(uuid_hash_extended(voter, 0), hashint8extended(id, 1)) >> 12 AS who FROM arena_vote
    WHERE pool = %(pool)s AND counted AND propensity IS NOT NULL
) AS drawn GROUP BY 1, 2, 3, 4, 5"""
FETCH_SIZE = 20_000
LOW_MODEL, HIGH_MODEL, OUTCOME, VOTER_HASH, IS_KNOWN_VOTER, VOTE_COUNT, WEIGHT_SUM, SQUARED_WEIGHT_SUM = range(
    8
)  # its columns
# So many times what the last round took is left between two rounds.
PAUSE_FACTOR = 200
_next_round_at = 0.0


def update_pool_figures() -> list[str]:
    """Count the pools in which something has changed, and give their slugs; none soon after a round that took long.

    Not the sets of visitors, of which there may be many.
    """
    global _next_round_at  # noqa: PLW0603  # a process counts for all
    started = time.monotonic()
    if started < _next_round_at:
        return []
    battles, changed = _count_battles(), []
    known = {
        pool: (mark, late) for pool, mark, late in PoolFigures.objects.values_list("pool", "mark", "figures__late")
    }
    for pool in Pool.objects.exclude(kind__in=(Pool.Kind.REFERENCE, Pool.Kind.SHORTLIST)).order_by("pk"):
        of_pool = battles.get(pool.slug, {})
        stored, late = known.get(pool.pk, (None, False))
        mark = [_find_newest_vote_id(pool), pool.revision, of_pool, now().hour if late else None]
        if stored != mark:
            values = {"figures": _compute_figures(pool, of_pool), "mark": mark, "counted_at": Now()}
            PoolFigures.objects.update_or_create(pool=pool, defaults=values)
            changed.append(pool.slug)
    _next_round_at = time.monotonic() + PAUSE_FACTOR * (time.monotonic() - started)
    return changed


def _find_newest_vote_id(pool: Pool) -> int | None:
    return Vote.objects.filter(pool=pool.slug).order_by("-pk").values_list("pk", flat=True).first()


def _count_battles() -> dict[str, dict[str, int]]:
    """Pool → state → its blind battles, and how many of those that are over had a side replaced."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: {"replaced": 0})
    for pool, state, number, replaced in _fetch_rows(BATTLE_COUNTS_SQL, [Battle.Mode.ANONYMOUS]):
        found[pool][state] = number
        found[pool]["replaced"] += replaced if state in JUDGED_STATES else 0
    return found


def _compute_figures(pool: Pool, battles: dict[str, int]) -> dict[str, Any]:
    slugs = dict(LanguageModel.objects.values_list("pk", "slug"))
    outcomes, reasons, models = _count_votes(pool, slugs)
    late = Vote.objects.filter(pool=pool.slug, counted=False, created_at__gt=now() - PUBLIC_DELAY)
    return {
        "late": late.exists(),  # then they are counted again in the next hour
        "battles": battles,
        "outcomes": outcomes,
        "reasons": reasons,
        "models": models,
        "model_battles": battle_outcomes.count_outcomes(pool.slug, slugs),
        "chances": _compute_draw_chances(pool, slugs),
        "audit": _audit_pool(pool, slugs),
    }


def _count_votes(pool: Pool, slugs: dict[int, str]) -> tuple[dict[str, int], dict[str, int], dict[str, Any]]:
    """Counted votes by outcome; the others by reason; and of each model how many are counted and why others are not."""
    outcomes: dict[str, int] = defaultdict(int)
    reasons: dict[str, int] = defaultdict(int)
    models: dict[str, Any] = defaultdict(lambda: {"counted": 0, "reasons": defaultdict(int)})
    for winner, model, counted, reason, number in _fetch_rows(VOTE_COUNTS_SQL, [pool.slug, now() - PUBLIC_DELAY]):
        votes = int(number)
        if model is None:
            table, key = (outcomes, winner) if counted else (reasons, reason)
            table[key] += votes
        elif counted:
            models[slugs[model]]["counted"] += votes
        else:
            models[slugs[model]]["reasons"][reason] += votes
    return outcomes, reasons, models


def _compute_draw_chances(pool: Pool, slugs: dict[int, str]) -> dict[str, Any] | None:
    """How the next pair is drawn while all models are up: of each model the chance to be in it, of pairs the least and
    greatest one."""
    weights = PairWeight.objects.filter(pool=pool.slug).first()
    if weights is None:
        return None
    lots = PairSampler(weights.keys, dict(zip(combinations(weights.keys, 2), weights.weights, strict=True)))
    models: dict[str, float] = defaultdict(float)
    for pair, chance in zip(lots.pairs, lots.chances, strict=True):
        for key in pair:
            models[slugs[key]] += chance
    return {"models": models, "least": min(lots.chances), "most": max(lots.chances), "pairs": len(lots.pairs)}


def _audit_pool(pool: Pool, slugs: dict[int, str]) -> dict[str, Any] | None:
    """Of how many votes the chance of their pair is known, and model → [moved, error, flagged]; None if of none."""
    pairs = Tally.objects.filter(
        board__pool=pool, board__category__slug=OVERALL_CATEGORY, board__style_control=False
    ).count()
    rows = _fetch_array(
        PAIR_VOTES_SQL, {"pool": pool.slug, "pairs": max(pairs, 1), "most": propensity_audit.MAX_VOTE_WEIGHT}
    )
    if not len(rows):
        return None
    keys = sorted({*rows[:, :2].astype(int).ravel().tolist()}, key=slugs.__getitem__)
    place = np.zeros(max(keys) + 1, dtype=np.intp)
    place[keys] = np.arange(len(keys))
    cast = _build_voter_counts(pool, place, rows)
    try:
        found = propensity_audit.audit_propensities(
            *_build_comparisons([slugs[key] for key in keys], place, rows), cast
        )
    except NotConverged:
        return None
    moves = zip(found.labels, found.moved.tolist(), found.errors.tolist(), found.flagged.tolist(), strict=True)
    return {
        "votes": int(rows[:, VOTE_COUNT].sum()),
        "most": propensity_audit.MAX_VOTE_WEIGHT,
        "clustered": cast is not None,
        "models": {label: rest for label, *rest in moves},
    }


def _build_comparisons(labels: list[str], place: Indices, rows: Floats) -> tuple[Comparisons, Comparisons, Comparisons]:
    """The same votes three times: counted, by weight, and by the square of the weight."""
    low, high = (place[rows[:, side].astype(int)] for side in (LOW_MODEL, HIGH_MODEL))
    winner, boards = rows[:, OUTCOME], []
    for column in (VOTE_COUNT, WEIGHT_SUM, SQUARED_WEIGHT_SUM):
        amount = rows[:, column]
        wins, ties = np.zeros((2, len(labels), len(labels)))
        np.add.at(wins, (np.where(winner > 0, low, high), np.where(winner > 0, high, low)), amount * (winner != 0))
        np.add.at(ties, (low, high), amount * (winner == 0))
        boards.append(Comparisons.from_counts(labels, wins, ties + ties.T))
    counted, weighted, squared = boards
    return counted, weighted, squared


def _build_voter_counts(pool: Pool, place: Indices, rows: Floats) -> propensity_audit.WeightedVoterCounts | None:
    """Who cast them; None where the intervals of the board are not clustered either."""
    voter, named = np.unique(rows[:, VOTER_HASH], return_inverse=True)[1], rows[:, IS_KNOWN_VOTER] > 0
    if pool.kind == Pool.Kind.IMPORT or len(np.unique(voter[named])) < MIN_VOTERS:
        return None
    low, high = (place[rows[:, side].astype(int)] for side in (LOW_MODEL, HIGH_MODEL))
    outcomes = [rows[:, OUTCOME] == score for score in (1, -1, 0)]
    once, weighted = (
        VoterCounts(voter, low, high, *(rows[:, amount] * each for each in outcomes))
        for amount in (VOTE_COUNT, WEIGHT_SUM)
    )
    return once, weighted


def _fetch_array(statement: str, parameters: Any) -> Floats:
    """All rows as numbers (N, 8), of which few at a time are Python's: there may be one for each vote."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        parts = [np.array(part, dtype=np.float64) for part in iter(lambda: cursor.fetchmany(FETCH_SIZE), [])]
    return np.concatenate(parts) if parts else np.zeros((0, SQUARED_WEIGHT_SUM + 1))


def _fetch_rows(statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
