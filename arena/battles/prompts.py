"""What may be asked, and where a question came from."""

from django.utils.translation import gettext as _

from arena.battles.suggestions import is_suggestion
from arena.endpoints import context_limit
from arena.models import Battle
from core.http.errors import bad
from core.text.storable import is_text


def check_prompt(prompt: object) -> str:
    """The first question of a battle. Raises Refusal 400 for anything but a text that can be stored, and `too_long`."""
    text = check_text(prompt)
    context_limit.check_first(text)
    return text


def check_text(prompt: object) -> str:
    """The question, of any length. Raises Refusal 400 for anything but a text that can be stored."""
    if prompt is not None and not isinstance(prompt, str):
        raise bad("prompt", _("The question must be text."))
    if prompt is None or not prompt.strip():
        raise bad("prompt", _("Write a question first."))
    if not is_text(prompt):
        raise bad("prompt", _("The question holds characters that are no text."))
    return prompt


def source(prompt: str) -> Battle.PromptSource:
    """Where the first question of a new battle came from."""
    return Battle.PromptSource.SUGGESTION if is_suggestion(prompt) else Battle.PromptSource.TYPED
