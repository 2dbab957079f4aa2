"""Serializers of the reports (model, method, movements); the OpenAPI document is derived from them."""

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
    pool, category = CharField(source="pool.slug"), CharField()
    among = IntegerField(source="ranked_models", help_text="Number of ranked models in its component.")
    rank = IntegerField(source="row.rank", allow_null=True, help_text="Null if the model has no rank.")
    rank_low = IntegerField(source="row.rank_low", allow_null=True)
    rank_high = IntegerField(source="row.rank_high", allow_null=True)
    tier = IntegerField(source="row.tier", allow_null=True)
    rating = FloatField(source="row.rating")
    ci_low = FloatField(source="row.ci_low", allow_null=True)
    ci_high = FloatField(source="row.ci_high", allow_null=True)
    votes, component = IntegerField(source="row.votes"), IntegerField(source="row.component")
    unbounded, provisional = BooleanField(source="row.unbounded"), BooleanField(source="row.provisional")
    votes_to_rank = IntegerField(source="row.votes_to_rank", allow_null=True)


class PraiseSchema(Schema):
    reason = serializers.ChoiceField([*PRAISE], source="word")
    votes = IntegerField(source="count")


class BlameSchema(Schema):
    reason = serializers.ChoiceField([*BLAME], source="word")
    votes = IntegerField(source="count")


class ReasonsProfileSchema(Schema):
    pool = CharField()
    votes, voters = (
        IntegerField(help_text="Votes with a reason about this model. A vote may have several reasons."),
        IntegerField(),
    )
    praise, blame = PraiseSchema(many=True, help_text="Reasons, the most frequent first."), BlameSchema(many=True)


class ModelReportSchema(ModelDetailSchema):
    boards = PlacementSchema(
        many=True, help_text="The overall board of each pool, then the boards of one pool in every category."
    )
    reasons = ReasonsProfileSchema(
        allow_null=True, help_text="Voters' reasons in that pool. Null if fewer than five people gave a reason."
    )
    scores = ModelScoreSchema(
        many=True, help_text="Benchmark scores. Only scores from the same conditions are comparable."
    )


class VoteReasonSchema(Schema):
    reason = CharField(help_text="The same reasons as in `votes/`. Empty if an imported vote has no reason.")
    votes = IntegerField()


class ProportionSchema(Schema):
    part, whole = IntegerField(), IntegerField()
    share = FractionField(source="percent", help_text="From 0 to 1.")
    ci_low, ci_high = (
        FractionField(source="low", help_text="Lower end of Wilson's 95% interval."),
        FractionField(source="high"),
    )


class CountedVotesSchema(Schema):
    counted, uncounted = IntegerField(), IntegerField()
    reasons = VoteReasonSchema(many=True, help_text="Why votes do not count, the most frequent reason first.")
    ties = IntegerField(help_text="Including votes for both bad.")
    left = ProportionSchema(allow_null=True, help_text="Share of votes for the left answer, among votes with a winner.")
    skipped = ProportionSchema(
        allow_null=True,
        help_text="Share of skipped battles, among blind battles with a vote or a skip. Null if unknown.",
    )
    replaced = ProportionSchema(
        allow_null=True, help_text="Share of the same battles in which a model was silently replaced."
    )


class ModelVotesSchema(Schema):
    model, name = CharField(source="slug", help_text="slug"), CharField()
    organization = BlankAsNullField(source="maker")
    retired = BooleanField()
    counted, uncounted = IntegerField(), IntegerField()
    reasons = VoteReasonSchema(many=True)
    share = FractionField(
        source="percent", help_text="Share of all counted votes. The shares of all models add up to 2."
    )
    chance = FractionField(
        allow_null=True, help_text="Probability of being in the next blind battle while all models are available."
    )


class ReplacementSchema(Schema):
    reason, battles = CharField(), IntegerField()


class ModelBattlesSchema(Schema):
    model, name = CharField(source="slug", help_text="slug"), CharField()
    drawn = IntegerField(help_text="Finished blind battles, including those in which the model was replaced.")
    replaced = ReplacementSchema(
        many=True, help_text="Battles in which the model failed before its first word and was silently replaced."
    )
    refused = IntegerField(
        help_text=(
            "Battles in which the model or its provider refused to answer. Arena never replaces a model that refuses."
        )
    )
    void = IntegerField(
        help_text="Battles in which nobody could vote because the model failed to answer the first question."
    )
    one_sided = IntegerField(
        help_text="Votes that do not count because a question made only this model fail. They appear a day late."
    )


class MakerVotesSchema(Schema):
    organization = BlankAsNullField(source="name", help_text="null: unknown")
    models, retired = IntegerField(), IntegerField()
    share = FractionField(
        source="percent", help_text="Share of the sides of all votes. The shares of all makers add up to 1."
    )
    chance = FractionField(allow_null=True, help_text="Expected share of the sides of the next blind battle.")


class DrawSchema(Schema):
    pairs = IntegerField()
    least = FractionField(help_text="Probability of the least likely pair.")
    most = FractionField(help_text="Probability of the most likely pair.")
    shared_evenly = FloatField(help_text="The part of the probability that is the same for all pairs.")


class AuditMoveSchema(Schema):
    model, name = CharField(source="slug", help_text="slug"), CharField()
    moved, se = FloatField(), FloatField(source="error", help_text="Standard error of the move.")


class DrawAuditSchema(Schema):
    votes = IntegerField(help_text="Votes for which the probability of the pair is known.")
    heaviest = FloatField(source="most", help_text="The largest weight of a vote. A vote on an average pair weighs 1.")
    clustered = BooleanField(help_text="Whether errors are clustered by voter.")
    models = IntegerField()
    expected = FloatField(help_text="Number of models that chance alone would flag.")
    flagged = AuditMoveSchema(
        many=True, help_text="Models that move by more than two standard errors, largest move first."
    )
    farthest = AuditMoveSchema(allow_null=True)


class StyleFeatureSchema(Schema):
    feature = serializers.ChoiceField([*STYLE_NAMES])
    points = FloatField(help_text="Elo points that an answer gains from one more standard deviation of this feature.")
    margin = FloatField(help_text="Half the width of its 95% interval.")


class StyleWorthSchema(Schema):
    computed_at = serializers.DateTimeField(source="style_board.computed_at", allow_null=True)
    votes = IntegerField(source="style_board.votes")
    features = StyleFeatureSchema(
        source="styles", many=True, help_text="Empty if no board under style control can be fitted."
    )


class MethodReportSchema(Schema):
    pool = CharField(source="pool.slug")
    computed_at = serializers.DateTimeField(
        source="board.computed_at", allow_null=True, help_text="Time of the pool's overall board."
    )
    rows = IntegerField(help_text="Number of models on that board.")
    intervals = IntegerField(help_text="Number of closed intervals on that board.")
    expected_misses = FloatField(help_text="Number of these intervals that are expected to miss the true rating.")
    style = StyleWorthSchema(source="*")  # type: ignore[assignment]  # the API's name
    counted_at = serializers.DateTimeField(
        source="counts.counted_at",
        allow_null=True,
        help_text="Time of all the following fields. Null before the first count.",
    )
    votes = CountedVotesSchema(source="counts", allow_null=True)
    models = ModelVotesSchema(source="shares", many=True, help_text="Every model with a vote, most votes first.")
    battles = ModelBattlesSchema(many=True, help_text="How often each model failed, highest failure rate first.")
    makers = MakerVotesSchema(many=True, help_text="Largest share first.")
    draw = DrawSchema(
        source="counts.draw", allow_null=True, help_text="Probabilities of the next pair. Null if the pool has no draw."
    )
    audit = DrawAuditSchema(
        source="counts.audit",
        allow_null=True,
        help_text="Audit of the draw: the same fit with votes weighted as if all pairs had been drawn equally often.",
    )


class ModelNameSchema(Schema):
    model, name = CharField(help_text="slug"), CharField()


class RowFiguresSchema(Schema):
    rating, ci_low, ci_high = FloatField(), FloatField(allow_null=True), FloatField(allow_null=True)
    rank, rank_low = IntegerField(allow_null=True), IntegerField(allow_null=True)
    rank_high, tier = IntegerField(allow_null=True), IntegerField(allow_null=True)


class ModelMovementSchema(Schema):
    model = CharField(source="current.model", help_text="slug")
    name = CharField(source="current.name")
    change = FloatField(help_text="Change of the rating, without `shift`.")
    beyond_noise = serializers.ListField(
        source="significant",
        child=serializers.ChoiceField(("rating", "rank", "tier")),
        allow_null=True,
        help_text="Which of these changed significantly. Null if a board has no intervals.",
    )
    then, now = RowFiguresSchema(source="earlier"), RowFiguresSchema(source="current")


class DailyVotesSchema(Schema):
    day, votes = (
        serializers.DateField(help_text="UTC"),
        IntegerField(help_text="Votes that the board counted on that day."),
    )


class MovementReportSchema(BoardKeySchema):
    since, until = serializers.DateTimeField(), serializers.DateTimeField()
    computed_then = serializers.DateTimeField(
        allow_null=True, help_text="Time of the board at `since`. Null if there was no board yet."
    )
    computed_at = serializers.DateTimeField(allow_null=True, help_text="Time of the board at `until`.")
    votes = IntegerField(allow_null=True, help_text="How many more votes the later board has. Null if unknown.")
    shift = FloatField(allow_null=True, help_text="Common shift of all ratings, because their mean stays at 1,000.")
    models = ModelMovementSchema(
        source="movements",
        many=True,
        help_text="Models on both boards within the main component, largest change first.",
    )
    came = ModelNameSchema(source="added", many=True, help_text="Models that are only on the later board.")
    went = ModelNameSchema(source="removed", many=True)
    days = DailyVotesSchema(
        many=True, help_text="Up to thirty days, oldest first. Imported votes count on the day of their import."
    )
