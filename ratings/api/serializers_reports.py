"""The shapes of what programs get of single pages: a model, the method, what moved. For the OpenAPI document alone."""

from rest_framework import serializers

from arena.api.serializers import ModelDetailSchema
from arena.battles.feedback import BLAME, PRAISE
from catalog.api.serializers import ScoreConditionsSchema, StoredScoreSchema
from core.http.openapi import BooleanField, CharField, FloatField, IntegerField, Schema
from ratings.api.serializers import BoardKeySchema
from ratings.reports.method_figures import STYLE_NAMES


class PlacementSchema(Schema):
    pool, category = CharField(), CharField()
    rank = IntegerField(allow_null=True, help_text="null: it is not ranked")
    among = IntegerField(help_text="how many models its rank is among: the ranked ones of its component")
    rank_low, rank_high = IntegerField(allow_null=True), IntegerField(allow_null=True)
    tier, votes_to_rank = IntegerField(allow_null=True), IntegerField(allow_null=True)
    rating, ci_low, ci_high = FloatField(), FloatField(allow_null=True), FloatField(allow_null=True)
    votes, component = IntegerField(), IntegerField()
    unbounded, provisional = BooleanField(), BooleanField()


class PraiseSchema(Schema):
    reason = serializers.ChoiceField([*PRAISE])
    votes = IntegerField()


class BlameSchema(Schema):
    reason = serializers.ChoiceField([*BLAME])
    votes = IntegerField()


class ReasonsProfileSchema(Schema):
    pool = CharField()
    votes, voters = IntegerField(help_text="with a reason about this model; one may give several"), IntegerField()
    praise, blame = PraiseSchema(many=True, help_text="most first"), BlameSchema(many=True)


class ModelScoreSchema(StoredScoreSchema):
    benchmark, name = CharField(help_text="slug"), CharField(help_text="of the benchmark")
    conditions = ScoreConditionsSchema()


class ModelReportSchema(ModelDetailSchema):
    boards = PlacementSchema(
        many=True, help_text="of each pool over all categories, then of one pool in every category"
    )
    reasons = ReasonsProfileSchema(
        allow_null=True, help_text="what voters of that pool said; null where fewer than five people gave a reason"
    )
    scores = ModelScoreSchema(many=True, help_text="on benchmarks; compare only those of equal conditions")


class VoteReasonSchema(Schema):
    reason = CharField(help_text="as `votes/` has it; empty where an imported vote came without one")
    votes = IntegerField()


class ProportionSchema(Schema):
    part, whole = IntegerField(), IntegerField()
    share = FloatField(help_text="from 0 to 1")
    ci_low, ci_high = FloatField(help_text="95 %, by Wilson"), FloatField()


class CountedVotesSchema(Schema):
    counted, uncounted = IntegerField(), IntegerField()
    reasons = VoteReasonSchema(many=True, help_text="why votes do not count, most first")
    ties = IntegerField(help_text="both-bad ones included")
    left = ProportionSchema(allow_null=True, help_text="of votes that name a winner, those for the answer at the left")
    skipped = ProportionSchema(
        allow_null=True, help_text="of blind battles that were judged or skipped; null where unknown"
    )
    replaced = ProportionSchema(allow_null=True, help_text="of the same, those in which a model was replaced unseen")


class ModelVotesSchema(Schema):
    model, name, organization = CharField(help_text="slug"), CharField(), CharField(allow_null=True)
    retired = BooleanField()
    counted, uncounted = IntegerField(), IntegerField()
    reasons = VoteReasonSchema(many=True)
    share = FloatField(help_text="of all votes that count; those of all models add up to 2")
    chance = FloatField(allow_null=True, help_text="to be in the next blind battle while all models are up")


class ReplacementSchema(Schema):
    reason, battles = CharField(), IntegerField()


class ModelBattlesSchema(Schema):
    model, name = CharField(help_text="slug"), CharField()
    drawn = IntegerField(help_text="blind battles that are over, those from which it was taken included")
    replaced = ReplacementSchema(
        many=True, help_text="it failed before its first word, and another took its place unseen"
    )
    refused = IntegerField(help_text="battles with an answer that it or its provider refused; never replaced")
    void = IntegerField(help_text="battles without a first answer from it, so that nobody could vote")
    one_sided = IntegerField(help_text="votes that do not count, for a question made this model fail alone; a day late")


class MakerVotesSchema(Schema):
    organization = CharField(allow_null=True, help_text="null: not known")
    models, retired = IntegerField(), IntegerField()
    share = FloatField(help_text="of the two sides of all votes; those of all makers add up to 1")
    chance = FloatField(allow_null=True, help_text="of the two sides of the next blind battle")


class DrawSchema(Schema):
    pairs = IntegerField()
    least, most = (
        FloatField(help_text="chance of the least likely pair"),
        FloatField(help_text="of the most likely one"),
    )
    shared_evenly = FloatField(help_text="the part of every chance that all pairs have alike")


class AuditMoveSchema(Schema):
    model, name = CharField(help_text="slug"), CharField()
    moved, se = FloatField(), FloatField(help_text="of that move")


class DrawAuditSchema(Schema):
    votes = IntegerField(help_text="those whose chance to be drawn is known")
    heaviest = FloatField(help_text="no vote weighs more; one of an average pair weighs 1")
    clustered = BooleanField(help_text="its errors are by voter, not by vote")
    models = IntegerField()
    expected = FloatField(help_text="how many would be flagged by chance")
    flagged = AuditMoveSchema(many=True, help_text="models that move by more than two errors, the farthest first")
    farthest = AuditMoveSchema(allow_null=True)


class StyleFeatureSchema(Schema):
    feature = serializers.ChoiceField([*STYLE_NAMES])
    points = FloatField(help_text="what one standard deviation more of it is worth to an answer")
    margin = FloatField(help_text="half of its 95 % interval")


class StyleWorthSchema(Schema):
    computed_at = serializers.DateTimeField(allow_null=True)
    votes = IntegerField()
    features = StyleFeatureSchema(many=True, help_text="empty where no board under style control can be fitted")


class MethodReportSchema(Schema):
    pool = CharField()
    computed_at = serializers.DateTimeField(allow_null=True, help_text="of its board over all categories")
    rows = IntegerField(help_text="models on that board")
    intervals = IntegerField(help_text="closed ones on that board")
    expected_misses = FloatField(help_text="how many of these must be expected to miss the truth")
    style = StyleWorthSchema()  # type: ignore[assignment]  # the name is that of the API
    counted_at = serializers.DateTimeField(allow_null=True, help_text="of all that follows; null until it is counted")
    votes = CountedVotesSchema(allow_null=True)
    models = ModelVotesSchema(many=True, help_text="every model with a vote, most votes first")
    battles = ModelBattlesSchema(
        many=True, help_text="how often each model failed, most failures for its battles first"
    )
    makers = MakerVotesSchema(many=True, help_text="largest share first")
    draw = DrawSchema(allow_null=True, help_text="how the next pair is drawn; null where nothing is drawn")
    audit = DrawAuditSchema(
        allow_null=True, help_text="of the draw: the same fit, as if all pairs had been drawn equally often"
    )


class ModelNameSchema(Schema):
    model, name = CharField(help_text="slug"), CharField()


class RowFiguresSchema(Schema):
    rating, ci_low, ci_high = FloatField(), FloatField(allow_null=True), FloatField(allow_null=True)
    rank, rank_low, rank_high = (
        IntegerField(allow_null=True),
        IntegerField(allow_null=True),
        IntegerField(allow_null=True),
    )
    tier = IntegerField(allow_null=True)


class ModelMovementSchema(ModelNameSchema):
    change = FloatField(help_text="of the rating, without `shift`")
    beyond_noise = serializers.ListField(
        child=serializers.ChoiceField(("rating", "rank", "tier")),
        allow_null=True,
        help_text="what of it moved by more than noise; null where a board has no intervals to tell",
    )
    then, now = RowFiguresSchema(), RowFiguresSchema()


class DailyVotesSchema(Schema):
    day, votes = serializers.DateField(help_text="UTC"), IntegerField(help_text="taken in by the board on that day")


class MovementReportSchema(BoardKeySchema):
    since, until = serializers.DateTimeField(), serializers.DateTimeField()
    computed_then = serializers.DateTimeField(allow_null=True, help_text="of the board at `since`; null: none by then")
    computed_at = serializers.DateTimeField(allow_null=True, help_text="of the board at `until`")
    votes = IntegerField(allow_null=True, help_text="how many more there are; null where that is not known")
    shift = FloatField(allow_null=True, help_text="by which all ratings moved, for their mean stays at 1000")
    models = ModelMovementSchema(many=True, help_text="on both boards, within the main component; most moved first")
    came, went = ModelNameSchema(many=True, help_text="on the later board alone"), ModelNameSchema(many=True)
    days = DailyVotesSchema(
        many=True, help_text="up to thirty, oldest first; imported votes are of the day of their import"
    )
