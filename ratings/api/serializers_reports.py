"""Serializers for reports on models, the method, and changes. The OpenAPI schema is generated from them."""

from rest_framework import serializers

from arena.api.serializers import ModelDetailSchema
from arena.battles.feedback import BLAME, PRAISE
from catalog.api.serializers import ModelScoreSchema
from core.http.openapi import (
    BlankAsNullField,
    BooleanField,
    CharField,
    FloatField,
    FractionField,
    IntegerField,
    Schema,
)
from ratings.api.serializers import BoardKeySchema
from ratings.reports.method_figures import STYLE_NAMES


class PlacementSchema(Schema):
    pool = CharField(source="pool.slug")
    category = CharField()
    among = IntegerField(source="ranked_models", help_text="Number of ranked models in the component.")
    rank = IntegerField(
        source="row.rank", allow_null=True, help_text="The model's rank. Null if the model is not ranked."
    )
    rank_low = IntegerField(source="row.rank_low", allow_null=True)
    rank_high = IntegerField(source="row.rank_high", allow_null=True)
    tier = IntegerField(source="row.tier", allow_null=True)
    rating = FloatField(source="row.rating")
    ci_low = FloatField(source="row.ci_low", allow_null=True)
    ci_high = FloatField(source="row.ci_high", allow_null=True)
    votes = IntegerField(source="row.votes")
    component = IntegerField(source="row.component")
    unbounded = BooleanField(source="row.unbounded")
    provisional = BooleanField(source="row.provisional")
    votes_to_rank = IntegerField(source="row.votes_to_rank", allow_null=True)


class PraiseSchema(Schema):
    reason = serializers.ChoiceField([*PRAISE], source="word")
    votes = IntegerField(source="count")


class BlameSchema(Schema):
    reason = serializers.ChoiceField([*BLAME], source="word")
    votes = IntegerField(source="count")


class ReasonsProfileSchema(Schema):
    pool = CharField()
    votes = IntegerField(help_text="Number of votes with reasons for this model. A vote can have several reasons.")
    voters = IntegerField()
    praise = PraiseSchema(many=True, help_text="Reasons, most frequent first.")
    blame = BlameSchema(many=True)


class ModelReportSchema(ModelDetailSchema):
    boards = PlacementSchema(
        many=True, help_text="Positions on each pool's overall board, followed by those on all boards of one pool."
    )
    reasons = ReasonsProfileSchema(
        allow_null=True, help_text="Voters' reasons in one pool. Null if fewer than five people gave a reason."
    )
    scores = ModelScoreSchema(
        many=True, help_text="Benchmark scores. Scores are comparable only if their conditions are the same."
    )


class VoteReasonSchema(Schema):
    reason = CharField(help_text="Reason, as in `votes/`. Empty for imported votes without a reason.")
    votes = IntegerField()


class ProportionSchema(Schema):
    part = IntegerField()
    whole = IntegerField()
    share = FractionField(source="percent", help_text="Share, from 0 to 1.")
    ci_low = FractionField(source="low", help_text="Lower end of the 95% Wilson interval.")
    ci_high = FractionField(source="high")


class CountedVotesSchema(Schema):
    counted = IntegerField()
    uncounted = IntegerField()
    reasons = VoteReasonSchema(many=True, help_text="Reasons why votes are not counted, most frequent first.")
    reduced = VoteReasonSchema(
        many=True, help_text="Counted votes with a weight below 1, by reason. Updated with a one-day delay."
    )
    ties = IntegerField(help_text="Number of ties, including both-bad votes.")
    left = ProportionSchema(
        allow_null=True, help_text="Among votes with a winner, the share that chose the left answer."
    )
    skipped = ProportionSchema(
        allow_null=True,
        help_text="Share of finished blind battles that were skipped rather than voted on. Null if unknown.",
    )
    replaced = ProportionSchema(
        allow_null=True, help_text="Share of finished blind battles in which a model was replaced. Null if unknown."
    )


class ModelVotesSchema(Schema):
    model = CharField(source="slug", help_text="Model slug.")
    name = CharField()
    organization = BlankAsNullField(source="maker")
    retired = BooleanField()
    counted = IntegerField()
    uncounted = IntegerField()
    reasons = VoteReasonSchema(many=True)
    share = FractionField(
        source="percent",
        help_text="Share of the counted votes that involve this model. The shares add up to 2.",
    )
    chance = FractionField(
        allow_null=True, help_text="Probability of being drawn for the next blind battle if all models are available."
    )


class MakerVotesSchema(Schema):
    organization = BlankAsNullField(source="name", help_text="Organization name. Null if unknown.")
    models = IntegerField(source="model_count")
    retired = IntegerField(source="retired_count")
    share = FractionField(source="percent", help_text="Share of all sides in counted votes. The shares add up to 1.")
    chance = FractionField(allow_null=True, help_text="Expected share of the sides in the next blind battle.")


class DrawSchema(Schema):
    pairs = IntegerField()
    least = FractionField(help_text="Probability of the least likely pair.")
    most = FractionField(help_text="Probability of the most likely pair.")
    shared_evenly = FloatField(help_text="Part of the probability that is distributed evenly across all pairs.")


class StyleFeatureSchema(Schema):
    feature = serializers.ChoiceField([*STYLE_NAMES])
    points = FloatField(
        help_text="Elo points that an answer gains per standard deviation of the difference in this feature."
    )
    margin = FloatField(help_text="Half the width of the effect's 95% interval.")


class StyleWorthSchema(Schema):
    computed_at = serializers.DateTimeField(source="style_board.computed_at", allow_null=True)
    votes = IntegerField(source="style_board.votes")
    features = StyleFeatureSchema(
        source="styles",
        many=True,
        help_text="Effect of each style feature. Empty if no board under style control can be fitted.",
    )


class MethodReportSchema(Schema):
    pool = CharField(source="pool.slug")
    computed_at = serializers.DateTimeField(
        source="board.computed_at", allow_null=True, help_text="Time when the pool's overall board was computed."
    )
    rows = IntegerField(help_text="Number of models on that board.")
    intervals = IntegerField(help_text="Number of closed intervals on that board.")
    expected_misses = FloatField(help_text="Number of these intervals expected to miss the true rating.")
    style = StyleWorthSchema(source="*")  # type: ignore[assignment]  # hides an attribute of Serializer
    counted_at = serializers.DateTimeField(
        source="counts.counted_at",
        allow_null=True,
        help_text="Time when the following fields were computed. Null before the first computation.",
    )
    votes = CountedVotesSchema(source="counts", allow_null=True)
    models = ModelVotesSchema(source="shares", many=True, help_text="All models with votes, most votes first.")
    makers = MakerVotesSchema(many=True, help_text="Each organization's shares, largest first.")
    draw = DrawSchema(
        source="counts.draw",
        allow_null=True,
        help_text="Probabilities of the pairs in the next draw. Null if the pool has no draw.",
    )


class RemovalSchema(Schema):
    at_least = IntegerField(allow_null=True, help_text="Removing fewer voters cannot change the order.")
    at_most = IntegerField(allow_null=True, help_text="Removing this many voters can change the order.")
    of = IntegerField(allow_null=True, help_text="Number of voters who can be removed.")


class NeighborsSchema(RemovalSchema):
    above = CharField(help_text="Model slug.")
    below = CharField(help_text="Slug of the next model.")


class FirstPlaceSchema(RemovalSchema):
    model = CharField(help_text="Model slug.")


class CertificateSchema(BoardKeySchema):
    computed_at = serializers.DateTimeField(
        allow_null=True, help_text="Time of the computation. Null if the board has no certificate."
    )
    pairs = NeighborsSchema(many=True, help_text="Each model with the next model, best first.")
    first = FirstPlaceSchema(allow_null=True, help_text="The first place. Null if no model is ranked.")


class ModelNameSchema(Schema):
    model = CharField(help_text="Model slug.")
    name = CharField()


class RowFiguresSchema(Schema):
    rating = FloatField()
    ci_low = FloatField(allow_null=True)
    ci_high = FloatField(allow_null=True)
    rank = IntegerField(allow_null=True)
    rank_low = IntegerField(allow_null=True)
    rank_high = IntegerField(allow_null=True)
    tier = IntegerField(allow_null=True)


class ModelMovementSchema(Schema):
    model = CharField(source="current.model", help_text="Model slug.")
    name = CharField(source="current.name")
    change = FloatField(help_text="Change in the rating, minus `shift`.")
    beyond_noise = serializers.ListField(
        source="significant",
        child=serializers.ChoiceField(("rating", "rank", "tier")),
        allow_null=True,
        help_text="Values that changed significantly. Null if a board has no intervals.",
    )
    then = RowFiguresSchema(source="earlier")
    now = RowFiguresSchema(source="current")


class DailyVotesSchema(Schema):
    day = serializers.DateField(help_text="Day in UTC.")
    votes = IntegerField(help_text="Number of votes added to the board on that day. Negative if votes were removed.")


class MovementReportSchema(BoardKeySchema):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    computed_then = serializers.DateTimeField(
        source="earlier_computed_at",
        allow_null=True,
        help_text="Time of the newest board as of `since`. Null if there was no board yet.",
    )
    computed_at = serializers.DateTimeField(allow_null=True, help_text="Time of the newest board as of `until`.")
    votes = IntegerField(
        allow_null=True,
        help_text="Number of votes on the later board minus the number on the earlier one. Null if unknown.",
    )
    shift = FloatField(allow_null=True, help_text="Change that all ratings share, because their mean stays at 1,000.")
    models = ModelMovementSchema(
        source="movements",
        many=True,
        help_text="Models in the main component of both boards, largest change first.",
    )
    added = ModelNameSchema(many=True, help_text="Models that are new on the later board.")
    removed = ModelNameSchema(many=True)
    days = DailyVotesSchema(
        many=True,
        help_text=(
            "Votes per day for up to thirty days ending with the day of `until`, oldest first. Imported votes count on"
            " their import day."
        ),
    )
