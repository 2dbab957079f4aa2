"""The figures on the method page that depend on every vote.

A periodic task computes them in advance and stores one row per pool, so that no page has to read a million votes.
"""

import time
from collections import defaultdict
from itertools import combinations
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Case, F, Sum, Value, When
from django.db.models.functions import Now
from django.utils.timezone import now

from arena.endpoints.pair_sampler import PairSampler
from arena.models import Battle, PairWeight, Vote
from catalog.models import LanguageModel
from ratings.models import EXCLUDED, OVERALL_CATEGORY, PUBLIC_DELAY, Pool, PoolFigures, Tally, VoteWeight
from ratings.pipeline import battle_outcomes
from ratings.statistics import propensity_audit
from ratings.statistics.comparisons import Comparisons, VoterCounts
from ratings.statistics.constants import MIN_VOTERS
from ratings.statistics.likelihood import NotConverged
from ratings.statistics.vote_arrays import Floats, Indices

# One pass counts votes by outcome, by the model on side a, and by the model on side b. Votes that do not count are
# included after the same delay as in the public record. Otherwise, voters could see immediately whether their own vote
# counts.
VOTE_COUNTS_SQL = """
SELECT winner, COALESCE(model_a_id, model_b_id), counted, reason, sum(multiplicity)
FROM (SELECT winner, model_a_id, model_b_id, counted, CASE WHEN counted THEN '' ELSE reason END AS reason, multiplicity
    FROM arena_vote WHERE pool = %s AND (counted OR created_at IS NULL OR created_at <= %s)) AS votes
GROUP BY GROUPING SETS ((winner, counted, reason), (model_a_id, counted, reason), (model_b_id, counted, reason))"""
BATTLE_COUNTS_SQL = """
SELECT pool, state, count(*), count(*) FILTER (WHERE replaced <> '[]'::jsonb)
FROM arena_battle WHERE mode = %s GROUP BY 1, 2"""
JUDGED_STATES = (Battle.State.VOTED, Battle.State.SKIPPED)
# A vote has weight 1 if its pair was drawn as often as an average pair. A vote from an unknown voter counts as a vote
# from a separate voter. Voters are identified by 52 bits of a hash, which fit into a float. Among a million voters, the
# probability that two of them share a hash is one in ten thousand.
PAIR_VOTES_SQL = """
SELECT LEAST(model_a_id, model_b_id), GREATEST(model_a_id, model_b_id),
    CASE WHEN winner NOT IN ('a', 'b') THEN 0 WHEN (winner = 'a') = (model_a_id < model_b_id) THEN 1 ELSE -1 END,
    voter_hash, voter IS NOT NULL,
    sum(multiplicity)::float8, sum(multiplicity * weight)::float8, sum(multiplicity * weight * weight)::float8
FROM (
    SELECT *, LEAST(1 / (propensity * %(pairs)s), %(max_weight)s) AS weight,
        COALESCE(uuid_hash_extended(voter, 0), hashint8extended(id, 1)) >> 12 AS voter_hash FROM arena_vote
    WHERE pool = %(pool)s AND counted AND propensity IS NOT NULL
) AS drawn GROUP BY 1, 2, 3, 4, 5"""
FETCH_SIZE = 20_000
# The columns of PAIR_VOTES_SQL.
LOW_MODEL, HIGH_MODEL, OUTCOME, VOTER_HASH, IS_KNOWN_VOTER, VOTE_COUNT, WEIGHT_SUM, SQUARED_WEIGHT_SUM = range(8)
# The pause between two rounds is this many times the duration of the previous round.
PAUSE_FACTOR = 200
_next_round_at = 0.0


def update_pool_figures() -> list[str]:
    """Update the figures for all pools that have changed, and return those pools' slugs.

    During the pause after a round (see `PAUSE_FACTOR`), this does nothing and returns an empty list. Visitors' named
    sets have no figures, because there can be many sets.
    """
    global _next_round_at  # noqa: PLW0603  # one process computes the figures
    started = time.monotonic()
    if started < _next_round_at:
        return []
    battles = _count_battles()
    changed = []
    stored_rows = PoolFigures.objects.values_list("pool", "mark", "figures__withheld")
    stored_marks = {pool: (mark, has_withheld_votes) for pool, mark, has_withheld_votes in stored_rows}
    for pool in Pool.objects.exclude(kind__in=(Pool.Kind.REFERENCE, Pool.Kind.SHORTLIST)).order_by("pk"):
        pool_battles = battles.get(pool.slug, {})
        stored_mark, has_withheld_votes = stored_marks.get(pool.pk, (None, False))
        newest_vote_id = Vote.objects.filter(pool=pool.slug).order_by("-pk").values_list("pk", flat=True).first()
        mark = [newest_vote_id, pool.revision, pool_battles, now().hour if has_withheld_votes else None]
        if stored_mark != mark:
            values = {"figures": _compute_figures(pool, pool_battles), "mark": mark, "counted_at": Now()}
            PoolFigures.objects.update_or_create(pool=pool, defaults=values)
            changed.append(pool.slug)
    _next_round_at = time.monotonic() + PAUSE_FACTOR * (time.monotonic() - started)
    return changed


def _count_battles() -> dict[str, dict[str, int]]:
    """Return the number of blind battles by pool and state.

    The extra state "replaced" counts the voted and skipped battles in which a model was replaced.
    """
    counts: dict[str, dict[str, int]] = defaultdict(lambda: {"replaced": 0})
    for pool, state, number, replaced in _fetch_rows(BATTLE_COUNTS_SQL, [Battle.Mode.ANONYMOUS]):
        counts[pool][state] = number
        if state in JUDGED_STATES:
            counts[pool]["replaced"] += replaced
    return counts


def _compute_figures(pool: Pool, battles: dict[str, int]) -> dict[str, Any]:
    slugs = dict(LanguageModel.objects.values_list("pk", "slug"))
    vote_counts = _count_votes(pool, slugs)
    start = now() - PUBLIC_DELAY  # later votes are withheld, because they are too recent to publish
    withheld_votes = Vote.objects.filter(pool=pool.slug, counted=False, created_at__gt=start)
    withheld_weights = VoteWeight.objects.filter(vote__pool=pool.slug, vote__created_at__gt=start)
    return {
        # If votes or weights are withheld, the figures are updated again in the next hour.
        "withheld": withheld_votes.exists() or withheld_weights.exists(),
        "battles": battles,
        **vote_counts,
        "reduced": _count_reduced(pool),
        "model_battles": battle_outcomes.count_outcomes(pool.slug, slugs),
        "chances": _compute_draw_chances(pool, slugs),
        "audit": _audit_pool(pool, slugs),
    }


def _count_votes(pool: Pool, slugs: dict[int, str]) -> dict[str, Any]:
    """Return the numbers of counted votes by outcome and of other votes by reason, in total and per model."""
    outcomes: dict[str, int] = defaultdict(int)
    reasons: dict[str, int] = defaultdict(int)
    models: dict[str, Any] = defaultdict(lambda: {"counted": 0, "reasons": defaultdict(int)})
    for winner, model, counted, reason, number in _fetch_rows(VOTE_COUNTS_SQL, [pool.slug, now() - PUBLIC_DELAY]):
        votes = int(number)
        if model is None:
            if counted:
                outcomes[winner] += votes
            else:
                reasons[reason] += votes
        elif counted:
            models[slugs[model]]["counted"] += votes
        else:
            models[slugs[model]]["reasons"][reason] += votes
    return {"outcomes": outcomes, "reasons": reasons, "models": models}


def _count_reduced(pool: Pool) -> dict[str, int]:
    """Return the number of votes with a weight below 1, by reason. Votes are included once they are a day old."""
    rows = VoteWeight.objects.filter(vote__pool=pool.slug, vote__created_at__lte=now() - PUBLIC_DELAY)
    reason = Case(When(excluded=True, then=Value(EXCLUDED)), default=F("reason"))
    counts = rows.values_list(reason).annotate(number=Sum("vote__multiplicity"))
    return dict(counts.order_by("-number"))


def _compute_draw_chances(pool: Pool, slugs: dict[int, str]) -> dict[str, Any] | None:
    """Return each model's probability of being in the next pair, and the extremes over all pairs.

    All models are assumed to be available. Return None if the pool has no pair weights.
    """
    weights = PairWeight.objects.filter(pool=pool.slug).first()
    if weights is None:
        return None
    weight_by_pair = dict(zip(combinations(weights.keys, 2), weights.weights, strict=True))
    sampler = PairSampler(weights.keys, weight_by_pair)
    models: dict[str, float] = defaultdict(float)
    for pair, chance in zip(sampler.pairs, sampler.chances, strict=True):
        for key in pair:
            models[slugs[key]] += chance
    return {
        "models": models,
        "least": min(sampler.chances),
        "most": max(sampler.chances),
        "pairs": len(sampler.pairs),
    }


def _audit_pool(pool: Pool, slugs: dict[int, str]) -> dict[str, Any] | None:
    """Return the audit of the draw from the votes with a known propensity, in the stored format.

    `votes` is the number of these votes. `models` maps each model to [change in its rating, standard error, flagged].

    Return None if there are no such votes, or if the fit does not converge.
    """
    pairs = Tally.objects.filter(
        board__pool=pool, board__category__slug=OVERALL_CATEGORY, board__style_control=False
    ).count()
    rows = _fetch_array(
        PAIR_VOTES_SQL, {"pool": pool.slug, "pairs": max(pairs, 1), "max_weight": propensity_audit.MAX_VOTE_WEIGHT}
    )
    if not len(rows):
        return None
    keys = sorted({*rows[:, :2].astype(int).ravel().tolist()}, key=slugs.__getitem__)
    positions = np.zeros(max(keys) + 1, dtype=np.intp)
    positions[keys] = np.arange(len(keys))
    low, high = (positions[rows[:, side].astype(int)] for side in (LOW_MODEL, HIGH_MODEL))
    labels = [slugs[key] for key in keys]
    counted, weighted, squared = (
        _build_comparisons(labels, low, high, rows[:, OUTCOME], rows[:, column])
        for column in (VOTE_COUNT, WEIGHT_SUM, SQUARED_WEIGHT_SUM)
    )
    voter_counts = _build_voter_counts(pool, low, high, rows)
    try:
        audit = propensity_audit.audit_propensities(counted, weighted, squared, voter_counts)
    except NotConverged:
        return None
    columns = (audit.changes.tolist(), audit.errors.tolist(), audit.flagged.tolist())
    return {
        "votes": int(rows[:, VOTE_COUNT].sum()),
        "most": propensity_audit.MAX_VOTE_WEIGHT,
        "clustered": voter_counts is not None,
        "models": {label: figures for label, *figures in zip(audit.labels, *columns, strict=True)},
    }


def _build_comparisons(labels: list[str], low: Indices, high: Indices, outcome: Floats, amount: Floats) -> Comparisons:
    """Return the sums of one column of `PAIR_VOTES_SQL`, such as the number of votes, as comparisons."""
    wins, ties = np.zeros((2, len(labels), len(labels)))
    np.add.at(wins, (np.where(outcome > 0, low, high), np.where(outcome > 0, high, low)), amount * (outcome != 0))
    np.add.at(ties, (low, high), amount * (outcome == 0))
    return Comparisons.from_counts(labels, wins, ties + ties.T)


def _build_voter_counts(
    pool: Pool, low: Indices, high: Indices, rows: Floats
) -> propensity_audit.WeightedVoterCounts | None:
    """Return each voter's votes and their total weights, or None if errors are not clustered by voter."""
    voter = np.unique(rows[:, VOTER_HASH], return_inverse=True)[1]
    known_voters = np.unique(voter[rows[:, IS_KNOWN_VOTER] > 0])
    if pool.kind == Pool.Kind.IMPORT or len(known_voters) < MIN_VOTERS:
        return None
    outcomes = [rows[:, OUTCOME] == score for score in (1, -1, 0)]
    counted, weighted = (
        VoterCounts(voter, low, high, *(rows[:, amount] * outcome for outcome in outcomes))
        for amount in (VOTE_COUNT, WEIGHT_SUM)
    )
    return counted, weighted


def _fetch_array(statement: str, parameters: Any) -> Floats:
    """Return all rows as an array of shape (N, 8).

    There can be one row per vote, so the rows are converted in batches to limit the number of Python objects.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        parts = [np.array(part, dtype=np.float64) for part in iter(lambda: cursor.fetchmany(FETCH_SIZE), [])]
    return np.concatenate(parts) if parts else np.zeros((0, SQUARED_WEIGHT_SUM + 1))


def _fetch_rows(statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
