"""Serializers for boards and votes. The OpenAPI schema is generated from them.

`BoardSchema` is used only for the OpenAPI schema, because published boards are sent as stored
(see `ratings.boards.snapshot_cache`).
"""

from typing import Any, get_args

from rest_framework import serializers

from arena.api.serializers import ModelDetailSchema
from arena.battles.feedback import BLAME, PRAISE
from arena.models import Pool, Vote
from catalog.api.serializers import ModelScoreSchema, ScoreConditionsSchema
from core.http.openapi import (
    BlankAsNullField,
    BooleanField,
    CharField,
    FloatField,
    FractionField,
    IntegerField,
    PageSchema,
    Schema,
)
from ratings.boards.snapshots import METHODS
from ratings.interchange.export_votes import WINNER_NAMES
from ratings.reports import benchmark_agreement, frontier
from ratings.reports.benchmark_agreement import ConditionsGroup
from ratings.reports.method_figures import STYLE_NAMES
from ratings.statistics.benchmark_regression import Verdict


class ModelNameSchema(Schema):
    model = CharField(help_text="Model slug.")
    name = CharField()


class IntervalSchema(Schema):
    rating = FloatField()
    ci_low = FloatField(allow_null=True)
    ci_high = FloatField(allow_null=True)


class AnchorSchema(Schema):
    model = CharField()
    rating = FloatField()


class RatingScaleSchema(Schema):
    factor = IntegerField()
    base = IntegerField()
    mean = IntegerField(
        allow_null=True,
        help_text="Mean rating of each component, excluding unbounded models. Null on a reference board.",
    )
    anchor = AnchorSchema(
        required=False,
        help_text="A model whose rating is fixed. All other ratings are shifted by the same amount.",
    )


class StyleCoefficientSchema(Schema):
    coefficient = FloatField(help_text="Natural log-odds per standard deviation of the style difference.")
    se = FloatField()
    scale = FloatField(help_text="Standard deviation of the style difference.")


class StyleSchema(Schema):
    length = StyleCoefficientSchema(allow_null=True)
    headers = StyleCoefficientSchema(allow_null=True)
    bold = StyleCoefficientSchema(allow_null=True)
    list_items = StyleCoefficientSchema(allow_null=True)


class BoardRowSchema(Schema):
    rank = IntegerField(
        allow_null=True,
        help_text=(
            "1 plus the number of ranked models in the component that have a higher rating. Null if the model is not"
            " ranked."
        ),
    )
    rank_low = IntegerField(
        allow_null=True,
        help_text="1 plus the number of ranked models that are significantly better (two-sided 95% test).",
    )
    rank_high = IntegerField(
        allow_null=True,
        help_text=(
            "Number of ranked models, including this one, that are not significantly worse. For an unranked model, the "
            "worst rank that it could have."
        ),
    )
    rank_ub = IntegerField(
        allow_null=True,
        help_text="1 plus the number of ranked models whose interval lies entirely above this model's interval.",
    )
    tier = IntegerField(
        allow_null=True,
        help_text=(
            "Tier of the model. Any model in tier 1 could be the best. Any model in tier 2 could be the best of the"
            " remaining models, and so on."
        ),
    )
    votes_to_rank = IntegerField(
        allow_null=True,
        help_text=(
            "Number of votes that the model still needs to be ranked. At most 20 votes per voter are counted. Null on "
            "boards from earlier versions."
        ),
    )
    model = CharField(help_text="Model slug.")
    variant_of = CharField(allow_null=True, help_text="Slug of the model of which this is a variant, or null.")
    name = CharField()
    setting = CharField(
        required=False,
        help_text="The setting at which a publisher rated the model, such as High. Only on reference boards.",
    )
    organization = CharField(allow_null=True)
    license = CharField(allow_null=True)
    open_weights = BooleanField(allow_null=True)
    rating = FloatField()
    ci_low = FloatField(
        allow_null=True, help_text="Lower end of the 95% interval. Null if the interval has no lower end."
    )
    ci_high = FloatField(
        allow_null=True, help_text="Upper end of the 95% interval. Null if the interval has no upper end."
    )
    se = FloatField(
        allow_null=True, help_text="Standard error. A closed interval extends 1.96 times this value in each direction."
    )
    interval = serializers.ChoiceField(("plain", "clustered", "published"), allow_null=True)
    component = IntegerField(
        help_text="The model's component. Ratings from different components are not comparable, even with Elo."
    )
    unbounded = BooleanField(
        help_text=(
            "True if the model's votes do not determine a finite rating. In that case, a rule determines the rating."
            " Always false with Elo."
        )
    )
    votes = IntegerField()
    weight = FloatField(
        allow_null=True,
        help_text=(
            "Sum of the votes' weights. A vote has full weight here until it is a day old, even if the filter or an"
            " operator gave it less. Null on a reference board."
        ),
    )
    voters = IntegerField(allow_null=True, help_text="Number of voters, if known.")
    wins = IntegerField(allow_null=True, help_text="Number of wins. Null on a reference board.")
    losses = IntegerField(allow_null=True, help_text="Number of losses. Null on a reference board.")
    ties = IntegerField(allow_null=True, help_text="Number of ties, including both-bad votes.")
    both_bad = IntegerField(allow_null=True)
    win_rate = FloatField(allow_null=True)
    provisional = BooleanField()


class BoardKeySchema(Schema):
    pool = CharField()
    category = CharField()
    style_control = BooleanField()
    method = serializers.ChoiceField(METHODS)


class ReferenceSchema(Schema):
    publisher = CharField()
    published_on = serializers.DateField()
    license = CharField()
    license_url = serializers.URLField()
    source = serializers.URLField()  # type: ignore[assignment]  # mypy sees Serializer's attribute


class BoardSchema(BoardKeySchema):
    computed_at = serializers.DateTimeField(
        allow_null=True, help_text="Time when the board was computed. Null before the first vote."
    )
    votes = IntegerField(
        allow_null=True,
        help_text="Number of votes. Under style control, only those with a known style. Null on a reference board.",
    )
    last_vote_id = IntegerField(allow_null=True, help_text="ID of the newest vote on the board.")
    scale = RatingScaleSchema()
    style = StyleSchema(required=False, help_text="Effect of each style feature.")  # type: ignore[assignment]  # mypy sees Serializer's attribute
    problem = serializers.ChoiceField(
        ("separable", "not_converged"), required=False, help_text="Reason why the board has votes but no rows."
    )
    provisional = BooleanField(
        help_text=(
            "True if fewer than two models in the main component have enough votes. In that case, all models are"
            " ranked."
        )
    )
    reference = ReferenceSchema(
        required=False, help_text="The publisher of these ratings, which do not come from this arena's votes."
    )
    rows = BoardRowSchema(many=True)


class FrontierRowSchema(IntervalSchema, ModelNameSchema):
    rank = IntegerField()
    provisional = BooleanField()
    value = FloatField(help_text="US dollars per million tokens, or tokens per second.")
    price_input = FloatField(required=False)
    price_output = FloatField(required=False)
    source = CharField(required=False)  # type: ignore[assignment]  # mypy sees Serializer's attribute
    as_of = serializers.DateField(required=False)
    by_hand = BooleanField(required=False, help_text="True if an operator of this site entered or chose the price.")
    on_frontier = BooleanField(help_text="True if no other model is better in both rating and `value`.")
    organization = CharField(allow_null=True, help_text="The maker of the model.")
    open_weights = BooleanField(allow_null=True)
    has_enabled_endpoint = BooleanField(help_text="True if the model answers in the battles on this site.")


class FrontierExclusionSchema(ModelNameSchema):
    reason = serializers.ChoiceField(frontier.EXCLUSION_REASONS)


class FrontierSchema(BoardKeySchema):
    computed_at = serializers.DateTimeField(allow_null=True)
    against = serializers.ChoiceField(frontier.AXES)
    rows = FrontierRowSchema(many=True)
    left_out = FrontierExclusionSchema(many=True)


class MatrixField(serializers.ListField):
    """A matrix of plain Python numbers, which is returned unchanged because rendering each cell would be slow."""

    def __init__(self, cell: Any, help_text: str) -> None:
        super().__init__(child=serializers.ListField(child=cell), help_text=help_text)

    def to_representation(self, matrix: Any) -> Any:
        return matrix


class PairwiseSchema(BoardKeySchema):
    computed_at = serializers.DateTimeField(allow_null=True)
    models = serializers.ListField(child=CharField(), help_text="Model slugs for the rows and columns, in board order.")
    wins = MatrixField(IntegerField(), "Number of votes that the row's model won against the column's model.")
    ties = MatrixField(IntegerField(), "Number of ties, including both-bad votes.")
    counts = MatrixField(IntegerField(), "Number of votes on the pair.")
    win_probability = MatrixField(
        FloatField(allow_null=True), "Predicted score of the row's model, where a tie is half a win."
    )
    diff = MatrixField(FloatField(allow_null=True), "Rating of the row's model minus the rating of the column's model.")
    diff_se = MatrixField(
        FloatField(allow_null=True),
        "Standard error of the difference. Half the width of its 95% interval is 1.96 times this value.",
    )
    votes_needed = MatrixField(
        IntegerField(allow_null=True),
        (
            "Number of direct votes that are still needed to separate the pair. 0 if the difference is already "
            "significant. Null if no number of votes would be enough."
        ),
    )


class RatingPointList(serializers.ListSerializer[Any]):
    """Returns points unchanged. Rendering 4,000 of them field by field would take 0.2 s."""

    def to_representation(self, points: Any) -> Any:
        return points


class RatingPointSchema(IntervalSchema):
    class Meta:
        list_serializer_class = RatingPointList

    computed_at = serializers.DateTimeField()
    rank = IntegerField(allow_null=True)
    votes = IntegerField()


class RatingSeriesSchema(Schema):
    model = CharField()
    points = RatingPointSchema(many=True, help_text="At most 200 points, oldest first.")


class RatingHistorySchema(BoardKeySchema):
    series = RatingSeriesSchema(many=True)


class PoolSchema(Schema):
    slug = CharField()
    name = CharField()
    kind = serializers.ChoiceField(Pool.Kind.values)
    visibility = serializers.ChoiceField(
        Pool.Visibility.values,
        help_text="Who sees the pool: everyone, its owner and invited accounts (and operators), or operators only.",
    )
    votes = IntegerField(
        allow_null=True,
        help_text="Votes on the overall board. Null if there is no board yet, or if the number is unknown.",
    )
    provenance = CharField(help_text="Source of the pool's votes or ratings. Empty for this arena's own votes.")
    categories = serializers.ListField(
        child=CharField(), help_text="Slugs of the categories that have a board, in alphabetical order."
    )


class PoolPageSchema(PageSchema):
    results = PoolSchema(many=True)


class CategorySchema(Schema):
    slug = CharField()
    name = CharField()


class CategoryPageSchema(PageSchema):
    results = CategorySchema(many=True)


class VoteStyleField(serializers.DictField):
    """Style features as stored: whole numbers for votes on this site, or the values from an imported file."""

    def to_representation(self, style: Any) -> Any:
        return style


class PublicVoteSchema(Schema):
    id = serializers.UUIDField(help_text="Place of the vote in the record.")
    model_a = CharField(help_text="Model name.")
    model_b = CharField()
    winner = serializers.ChoiceField([*WINNER_NAMES.values()])
    timestamp = serializers.DateTimeField(allow_null=True, help_text="Vote time, truncated to the hour.")
    voter = CharField(allow_null=True, help_text="Voter pseudonym. It differs by day and by pool.")
    conv_metadata = VoteStyleField(child=FloatField(), allow_null=True, help_text="Style features of both answers.")
    weight = IntegerField()
    counted = BooleanField()
    reason = CharField(help_text="Reason why the vote is not counted. Empty if it is counted.")
    source = serializers.ChoiceField(Vote.Source.values)  # type: ignore[assignment]  # mypy sees Serializer's attribute
    propensity = FloatField(allow_null=True, help_text="Draw probability, rounded. Null if a model was replaced.")
    turns = IntegerField()
    categories = serializers.ListField(
        child=CharField(), help_text="Categories of the vote, except `exclude-ties`, which depends on the outcome."
    )
    filter_weight = FloatField(help_text="Weight of the vote in the ratings, from 0 to 1.")
    filter_reason = CharField(help_text="Reason for a weight below 1, such as `voter`, `crowd`, or `excluded`.")
    filter_version = CharField(allow_null=True, help_text="Version of the filter. Null if it has not run yet.")
    draw = CharField(allow_null=True, help_text="Null, except in an operator's record.")
    voter_kind = serializers.ChoiceField(
        Vote.VoterKind.values, required=False, help_text="Kind of the voter. Absent for a person."
    )
    item = CharField(required=False, help_text="What was judged, if several voters can judge it.")
    question = CharField(required=False, help_text="The question, if the vote was imported with one.")


class PublicVotePageSchema(Schema):
    next = serializers.URLField(allow_null=True)
    results = PublicVoteSchema(many=True)


class AgreementConditionsSchema(ScoreConditionsSchema):
    key = CharField()
    models = IntegerField(help_text="Number of models that have a rating and a score under these conditions.")

    def to_representation(self, group: ConditionsGroup) -> Any:
        conditions = ScoreConditionsSchema(group.ranking.first).data
        return {"key": group.key, "models": len(group.pairs), **conditions}


class AgreementPointSchema(IntervalSchema, ModelNameSchema):
    score = FloatField(help_text="Score, from 0 to 100.")
    score_margin = FloatField(allow_null=True, help_text="Half the width of the score's 95% interval. Null if unknown.")
    expected = FloatField(allow_null=True, help_text="Rating predicted by the regression line.")
    z = FloatField(
        allow_null=True, help_text="Distance from the regression line, in standard deviations of the residuals."
    )
    z_low = FloatField(
        allow_null=True,
        help_text="Lower end of the 95% interval for `z`, based on the errors of the score and the rating.",
    )
    z_high = FloatField(allow_null=True)
    verdict = serializers.ChoiceField(get_args(Verdict), allow_null=True)


class AgreementExclusionSchema(ModelNameSchema):
    reason = serializers.ChoiceField(benchmark_agreement.EXCLUSION_REASONS)


class DisagreementSchema(Schema):
    benchmark = CharField(source="benchmark.slug", help_text="Benchmark slug.")
    pool = CharField(source="board.pool")
    category = CharField(source="board.category")
    computed_at = serializers.DateTimeField(source="board.computed_at", allow_null=True)
    conditions = AgreementConditionsSchema(source="group", allow_null=True)
    other_conditions = AgreementConditionsSchema(source="other_groups", many=True)
    n = IntegerField()
    needed = IntegerField(source="min_models")
    missing = IntegerField()
    problem = serializers.ChoiceField(benchmark_agreement.PROBLEMS, allow_null=True)
    slope = FloatField(
        source="regression.slope",
        allow_null=True,
        help_text="Slope, in rating points per percentage point of the score.",
    )
    intercept = FloatField(source="regression.intercept", allow_null=True)
    sd = FloatField(source="regression.sd", allow_null=True, help_text="Standard deviation of the residuals.")
    spearman = FloatField(source="regression.spearman", allow_null=True)
    spearman_low = FloatField(source="regression.spearman_low", allow_null=True)
    spearman_high = FloatField(source="regression.spearman_high", allow_null=True)
    far = FloatField(
        source="min_outlier_z", help_text="Minimum |z| at which a model counts as far from the regression line."
    )
    rank_signal = serializers.ChoiceField(("kept", "lost"), allow_null=True)
    points = AgreementPointSchema(
        many=True, help_text="Models, sorted from far below the regression line to far above it."
    )
    left_out = AgreementExclusionSchema(many=True)


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
    style = StyleWorthSchema(source="*")  # type: ignore[assignment]  # mypy sees Serializer's attribute
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


class RowFiguresSchema(IntervalSchema):
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
