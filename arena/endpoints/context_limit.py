"""The limit on the length of a conversation. It is the same for all models, so it does not reveal them."""

from collections.abc import Iterable

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Length
from django.utils.translation import gettext as _

from arena.endpoints.backends.protocol import BYTES_PER_TOKEN
from arena.endpoints.model_requests import DEFAULT_MAX_TOKENS
from arena.models import IS_ENABLED, SIDES, Answer, Battle, Contestant, get_conversation_limit, list_contestants
from core.http.errors import RequestError
from core.text.text_size import TextSize

# A cautious estimate. A token has three to five characters in English prose, about three in code, and two to four bytes
# in other scripts.
CHARACTERS_PER_TOKEN = 2
# Tokens for the system prompt and for the markup around each message.
OVERHEAD_TOKENS = 200


def check_first_prompt(prompt: str) -> None:
    """Raise RequestError 400 `too_long` if a first question exceeds the limit on conversations."""
    limit = get_conversation_limit()
    if TextSize.of(prompt).length > limit:
        raise _too_long_error(_("This question is too long. Shorten it. %(limit)s"), limit)


def check_next_prompt(battle: Battle, prompt: str) -> None:
    """Raise RequestError 400 `too_long` if a question would make a side's conversation exceed the battle's limit.

    The caller must have locked the battle, so that no other question can be added at the same time.
    """
    prompt_size = TextSize.of(prompt)
    answers = Answer.objects.filter(turn__battle=battle).select_related("turn")
    if max((side + prompt_size).length for side in _measure_sides(answers)) > battle.conversation_limit:
        message = _("This conversation would become too long. %(limit)s Ask a shorter question or start a new battle.")
        raise _too_long_error(message, battle.conversation_limit)


def compute_remaining_length(battle: Battle, answers: Iterable[Answer]) -> int:
    """Return the maximum length of the next question in ASCII characters, or 0 if the conversation is full.

    answers: all answers in the battle, with their turns loaded
    """
    limit = battle.conversation_limit
    return max(0, min(min(limit - side.characters, 2 * limit - side.octets) for side in _measure_sides(answers)))


def list_small_windows() -> QuerySet[Contestant]:
    """Return the enabled contestants whose context window is too small for the longest conversation and an answer.

    Draws from all models exclude them, because a long question would reveal which side has the small window.
    Contestants whose context window is unknown are not included.
    """
    conversation_tokens = get_conversation_limit() // CHARACTERS_PER_TOKEN + OVERHEAD_TOKENS
    max_bytes = BYTES_PER_TOKEN * Coalesce(F("max_tokens"), Value(DEFAULT_MAX_TOKENS))
    system_tokens = Coalesce(Length("system") / CHARACTERS_PER_TOKEN, Value(0))
    # A token can be a single byte, so there are up to as many tokens (see `Request.token_limit`).
    answer_tokens = max_bytes + Coalesce(F("thinking_tokens"), Value(0))
    input_tokens = conversation_tokens + system_tokens
    is_small = Q(model__max_input__lt=input_tokens) | Q(model__context_window__lt=input_tokens + answer_tokens)
    return list_contestants().filter(IS_ENABLED, is_small).order_by("name")


def describe_small_windows() -> list[str]:
    """Return a log line for each contestant that is excluded from the draw because of its context window."""
    limit = get_conversation_limit()
    return [
        f"not drawn: {contestant.name}, whose context window is too small for a conversation of {limit:,} "
        "characters (ARENA_CONVERSATION_CHARACTERS) and an answer"
        for contestant in list_small_windows()
    ]


def _measure_sides(answers: Iterable[Answer]) -> list[TextSize]:
    """Return the size of each side's conversation, which consists of its answers and their questions."""
    sizes = dict.fromkeys(SIDES, TextSize())
    for answer in answers:
        if answer.state == Answer.State.FINISHED:
            sizes[answer.side] += TextSize.of(answer.turn.prompt) + TextSize.of(answer.text)
    return list(sizes.values())


def _too_long_error(message: str, limit: int) -> RequestError:
    """Return the error with this message. Its placeholder `%(limit)s` is replaced with a sentence about the limit."""
    sentence = _(
        "A conversation can have up to %(limit)s characters. A Chinese character or an emoji counts as up to two."
    )
    detail = message % {"limit": sentence % {"limit": f"{limit:,}"}}
    return RequestError("too_long", detail, 400, fields={"prompt": [detail]})
