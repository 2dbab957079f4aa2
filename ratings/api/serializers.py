"""Serializers for boards and votes. The OpenAPI schema is generated from them.

`BoardSchema` is used only for the OpenAPI schema, because published boards are sent as stored
(see `ratings.boards.snapshot_cache`).
"""

from typing import Any, get_args

from rest_framework import serializers

from arena.models import Vote
from core.http.openapi import BooleanField, CharField, FloatField, IntegerField, PageSchema, Schema
from ratings.boards.snapshots import METHODS
from ratings.interchange.export_votes import WINNER_NAMES
from ratings.models import Pool
from ratings.reports import benchmark_agreement, frontier
from ratings.statistics.benchmark_regression import Verdict


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
    source = serializers.URLField()  # type: ignore[assignment]  # hides an attribute of Serializer


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
    style = StyleSchema(required=False, help_text="Effect of each style feature.")  # type: ignore[assignment]  # hides an attribute of Serializer
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


class FrontierRowSchema(Schema):
    rank = IntegerField()
    model = CharField(help_text="Model slug.")
    name = CharField()
    rating = FloatField()
    ci_low = FloatField(allow_null=True)
    ci_high = FloatField(allow_null=True)
    provisional = BooleanField()
    value = FloatField(help_text="US dollars per million tokens, or tokens per second.")
    price_input = FloatField(required=False)
    price_output = FloatField(required=False)
    source = CharField(required=False)  # type: ignore[assignment]  # hides an attribute of Serializer
    as_of = serializers.DateField(required=False)
    by_hand = BooleanField(required=False, help_text="True if an operator of this site entered or chose the price.")
    on_frontier = BooleanField(help_text="True if no other model is better in both rating and `value`.")
    organization = CharField(allow_null=True, help_text="The maker of the model.")
    open_weights = BooleanField(allow_null=True)
    has_enabled_endpoint = BooleanField(help_text="True if the model answers in the battles on this site.")


class FrontierExclusionSchema(Schema):
    model = CharField(help_text="Model slug.")
    name = CharField()
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


class RatingPointSchema(Schema):
    class Meta:
        list_serializer_class = RatingPointList

    computed_at = serializers.DateTimeField()
    rating = FloatField()
    ci_low = FloatField(allow_null=True)
    ci_high = FloatField(allow_null=True)
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
    source = serializers.ChoiceField(Vote.Source.values)  # type: ignore[assignment]  # hides an attribute of Serializer
    propensity = FloatField(allow_null=True, help_text="Draw probability, rounded. Null if a model was replaced.")
    turns = IntegerField()
    categories = serializers.ListField(
        child=CharField(), help_text="Categories of the vote, except `exclude-ties`, which depends on the outcome."
    )
    filter_weight = FloatField(help_text="Weight of the vote in the ratings, from 0 to 1.")
    filter_reason = CharField(help_text="Reason for a weight below 1, such as `voter`, `crowd`, or `excluded`.")
    filter_version = CharField(allow_null=True, help_text="Version of the filter. Null if it has not run yet.")
    draw = CharField(allow_null=True, help_text="Null, except in an operator's record.")


class PublicVotePageSchema(Schema):
    next = serializers.URLField(allow_null=True)
    results = PublicVoteSchema(many=True)


class AgreementConditionsSchema(Schema):
    key = CharField()
    models = IntegerField(
        source="model_count", help_text="Number of models that have a rating and a score under these conditions."
    )
    task = CharField(source="ranking.first.task")
    metric = CharField(source="ranking.first.metric")
    filter = CharField(source="ranking.first.filter")
    shots = IntegerField(source="ranking.first.shots", allow_null=True)
    harness = CharField(source="ranking.first.harness")
    version = CharField(source="ranking.first.version")
    chat_template = BooleanField(source="ranking.first.chat_template", allow_null=True)
    method = CharField(source="ranking.first.method")
    limited = BooleanField(source="ranking.first.limited")
    measured_by = CharField(source="ranking.first.measured_by")


class AgreementPointSchema(Schema):
    model = CharField(help_text="Model slug.")
    name = CharField()
    rating = FloatField()
    ci_low = FloatField(allow_null=True)
    ci_high = FloatField(allow_null=True)
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


class AgreementExclusionSchema(Schema):
    model = CharField(help_text="Model slug.")
    name = CharField()
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
