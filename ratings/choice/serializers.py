"""Serializers of shortlists; the OpenAPI document is derived from them."""

from rest_framework import serializers

from core.http.openapi import BooleanField, CharField, FloatField, IntegerField, PluckField, Schema
from ratings.choice.limits import LIMIT_ASSESSORS
from ratings.models import Pool


class ShortlistTaskSchema(Schema):
    slug, name = CharField(), CharField()
    benchmarks = serializers.ListField(child=CharField(), help_text="slugs")
    why = CharField()


class FailedLimitSchema(Schema):
    limit = serializers.ChoiceField([*LIMIT_ASSESSORS])
    words = CharField(help_text="the model's value and the limit")
    known = BooleanField(help_text="false: the model's value is unknown")


class CandidateAssessmentSchema(Schema):
    model, name = CharField(source="candidate.slug", help_text="slug"), CharField(source="candidate.name")
    tier = IntegerField(source="candidate.tier", allow_null=True)
    rating = FloatField(source="candidate.rating", allow_null=True)
    price = FloatField(allow_null=True, help_text="dollars per million tokens in the requested mix")
    monthly = FloatField(allow_null=True, help_text="dollars per month for the requested tokens; null without them")
    tokens_per_s = FloatField(source="candidate.tokens_per_s", allow_null=True)
    latency_s = FloatField(source="candidate.latency_s", allow_null=True, help_text="seconds until the first token")
    conditional = BooleanField(help_text="commercial use is allowed only with conditions")
    unknown = PluckField(
        "limit",
        child=serializers.ChoiceField([*LIMIT_ASSESSORS]),
        help_text="limits without a known value of the model",
    )
    failures = FailedLimitSchema(many=True)


class ShortlistSchema(Schema):
    task = ShortlistTaskSchema(allow_null=True)
    pool, pool_name = CharField(source="pool.slug"), CharField(source="pool.name")
    pool_kind = serializers.ChoiceField(Pool.Kind.values, source="pool.kind")
    category = CharField(help_text="of the board whose tiers sort the models")
    computed_at = serializers.DateTimeField(allow_null=True)
    tiers_by = serializers.ChoiceField(
        ("test", "interval"),
        help_text="interval: on a reference board, a tier has the models whose intervals overlap that of its best one",
    )
    survivors = CandidateAssessmentSchema(source="shortlist.survivors", many=True, help_text="best first")
    excluded = CandidateAssessmentSchema(source="shortlist.excluded", many=True, help_text="fewest failures first")
    near_misses = PluckField(
        "candidate.slug",
        source="shortlist.near_misses",
        child=CharField(),
        help_text="slugs of models that fail only one limit",
    )
    gained = serializers.DictField(
        source="shortlist.gained", child=IntegerField(), help_text="limit → how many models dropping it adds"
    )
    costliest = serializers.ChoiceField(
        [*LIMIT_ASSESSORS],
        source="shortlist.costliest",
        allow_null=True,
        help_text="the limit whose removal adds the most models",
    )
    certain = IntegerField(source="shortlist.certain", help_text="how many survivors have a value for every limit")
    contestants = PluckField(
        "candidate.slug", child=CharField(), help_text="slugs of the survivors that are connected here"
    )
    own_pool = CharField(
        allow_null=True, help_text="the pool of battles between the contestants; null before the first vote"
    )
