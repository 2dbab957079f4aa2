"""What may be asked, and where a question came from."""

import string

from django.db.models import F, Func, TextField, Value
from django.utils.translation import gettext as _

from arena.errors import bad
from arena.models import Battle, Turn, Voter
from arena.suggestions import is_suggestion

LONGEST_PROMPT = 32_000


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


def is_text(text: str) -> bool:
    """Whether PostgreSQL can store it: no NUL, no half of a surrogate pair."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False
