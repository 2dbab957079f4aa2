"""Serializers for shortlists. The OpenAPI schema is generated from them."""

from rest_framework import serializers

from core.http.openapi import BooleanField, CharField, FloatField, IntegerField, PluckField, Schema
from ratings.choice.limits import LIMIT_ASSESSORS
from ratings.models import Pool


class ShortlistTaskSchema(Schema):
    slug, name = CharField(), CharField()
    benchmarks = serializers.ListField(child=CharField(), help_text="Benchmark slugs.")
    why = CharField()


class FailedLimitSchema(Schema):
    limit = serializers.ChoiceField([*LIMIT_ASSESSORS])
    words = CharField(help_text="The model's value and the limit, as text.")
    known = BooleanField(help_text="False if the model's value is unknown.")


class CandidateAssessmentSchema(Schema):
    model, name = CharField(source="candidate.slug", help_text="Model slug."), CharField(source="candidate.name")
    tier = IntegerField(source="candidate.tier", allow_null=True)
    rating = FloatField(source="candidate.rating", allow_null=True)
    price = FloatField(
        allow_null=True, help_text="US dollars per million tokens, at the requested ratio of input to output."
    )
    monthly = FloatField(
        allow_null=True, help_text="US dollars per month for the requested tokens. Null if the request contains none."
    )
    tokens_per_s = FloatField(source="candidate.tokens_per_s", allow_null=True)
    latency_s = FloatField(
        source="candidate.latency_s", allow_null=True, help_text="Time to the first token, in seconds."
    )
    conditional = BooleanField(help_text="True if commercial use is allowed only under conditions.")
    unknown = PluckField(
        "limit",
        child=serializers.ChoiceField([*LIMIT_ASSESSORS]),
        help_text="Limits for which the model's value is unknown.",
    )
    failures = FailedLimitSchema(many=True)


class ShortlistSchema(Schema):
    task = ShortlistTaskSchema(allow_null=True)
    pool, pool_name = CharField(source="pool.slug"), CharField(source="pool.name")
    pool_kind = serializers.ChoiceField(Pool.Kind.values, source="pool.kind")
    category = CharField(help_text="Category of the board whose tiers sort the models.")
    computed_at = serializers.DateTimeField(allow_null=True)
    tiers_by = serializers.ChoiceField(
        ("test", "interval"),
        help_text=(
            "How the tiers are computed. `test`: with significance tests. `interval`: on a reference board, where a "
            "tier contains the models whose intervals overlap that of its best model."
        ),
    )
    survivors = CandidateAssessmentSchema(
        source="shortlist.survivors", many=True, help_text="Models that meet all limits, best first."
    )
    excluded = CandidateAssessmentSchema(
        source="shortlist.excluded", many=True, help_text="Excluded models, sorted by the number of failed limits."
    )
    near_misses = PluckField(
        "candidate.slug",
        source="shortlist.near_misses",
        child=CharField(),
        help_text="Slugs of the models that miss only one limit.",
    )
    gained = serializers.DictField(
        source="shortlist.gained",
        child=IntegerField(),
        help_text="Number of models gained by dropping each limit.",
    )
    costliest = serializers.ChoiceField(
        [*LIMIT_ASSESSORS],
        source="shortlist.costliest",
        allow_null=True,
        help_text="The limit that excludes the most models on its own.",
    )
    certain = IntegerField(
        source="shortlist.certain", help_text="Number of matching models with a known value for every limit."
    )
    contestants = PluckField(
        "candidate.slug",
        child=CharField(),
        help_text="Slugs of the matching models that take part in battles on this site.",
    )
    own_pool = CharField(
        source="set_pool",
        allow_null=True,
        help_text="Pool of the battles between these models. Null before the first vote.",
    )
