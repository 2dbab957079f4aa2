"""Feedback on a vote: reasons for each side from a fixed list, and a comment. Feedback never changes a rating."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from arena.models import SIDES, Battle, Vote, row_locks
from core.http.errors import RequestError, field_error
from core.text.storable import is_storable_text

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

    Raises RequestError 400 for unknown reasons or an invalid comment, and 409 `not_voted` before the vote.
    """
    if not Vote.objects.filter(battle=battle).update(**parse_feedback(reasons, comment)):
        error = RequestError("not_voted", "You can give reasons after you vote.", 409)
        raise row_locks.replace_error_if_deleted(battle, error)


def parse_feedback(reasons: object, comment: object) -> dict[str, Any]:
    """Parse the feedback in a request into `Vote` fields.

    reasons: lists of words from `REASONS`, keyed by side, or None
    comment: a string of at most `MAX_COMMENT_LENGTH` characters, or None

    Raises RequestError 400 if the reasons or the comment are invalid.
    """
    if not _are_valid_reasons(reasons):
        detail = translate("Send the reasons as an object with the lists “a” and “b”. Allowed reasons: %(words)s.")
        raise field_error("reasons", detail % {"words": ", ".join(REASONS)})
    if not _is_valid_comment(comment):
        detail = translate("Send the comment as text of at most %(most)s characters.")
        raise field_error("comment", detail % {"most": f"{MAX_COMMENT_LENGTH:,}"})
    unique_reasons = {side: list(dict.fromkeys(words)) for side, words in (reasons or {}).items() if words}
    return {"reasons": unique_reasons, "comment": (comment or "").strip()}


def _are_valid_reasons(reasons: object) -> TypeGuard[dict[str, list[str]] | None]:
    if reasons is None:
        return True
    if not isinstance(reasons, dict):
        return False
    return all(side in SIDES and _are_known_words(words) for side, words in reasons.items())


def _are_known_words(words: object) -> bool:
    return isinstance(words, list) and len(words) <= MAX_REASONS and all(word in REASONS for word in words)


def _is_valid_comment(comment: object) -> TypeGuard[str | None]:
    if comment is None:
        return True
    return isinstance(comment, str) and len(comment) <= MAX_COMMENT_LENGTH and is_storable_text(comment)


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
