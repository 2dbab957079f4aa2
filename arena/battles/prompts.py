"""What may be asked, and where a question came from."""

from django.utils.translation import gettext as _

from arena.battles.suggestions import is_suggestion
from arena.endpoints import context_limit
from arena.models import Battle
from core.http.errors import field_error
from core.text.storable import is_storable_text


def check_prompt(prompt: object) -> str:
    """The first question of a battle. Raises Refusal 400 for anything but a text that can be stored, and `too_long`."""
    text = check_text(prompt)
    context_limit.check_first_prompt(text)
    return text


def check_text(prompt: object) -> str:
    """The question, of any length. Raises Refusal 400 for anything but a text that can be stored."""
    if prompt is not None and not isinstance(prompt, str):
        raise field_error("prompt", _("The question must be text."))
    if prompt is None or not prompt.strip():
        raise field_error("prompt", _("Write a question first."))
    if not is_storable_text(prompt):
        raise field_error("prompt", _("The question holds characters that are no text."))
    return prompt


def detect_prompt_source(prompt: str) -> Battle.PromptSource:
    """Where the first question of a new battle came from."""
    return Battle.PromptSource.SUGGESTION if is_suggestion(prompt) else Battle.PromptSource.TYPED
