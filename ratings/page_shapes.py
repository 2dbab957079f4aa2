"""The shapes of what programs get of single pages: a model, the method, what moved. For the OpenAPI document alone."""

from typing import Any

from rest_framework import serializers

from arena.api_shapes import ModelInFull
from arena.opinions import BLAME, PRAISE
from catalog.api_call import NUMBER, WHOLE, Text, Yes
from catalog.api_shapes import ScoreConditions, StoredScore


class Place(serializers.Serializer[Any]):
    pool, category = Text(), Text()
    rank, among = WHOLE(), WHOLE(help_text="how many models its rank is among: those of its component")
    rank_low, rank_high = WHOLE(allow_null=True), WHOLE(allow_null=True)
    tier = WHOLE(allow_null=True)
    rating, ci_low, ci_high = NUMBER(), NUMBER(allow_null=True), NUMBER(allow_null=True)
    votes, component = WHOLE(), WHOLE()
    unbounded, provisional = Yes(), Yes()


class Praise(serializers.Serializer[Any]):
    reason = serializers.ChoiceField([*PRAISE])
    votes = WHOLE()


class Blame(serializers.Serializer[Any]):
    reason = serializers.ChoiceField([*BLAME])
    votes = WHOLE()


class ReasonsProfile(serializers.Serializer[Any]):
    pool = Text()
    votes, voters = WHOLE(help_text="with a reason about this model; one may give several"), WHOLE()
    praise, blame = Praise(many=True, help_text="most first"), Blame(many=True)


class ModelScore(StoredScore):
    benchmark, name = Text(help_text="slug"), Text(help_text="of the benchmark")
    conditions = ScoreConditions()


class OneModel(ModelInFull):
    boards = Place(many=True, help_text="of each pool over all categories, then of one pool in every category")
    reasons = ReasonsProfile(
        allow_null=True, help_text="what voters of that pool said; null where fewer than five people gave a reason"
    )
    scores = ModelScore(many=True, help_text="on benchmarks; compare only those of equal conditions")
