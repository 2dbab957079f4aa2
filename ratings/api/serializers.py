"""Serializers of the responses of boards and votes; the OpenAPI document is derived from them.

`BoardSchema` describes alone: a published board is sent as it is stored (`ratings.boards.snapshot_cache`).
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
    model, rating = CharField(), FloatField()


class RatingScaleSchema(Schema):
    factor, base = IntegerField(), IntegerField()
    mean = IntegerField(
        allow_null=True, help_text="Mean rating of the bounded models of each component. Null on a reference board."
    )
    anchor = AnchorSchema(
        required=False,
        help_text="The model whose rating is fixed at this value. The other ratings are shifted with it.",
    )


class StyleCoefficientSchema(Schema):
    coefficient = FloatField(help_text="Natural log-odds per standard deviation of the style difference.")
    se, scale = FloatField(), FloatField(help_text="Standard deviation of the style difference.")


class StyleSchema(Schema):
    length, headers = StyleCoefficientSchema(allow_null=True), StyleCoefficientSchema(allow_null=True)
    bold, list_items = StyleCoefficientSchema(allow_null=True), StyleCoefficientSchema(allow_null=True)


class BoardRowSchema(Schema):
    rank = IntegerField(
        allow_null=True,
        help_text=(
            "1 plus the number of ranked models in the component with a higher rating. Null if the model is not ranked."
        ),
    )
    rank_low = IntegerField(
        allow_null=True,
        help_text="1 plus the number of ranked models that are better, according to a two-sided 95% test.",
    )
    rank_high = IntegerField(
        allow_null=True,
        help_text=(
            "Number of ranked models that are not worse, according to the same test. For an unranked model, the "
            "last rank that it could have."
        ),
    )
    rank_ub = IntegerField(
        allow_null=True, help_text="1 plus the number of ranked models whose intervals lie entirely above this one."
    )
    tier = IntegerField(
        allow_null=True,
        help_text=(
            "Tier 1 has the models that may be the best, tier 2 has those that may be the best of the others, and so"
            " on."
        ),
    )
    votes_to_rank = IntegerField(
        allow_null=True,
        help_text=(
            "Votes that the model still needs for a rank, at most 20 from the same voter. Null on boards of "
            "earlier versions."
        ),
    )
    model, name = CharField(help_text="slug"), CharField()
    organization, license = CharField(allow_null=True), CharField(allow_null=True)
    open_weights = BooleanField(allow_null=True)
    rating = FloatField()
    ci_low, ci_high = (
        FloatField(allow_null=True, help_text="Lower end of the 95% interval. Null if the interval is open there."),
        FloatField(allow_null=True),
    )
    se = FloatField(
        allow_null=True, help_text="Standard error. 1.96 times this value is half the width of a closed interval."
    )
    interval = serializers.ChoiceField(("plain", "clustered", "published"), allow_null=True)
    component = IntegerField(help_text="Ratings of different components are not comparable. This applies to Elo too.")
    unbounded = BooleanField(
        help_text=(
            "Whether no finite rating fits the model's votes, so that it is placed by a rule. Always false with Elo."
        )
    )
    votes = IntegerField()
    voters = IntegerField(allow_null=True, help_text="Number of people who voted, if known.")
    wins, losses = IntegerField(allow_null=True, help_text="Null on a reference board."), IntegerField(allow_null=True)
    ties = IntegerField(allow_null=True, help_text="both_bad included")
    both_bad, win_rate = IntegerField(allow_null=True), FloatField(allow_null=True)
    provisional = BooleanField()


class BoardKeySchema(Schema):
    pool, category = CharField(), CharField()
    style_control = BooleanField()
    method = serializers.ChoiceField(METHODS)


class ReferenceSchema(Schema):
    publisher, published_on = CharField(), serializers.DateField()
    license, license_url = CharField(), serializers.URLField()
    source = serializers.URLField()  # type: ignore[assignment]  # the API's name


class BoardSchema(BoardKeySchema):
    computed_at = serializers.DateTimeField(allow_null=True, help_text="Null before the first vote.")
    votes = IntegerField(
        allow_null=True,
        help_text="Number of votes; under style control, of votes with a known style. Null on a reference board.",
    )
    last_vote_id = IntegerField(allow_null=True, help_text="Id of the newest vote on the board.")
    scale = RatingScaleSchema()
    style = StyleSchema(required=False, help_text="The effect of style.")  # type: ignore[assignment]  # the name is the API's
    problem = serializers.ChoiceField(
        ("separable", "not_converged"), required=False, help_text="Why the board has votes but no rows."
    )
    provisional = BooleanField(
        help_text=(
            "Whether all models have a rank because fewer than two models of the main component have enough votes."
        )
    )
    reference = ReferenceSchema(
        required=False, help_text="The publisher of these ratings, which do not come from this arena's votes."
    )
    rows = BoardRowSchema(many=True)


class FrontierRowSchema(Schema):
    rank = IntegerField()
    model, name = CharField(help_text="slug"), CharField()
    rating, ci_low, ci_high = FloatField(), FloatField(allow_null=True), FloatField(allow_null=True)
    provisional = BooleanField()
    value = FloatField(help_text="Dollars per million tokens, or tokens per second.")
    price_input, price_output = FloatField(required=False), FloatField(required=False)
    source, as_of = CharField(required=False), serializers.DateField(required=False)  # type: ignore[assignment]  # see above
    on_frontier = BooleanField(help_text="Whether no other model is better in both.")


class FrontierExclusionSchema(Schema):
    model, name = CharField(help_text="slug"), CharField()
    reason = serializers.ChoiceField(frontier.EXCLUSION_REASONS)


class FrontierSchema(BoardKeySchema):
    computed_at = serializers.DateTimeField(allow_null=True)
    against = serializers.ChoiceField(frontier.AXES)
    rows, left_out = FrontierRowSchema(many=True), FrontierExclusionSchema(many=True)


class MatrixField(serializers.ListField):
    """A matrix of cells that numpy has converted already."""

    def __init__(self, cell: Any, help_text: str) -> None:
        super().__init__(child=serializers.ListField(child=cell), help_text=help_text)

    def to_representation(self, matrix: Any) -> Any:
        return matrix


class PairwiseSchema(BoardKeySchema):
    computed_at = serializers.DateTimeField(allow_null=True)
    models = serializers.ListField(
        child=CharField(), help_text="Slugs in the order of the board, for both rows and columns."
    )
    wins = MatrixField(IntegerField(), "Votes that the row's model won.")
    ties = MatrixField(IntegerField(), "Votes on the pair that were a tie or both bad.")
    counts = MatrixField(IntegerField(), "All votes on the pair.")
    win_probability = MatrixField(FloatField(allow_null=True), "Predicted score of the row's model.")
    diff = MatrixField(FloatField(allow_null=True), "Rating of the row's model minus rating of the column's model.")
    diff_se = MatrixField(
        FloatField(allow_null=True),
        "Standard error of the difference. 1.96 times this value is half the width of its 95% interval.",
    )
    votes_needed = MatrixField(
        IntegerField(allow_null=True),
        (
            "Direct votes that are still needed to separate the pair. 0 if it already differs significantly, null "
            "if no number of votes would be enough."
        ),
    )


class RatingPointList(serializers.ListSerializer[Any]):
    """Points as they are loaded: field by field, 4,000 of them would take 0.2 s."""

    def to_representation(self, points: Any) -> Any:
        return points


class RatingPointSchema(Schema):
    class Meta:
        list_serializer_class = RatingPointList

    computed_at = serializers.DateTimeField()
    rating, ci_low, ci_high = FloatField(), FloatField(allow_null=True), FloatField(allow_null=True)
    rank, votes = IntegerField(allow_null=True), IntegerField()


class RatingSeriesSchema(Schema):
    model = CharField()
    points = RatingPointSchema(many=True, help_text="Oldest first, at most 200 points.")


class RatingHistorySchema(BoardKeySchema):
    series = RatingSeriesSchema(many=True)


class PoolSchema(Schema):
    slug, name = CharField(), CharField()
    kind = serializers.ChoiceField(Pool.Kind.values)
    provenance = CharField(help_text="Source of the pool's votes or ratings. Empty for this arena's own votes.")
    categories = serializers.ListField(child=CharField(), help_text="Sorted slugs of the categories that have a board.")


class PoolPageSchema(PageSchema):
    results = PoolSchema(many=True)


class CategorySchema(Schema):
    slug, name = CharField(), CharField()


class CategoryPageSchema(PageSchema):
    results = CategorySchema(many=True)


class VoteStyleField(serializers.DictField):
    """The style as it is stored: whole numbers, or those of an imported file."""

    def to_representation(self, style: Any) -> Any:
        return style


class PublicVoteSchema(Schema):
    id = IntegerField()
    model_a, model_b = CharField(help_text="name"), CharField()
    winner = serializers.ChoiceField([*WINNER_NAMES.values()])
    timestamp = serializers.DateTimeField(allow_null=True, help_text="The hour in which the vote was cast.")
    voter = CharField(allow_null=True, help_text="A pseudonym that is valid for one day and for this pool.")
    conv_metadata = VoteStyleField(child=FloatField(), allow_null=True, help_text="The style of both answers.")
    weight = IntegerField()
    counted = BooleanField()
    reason = CharField(help_text="Why the vote does not count.")
    source = serializers.ChoiceField(Vote.Source.values)  # type: ignore[assignment]  # the API's name
    propensity = FloatField(
        allow_null=True, help_text="The probability of this pair in the draw. Null after a replacement."
    )
    turns = IntegerField()
    categories = serializers.ListField(
        child=CharField(), help_text="Never contains `exclude-ties`, which depends on the outcome."
    )


class PublicVotePageSchema(Schema):
    next = serializers.URLField(allow_null=True)
    results = PublicVoteSchema(many=True)


class AgreementConditionsSchema(Schema):
    key = CharField()
    models = IntegerField(help_text="Number of models with both such a score and a rating.")
    task, metric = CharField(source="ranking.first.task"), CharField(source="ranking.first.metric")
    filter = CharField(source="ranking.first.filter")
    shots = IntegerField(source="ranking.first.shots", allow_null=True)
    harness, version = CharField(source="ranking.first.harness"), CharField(source="ranking.first.version")
    chat_template = BooleanField(source="ranking.first.chat_template", allow_null=True)
    method = CharField(source="ranking.first.method")
    limited = BooleanField(source="ranking.first.limited")
    measured_by = CharField(source="ranking.first.measured_by")


class AgreementPointSchema(Schema):
    model, name = CharField(help_text="slug"), CharField()
    rating, ci_low, ci_high = FloatField(), FloatField(allow_null=True), FloatField(allow_null=True)
    score = FloatField(help_text="From 0 to 100.")
    score_margin = FloatField(allow_null=True, help_text="Half the width of the score's 95% interval. Null if unknown.")
    expected = FloatField(allow_null=True, help_text="The rating that the line predicts.")
    z = FloatField(allow_null=True, help_text="Distance from the line, in standard deviations of all residuals.")
    z_low, z_high = (
        FloatField(
            allow_null=True,
            help_text="Lower end of the 95% interval of `z`, from the noise of both the score and the rating.",
        ),
        FloatField(allow_null=True),
    )
    verdict = serializers.ChoiceField(get_args(Verdict), allow_null=True)


class AgreementExclusionSchema(Schema):
    model, name = CharField(help_text="slug"), CharField()
    reason = serializers.ChoiceField(benchmark_agreement.EXCLUSION_REASONS)


class DisagreementSchema(Schema):
    benchmark = CharField(source="benchmark.slug", help_text="slug")
    pool, category = CharField(source="board.pool"), CharField(source="board.category")
    computed_at = serializers.DateTimeField(source="board.computed_at", allow_null=True)
    conditions = AgreementConditionsSchema(source="group", allow_null=True)
    other_conditions = AgreementConditionsSchema(source="other_groups", many=True)
    n, needed, missing = IntegerField(), IntegerField(), IntegerField()
    problem = serializers.ChoiceField(benchmark_agreement.PROBLEMS, allow_null=True)
    slope = FloatField(
        source="regression.slope", allow_null=True, help_text="Rating points per percentage point of the score."
    )
    intercept = FloatField(source="regression.intercept", allow_null=True)
    sd = FloatField(source="regression.sd", allow_null=True, help_text="Standard deviation of the residuals.")
    spearman = FloatField(source="regression.spearman", allow_null=True)
    spearman_low = FloatField(source="regression.spearman_low", allow_null=True)
    spearman_high = FloatField(source="regression.spearman_high", allow_null=True)
    far = FloatField(help_text="A model whose |z| is at least this value is far from the line.")
    rank_signal = serializers.ChoiceField(("kept", "lost"), allow_null=True)
    points = AgreementPointSchema(many=True, help_text="Models, from far below the line to far above it.")
    left_out = AgreementExclusionSchema(many=True)
