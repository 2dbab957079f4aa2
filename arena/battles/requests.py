"""What battles and votes are asked for: the bodies of the API's write calls, and the same fields of the pages' forms.

What the API document says is what is checked. A later check may still refuse, for what depends on the database.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request
from rest_framework.serializers import ChoiceField, Field, ListField

from arena.battles.feedback import MAX_COMMENT_LENGTH, MAX_REASONS, REASONS
from arena.battles.lifecycle import MAX_NAMED_MODELS, SKIP
from arena.models import SIDES, Battle, Vote, get_conversation_limit
from core.http.api_errors import read_json_body
from core.http.errors import RequestError, field_error
from core.http.openapi import BooleanField, CharField, Schema

PROMPT_HELP = (
    "The question. Its length plus that of all earlier questions and one side's answers must not exceed "
    "`ARENA_CONVERSATION_CHARACTERS`. The length is the number of characters or half the number of UTF-8 bytes, "
    "whichever is greater."
)
FEEDBACK_SENTENCES = {
    "reasons": format_lazy(
        _("Send the reasons as an object with the lists “a” and “b”. Allowed reasons: {words}."),
        words=", ".join(REASONS),
    ),
    "comment": format_lazy(_("Send the comment as text of at most {most} characters."), most=f"{MAX_COMMENT_LENGTH:,}"),
}


# Base class of the schemas of requests. This comment is not a docstring, because the API document would repeat it.
class RequestSchema(Schema):
    # What an error in a field says. A field that is missing here says it itself.
    sentences: ClassVar[Mapping[str, str | Promise]] = {}

    @classmethod
    def parse(cls, request: Request) -> dict[str, Any]:
        """Return the fields of a JSON body. Raises RequestError 400 if one is invalid or unknown, or the body is."""
        body = read_json_body(request)
        if not isinstance(body, dict):
            raise RequestError("invalid", "The body must be a JSON object.", 400)
        names = list(cls().fields)
        if unknown := [name for name in body if name not in names]:
            hint = f"Allowed fields: {', '.join(names)}." if names else "This call takes no fields."
            raise field_error(unknown[0], f"Unknown field. {hint}")
        return cls.check(**body)

    @classmethod
    def check(cls, **values: Any) -> dict[str, Any]:
        """Return the fields, as `check_all` does. None stands for a missing field."""
        return cls.check_all({name: value for name, value in values.items() if value is not None})

    @classmethod
    def check_all(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields. Raises RequestError 400 for the first invalid one."""
        schema = cls(data=values)
        if schema.is_valid():
            return dict(schema.validated_data)
        name, messages = next(iter(schema.errors.items()))
        raise field_error(name, str(cls.sentences.get(name) or messages[0]))


class TextField(CharField):
    """Text that is taken as it is. A number is no text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


@extend_schema_field({"type": "string", "maxLength": get_conversation_limit()})
class PromptField(TextField):
    """A question. `arena.battles.lifecycle` checks its content, because the limit depends on the battle."""

    def __init__(self) -> None:
        missing = _("Write a question first.")
        messages = {"required": missing, "blank": missing, "invalid": _("Send the question as text.")}
        super().__init__(help_text=PROMPT_HELP, error_messages=messages)
        self.validators = []


@extend_schema_field({"type": "array", "items": {"type": "string"}, "maxItems": MAX_NAMED_MODELS})
class NamedModelsField(Field[Any, Any, Any, Any]):
    """Slugs of models. `arena.battles.lifecycle` checks their number and that the models exist."""

    default_error_messages = {"invalid": _("Send the models as a list of slugs.")}

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list) or not all(isinstance(slug, str) and slug.isprintable() for slug in data):
            self.fail("invalid")
        return data


class FlagField(BooleanField):
    """True or false. The text "true" is neither."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


def _build_reason_field() -> ListField:
    return ListField(child=ChoiceField(REASONS), max_length=MAX_REASONS, required=False)


class ReasonsSchema(Schema):
    a = _build_reason_field()
    b = _build_reason_field()

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and not data.keys() <= set(SIDES):
            self.fail("invalid", datatype="object with other keys")
        return super().to_internal_value(data)


class NewTurnSchema(RequestSchema):
    prompt = PromptField()


class NewBattleSchema(NewTurnSchema):
    sentences = {"mode": _("Set “mode” to “anonymous” or “side_by_side”.")}

    mode = ChoiceField(Battle.Mode.values, required=False, default="anonymous")
    models = NamedModelsField(
        required=False,
        allow_null=True,
        help_text=(
            "Model slugs: two to twenty for `anonymous`, which draws the pair from them, "
            "and exactly two for `side_by_side`. A battle with named models is not rated."
        ),
    )


def _build_reasons_field() -> ReasonsSchema:
    return ReasonsSchema(required=False, allow_null=True, help_text="Reasons for the vote, by side.")


def _build_comment_field() -> TextField:
    return TextField(max_length=MAX_COMMENT_LENGTH, required=False, allow_null=True, allow_blank=True)


class FeedbackSchema(RequestSchema):
    sentences = FEEDBACK_SENTENCES

    reasons = _build_reasons_field()
    comment = _build_comment_field()


class NewVoteSchema(RequestSchema):
    sentences = FEEDBACK_SENTENCES | {"winner": "Set “winner” to one of: a, b, tie, both_bad, skip."}

    winner = ChoiceField(
        [*Vote.Winner.values, SKIP],
        help_text="`skip` ends the battle without a vote and without revealing the models.",
    )
    reasons = _build_reasons_field()
    comment = _build_comment_field()


class NewJudgmentSchema(RequestSchema):
    sentences = FEEDBACK_SENTENCES | {"winner": _("Set “winner” to one of: a, b, tie, both_bad.")}

    winner = ChoiceField(Vote.Winner.values)
    reasons = _build_reasons_field()
    comment = _build_comment_field()


class SharingSchema(RequestSchema):
    sentences = {name: f"“{name}” must be true or false." for name in ("shared", "hide_names")}

    shared = FlagField(help_text="`true` publishes the battle, and `false` unpublishes it.")
    hide_names = FlagField(
        required=False, help_text="Hides the models on the battle's page until the reader has voted. Default: false."
    )
