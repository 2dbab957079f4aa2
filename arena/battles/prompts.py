"""Checks questions, and detects whether they were suggested or typed."""

from django.utils.translation import gettext as _

from arena.battles.suggestions import is_suggestion
from arena.endpoints import context_limit
from arena.models import Battle
from core.http.errors import field_error
from core.text.storable import is_storable_text


def check_prompt(prompt: str) -> None:
    """Check a battle's first question. Raises RequestError 400 if it is invalid or too long."""
    check_text(prompt)
    context_limit.check_first_prompt(prompt)


def check_text(prompt: str) -> None:
    """Check a question. Raises RequestError 400 if it is empty or not storable."""
    if not prompt.strip():
        raise field_error("prompt", _("Write a question first."))
    if not is_storable_text(prompt):
        raise field_error("prompt", _("The question contains invalid characters. Remove them and try again."))


def detect_prompt_source(prompt: str) -> Battle.PromptSource:
    """Return whether the voter used a suggestion or typed the question."""
    return Battle.PromptSource.SUGGESTION if is_suggestion(prompt) else Battle.PromptSource.TYPED
