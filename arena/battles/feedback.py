"""Feedback on a vote: reasons for each side from a fixed list, and a comment. Feedback never changes a rating.

The address of the form is `opinion/`, which is older than the word.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from arena.models import SIDES, Battle, Vote, row_locks
from core.http.errors import RequestError

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
