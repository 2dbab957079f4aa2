"""The shapes of what the calls of battles and models take and give, for the OpenAPI document alone."""

from typing import Any

from rest_framework import serializers

from arena.battles.feedback import LONGEST_COMMENT, MOST_REASONS, REASONS
from arena.models import SIDES, Battle, Vote, conversation_limit
from catalog.importers.proposal_form import LONGEST, LONGEST_ADDRESS, LONGEST_WHY
from catalog.models import LanguageModel, License, Submission
from core.http.openapi import NUMBER, WHOLE, Page

LONGEST_QUESTION = (
    "with all questions and answers of its side before it no longer than `ARENA_CONVERSATION_CHARACTERS`: in "
    "characters, or in half bytes of UTF-8 where these are more"
)


class OneCall(serializers.Serializer[Any]):
    method, path, title = serializers.CharField(), serializers.CharField(), serializers.CharField()


class Calls(serializers.Serializer[Any]):
    docs, schema = serializers.URLField(), serializers.URLField()
    calls = OneCall(many=True)


class Answer(serializers.Serializer[Any]):
    side = serializers.ChoiceField(SIDES)
    state = serializers.ChoiceField(("answering", "finished", "failed"))
    text = serializers.CharField(help_text="Markdown; while it is answering, what has been shown so far")
    reason = serializers.ChoiceField(("timeout", "unavailable", "refused", "too_long", "empty"), allow_null=True)


class Turn(serializers.Serializer[Any]):
    number = WHOLE(help_text="from 1")
    prompt = serializers.CharField()
    answers = Answer(many=True)


class Revealed(serializers.Serializer[Any]):
    side = serializers.ChoiceField(SIDES)
    slug, name = serializers.CharField(), serializers.CharField()
    organization, license = serializers.CharField(allow_null=True), serializers.CharField(allow_null=True)
    rating = NUMBER(allow_null=True, help_text="before this vote")
    ci_low, ci_high = NUMBER(allow_null=True), NUMBER(allow_null=True)
    rank, votes = WHOLE(allow_null=True), WHOLE(allow_null=True)


def _reasons() -> serializers.ListField:
    return serializers.ListField(child=serializers.ChoiceField(REASONS), max_length=MOST_REASONS, required=False)


class Reasons(serializers.Serializer[Any]):
    a, b = _reasons(), _reasons()


class CastVote(serializers.Serializer[Any]):
    winner = serializers.ChoiceField(Vote.Winner.values)
    reasons = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), help_text="by side")
    comment = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()


class BattleFacts(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(Battle.State.values)
    mode = serializers.ChoiceField(Battle.Mode.values)
    pool = serializers.CharField(
        allow_null=True, help_text="on whose boards its vote counts; null side by side, where none does"
    )
    created_at = serializers.DateTimeField()
    models = Revealed(many=True, allow_null=True, help_text="null until voted")
    vote = CastVote(allow_null=True)
    shared = serializers.BooleanField(help_text="whether it is published: anyone with its link can read it")
    events_url = serializers.CharField(help_text="where its server-sent events are")


class OneBattle(BattleFacts):
    turns = Turn(many=True)


class BattleRow(BattleFacts):
    question = serializers.CharField(help_text="the first 300 characters of the first question")
    turn_count = WHOLE(help_text="how many questions were asked; their texts are in the battle itself")


class NewBattle(serializers.Serializer[Any]):
    prompt = serializers.CharField(max_length=conversation_limit(), help_text=LONGEST_QUESTION)
    mode = serializers.ChoiceField(Battle.Mode.values, required=False, default="anonymous")
    models = serializers.ListField(
        child=serializers.CharField(), required=False, allow_null=True, max_length=20,
        help_text="anonymous: the draw is among these two to twenty; side by side: exactly two",
    )  # fmt: skip


class Question(serializers.Serializer[Any]):
    prompt = serializers.CharField(max_length=conversation_limit(), help_text=LONGEST_QUESTION)


class Verdict(serializers.Serializer[Any]):
    winner = serializers.ChoiceField([*Vote.Winner.values, "skip"], help_text="skip: no vote, and nothing is revealed")
    reasons = Reasons(required=False, allow_null=True)
    comment = serializers.CharField(max_length=LONGEST_COMMENT, required=False, allow_null=True, allow_blank=True)


class Sharing(serializers.Serializer[Any]):
    shared = serializers.BooleanField()


class Sides(serializers.Serializer[Any]):
    a, b = serializers.CharField(), serializers.CharField()


class SharedTurn(serializers.Serializer[Any]):
    prompt = serializers.CharField()
    answers = Sides(help_text="Markdown; empty where there is none")


class SharedBattle(serializers.Serializer[Any]):
    id, shared_at = serializers.UUIDField(), serializers.DateTimeField()
    url = serializers.CharField(help_text="the path of its page, which has all its texts")
    models = Sides(help_text="slugs")
    winner = serializers.ChoiceField(Vote.Winner.values)
    turn_count = serializers.IntegerField(help_text="how many turns it has")
    turns = SharedTurn(many=True, help_text="only the first; each text is cut at 600 characters")


class SharedBattles(serializers.Serializer[Any]):
    results = SharedBattle(many=True)


class Sourced(serializers.Serializer[Any]):
    source = serializers.CharField(help_text="who says so")  # type: ignore[assignment]  # the name is that of the API
    url = serializers.URLField(allow_null=True, help_text="the first address in `source`, if there is one")
    as_of = serializers.DateField(help_text="the day on which the source said so")


class Price(Sourced):
    input = NUMBER(help_text="US dollars for a million tokens")
    output = NUMBER()


class Fact(Sourced):
    value = serializers.JSONField(help_text="as the source has it: a date may be a month, such as 2025-06")
    as_of = serializers.DateField(allow_null=True, help_text="null where nobody has noted it")


class Standing(serializers.Serializer[Any]):
    rating, ci_low, ci_high = NUMBER(), NUMBER(allow_null=True), NUMBER(allow_null=True)
    rank, votes = WHOLE(allow_null=True, help_text="null: not ranked yet"), WHOLE()
    provisional = serializers.BooleanField()


class Measured(serializers.Serializer[Any]):
    answers = WHOLE(help_text="in all its battles; the speeds are of these")
    calls = WHOLE(help_text="in blind battles of the live pool, without failures that the question caused")
    failures = WHOLE(
        help_text="timeouts and outages among these calls, at most 3 a day from one voter and 12 from one network"
    )
    failure_rate = NUMBER(allow_null=True, help_text="from 0 to 1; null without such calls")
    first_token_s = NUMBER(allow_null=True, help_text="seconds until its first word")
    tokens_per_s = NUMBER(allow_null=True)


class Variant(serializers.Serializer[Any]):
    max_tokens = WHOLE(required=False, help_text="longest answer")
    thinking_tokens = WHOLE(required=False, help_text="for thinking, in addition to these")
    temperature = NUMBER(required=False)
    first_token_timeout_s = NUMBER(required=False, help_text="seconds")


FIRST_DAY = "of a month without a day its first; `facts` has it as precise as its source"


class ModelFacts(serializers.Serializer[Any]):
    slug, name, kind = serializers.CharField(), serializers.CharField(), serializers.CharField()
    status = serializers.ChoiceField(LanguageModel.Status.values)
    open_weights = serializers.BooleanField(allow_null=True)
    release_date = serializers.DateField(allow_null=True, help_text=FIRST_DAY)
    knowledge_cutoff = serializers.DateField(allow_null=True, help_text=FIRST_DAY)
    parameters_total, parameters_active = WHOLE(allow_null=True), WHOLE(allow_null=True)
    training_tokens = WHOLE(allow_null=True)
    context_window = WHOLE(allow_null=True, help_text="tokens, as max_input and max_output")
    max_input, max_output = WHOLE(allow_null=True), WHOLE(allow_null=True)
    modalities = serializers.ListField(child=serializers.CharField())
    tools = serializers.BooleanField(allow_null=True)
    organization, license = serializers.CharField(allow_null=True), serializers.CharField(allow_null=True)
    commercial_use = serializers.ChoiceField(License.Commercial.values, allow_null=True)
    base_model = serializers.CharField(allow_null=True, help_text="slug of the model that it was made from")
    in_draw = serializers.BooleanField(help_text="whether it answers in this arena")
    variant = Variant(allow_null=True, help_text="settings that differ from the arena's defaults; null if none do")
    facts = serializers.DictField(child=Fact(), help_text="where each of these comes from, and further ones, by field")
    price = Price(allow_null=True, help_text="the newest one that is known")
    arena = Standing(allow_null=True, help_text="where it stands on the board of the live pool")
    measured = Measured(allow_null=True, help_text="here, in thirty days up to the day before yesterday")


class LicenseTerms(serializers.Serializer[Any]):
    commercial = serializers.ChoiceField(License.Commercial.values, help_text="use")
    research_only = serializers.BooleanField(allow_null=True)
    conditions = serializers.CharField(help_text="of commercial use: thresholds, and what is forbidden")
    derivatives = serializers.ChoiceField(License.Commercial.values, help_text="models made from it")
    obligations = serializers.CharField(help_text="what one must do: attribution, names, the same license")
    source = serializers.CharField(help_text="where its text is")  # type: ignore[assignment]  # the name is that of the API


class ModelInFull(ModelFacts):
    license_terms = LicenseTerms(allow_null=True, help_text="as we read it, which is no legal advice")
    other_sources = serializers.DictField(
        child=serializers.ListField(child=Fact()), help_text="by field, who says something else than `facts` has"
    )


class ModelPage(Page):
    results = ModelFacts(many=True)


class Battles(Page):
    results = BattleRow(many=True)


class Proposal(serializers.Serializer[Any]):
    model = serializers.CharField(max_length=LONGEST, help_text="its name")
    organization = serializers.CharField(max_length=LONGEST, help_text="who makes it")
    weights = serializers.CharField(
        max_length=LONGEST_ADDRESS, required=False, allow_blank=True, help_text="an address, if they are open"
    )
    license = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True)
    why = serializers.CharField(max_length=LONGEST_WHY, help_text="it should be here")


class NewSubmission(serializers.Serializer[Any]):
    file = serializers.CharField(required=False, help_text="the text of a result file; this or `proposal`")
    proposal = Proposal(required=False)


class SubmittedScores(serializers.Serializer[Any]):
    model = serializers.CharField(help_text="as the file has it")
    scores, benchmarks = WHOLE(), WHOLE()
    limited = WHOLE(help_text="how many of the scores are of a part of the questions")


class OneSubmission(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(Submission.Kind.values)
    state = serializers.ChoiceField(Submission.State.values)
    created_at, decided_at = serializers.DateTimeField(), serializers.DateTimeField(allow_null=True)
    note = serializers.CharField(help_text="of whoever has decided")
    scores = SubmittedScores(allow_null=True)
    proposal = Proposal(allow_null=True)


class Submissions(Page):
    results = OneSubmission(many=True)
