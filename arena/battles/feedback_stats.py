"""What voters said for a model and against it: how often each reason of the list was given."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from arena.battles.feedback import BLAME, PRAISE

MIN_VOTERS = 5  # of fewer it could be guessed what each of them said

# Both parts of what is said are found by partial indexes of their own.
REASON_COUNTS_SQL = """
WITH said AS (
    SELECT voter, reasons -> 'a' AS words, pool, counted FROM arena_vote
    WHERE model_a_id = %(model)s AND reasons <> '{}'
    UNION ALL
    SELECT voter, reasons -> 'b' AS words, pool, counted FROM arena_vote
    WHERE model_b_id = %(model)s AND reasons <> '{}'
), held AS (
    SELECT voter, words FROM said
    WHERE pool = %(pool)s AND counted AND jsonb_typeof(words) = 'array' AND words ?| %(known)s
)
SELECT (SELECT count(*) FROM held), (SELECT count(DISTINCT voter) FROM held), word, count(*)
FROM held, LATERAL (SELECT DISTINCT jsonb_array_elements_text(words) AS word) AS once GROUP BY word"""


@dataclass(frozen=True)
class FeedbackProfile:
    """Votes with a reason about this model, by so many voters; each reason of the list with its count and its share."""

    votes: int
    voters: int
    praise: list[dict[str, Any]]
    blame: list[dict[str, Any]]


def load_feedback_profile(model: int, pool: str) -> FeedbackProfile | None:
    """Of the counted votes of a pool; None where fewer than five people gave a reason about this model."""
    known = [*PRAISE, *BLAME]
    with connection.cursor() as cursor:
        cursor.execute(REASON_COUNTS_SQL, {"model": model, "pool": pool, "known": known})
        found = cursor.fetchall()
    votes, voters = found[0][:2] if found else (0, 0)
    if voters < MIN_VOTERS:
        return None
    counts = {word: number for _, _, word, number in found}
    return FeedbackProfile(votes, voters, *(_build_reason_rows(words, counts, votes) for words in (PRAISE, BLAME)))


def _build_reason_rows(words: Mapping[str, Any], counts: Mapping[str, int], votes: int) -> list[dict[str, Any]]:
    """All of these words, those given most often first."""
    found = [{"word": word, "label": label, "count": counts.get(word, 0)} for word, label in words.items()]
    return sorted(({**each, "percent": 100 * each["count"] / votes} for each in found), key=lambda each: -each["count"])
