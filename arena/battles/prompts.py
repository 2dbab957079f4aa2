"""Checks questions, and detects whether they were suggested or typed."""

from django.utils.translation import gettext as _

from arena.battles.suggestions import is_suggestion
from arena.endpoints import context_limit
from arena.models import Battle
from core.http.errors import field_error
from core.text.storable import is_storable_text


def check_prompt(prompt: object) -> str:
    """Check a battle's first question and return it. Raises RequestError 400 if it is invalid or too long."""
    text = check_text(prompt)
    context_limit.check_first_prompt(text)
    return text


def check_text(prompt: object) -> str:
    """Check a question and return it. Raises RequestError 400 if it is not text, is empty, or is not storable."""
    if prompt is not None and not isinstance(prompt, str):
        raise field_error("prompt", _("Send the question as text."))
    if prompt is None or not prompt.strip():
        raise field_error("prompt", _("Write a question first."))
    if not is_storable_text(prompt):
        raise field_error("prompt", _("The question contains invalid characters. Remove them and try again."))
    return prompt


def detect_prompt_source(prompt: str) -> Battle.PromptSource:
    """Return whether the voter used a suggestion or typed the question."""
    return Battle.PromptSource.SUGGESTION if is_suggestion(prompt) else Battle.PromptSource.TYPED
