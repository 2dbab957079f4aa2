"""Feedback on a vote: reasons for each side from a fixed list, and a comment. Feedback never changes a rating.

Contestants have statistics of the reasons, so that readers see what voters like about them.

The address of the form is `opinion/`, which is older than the word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from arena.models import SIDES, Battle, Contestant, Vote, row_locks
from core.http.errors import RequestError
from core.storage.database import fetch_rows

MAX_COMMENT_LENGTH = 4_000
MAX_REASONS = 20
PRAISE = {
    "useful": _("useful"),
    "complete": _("complete"),
    "well_written": _("well written"),
    "well_formatted": _("well formatted"),
    "correct": _("correct"),
}
BLAME = {
    "wrong": _("wrong"),
    "shallow": _("shallow"),
    "instructions": _("not what I asked for"),
    "too_long": _("too long"),
    "refused": _("a refusal"),
}
REASONS = (*PRAISE, *BLAME)
MIN_VOTERS = 5  # with fewer voters, readers could guess who gave which reason

# Each half of the union has its own partial index.
REASON_COUNTS_SQL = """
WITH own_votes AS (
    SELECT voter, reasons -> 'a' AS words, pool_id, counted FROM arena_vote
    WHERE contestant_a_id = %(contestant)s AND reasons <> '{}'
    UNION ALL
    SELECT voter, reasons -> 'b' AS words, pool_id, counted FROM arena_vote
    WHERE contestant_b_id = %(contestant)s AND reasons <> '{}'
), pool_votes AS (
    SELECT voter, words FROM own_votes
    WHERE pool_id = (SELECT id FROM arena_pool WHERE slug = %(pool)s) AND counted
        AND jsonb_typeof(words) = 'array' AND words ?| %(known_words)s
)
SELECT (SELECT count(*) FROM pool_votes), (SELECT count(DISTINCT voter) FROM pool_votes), word, count(*)
FROM pool_votes, LATERAL (SELECT DISTINCT jsonb_array_elements_text(words) AS word) AS once GROUP BY word"""


def save_feedback(battle: Battle, reasons: Mapping[str, Sequence[str]], comment: str) -> None:
    """Store feedback with the vote on a battle. It replaces earlier feedback.

    reasons, comment: valid feedback (see `arena.battles.requests.FeedbackSchema`)

    Raises RequestError 409 `not_voted` before the vote.
    """
    if not Vote.objects.filter(battle=battle).update(**build_feedback_fields(reasons, comment)):
        error = RequestError("not_voted", "You can give reasons after you vote.", 409)
        raise row_locks.replace_error_if_deleted(battle, error)


def build_feedback_fields(reasons: Mapping[str, Sequence[str]] | None, comment: str | None) -> dict[str, Any]:
    """Return the fields of a vote with this feedback: each reason once, and the comment without outer blanks."""
    unique_reasons = {side: list(dict.fromkeys(words)) for side, words in (reasons or {}).items() if words}
    return {"reasons": unique_reasons, "comment": (comment or "").strip()}


def build_vote_data(vote: Vote) -> dict[str, Any]:
    """Return the vote and its feedback as a dict for its voter."""
    return {name: getattr(vote, name) for name in ("winner", "reasons", "comment", "created_at")}


def list_reason_labels(reasons: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the labels of a vote's reasons, keyed by side. Words that are not in `REASONS` are omitted."""
    labels = PRAISE | BLAME
    return {side: [str(labels[word]) for word in words if word in labels] for side, words in reasons.items()}


def build_reason_chips(reasons: Mapping[str, Sequence[str]]) -> dict[str, list[list[dict[str, Any]]]]:
    """Return two lists of chips per side, one for praise and one for blame.

    A chip is `chosen` if its word is in `reasons`.
    """
    return {
        side: [
            [{"word": word, "label": label, "chosen": word in reasons.get(side, ())} for word, label in words.items()]
            for words in (PRAISE, BLAME)
        ]
        for side in SIDES
    }


@dataclass(frozen=True)
class FeedbackProfile:
    """The reasons that voters gave for or against a contestant.

    votes: the number of votes with a reason
    voters: the number of voters who cast these votes
    praise, blame: one row per reason, with its count and its percentage of the votes
    """

    votes: int
    voters: int
    praise: list[dict[str, Any]]
    blame: list[dict[str, Any]]


def load_feedback_profile(contestant: Contestant, pool: str) -> FeedbackProfile | None:
    """Return the profile from a pool's counted votes, or None if fewer than `MIN_VOTERS` voters gave a reason.

    pool: its slug
    """
    rows = fetch_rows(REASON_COUNTS_SQL, {"contestant": contestant.pk, "pool": pool, "known_words": list(REASONS)})
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
