"""What may be asked, and said about the answers; and where a question came from."""

import string

from django.db.models import F, Func, TextField, Value
from django.utils.translation import gettext as _

from arena.errors import bad
from arena.models import SIDES, Battle, Turn, Voter
from arena.suggestions import is_suggestion

LONGEST_PROMPT = 32_000
LONGEST_COMMENT = 4_000
LONGEST_REASON = 40
MOST_REASONS = 20


def check_prompt(prompt: object) -> None:
    """Raises Refusal 400 for anything but a text of 1 to 32,000 characters that can be stored."""
    if prompt is not None and not isinstance(prompt, str):
        raise bad("prompt", _("The question must be text."))
    if prompt is None or not prompt.strip():
        raise bad("prompt", _("Write a question first."))
    if not is_text(prompt):
        raise bad("prompt", _("The question holds characters that are no text."))
    if len(prompt) > LONGEST_PROMPT:
        raise bad("prompt", _("The question is longer than %(most)s characters.") % {"most": f"{LONGEST_PROMPT:,}"})


def source(voter: Voter, prompt: str) -> Battle.PromptSource:
    """Where the first question of a new battle came from; a card's text stays one however often it is asked."""
    if is_suggestion(prompt):
        return Battle.PromptSource.SUGGESTION
    before = Turn.objects.filter(battle__voter=voter, number=1)
    same = before.alias(asked=_trimmed(F("prompt"))).filter(asked=_trimmed(Value(prompt)))
    return Battle.PromptSource.REPEATED if same.exists() else Battle.PromptSource.TYPED


def _trimmed(text: F | Value) -> Func:
    return Func(text, Value(string.whitespace), function="btrim", output_field=TextField())


def check_opinion(reasons: object, comment: object) -> None:
    """Raises Refusal 400 for reasons that are not lists of short words per side, or a comment that is no text."""
    if reasons is not None and not (isinstance(reasons, dict) and all(map(_is_reasons, reasons.items()))):
        raise bad("reasons", _("The reasons are lists of short texts for the sides a and b."))
    if comment is not None and not (isinstance(comment, str) and len(comment) <= LONGEST_COMMENT and is_text(comment)):
        most = {"most": f"{LONGEST_COMMENT:,}"}
        raise bad("comment", _("The comment is a text of at most %(most)s characters.") % most)


def _is_reasons(item: tuple[object, object]) -> bool:
    side, words = item
    return (
        side in SIDES
        and isinstance(words, list)
        and len(words) <= MOST_REASONS
        and all(isinstance(word, str) and len(word) <= LONGEST_REASON and is_text(word) for word in words)
    )


def is_text(text: str) -> bool:
    """Whether PostgreSQL can store it: no NUL, no half of a surrogate pair."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False
