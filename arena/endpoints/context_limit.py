"""The limit on the length of a conversation: one for both sides, so that it reveals nothing about the models."""

from collections.abc import Iterable

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from arena.endpoints.model_requests import DEFAULT_MAX_TOKENS
from arena.models import SIDES, Answer, Battle, Endpoint, conversation_limit
from core.http.errors import RequestError
from core.text.text_size import TextSize

# A token of prose has three to five characters, of program text about three, of other scripts two to four bytes.
CHARACTERS_PER_TOKEN = 2
# Tokens besides the texts: the system prompt, and the markup of each message.
OVERHEAD_TOKENS = 200


def check_first_prompt(prompt: str) -> None:
    """Raise RequestError 400 `too_long` for a first question that is longer than a conversation may be."""
    limit = conversation_limit()
    if TextSize.of(prompt).length > limit:
        raise _too_long_error(_("This question is too long. Shorten it. %(limit)s"), limit)


def check_next_prompt(battle: Battle, prompt: str) -> None:
    """Raise RequestError 400 `too_long` for a question that makes a side's conversation longer than the battle allows.

    The caller must hold the lock of the battle, so that no other question is added in between.
    """
    prompt_size = TextSize.of(prompt)
    answers = Answer.objects.filter(turn__battle=battle).select_related("turn")
    if max((side + prompt_size).length for side in _measure_sides(answers)) > battle.conversation_limit:
        message = _("This conversation would become too long. %(limit)s Ask a shorter question or start a new battle.")
        raise _too_long_error(message, battle.conversation_limit)


def compute_remaining_length(battle: Battle, answers: Iterable[Answer]) -> int:
    """The most one-byte letters that the next question may have; 0 if the conversation has reached its limit.

    `answers` are all answers of the battle, with their turns.
    """
    limit = battle.conversation_limit
    return max(0, min(min(limit - side.characters, 2 * limit - side.octets) for side in _measure_sides(answers)))


def list_small_windows() -> QuerySet[Endpoint]:
    """The enabled endpoints whose model is known to read less than the longest conversation and an answer.

    They are excluded from blind draws among all models: a long question would show which side has the small window.
    """
    conversation_tokens = conversation_limit() // CHARACTERS_PER_TOKEN + OVERHEAD_TOKENS
    answer_tokens = Coalesce(F("max_tokens"), Value(DEFAULT_MAX_TOKENS)) + Coalesce(F("thinking_tokens"), Value(0))
    is_small = Q(model__max_input__lt=conversation_tokens) | Q(
        model__context_window__lt=conversation_tokens + answer_tokens
    )
    return Endpoint.objects.filter(is_small, enabled=True).select_related("model").order_by("model__name")


def describe_small_windows() -> list[str]:
    """A line for each model that its window excludes from blind draws: for the log of the start and `load_models`."""
    limit = conversation_limit()
    return [
        f"not drawn: {endpoint.model.name}, whose window is too small for a conversation of {limit:,} characters "
        "(ARENA_CONVERSATION_CHARACTERS) and an answer"
        for endpoint in list_small_windows()
    ]


def _measure_sides(answers: Iterable[Answer]) -> list[TextSize]:
    """The size of each side's conversation so far: the questions that it answered, and its answers."""
    sizes = dict.fromkeys(SIDES, TextSize())
    for answer in answers:
        if answer.state == Answer.State.FINISHED:
            sizes[answer.side] += TextSize.of(answer.turn.prompt) + TextSize.of(answer.text)
    return list(sizes.values())


def _too_long_error(message: str, limit: int) -> RequestError:
    """The error with this message, in which `%(limit)s` stands for a sentence about the limit."""
    sentence = _("A conversation can have %(limit)s characters; Chinese characters and emoji count as up to two.")
    detail = message % {"limit": sentence % {"limit": f"{limit:,}"}}
    return RequestError("too_long", detail, 400, fields={"prompt": [detail]})
