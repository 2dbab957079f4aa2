"""What a voter may add to a vote: reasons for each side from a short list, and a comment. Neither moves a rating."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as say
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
    "instructions": _("did not follow instructions"),
    "too_long": _("too long"),
    "refused": _("refused"),
}
REASONS = (*PRAISE, *BLAME)


def save_feedback(battle: Battle, reasons: Mapping[str, Sequence[str]], comment: str) -> None:
    """Keep an opinion beside the vote of a battle, in place of the one before.

    Raises Refusal: 400 for unknown reasons or a comment that is no text, 409 `not_voted` before the vote.
    """
    if not Vote.objects.filter(battle=battle).update(**parse_feedback(reasons, comment)):
        raise row_locks.get_change_error(battle, RequestError("not_voted", "Reasons can be given after the vote.", 409))


def parse_feedback(reasons: object, comment: object) -> dict[str, Any]:
    """What of a vote's fields an opinion fills; None for either is nothing.

    Raises Refusal 400 for reasons that are not lists per side of words that are offered, or a comment that is no text.
    """
    if reasons is not None and not (isinstance(reasons, dict) and all(map(_has_valid_reasons, reasons.items()))):
        known = {"known": ", ".join(REASONS)}
        raise field_error("reasons", say("The reasons are lists for the sides a and b; known are %(known)s.") % known)
    if comment is not None and not (
        isinstance(comment, str) and len(comment) <= MAX_COMMENT_LENGTH and is_storable_text(comment)
    ):
        most = {"most": f"{MAX_COMMENT_LENGTH:,}"}
        raise field_error("comment", say("The comment is a text of at most %(most)s characters.") % most)
    kept = {side: [*dict.fromkeys(words)] for side, words in (reasons or {}).items() if words}
    return {"reasons": kept, "comment": (comment or "").strip()}


def _has_valid_reasons(item: tuple[object, object]) -> bool:
    side, words = item
    if side not in SIDES or not isinstance(words, list):
        return False
    return len(words) <= MAX_REASONS and all(word in REASONS for word in words)


def build_vote_data(vote: Vote) -> dict[str, Any]:
    """A vote with its opinion, to whoever cast it."""
    return {name: getattr(vote, name) for name in ("winner", "reasons", "comment", "created_at")}


def build_reason_chips(reasons: Mapping[str, Sequence[str]]) -> dict[str, list[list[dict[str, Any]]]]:
    """Side → what can be said for it, and what against it; `chosen` is what these reasons hold already."""
    return {
        side: [
            [{"word": word, "label": label, "chosen": word in reasons.get(side, ())} for word, label in words.items()]
            for words in (PRAISE, BLAME)
        ]
        for side in SIDES
    }
