"""Counts how often voters gave each reason for or against a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from arena.battles.feedback import BLAME, PRAISE

MIN_VOTERS = 5  # with fewer voters, readers could guess who gave which reason

# Each half of the union has its own partial index.
REASON_COUNTS_SQL = """
WITH model_votes AS (
    SELECT voter, reasons -> 'a' AS words, pool, counted FROM arena_vote
    WHERE model_a_id = %(model)s AND reasons <> '{}'
    UNION ALL
    SELECT voter, reasons -> 'b' AS words, pool, counted FROM arena_vote
    WHERE model_b_id = %(model)s AND reasons <> '{}'
), pool_votes AS (
    SELECT voter, words FROM model_votes
    WHERE pool = %(pool)s AND counted AND jsonb_typeof(words) = 'array' AND words ?| %(known_words)s
)
SELECT (SELECT count(*) FROM pool_votes), (SELECT count(DISTINCT voter) FROM pool_votes), word, count(*)
FROM pool_votes, LATERAL (SELECT DISTINCT jsonb_array_elements_text(words) AS word) AS once GROUP BY word"""


@dataclass(frozen=True)
class FeedbackProfile:
    """The reasons that voters gave for or against a model.

    votes: the number of votes with a reason
    voters: the number of voters who cast these votes
    praise, blame: one row per reason, with its count and its percentage of the votes
    """

    votes: int
    voters: int
    praise: list[dict[str, Any]]
    blame: list[dict[str, Any]]


def load_feedback_profile(model_id: int, pool: str) -> FeedbackProfile | None:
    """Return a model's profile from a pool's counted votes, or None if fewer than `MIN_VOTERS` voters gave a reason."""
    known_words = [*PRAISE, *BLAME]
    with connection.cursor() as cursor:
        cursor.execute(REASON_COUNTS_SQL, {"model": model_id, "pool": pool, "known_words": known_words})
        rows = cursor.fetchall()
    if not rows:
        return None
    votes, voters, *_ = rows[0]
    if voters < MIN_VOTERS:
        return None
    counts = {word: count for _, _, word, count in rows}
    return FeedbackProfile(
        votes=votes,
        voters=voters,
        praise=_build_reason_rows(PRAISE, counts, votes),
        blame=_build_reason_rows(BLAME, counts, votes),
    )


def _build_reason_rows(labels: Mapping[str, Any], counts: Mapping[str, int], votes: int) -> list[dict[str, Any]]:
    """Return one row per reason, the most frequent first."""
    rows = [
        {"word": word, "label": label, "count": counts.get(word, 0), "percent": 100 * counts.get(word, 0) / votes}
        for word, label in labels.items()
    ]
    return sorted(rows, key=lambda row: -row["count"])
