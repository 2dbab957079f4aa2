"""The shapes of what the calls of battles and models take and give, for the OpenAPI document alone."""

from rest_framework import serializers

from arena.battles.feedback import MAX_COMMENT_LENGTH, MAX_REASONS, REASONS
from arena.models import SIDES, Battle, Vote, conversation_limit
from catalog.importers.proposal_form import MAX_FIELD_LENGTH, MAX_URL_LENGTH, MAX_WHY_LENGTH
from catalog.models import LanguageModel, License, Submission
from core.http.openapi import FloatField, IntegerField, PageSchema, Schema

PROMPT_LENGTH_HELP = (
    "with all questions and answers of its side before it no longer than `ARENA_CONVERSATION_CHARACTERS`: in "
    "characters, or in half bytes of UTF-8 where these are more"
)


class CallSchema(Schema):
    method, path, title = serializers.CharField(), serializers.CharField(), serializers.CharField()


class CallListSchema(Schema):
    docs, schema = serializers.URLField(), serializers.URLField()
    calls = CallSchema(many=True)


class AnswerSchema(Schema):
    side = serializers.ChoiceField(SIDES)
    state = serializers.ChoiceField(("answering", "finished", "failed"))
    text = serializers.CharField(help_text="Markdown; while it is answering, what has been shown so far")
    reason = serializers.ChoiceField(("timeout", "unavailable", "refused", "too_long", "empty"), allow_null=True)


class TurnSchema(Schema):
    number = IntegerField(help_text="from 1")
    prompt = serializers.CharField()
    answers = AnswerSchema(many=True)


class RevealedModelSchema(Schema):
    side = serializers.ChoiceField(SIDES)
    slug, name = serializers.CharField(), serializers.CharField()
    organization, license = serializers.CharField(allow_null=True), serializers.CharField(allow_null=True)
    rating = FloatField(allow_null=True, help_text="before this vote")
    ci_low, ci_high = FloatField(allow_null=True), FloatField(allow_null=True)
    rank, votes = IntegerField(allow_null=True), IntegerField(allow_null=True)


def _build_reason_field() -> serializers.ListField:
    return serializers.ListField(child=serializers.ChoiceField(REASONS), max_length=MAX_REASONS, required=False)


class ReasonsSchema(Schema):
    a, b = _build_reason_field(), _build_reason_field()


class BattleVoteSchema(Schema):
    winner = serializers.ChoiceField(Vote.Winner.values)
    reasons = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), help_text="by side")
    comment = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()


class BattleSummarySchema(Schema):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(Battle.State.values)
    mode = serializers.ChoiceField(Battle.Mode.values)
    pool = serializers.CharField(
        allow_null=True, help_text="on whose boards its vote counts; null side by side, where none does"
    )
    created_at = serializers.DateTimeField()
    models = RevealedModelSchema(many=True, allow_null=True, help_text="null until voted")
    vote = BattleVoteSchema(allow_null=True)
    shared = serializers.BooleanField(help_text="whether it is published: anyone with its link can read it")
    events_url = serializers.CharField(help_text="where its server-sent events are")


class BattleDetailSchema(BattleSummarySchema):
    turns = TurnSchema(many=True)


class BattleRowSchema(BattleSummarySchema):
    question = serializers.CharField(help_text="the first 300 characters of the first question")
    turn_count = IntegerField(help_text="how many questions were asked; their texts are in the battle itself")


class NewBattleSchema(Schema):
    prompt = serializers.CharField(max_length=conversation_limit(), help_text=PROMPT_LENGTH_HELP)
    mode = serializers.ChoiceField(Battle.Mode.values, required=False, default="anonymous")
    models = serializers.ListField(
        child=serializers.CharField(), required=False, allow_null=True, max_length=20,
        help_text="anonymous: the draw is among these two to twenty; side by side: exactly two",
    )  # fmt: skip


class NewTurnSchema(Schema):
    prompt = serializers.CharField(max_length=conversation_limit(), help_text=PROMPT_LENGTH_HELP)


class NewVoteSchema(Schema):
    winner = serializers.ChoiceField([*Vote.Winner.values, "skip"], help_text="skip: no vote, and nothing is revealed")
    reasons = ReasonsSchema(required=False, allow_null=True)
    comment = serializers.CharField(max_length=MAX_COMMENT_LENGTH, required=False, allow_null=True, allow_blank=True)


class SharingSchema(Schema):
    shared = serializers.BooleanField()


class SideTextsSchema(Schema):
    a, b = serializers.CharField(), serializers.CharField()


class SharedTurnSchema(Schema):
    prompt = serializers.CharField()
    answers = SideTextsSchema(help_text="Markdown; empty where there is none")


class SharedBattleSchema(Schema):
    id, shared_at = serializers.UUIDField(), serializers.DateTimeField()
    url = serializers.CharField(help_text="the path of its page, which has all its texts")
    models = SideTextsSchema(help_text="slugs")
    winner = serializers.ChoiceField(Vote.Winner.values)
    turn_count = serializers.IntegerField(help_text="how many turns it has")
    turns = SharedTurnSchema(many=True, help_text="only the first; each text is cut at 600 characters")


class SharedBattleListSchema(Schema):
    results = SharedBattleSchema(many=True)


class SourcedSchema(Schema):
    source = serializers.CharField(help_text="who says so")  # type: ignore[assignment]  # the name is that of the API
    url = serializers.URLField(allow_null=True, help_text="the first address in `source`, if there is one")
    as_of = serializers.DateField(help_text="the day on which the source said so")


class PriceSchema(SourcedSchema):
    input = FloatField(help_text="US dollars for a million tokens")
    output = FloatField()


class FactSchema(SourcedSchema):
    value = serializers.JSONField(help_text="as the source has it: a date may be a month, such as 2025-06")
    as_of = serializers.DateField(allow_null=True, help_text="null where nobody has noted it")


class StandingSchema(Schema):
    rating, ci_low, ci_high = FloatField(), FloatField(allow_null=True), FloatField(allow_null=True)
    rank, votes = IntegerField(allow_null=True, help_text="null: not ranked yet"), IntegerField()
    provisional = serializers.BooleanField()


class ModelPerformanceSchema(Schema):
    answers = IntegerField(help_text="in all its battles; the speeds are of these")
    calls = IntegerField(help_text="in blind battles of the live pool, without failures that the question caused")
    failures = IntegerField(
        help_text="timeouts and outages among these calls, at most 3 a day from one voter and 12 from one network"
    )
    failure_rate = FloatField(allow_null=True, help_text="from 0 to 1; null without such calls")
    first_token_s = FloatField(allow_null=True, help_text="seconds until its first word")
    tokens_per_s = FloatField(allow_null=True)


class VariantSchema(Schema):
    max_tokens = IntegerField(required=False, help_text="longest answer")
    thinking_tokens = IntegerField(required=False, help_text="for thinking, in addition to these")
    temperature = FloatField(required=False)
    first_token_timeout_s = FloatField(required=False, help_text="seconds")


DATE_PRECISION_HELP = "of a month without a day its first; `facts` has it as precise as its source"


class ModelFactsSchema(Schema):
    slug, name, kind = serializers.CharField(), serializers.CharField(), serializers.CharField()
    status = serializers.ChoiceField(LanguageModel.Status.values)
    open_weights = serializers.BooleanField(allow_null=True)
    release_date = serializers.DateField(allow_null=True, help_text=DATE_PRECISION_HELP)
    knowledge_cutoff = serializers.DateField(allow_null=True, help_text=DATE_PRECISION_HELP)
    parameters_total, parameters_active = IntegerField(allow_null=True), IntegerField(allow_null=True)
    training_tokens = IntegerField(allow_null=True)
    context_window = IntegerField(allow_null=True, help_text="tokens, as max_input and max_output")
    max_input, max_output = IntegerField(allow_null=True), IntegerField(allow_null=True)
    modalities = serializers.ListField(child=serializers.CharField())
    tools = serializers.BooleanField(allow_null=True)
    organization, license = serializers.CharField(allow_null=True), serializers.CharField(allow_null=True)
    commercial_use = serializers.ChoiceField(License.Commercial.values, allow_null=True)
    base_model = serializers.CharField(allow_null=True, help_text="slug of the model that it was made from")
    in_draw = serializers.BooleanField(help_text="whether it answers in this arena")
    variant = VariantSchema(
        allow_null=True, help_text="settings that differ from the arena's defaults; null if none do"
    )
    facts = serializers.DictField(
        child=FactSchema(), help_text="where each of these comes from, and further ones, by field"
    )
    price = PriceSchema(allow_null=True, help_text="the newest one that is known")
    arena = StandingSchema(allow_null=True, help_text="where it stands on the board of the live pool")
    measured = ModelPerformanceSchema(allow_null=True, help_text="here, in thirty days up to the day before yesterday")


class LicenseTermsSchema(Schema):
    commercial = serializers.ChoiceField(License.Commercial.values, help_text="use")
    research_only = serializers.BooleanField(allow_null=True)
    conditions = serializers.CharField(help_text="of commercial use: thresholds, and what is forbidden")
    derivatives = serializers.ChoiceField(License.Commercial.values, help_text="models made from it")
    obligations = serializers.CharField(help_text="what one must do: attribution, names, the same license")
    source = serializers.CharField(help_text="where its text is")  # type: ignore[assignment]  # the name is that of the API


class ModelDetailSchema(ModelFactsSchema):
    license_terms = LicenseTermsSchema(allow_null=True, help_text="as we read it, which is no legal advice")
    other_sources = serializers.DictField(
        child=serializers.ListField(child=FactSchema()), help_text="by field, who says something else than `facts` has"
    )


class ModelPageSchema(PageSchema):
    results = ModelFactsSchema(many=True)


class BattlePageSchema(PageSchema):
    results = BattleRowSchema(many=True)


class ProposalSchema(Schema):
    model = serializers.CharField(max_length=MAX_FIELD_LENGTH, help_text="its name")
    organization = serializers.CharField(max_length=MAX_FIELD_LENGTH, help_text="who makes it")
    weights = serializers.CharField(
        max_length=MAX_URL_LENGTH, required=False, allow_blank=True, help_text="an address, if they are open"
    )
    license = serializers.CharField(max_length=MAX_FIELD_LENGTH, required=False, allow_blank=True)
    why = serializers.CharField(max_length=MAX_WHY_LENGTH, help_text="it should be here")


class NewSubmissionSchema(Schema):
    file = serializers.CharField(required=False, help_text="the text of a result file; this or `proposal`")
    proposal = ProposalSchema(required=False)


class SubmittedScoresSchema(Schema):
    model = serializers.CharField(help_text="as the file has it")
    scores, benchmarks = IntegerField(), IntegerField()
    limited = IntegerField(help_text="how many of the scores are of a part of the questions")


class SubmissionDetailSchema(Schema):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(Submission.Kind.values)
    state = serializers.ChoiceField(Submission.State.values)
    created_at, decided_at = serializers.DateTimeField(), serializers.DateTimeField(allow_null=True)
    note = serializers.CharField(help_text="of whoever has decided")
    scores = SubmittedScoresSchema(allow_null=True)
    proposal = ProposalSchema(allow_null=True)


class SubmissionPageSchema(PageSchema):
    results = SubmissionDetailSchema(many=True)
