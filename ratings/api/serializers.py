"""Schemas of the responses of boards, votes and choices, for the OpenAPI document alone."""

from typing import Any, get_args

from rest_framework import serializers

from arena.models import Vote
from core.http.openapi import BooleanField, CharField, FloatField, IntegerField, PageSchema, Schema
from ratings.boards.snapshots import METHODS
from ratings.choice.limits import LIMIT_ASSESSORS
from ratings.interchange.export_votes import WINNER_NAMES
from ratings.models import Pool
from ratings.reports import benchmark_agreement, frontier
from ratings.statistics.benchmark_regression import Verdict


class AnchorSchema(Schema):
    model, rating = CharField(), FloatField()


class RatingScaleSchema(Schema):
    factor, base = IntegerField(), IntegerField()
    mean = IntegerField(allow_null=True, help_text="of the bounded models of each component; null on a reference board")
    anchor = AnchorSchema(
        required=False, help_text="the model whose rating is fixed at this value; the others are shifted with it"
    )


class StyleCoefficientSchema(Schema):
    coefficient = FloatField(help_text="natural log-odds per standard deviation of the style difference")
    se, scale = FloatField(), FloatField(help_text="that standard deviation")


class StyleSchema(Schema):
    length, headers = StyleCoefficientSchema(allow_null=True), StyleCoefficientSchema(allow_null=True)
    bold, list_items = StyleCoefficientSchema(allow_null=True), StyleCoefficientSchema(allow_null=True)


class BoardRowSchema(Schema):
    rank = IntegerField(
        allow_null=True,
        help_text="1 plus the number of ranked models in the component with a higher rating; null if not ranked",
    )
    rank_low = IntegerField(
        allow_null=True, help_text="1 plus the number of ranked models that are better by a two-sided 95 % test"
    )
    rank_high = IntegerField(
        allow_null=True,
        help_text="number of ranked models that are not worse by that test; if unranked, the last rank it could have",
    )
    rank_ub = IntegerField(
        allow_null=True, help_text="1 plus the number of ranked models whose intervals lie entirely above"
    )
    tier = IntegerField(allow_null=True, help_text="1: may be the best, 2: the best of the others, and so on")
    votes_to_rank = IntegerField(
        allow_null=True,
        help_text="votes needed for a rank, at most 20 of the same voter; null on boards of earlier versions",
    )
    model, name = CharField(help_text="slug"), CharField()
    organization, license = CharField(allow_null=True), CharField(allow_null=True)
    open_weights = BooleanField(allow_null=True)
    rating = FloatField()
    ci_low, ci_high = FloatField(allow_null=True, help_text="95 %; null if it is open"), FloatField(allow_null=True)
    se = FloatField(allow_null=True, help_text="1.96 times this is half the width of a closed interval")
    interval = serializers.ChoiceField(("plain", "clustered", "published"), allow_null=True)
    component = IntegerField(help_text="ratings of different components are not comparable, with Elo neither")
    unbounded = BooleanField(
        help_text="no finite rating fits its votes, so it is placed by a rule; always false with Elo"
    )
    votes = IntegerField()
    voters = IntegerField(allow_null=True, help_text="how many people, if known")
    wins, losses = IntegerField(allow_null=True, help_text="null on a reference board"), IntegerField(allow_null=True)
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
    source = serializers.URLField()  # type: ignore[assignment]  # the name is that of the API


class BoardSchema(BoardKeySchema):
    computed_at = serializers.DateTimeField(allow_null=True, help_text="null before the first vote")
    votes = IntegerField(
        allow_null=True, help_text="under style control those with a known style; null on a reference board"
    )
    last_vote_id = IntegerField(allow_null=True, help_text="the newest vote in it")
    scale = RatingScaleSchema()
    style = StyleSchema(required=False, help_text="effect of style")  # type: ignore[assignment]  # the name is the API's
    problem = serializers.ChoiceField(
        ("separable", "not_converged"), required=False, help_text="why there are votes and no rows"
    )
    provisional = BooleanField(
        help_text="fewer than two models of the main component have enough votes, so all have a rank"
    )
    reference = ReferenceSchema(
        required=False, help_text="the publisher of these ratings, which are not from votes of this arena"
    )
    rows = BoardRowSchema(many=True)


class FrontierRowSchema(Schema):
    rank, rating = IntegerField(), FloatField()
    model, name = CharField(help_text="slug"), CharField()
    ci_low, ci_high = FloatField(allow_null=True), FloatField(allow_null=True)
    provisional = BooleanField()
    value = FloatField(help_text="dollars per million tokens, or tokens per second")
    on_frontier = BooleanField(help_text="no other model is better in both")
    price_input, price_output = FloatField(required=False), FloatField(required=False)
    source, as_of = CharField(required=False), serializers.DateField(required=False)  # type: ignore[assignment]  # see above


class FrontierExclusionSchema(Schema):
    model, name = CharField(help_text="slug"), CharField()
    reason = serializers.ChoiceField(frontier.EXCLUSION_REASONS)


class FrontierSchema(BoardKeySchema):
    computed_at = serializers.DateTimeField(allow_null=True)
    against = serializers.ChoiceField(frontier.AXES)
    rows, left_out = FrontierRowSchema(many=True), FrontierExclusionSchema(many=True)


def _build_matrix_field(cell: serializers.Field[Any, Any, Any, Any], help_text: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.ListField(child=cell), help_text=help_text)


class PairwiseSchema(BoardKeySchema):
    computed_at = serializers.DateTimeField(allow_null=True)
    models = serializers.ListField(child=CharField(), help_text="slugs in the order of the board: rows and columns")
    wins = _build_matrix_field(IntegerField(), "votes that the row won")
    ties = _build_matrix_field(IntegerField(), "votes of the pair that are a tie or both bad")
    counts = _build_matrix_field(IntegerField(), "all votes of the pair")
    win_probability = _build_matrix_field(FloatField(allow_null=True), "predicted score of the row")
    diff = _build_matrix_field(FloatField(allow_null=True), "rating of the row minus rating of the column")
    diff_se = _build_matrix_field(
        FloatField(allow_null=True), "1.96 times this is half the width of the 95 % interval of the difference"
    )
    votes_needed = _build_matrix_field(
        IntegerField(allow_null=True), "0: they differ significantly; null: no number of votes suffices"
    )


class RatingPointSchema(Schema):
    computed_at = serializers.DateTimeField()
    rating, ci_low, ci_high = FloatField(), FloatField(allow_null=True), FloatField(allow_null=True)
    rank, votes = IntegerField(allow_null=True), IntegerField()


class RatingSeriesSchema(Schema):
    model = CharField()
    points = RatingPointSchema(many=True, help_text="oldest first, at most 200")


class RatingHistorySchema(BoardKeySchema):
    series = RatingSeriesSchema(many=True)


class PoolSchema(Schema):
    slug, name = CharField(), CharField()
    kind = serializers.ChoiceField(Pool.Kind.values)
    provenance = CharField(help_text="source of its votes or ratings; empty for votes of this arena")
    categories = serializers.ListField(child=CharField(), help_text="slugs of the categories with a board, sorted")


class PoolPageSchema(PageSchema):
    results = PoolSchema(many=True)


class CategorySchema(Schema):
    slug, name = CharField(), CharField()


class CategoryPageSchema(PageSchema):
    results = CategorySchema(many=True)


class PublicVoteSchema(Schema):
    id = IntegerField()
    model_a, model_b = CharField(help_text="name"), CharField()
    winner = serializers.ChoiceField([*WINNER_NAMES.values()])
    timestamp = serializers.DateTimeField(allow_null=True, help_text="the hour in which it was cast")
    voter = CharField(allow_null=True, help_text="a pseudonym, valid for a day and this pool")
    conv_metadata = serializers.DictField(child=FloatField(), allow_null=True, help_text="the style of both answers")
    weight = IntegerField()
    counted = BooleanField()
    reason = CharField(help_text="why it does not count")
    source = serializers.ChoiceField(Vote.Source.values)  # type: ignore[assignment]  # the name is that of the API
    propensity = FloatField(allow_null=True, help_text="the chance of this pair in the draw; null after a replacement")
    turns = IntegerField()
    categories = serializers.ListField(
        child=CharField(), help_text="never `exclude-ties`, which depends on the outcome"
    )


class PublicVotePageSchema(Schema):
    next = serializers.URLField(allow_null=True)
    results = PublicVoteSchema(many=True)


class AgreementConditionsSchema(Schema):
    key = CharField()
    models = IntegerField(help_text="models with such a score and a rating")
    task, metric, filter, method = CharField(), CharField(), CharField(), CharField()
    shots = IntegerField(allow_null=True)
    harness, version, measured_by = CharField(), CharField(), CharField()
    chat_template = BooleanField(allow_null=True)
    limited = BooleanField()


class AgreementPointSchema(Schema):
    model, name = CharField(help_text="slug"), CharField()
    score = FloatField(help_text="from 0 to 100")
    score_margin = FloatField(allow_null=True, help_text="half of its 95 % interval; null where unknown")
    rating, ci_low, ci_high = FloatField(), FloatField(allow_null=True), FloatField(allow_null=True)
    expected = FloatField(allow_null=True, help_text="the rating on the line")
    z = FloatField(allow_null=True, help_text="distance from the line, in standard deviations of all residuals")
    z_low, z_high = FloatField(allow_null=True, help_text="within the noise of both, 95 %"), FloatField(allow_null=True)
    verdict = serializers.ChoiceField(get_args(Verdict), allow_null=True)


class AgreementExclusionSchema(Schema):
    model, name = CharField(help_text="slug"), CharField()
    reason = serializers.ChoiceField(benchmark_agreement.EXCLUSION_REASONS)


class DisagreementSchema(Schema):
    benchmark, pool, category = CharField(help_text="slug"), CharField(), CharField()
    computed_at = serializers.DateTimeField(allow_null=True)
    conditions = AgreementConditionsSchema(allow_null=True)
    other_conditions = AgreementConditionsSchema(many=True)
    n, needed, missing = IntegerField(), IntegerField(), IntegerField()
    problem = serializers.ChoiceField(benchmark_agreement.PROBLEMS, allow_null=True)
    slope = FloatField(allow_null=True, help_text="rating points per percentage point of the score")
    intercept, sd = FloatField(allow_null=True), FloatField(allow_null=True, help_text="of the residuals")
    spearman, spearman_low, spearman_high = (FloatField(allow_null=True) for _ in range(3))
    far = FloatField(help_text="a model with at least this |z| is far from the line")
    rank_signal = serializers.ChoiceField(("kept", "lost"), allow_null=True)
    points = AgreementPointSchema(many=True, help_text="from far below the line to far above it")
    left_out = AgreementExclusionSchema(many=True)


class ShortlistTaskSchema(Schema):
    slug, name = CharField(), CharField()
    benchmarks = serializers.ListField(child=CharField(), help_text="slugs")
    why = CharField()


class FailedLimitSchema(Schema):
    limit = serializers.ChoiceField([*LIMIT_ASSESSORS])
    words = CharField(help_text="the model's value and the limit")
    known = BooleanField(help_text="false: the model's value is unknown")


class CandidateAssessmentSchema(Schema):
    model, name = CharField(help_text="slug"), CharField()
    tier, rating = IntegerField(allow_null=True), FloatField(allow_null=True)
    price = FloatField(allow_null=True, help_text="dollars per million tokens in the requested mix")
    monthly = FloatField(allow_null=True, help_text="dollars per month for the requested tokens; null without them")
    tokens_per_s = FloatField(allow_null=True)
    latency_s = FloatField(allow_null=True, help_text="seconds until the first token")
    conditional = BooleanField(help_text="commercial use is allowed only with conditions")
    unknown = serializers.ListField(
        child=serializers.ChoiceField([*LIMIT_ASSESSORS]),
        help_text="limits without a known value of the model",
    )
    failures = FailedLimitSchema(many=True)


class ShortlistSchema(Schema):
    task = ShortlistTaskSchema(allow_null=True)
    pool, category = CharField(), CharField(help_text="of the board whose tiers sort the models")
    pool_name, pool_kind = CharField(), serializers.ChoiceField(Pool.Kind.values)
    computed_at = serializers.DateTimeField(allow_null=True)
    tiers_by = serializers.ChoiceField(
        ("test", "interval"),
        help_text="interval: on a reference board, a tier has the models whose intervals overlap that of its best one",
    )
    survivors = CandidateAssessmentSchema(many=True, help_text="best first")
    excluded = CandidateAssessmentSchema(many=True, help_text="fewest failures first")
    near_misses = serializers.ListField(child=CharField(), help_text="slugs of models that fail only one limit")
    gained = serializers.DictField(child=IntegerField(), help_text="limit → how many models dropping it adds")
    costliest = serializers.ChoiceField(
        [*LIMIT_ASSESSORS], allow_null=True, help_text="the limit whose removal adds the most models"
    )
    certain = IntegerField(help_text="how many survivors have a value for every limit")
    contestants = serializers.ListField(child=CharField(), help_text="slugs of the survivors that are connected here")
    own_pool = CharField(
        allow_null=True, help_text="the pool of battles between the contestants; null before the first vote"
    )
