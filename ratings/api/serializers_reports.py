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
    among = IntegerField(source="ranked_models", help_text="number of ranked models in its component")
    rank = IntegerField(source="row.rank", allow_null=True, help_text="null: it has no rank")
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
    votes, voters = IntegerField(help_text="with a reason about this model; a vote may have several"), IntegerField()
    praise, blame = PraiseSchema(many=True, help_text="most first"), BlameSchema(many=True)


class ModelReportSchema(ModelDetailSchema):
    boards = PlacementSchema(
        many=True, help_text="of each pool over all categories, then of one pool in every category"
    )
    reasons = ReasonsProfileSchema(
        allow_null=True, help_text="reasons of voters in that pool; null if fewer than five people gave a reason"
    )
    scores = ModelScoreSchema(many=True, help_text="on benchmarks; only scores of equal conditions are comparable")


class VoteReasonSchema(Schema):
    reason = CharField(help_text="as in `votes/`; empty if an imported vote has none")
    votes = IntegerField()


class ProportionSchema(Schema):
    part, whole = IntegerField(), IntegerField()
    share = FractionField(source="percent", help_text="from 0 to 1")
    ci_low, ci_high = FractionField(source="low", help_text="95 %, by Wilson"), FractionField(source="high")


class CountedVotesSchema(Schema):
    counted, uncounted = IntegerField(), IntegerField()
    reasons = VoteReasonSchema(many=True, help_text="why votes do not count, most first")
    ties = IntegerField(help_text="including both-bad votes")
    left = ProportionSchema(allow_null=True, help_text="share of the left answer among votes with a winner")
    skipped = ProportionSchema(
        allow_null=True, help_text="share of skipped battles among blind battles with a vote or a skip; null if unknown"
    )
    replaced = ProportionSchema(
        allow_null=True, help_text="share of the same battles in which a model was silently replaced"
    )


class ModelVotesSchema(Schema):
    model, name = CharField(source="slug", help_text="slug"), CharField()
    organization = BlankAsNullField(source="maker")
    retired = BooleanField()
    counted, uncounted = IntegerField(), IntegerField()
    reasons = VoteReasonSchema(many=True)
    share = FractionField(source="percent", help_text="of all votes that count; those of all models add up to 2")
    chance = FractionField(allow_null=True, help_text="chance to be in the next blind battle while all models are up")


class ReplacementSchema(Schema):
    reason, battles = CharField(), IntegerField()


class ModelBattlesSchema(Schema):
    model, name = CharField(source="slug", help_text="slug"), CharField()
    drawn = IntegerField(help_text="finished blind battles, including those in which it was replaced")
    replaced = ReplacementSchema(many=True, help_text="it failed before its first word and was silently replaced")
    refused = IntegerField(help_text="battles with an answer that it or its provider refused; never replaced")
    void = IntegerField(help_text="battles without a first answer from it, so that nobody could vote")
    one_sided = IntegerField(help_text="votes that do not count, for a question made this model fail alone; a day late")


class MakerVotesSchema(Schema):
    organization = BlankAsNullField(source="name", help_text="null: unknown")
    models, retired = IntegerField(), IntegerField()
    share = FractionField(source="percent", help_text="of the two sides of all votes; those of all makers add up to 1")
    chance = FractionField(allow_null=True, help_text="of the two sides of the next blind battle")


class DrawSchema(Schema):
    pairs = IntegerField()
    least = FractionField(help_text="chance of the least likely pair")
    most = FractionField(help_text="chance of the most likely pair")
    shared_evenly = FloatField(help_text="the part of the chances that is equal for all pairs")


class AuditMoveSchema(Schema):
    model, name = CharField(source="slug", help_text="slug"), CharField()
    moved, se = FloatField(), FloatField(source="error", help_text="of that move")


class DrawAuditSchema(Schema):
    votes = IntegerField(help_text="votes with a known chance of their pair")
    heaviest = FloatField(source="most", help_text="the largest weight of a vote; a vote on an average pair weighs 1")
    clustered = BooleanField(help_text="whether errors are clustered by voter")
    models = IntegerField()
    expected = FloatField(help_text="how many would be flagged by chance")
    flagged = AuditMoveSchema(many=True, help_text="models that move by more than two errors, the farthest first")
    farthest = AuditMoveSchema(allow_null=True)


class StyleFeatureSchema(Schema):
    feature = serializers.ChoiceField([*STYLE_NAMES])
    points = FloatField(help_text="Elo points that one standard deviation more of it adds to an answer")
    margin = FloatField(help_text="half of its 95 % interval")


class StyleWorthSchema(Schema):
    computed_at = serializers.DateTimeField(source="style_board.computed_at", allow_null=True)
    votes = IntegerField(source="style_board.votes")
    features = StyleFeatureSchema(
        source="styles", many=True, help_text="empty where no board under style control can be fitted"
    )


class MethodReportSchema(Schema):
    pool = CharField(source="pool.slug")
    computed_at = serializers.DateTimeField(
        source="board.computed_at", allow_null=True, help_text="of its board over all categories"
    )
    rows = IntegerField(help_text="models on that board")
    intervals = IntegerField(help_text="closed intervals on that board")
    expected_misses = FloatField(help_text="how many of these are expected to miss the truth")
    style = StyleWorthSchema(source="*")  # type: ignore[assignment]  # the name is that of the API
    counted_at = serializers.DateTimeField(
        source="counts.counted_at",
        allow_null=True,
        help_text="time of all following fields; null before the first count",
    )
    votes = CountedVotesSchema(source="counts", allow_null=True)
    models = ModelVotesSchema(source="shares", many=True, help_text="every model with a vote, most votes first")
    battles = ModelBattlesSchema(
        many=True, help_text="how often each model failed, most failures for its battles first"
    )
    makers = MakerVotesSchema(many=True, help_text="largest share first")
    draw = DrawSchema(
        source="counts.draw", allow_null=True, help_text="chances of the next pair; null if the pool has no draw"
    )
    audit = DrawAuditSchema(
        source="counts.audit",
        allow_null=True,
        help_text="of the draw: the same fit, as if all pairs had been drawn equally often",
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
    change = FloatField(help_text="of the rating, without `shift`")
    beyond_noise = serializers.ListField(
        source="significant",
        child=serializers.ChoiceField(("rating", "rank", "tier")),
        allow_null=True,
        help_text="which of these changed significantly; null if a board has no intervals",
    )
    then, now = RowFiguresSchema(source="earlier"), RowFiguresSchema(source="current")


class DailyVotesSchema(Schema):
    day, votes = serializers.DateField(help_text="UTC"), IntegerField(help_text="counted by the board on that day")


class MovementReportSchema(BoardKeySchema):
    since, until = serializers.DateTimeField(), serializers.DateTimeField()
    computed_then = serializers.DateTimeField(allow_null=True, help_text="of the board at `since`; null: none by then")
    computed_at = serializers.DateTimeField(allow_null=True, help_text="of the board at `until`")
    votes = IntegerField(allow_null=True, help_text="how many votes the later board has more; null if unknown")
    shift = FloatField(allow_null=True, help_text="shift of all ratings, because their mean stays at 1000")
    models = ModelMovementSchema(
        source="movements", many=True, help_text="on both boards, within the main component; most moved first"
    )
    came = ModelNameSchema(source="added", many=True, help_text="on the later board alone")
    went = ModelNameSchema(source="removed", many=True)
    days = DailyVotesSchema(
        many=True, help_text="up to thirty, oldest first; imported votes are of the day of their import"
    )
