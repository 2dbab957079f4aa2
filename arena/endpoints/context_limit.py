"""How long a conversation may become: one limit for both sides, so that it tells nothing of the models that answer."""

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
# What stands around the texts: the system prompt, and the marks of each message.
OVERHEAD_TOKENS = 200


def check_first_prompt(prompt: str) -> None:
    """Raises Refusal 400 `too_long` for a first question that is longer than a conversation may be."""
    most = conversation_limit()
    if TextSize.of(prompt).length > most:
        words = _("This question is too long. Shorten it. %(limit)s")
        raise _too_long_error(words % {"limit": _format_limit(most)})


def check_next_prompt(battle: Battle, prompt: str) -> None:
    """Raises Refusal 400 `too_long` for a question that makes either side's conversation longer than the battle allows.

    The caller has locked the battle, so that no other question comes in between.
    """
    asked = TextSize.of(prompt)
    answers = Answer.objects.filter(turn__battle=battle).select_related("turn")
    if max((side + asked).length for side in _measure_sides(answers)) > battle.conversation_limit:
        words = _("This conversation would become too long. %(limit)s Ask a shorter question, or start a new battle.")
        raise _too_long_error(words % {"limit": _format_limit(battle.conversation_limit)})


def compute_remaining_length(battle: Battle, answers: Iterable[Answer]) -> int:
    """How many letters of one byte the next question may have; 0 if the conversation is full.

    `answers` are all of the battle, with their turns.
    """
    most = battle.conversation_limit
    return max(0, min(min(most - side.characters, 2 * most - side.octets) for side in _measure_sides(answers)))


def list_small_windows() -> QuerySet[Endpoint]:
    """The enabled endpoints whose model is known to read less than the longest conversation and an answer.

    They are not drawn blind for everybody: a long question would tell which pane has the small window.
    """
    tokens = conversation_limit() // CHARACTERS_PER_TOKEN + OVERHEAD_TOKENS
    answer = Coalesce(F("max_tokens"), Value(DEFAULT_MAX_TOKENS)) + Coalesce(F("thinking_tokens"), Value(0))
    small = Q(model__max_input__lt=tokens) | Q(model__context_window__lt=tokens + answer)
    return Endpoint.objects.filter(small, enabled=True).select_related("model").order_by("model__name")


def describe_small_windows() -> list[str]:
    """A line for each model that is not drawn for its window, for those who start the service or load models."""
    most = conversation_limit()
    return [
        f"not drawn: {each.model.name}, whose window is too small for a conversation of {most:,} characters "
        "(ARENA_CONVERSATION_CHARACTERS) and an answer"
        for each in list_small_windows()
    ]


def _measure_sides(answers: Iterable[Answer]) -> list[TextSize]:
    """The conversation of each side so far: the questions that it answered, and its answers."""
    sizes = dict.fromkeys(SIDES, TextSize())
    for answer in answers:
        if answer.state == Answer.State.FINISHED:
            sizes[answer.side] += TextSize.of(answer.turn.prompt) + TextSize.of(answer.text)
    return list(sizes.values())


def _format_limit(most: int) -> str:
    words = _("A conversation can have %(most)s characters; Chinese characters and emoji count as up to two.")
    return words % {"most": f"{most:,}"}


def _too_long_error(detail: str) -> RequestError:
    return RequestError("too_long", detail, 400, fields={"prompt": [detail]})
