"""What a voter may add to a vote: reasons for each side from a short list, and a comment. Neither moves a rating."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from arena.errors import Refusal, bad
from arena.models import SIDES, Battle, Vote
from arena.prompts import check_opinion

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


def save(battle: Battle, reasons: Mapping[str, Sequence[str]], comment: str) -> None:
    """Keep an opinion beside the vote of a battle, in place of the one before.

    Raises Refusal: 400 for unknown reasons or a comment that is no text, 409 `not_voted` before the vote.
    """
    check_opinion(reasons, comment)
    if {word for words in reasons.values() for word in words} - PRAISE.keys() - BLAME.keys():
        raise bad("reasons", "One of the reasons is not on the list.")
    kept = {side: [*dict.fromkeys(words)] for side, words in reasons.items() if words}
    if not Vote.objects.filter(battle=battle).update(reasons=kept, comment=comment.strip()):
        raise Refusal("not_voted", "Reasons can be given after the vote.", 409)


def chips(reasons: Mapping[str, Sequence[str]]) -> dict[str, list[list[dict[str, Any]]]]:
    """Side → what can be said for it, and what against it; `chosen` is what these reasons hold already."""
    return {
        side: [
            [{"word": word, "label": label, "chosen": word in reasons.get(side, ())} for word, label in words.items()]
            for words in (PRAISE, BLAME)
        ]
        for side in SIDES
    }
