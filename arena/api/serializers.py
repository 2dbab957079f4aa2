"""Schemas of requests and responses for battles, models, and submissions."""

from typing import Any

from rest_framework.request import Request
from rest_framework.serializers import (
    ChoiceField,
    DateField,
    DateTimeField,
    DictField,
    JSONField,
    ListField,
    URLField,
    UUIDField,
)

from arena.battles.requests import RequestSchema, TextField
from arena.models import SIDES, Battle, Vote
from catalog.facts.labels import extract_link
from catalog.importers.proposal_form import MAX_FIELD_LENGTH, MAX_URL_LENGTH, MAX_WHY_LENGTH, ProposalForm
from catalog.models import LanguageModel, License, Submission
from core.http.api_errors import read_json_body
from core.http.errors import RequestError, field_error
from core.http.openapi import BooleanField, CharField, FloatField, IntegerField, PageSchema, Schema

DATE_PRECISION_HELP = (
    "If only the month is known, this is its first day. `facts` contains the date as stated by its source."
)
FACT_VALUE_HELP = (
    "The value as stated by the source. A date can be a month, for example `2025-06`. `unpublished` means that the "
    "model's maker does not publish the value."
)
SOURCE_HELP = "Source of the value."
SEEN_HELP = "Day on which the value was seen at its source."
BY_HAND_HELP = "True if an operator of this site entered or chose the value. Imports do not change it."


class CallSchema(Schema):
    method = CharField(help_text="HTTP method.")
    path = CharField(help_text="Path with parameters in braces.")
    title = CharField()


class CallListSchema(Schema):
    docs = URLField(help_text="URL of the API reference.")
    schema = URLField(help_text="URL of the OpenAPI document.")
    calls = CallSchema(many=True)


class AnswerSchema(Schema):
    side = ChoiceField(SIDES)
    state = ChoiceField(("answering", "finished", "failed"))
    text = CharField(
        help_text="The answer in Markdown. While the state is `answering`, this is the part released so far. If the "
        "answer failed, this is the part that arrived before the failure."
    )
    reason = ChoiceField(
        ("timeout", "unavailable", "refused", "too_long", "empty"),
        allow_null=True,
        help_text="Reason for the failure, or null if the answer has not failed.",
    )


class TurnSchema(Schema):
    number = IntegerField(help_text="Number of the turn, starting at 1.")
    prompt = CharField(help_text="The question.")
    answers = AnswerSchema(many=True)


class RevealedModelSchema(Schema):
    side = ChoiceField(SIDES)
    slug = CharField()
    name = CharField()
    organization = CharField(allow_null=True)
    license = CharField(allow_null=True)
    rating = FloatField(allow_null=True, help_text="Rating before this vote, or null if the model had none.")
    ci_low = FloatField(allow_null=True, help_text="Lower end of the 95% confidence interval of the rating.")
    ci_high = FloatField(allow_null=True, help_text="Upper end of the 95% confidence interval of the rating.")
    rank = IntegerField(allow_null=True)
    votes = IntegerField(allow_null=True)


class BattleVoteSchema(Schema):
    winner = ChoiceField(Vote.Winner.values)
    reasons = DictField(child=ListField(child=CharField()), help_text="Reasons for the vote, by side.")
    comment = CharField(allow_blank=True)
    created_at = DateTimeField()


class BattleSummarySchema(Schema):
    id = UUIDField()
    state = ChoiceField(Battle.State.values)
    mode = ChoiceField(Battle.Mode.values)
    pool = CharField(
        allow_null=True,
        help_text="Pool in which the vote counts. Null if you named the models, because such battles are not rated.",
    )
    created_at = DateTimeField()
    models = RevealedModelSchema(
        many=True, allow_null=True, help_text="The two models. Null before the vote in an `anonymous` battle."
    )
    vote = BattleVoteSchema(allow_null=True, help_text="The vote, or null if there is none yet.")
    shared = BooleanField(help_text="True if the battle is published. Anyone with its link can read it.")
    events_url = CharField(help_text="Path of the battle's server-sent events.")


class BattleDetailSchema(BattleSummarySchema):
    turns = TurnSchema(many=True)


class BattleRowSchema(BattleSummarySchema):
    question = CharField(help_text="The first 300 characters of the first question.")
    turn_count = IntegerField(help_text="Number of turns. To read them, request the battle itself.")


class SideTextsSchema(Schema):
    a = CharField()
    b = CharField()


class SharedTurnSchema(Schema):
    prompt = CharField(help_text="The question.")
    answers = SideTextsSchema(source="texts", help_text="Both answers in Markdown. Empty if a side has no answer.")


class SideSlugsSchema(Schema):
    a = CharField(source="a.slug")
    b = CharField(source="b.slug")


class SharedBattleSchema(Schema):
    id = UUIDField()
    url = CharField(help_text="Path of the battle's page, which shows the full text.")
    shared_at = DateTimeField(help_text="Time of publication.")
    models = SideSlugsSchema(source="contestants", help_text="Slugs of the two models, by side.")
    winner = ChoiceField(Vote.Winner.values)
    turn_count = IntegerField(help_text="Number of turns in the battle.")
    turns = SharedTurnSchema(many=True, help_text="The first turn only. Text is truncated after 600 characters.")


class ReadyPairSchema(Schema):
    id = UUIDField()
    prompt = CharField(help_text="The question.")
    answers = SideTextsSchema(help_text="Both answers in Markdown.")


class JudgmentSchema(Schema):
    id = UUIDField(help_text="ID of the pair.")
    models = SideSlugsSchema(help_text="Slugs of the two models, by side.")
    vote = BattleVoteSchema(help_text="Your vote.")
    voters = IntegerField(source="counts.total", help_text="Number of voters who have judged this pair, including you.")
    same = IntegerField(source="counts.agreeing", help_text="How many of them voted as you did.")


class SharedBattleListSchema(Schema):
    results = SharedBattleSchema(many=True)


class SourceLinkField(URLField):
    def __init__(self) -> None:
        help_text = "The first URL in `source`, or null if there is none."
        super().__init__(source="source", allow_null=True, help_text=help_text)

    def to_representation(self, source: str) -> Any:
        return extract_link(source) or None


class PriceSchema(Schema):
    input = FloatField(help_text="US dollars per million input tokens.")
    output = FloatField(help_text="US dollars per million output tokens.")
    context = IntegerField(  # type: ignore[assignment]  # the API uses this name
        allow_null=True,
        help_text="Maximum number of tokens that this host accepts, or null if it accepts the model's whole context.",
    )
    source = CharField(help_text=SOURCE_HELP)  # type: ignore[assignment]  # the API uses this name
    url = SourceLinkField()
    as_of = DateField(help_text="First day on which this price was seen at its source.")
    by_hand = BooleanField(help_text=BY_HAND_HELP)


class FactSchema(Schema):
    value = JSONField(help_text=FACT_VALUE_HELP)
    source = CharField(help_text=SOURCE_HELP)  # type: ignore[assignment]  # the API uses this name
    url = SourceLinkField()
    as_of = DateField(help_text=SEEN_HELP)
    by_hand = BooleanField(help_text=BY_HAND_HELP)


class PlainSchema(Schema):
    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return the value unchanged, because it is already JSON."""
        return value


class StandingSchema(PlainSchema):
    rating = FloatField()
    ci_low = FloatField(allow_null=True, help_text="Lower end of the 95% confidence interval, or null if open.")
    ci_high = FloatField(allow_null=True, help_text="Upper end of the 95% confidence interval, or null if open.")
    rank = IntegerField(allow_null=True, help_text="Rank of the model. Null if the model is not ranked yet.")
    votes = IntegerField()
    provisional = BooleanField()


class ModelPerformanceSchema(Schema):
    answers = IntegerField(
        help_text="Number of answers in all battles. `first_token_s` and `tokens_per_s` are measured on them."
    )
    calls = IntegerField(
        help_text="Number of calls in the live pool's blind battles. Failures caused by the question are excluded."
    )
    failures = IntegerField(
        help_text=(
            "Number of `calls` that timed out or failed. At most 3 per voter and 12 per network are counted per day."
        )
    )
    failure_rate = FloatField(
        allow_null=True, help_text="Share of failed calls, from 0 to 1. Null if there are no calls."
    )
    first_token_s = FloatField(allow_null=True, help_text="Median time to the first token, in seconds.")
    tokens_per_s = FloatField(allow_null=True, help_text="Tokens per second.")


class VariantSchema(PlainSchema):
    max_tokens = IntegerField(required=False, help_text="Maximum length of an answer, in tokens.")
    thinking_tokens = IntegerField(
        required=False, help_text="Maximum number of reasoning tokens, in addition to `max_tokens`."
    )
    temperature = FloatField(required=False)
    first_token_timeout_s = FloatField(required=False, help_text="Timeout for the first token, in seconds.")


class ModelFactsSchema(Schema):
    slug = CharField()
    name = CharField()
    kind = CharField()
    status = ChoiceField(LanguageModel.Status.values)
    retires_on = DateField(allow_null=True, help_text=f"The announced day of retirement. {DATE_PRECISION_HELP}")
    successor = CharField(
        allow_null=True,
        help_text="Slug of the model that the maker recommends instead, or its name if it is not listed here.",
    )
    open_weights = BooleanField(allow_null=True)
    release_date = DateField(allow_null=True, help_text=DATE_PRECISION_HELP)
    knowledge_cutoff = DateField(allow_null=True, help_text=DATE_PRECISION_HELP)
    parameters_total = IntegerField(allow_null=True)
    parameters_active = IntegerField(allow_null=True)
    training_tokens = IntegerField(allow_null=True)
    context_window = IntegerField(allow_null=True, help_text="Size of the context window, in tokens.")
    max_input = IntegerField(allow_null=True, help_text="Maximum input, in tokens.")
    max_output = IntegerField(allow_null=True, help_text="Maximum output, in tokens.")
    modalities = ListField(child=CharField())
    tools = BooleanField(allow_null=True)
    organization = CharField(allow_null=True)
    license = CharField(allow_null=True)
    commercial_use = ChoiceField(License.Commercial.values, allow_null=True)
    base_model = CharField(allow_null=True, help_text="Slug of the model that this one is derived from, or null.")
    in_draw = BooleanField(help_text="True if the model takes part in battles on this site.")
    variant = VariantSchema(
        allow_null=True, help_text="Settings that differ from the arena's defaults, or null if there are none."
    )
    variant_of = CharField(
        allow_null=True, help_text="Slug of the model of which this is a variant, or null. Only variants have one."
    )
    facts = DictField(child=FactSchema(), help_text="Sources of the fields above, and further facts, by field.")
    price = PriceSchema(allow_null=True, help_text="The current price, or null if it is unknown.")
    arena = StandingSchema(
        allow_null=True, help_text="The model's row on the live pool's overall board, or null if there is none."
    )
    measured = ModelPerformanceSchema(
        allow_null=True, help_text="Performance on this site over the thirty days that ended two days ago."
    )


class LicenseTermsSchema(Schema):
    commercial = ChoiceField(License.Commercial.values, help_text="Is commercial use allowed?")
    research_only = BooleanField(allow_null=True)
    conditions = CharField(help_text="Conditions on commercial use, such as thresholds and prohibited uses.")
    derivatives = ChoiceField(License.Commercial.values, help_text="Are derived models allowed?")
    obligations = CharField(help_text="Obligations, such as attribution, naming, and using the same license.")
    source = CharField(help_text="URL of the license text.")  # type: ignore[assignment]  # the API uses this name
    as_of = DateField(help_text="Day on which the license was read.")
    by_hand = BooleanField(help_text="True if an operator of this site entered these terms.")


class ModelDetailSchema(ModelFactsSchema):
    license_terms = LicenseTermsSchema(
        allow_null=True, help_text="Our reading of the license. This is not legal advice."
    )
    other_sources = DictField(
        child=ListField(child=FactSchema()), help_text="Different values from other sources, by field."
    )
    prices = PriceSchema(many=True, help_text="Prices over time, from all sources, newest first.")


class ModelPageSchema(PageSchema):
    results = ModelFactsSchema(many=True)


class BattlePageSchema(PageSchema):
    results = BattleRowSchema(many=True)


class ProposalSchema(Schema):
    model = CharField(max_length=MAX_FIELD_LENGTH, help_text="Name of the model.")
    organization = CharField(max_length=MAX_FIELD_LENGTH, help_text="Organization that developed the model.")
    weights = CharField(
        max_length=MAX_URL_LENGTH,
        required=False,
        allow_blank=True,
        help_text="URL of the weights, if they are open.",
    )
    license = CharField(max_length=MAX_FIELD_LENGTH, required=False, allow_blank=True)
    why = CharField(max_length=MAX_WHY_LENGTH, help_text="Reason for adding the model.")

    def to_internal_value(self, data: Any) -> ProposalForm:
        """Return the form, which checks the texts, as on the page."""
        if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
            self.fail("invalid", datatype="object of other values")
        if unknown := [name for name in data if name not in self.fields]:
            raise field_error(unknown[0], f"Unknown field. Allowed fields: {', '.join(self.fields)}.")
        return ProposalForm(data)


class NewSubmissionSchema(RequestSchema):
    sentences = {
        "file": "“file” must contain the file's text.",
        "proposal": "“proposal” must be a JSON object whose values are strings.",
    }

    file = TextField(
        required=False, allow_blank=True, help_text="Text of a result file. Send either `file` or `proposal`."
    )
    proposal = ProposalSchema(required=False, help_text="A model to add. Send either `file` or `proposal`.")

    @classmethod
    def parse(cls, request: Request) -> dict[str, Any]:
        body = read_json_body(request)
        if not isinstance(body, dict) or len(body) != 1 or not body.keys() <= cls().fields.keys():
            raise RequestError("invalid", "The body must be a JSON object with either “file” or “proposal”.", 400)
        return cls.check_all(body)


class SubmittedScoresSchema(Schema):
    model = CharField(help_text="Model name in the file.")
    scores = IntegerField(help_text="Number of scores in the file.")
    benchmarks = IntegerField(help_text="Number of benchmarks in the file.")
    limited = IntegerField(help_text="Number of scores from runs that used only some of the questions.")


class SubmissionDetailSchema(Schema):
    id = UUIDField()
    kind = ChoiceField(Submission.Kind.values)
    state = ChoiceField(Submission.State.values)
    created_at = DateTimeField()
    decided_at = DateTimeField(allow_null=True, help_text="Time of the decision. Null until an operator has decided.")
    note = CharField(help_text="The operator's note.")
    scores = SubmittedScoresSchema(allow_null=True, help_text="Summary of a result file. Null for a proposal.")
    proposal = ProposalSchema(allow_null=True, help_text="The proposed model. Null for a result file.")

    def to_representation(self, submission: Submission) -> dict[str, Any]:
        """Return the submission's summary, which is already JSON, as either `scores` or `proposal`."""
        content = "scores" if submission.kind == Submission.Kind.SCORES else "proposal"
        return super().to_representation(submission) | {content: submission.summary}


class SubmissionPageSchema(PageSchema):
    results = SubmissionDetailSchema(many=True)
