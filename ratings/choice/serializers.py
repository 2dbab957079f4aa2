"""Serializers for shortlists. The OpenAPI schema is generated from them."""

from collections.abc import Set as AbstractSet
from datetime import date
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from arena.models import Pool
from catalog.api.serializers import SUCCESSOR_HELP
from core.http.openapi import BooleanField, CharField, FloatField, IntegerField, PluckField, Schema
from ratings.choice.limits import LIMIT_ASSESSORS


class TaskBenchmarkSchema(Schema):
    slug = CharField()
    name = CharField()
    scored = BooleanField(help_text="False if none of the matching models has a score on this benchmark here.")


class ShortlistTaskSchema(Schema):
    slug = CharField()
    name = CharField()
    benchmarks = TaskBenchmarkSchema(many=True)
    why = CharField()


@extend_schema_field(
    {
        "oneOf": [
            {"type": "number"},
            {"type": "boolean"},
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}},
        ],
        "nullable": True,
    }
)
class LimitValueField(serializers.Field[Any, Any, Any, Any]):
    """A number, a boolean, a word, a list of words, or a date in ISO 8601 format."""

    def to_representation(self, value: Any) -> Any:
        if isinstance(value, Decimal):
            return float(value)
        if isinstance(value, date):
            return value.isoformat()
        return sorted(value) if isinstance(value, AbstractSet) else value


class FailedLimitSchema(Schema):
    limit = serializers.ChoiceField([*LIMIT_ASSESSORS])
    value = LimitValueField(
        help_text="The model's value. Null if it has none, such as the GPU memory of closed weights."
    )
    bound = LimitValueField(help_text="The limit.")
    unit = CharField(allow_null=True, help_text="The unit of the value and the limit.")
    words = CharField(help_text="The model's value and the limit, as text.")


class RatedModelSchema(Schema):
    model = CharField(source="candidate.slug", help_text="Model slug.")
    name = CharField(source="candidate.name")
    tier = IntegerField(source="candidate.tier", allow_null=True)
    rating = FloatField(source="candidate.rating", allow_null=True)
    ci_low = FloatField(source="candidate.ci_low", allow_null=True)
    ci_high = FloatField(source="candidate.ci_high", allow_null=True)
    setting = CharField(
        source="candidate.setting",
        help_text="The setting at which a publisher rated the model, such as High. Only on reference boards.",
    )
    rank = IntegerField(source="candidate.rank", allow_null=True)
    rank_low = IntegerField(source="candidate.rank_low", allow_null=True)
    rank_high = IntegerField(source="candidate.rank_high", allow_null=True)
    price = FloatField(
        allow_null=True,
        help_text="US dollars per million tokens, for the requested ratio of input to output, and for prompts as long"
        " as the requested context.",
    )


class PriceTierSchema(Schema):
    above = IntegerField(help_text="The prices are for prompts longer than this many tokens.")
    input = FloatField(help_text="US dollars per million tokens.")
    output = FloatField()


class CandidateAssessmentSchema(RatedModelSchema):
    price_above = IntegerField(
        source="prices.above",
        allow_null=True,
        help_text="`price` is for prompts longer than this many tokens, because the requested context is larger."
        " 0 if it also applies to shorter prompts. Null if there is no price.",
    )
    off_peak = BooleanField(
        source="prices.off_peak", allow_null=True, help_text="True if `price` is for off-peak hours only."
    )
    tiers = PriceTierSchema(
        source="candidate.prices.tiers", many=True, allow_null=True, help_text="Other prices for long prompts."
    )
    monthly = FloatField(
        allow_null=True,
        help_text="US dollars per month for the requested tokens. Null if the price is unknown or no tokens are"
        " requested.",
    )
    tokens_per_s = FloatField(source="candidate.tokens_per_s", allow_null=True)
    latency_s = FloatField(
        source="candidate.latency_s", allow_null=True, help_text="Time to the first token, in seconds."
    )
    conditional = BooleanField(help_text="True if commercial use is allowed only under conditions.")
    retires_on = serializers.DateField(
        source="candidate.retires_on", allow_null=True, help_text="The announced day of the model's retirement."
    )
    successor = CharField(source="candidate.successor.name", allow_null=True, help_text=SUCCESSOR_HELP)
    host_context = IntegerField(
        source="candidate.host_context",
        allow_null=True,
        help_text="Maximum number of tokens that the host accepts at this price. Null if it accepts the model's whole"
        " context.",
    )
    unknown = PluckField(
        "limit",
        child=serializers.ChoiceField([*LIMIT_ASSESSORS]),
        help_text="Limits for which the model's value is unknown.",
    )
    failures = FailedLimitSchema(many=True)


class FoundModelSchema(Schema):
    model = CharField(source="candidate.slug", help_text="Model slug.")
    name = CharField(source="candidate.name")
    group = serializers.ChoiceField(
        ("survivors", "undecided", "excluded", "retired"),
        help_text="The group of the shortlist that the model is in, or `retired` for a retired model.",
    )
    reasons = PluckField(
        "words",
        source="findings",
        help_text="All limits that the model violates, then those for which its value is unknown, as text.",
    )
    retired_on = serializers.DateField(
        allow_null=True, help_text="The day of the retirement. Null if it is unknown or the model is current."
    )
    retires_on = serializers.DateField(
        source="candidate.retires_on",
        allow_null=True,
        help_text="The announced day of the retirement of a current model.",
    )
    successor = CharField(source="candidate.successor.name", allow_null=True, help_text=SUCCESSOR_HELP)


class PicksSchema(Schema):
    best = RatedModelSchema(help_text="The model with the highest rating.")
    second = RatedModelSchema(allow_null=True, help_text="The model with the second-highest rating.")
    second_is_lower = BooleanField(
        allow_null=True,
        help_text=(
            "True if `second` is significantly lower than `best`, assuming independent errors. Null if there is no "
            "second."
        ),
    )
    cheapest = RatedModelSchema(
        allow_null=True,
        help_text="The cheapest model whose rating is not significantly lower than that of `best`, assuming independent"
        " errors. Null if no price is known.",
    )
    equally_cheap = PluckField(
        "candidate.slug",
        help_text="Slugs of the other models with this price that are not rated significantly lower than `best`.",
    )
    open = RatedModelSchema(
        source="best_open", allow_null=True, help_text="The model with open weights and the highest rating."
    )


class ShortlistSchema(Schema):
    task = ShortlistTaskSchema(source="task_report", allow_null=True)
    pool = CharField(source="pool.slug")
    pool_name = CharField(source="pool.name")
    pool_kind = serializers.ChoiceField(Pool.Kind.values, source="pool.kind")
    category = CharField(source="board.category", help_text="Category of the board whose tiers sort the models.")
    computed_at = serializers.DateTimeField(source="board.computed_at", allow_null=True)
    tiers_by = serializers.ChoiceField(
        ("test", "interval"),
        help_text=(
            "How the tiers are computed. `test`: with significance tests. `interval`: on a reference board, where a "
            "tier contains the models whose intervals overlap that of its best model."
        ),
    )
    survivors = CandidateAssessmentSchema(
        source="shortlist.survivors", many=True, help_text="Models that meet all limits, in the order of `sort`."
    )
    undecided = CandidateAssessmentSchema(
        source="shortlist.undecided",
        many=True,
        help_text=(
            "Models that meet all limits that can be checked but have unknown values for others (`unknown`), in the"
            " same order."
        ),
    )
    excluded = CandidateAssessmentSchema(
        source="shortlist.excluded", many=True, help_text="Excluded models, sorted by the number of violated limits."
    )
    found = FoundModelSchema(
        source="name_matches",
        many=True,
        help_text="The models whose name or slug contains each word of `find`, by group. Empty without `find`.",
    )
    picks = PicksSchema(allow_null=True, help_text="Suggestions from `survivors`. Null if none of them has a tier.")
    lowest_price = RatedModelSchema(
        source="shortlist.lowest_price",
        allow_null=True,
        help_text="The model in `survivors` with the lowest price, whatever its rating. Null if no price is known.",
    )
    equally_cheap = PluckField(
        "candidate.slug",
        source="shortlist.equally_cheap",
        help_text="Slugs of the other models in `survivors` with this price.",
    )
    nearest = PluckField(
        "candidate.slug",
        source="shortlist.nearest",
        help_text="Slugs of up to three excluded models that are closest to meeting the limits, closest first.",
    )
    near_misses = PluckField(
        "candidate.slug",
        source="shortlist.near_misses",
        help_text="Slugs of the models that violate only one limit.",
    )
    gained = serializers.DictField(
        source="shortlist.gained",
        child=IntegerField(),
        help_text="For each limit, the number of models that would be added to `survivors` without it.",
    )
    costliest = serializers.ChoiceField(
        [*LIMIT_ASSESSORS],
        source="shortlist.costliest",
        allow_null=True,
        help_text="The limit without which the most models would be added to `survivors`.",
    )
    contestants = PluckField(
        "candidate.slug",
        help_text=(
            "Slugs of the models to compare in battles on this site: the survivors that are connected here, or the"
            " connected models in `among` that are not excluded."
        ),
    )
