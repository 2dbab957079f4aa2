"""The shapes of what the calls of boards and votes give, for the OpenAPI document alone."""

from typing import Any, get_args

from rest_framework import serializers

from arena.models import Vote
from core.http.openapi import NUMBER, WHOLE, Page, Text, Yes
from ratings.boards.snapshots import METHODS
from ratings.choice.limits import CHECKS
from ratings.interchange.export_votes import WINNERS
from ratings.models import Pool
from ratings.reports import benchmark_agreement, frontier
from ratings.statistics.benchmark_regression import Verdict


class Anchor(serializers.Serializer[Any]):
    model, rating = Text(), NUMBER()


class Scale(serializers.Serializer[Any]):
    factor, base = WHOLE(), WHOLE()
    mean = WHOLE(allow_null=True, help_text="of the bounded models of each component; null on a reference board")
    anchor = Anchor(required=False, help_text="the model that is shown at this rating, all others with it")


class Coefficient(serializers.Serializer[Any]):
    coefficient = NUMBER(help_text="natural log-odds for a standard deviation of the style difference")
    se, scale = NUMBER(), NUMBER(help_text="that standard deviation")


class Style(serializers.Serializer[Any]):
    length, headers = Coefficient(allow_null=True), Coefficient(allow_null=True)
    bold, list_items = Coefficient(allow_null=True), Coefficient(allow_null=True)


class Row(serializers.Serializer[Any]):
    rank = WHOLE(
        allow_null=True,
        help_text="1 plus the number of ranked models in the component with a higher rating; null if not ranked",
    )
    rank_low = WHOLE(
        allow_null=True, help_text="1 plus the number of ranked models that are better by a two-sided 95 % test"
    )
    rank_high = WHOLE(
        allow_null=True,
        help_text="number of ranked models that are not worse by that test; if unranked, the last place it could take",
    )
    rank_ub = WHOLE(allow_null=True, help_text="1 plus the number of ranked models whose intervals lie wholly above")
    tier = WHOLE(allow_null=True, help_text="1: may be the best, 2: the best of the others, and so on")
    votes_to_rank = WHOLE(
        allow_null=True,
        help_text="votes needed for a rank, no voter counting for more than 20; null on boards of earlier versions",
    )
    model, name = Text(help_text="slug"), Text()
    organization, license = Text(allow_null=True), Text(allow_null=True)
    open_weights = Yes(allow_null=True)
    rating = NUMBER()
    ci_low, ci_high = NUMBER(allow_null=True, help_text="95 %; null where it is open"), NUMBER(allow_null=True)
    se = NUMBER(allow_null=True, help_text="1.96 times this is half the width of a closed interval")
    interval = serializers.ChoiceField(("plain", "clustered", "published"), allow_null=True)
    component = WHOLE(help_text="ratings of different components cannot be compared, by Elo neither")
    unbounded = Yes(help_text="no finite rating fits its votes: it is placed; false by Elo, which is always finite")
    votes = WHOLE()
    voters = WHOLE(allow_null=True, help_text="how many people, where they are known")
    wins, losses = WHOLE(allow_null=True, help_text="null on a reference board"), WHOLE(allow_null=True)
    ties = WHOLE(allow_null=True, help_text="both_bad included")
    both_bad, win_rate = WHOLE(allow_null=True), NUMBER(allow_null=True)
    provisional = Yes()


class Which(serializers.Serializer[Any]):
    pool, category = Text(), Text()
    style_control = Yes()
    method = serializers.ChoiceField(METHODS)


class Reference(serializers.Serializer[Any]):
    publisher, published_on = Text(), serializers.DateField()
    license, license_url = Text(), serializers.URLField()
    source = serializers.URLField()  # type: ignore[assignment]  # the name is that of the API


class Board(Which):
    computed_at = serializers.DateTimeField(allow_null=True, help_text="null before the first vote")
    votes = WHOLE(allow_null=True, help_text="under style control those with a known style; null on a reference board")
    last_vote_id = WHOLE(allow_null=True, help_text="the newest vote in it")
    scale = Scale()
    style = Style(required=False, help_text="what style is worth")  # type: ignore[assignment]  # the name is the API's
    problem = serializers.ChoiceField(
        ("separable", "not_converged"), required=False, help_text="why there are votes and no rows"
    )
    provisional = Yes(help_text="fewer than two models of the main component have enough votes: all are ranked")
    reference = Reference(
        required=False, help_text="who published these ratings, which are not from votes of this arena"
    )
    rows = Row(many=True)


class FrontierRow(serializers.Serializer[Any]):
    rank, rating = WHOLE(), NUMBER()
    model, name = Text(help_text="slug"), Text()
    ci_low, ci_high = NUMBER(allow_null=True), NUMBER(allow_null=True)
    provisional = Yes()
    value = NUMBER(help_text="dollars a million tokens, or tokens a second")
    on_frontier = Yes(help_text="no other model is better in both")
    price_input, price_output = NUMBER(required=False), NUMBER(required=False)
    source, as_of = Text(required=False), serializers.DateField(required=False)  # type: ignore[assignment]  # see above


class LeftOut(serializers.Serializer[Any]):
    model, name = Text(help_text="slug"), Text()
    reason = serializers.ChoiceField(frontier.REASONS)


class Frontier(Which):
    computed_at = serializers.DateTimeField(allow_null=True)
    against = serializers.ChoiceField(frontier.AGAINST)
    rows, left_out = FrontierRow(many=True), LeftOut(many=True)


def _matrix(cell: serializers.Field[Any, Any, Any, Any], says: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.ListField(child=cell), help_text=says)


class Pairs(Which):
    computed_at = serializers.DateTimeField(allow_null=True)
    models = serializers.ListField(child=Text(), help_text="slugs in the order of the board: rows and columns")
    wins = _matrix(WHOLE(), "votes that the row won")
    ties = _matrix(WHOLE(), "both-bad ones included")
    counts = _matrix(WHOLE(), "all votes of the pair")
    win_probability = _matrix(NUMBER(allow_null=True), "predicted score of the row")
    diff = _matrix(NUMBER(allow_null=True), "rating of the row less that of the column")
    diff_se = _matrix(
        NUMBER(allow_null=True), "1.96 times this is half the width of the 95 % interval of the difference"
    )
    votes_needed = _matrix(WHOLE(allow_null=True), "0: they can be told apart; null: no number of votes would do it")


class Point(serializers.Serializer[Any]):
    computed_at = serializers.DateTimeField()
    rating, ci_low, ci_high = NUMBER(), NUMBER(allow_null=True), NUMBER(allow_null=True)
    rank, votes = WHOLE(allow_null=True), WHOLE()


class Series(serializers.Serializer[Any]):
    model = Text()
    points = Point(many=True, help_text="oldest first, at most 200")


class History(Which):
    series = Series(many=True)


class OnePool(serializers.Serializer[Any]):
    slug, name = Text(), Text()
    kind = serializers.ChoiceField(Pool.Kind.values)
    provenance = Text(help_text="where its votes, or its ratings, are from; empty for votes of this arena")
    categories = serializers.ListField(child=Text(), help_text="slugs of those of which it has a board; by slug")


class PoolPage(Page):
    results = OnePool(many=True)


class OneCategory(serializers.Serializer[Any]):
    slug, name = Text(), Text()


class CategoryPage(Page):
    results = OneCategory(many=True)


class OneVote(serializers.Serializer[Any]):
    id = WHOLE()
    model_a, model_b = Text(help_text="name"), Text()
    winner = serializers.ChoiceField([*WINNERS.values()])
    timestamp = serializers.DateTimeField(allow_null=True, help_text="the hour in which it was cast")
    voter = Text(allow_null=True, help_text="a pseudonym, good for a day and this pool")
    conv_metadata = serializers.DictField(child=NUMBER(), allow_null=True, help_text="the style of both answers")
    weight = WHOLE()
    counted = Yes()
    reason = Text(help_text="why it is not counted")
    source = serializers.ChoiceField(Vote.Source.values)  # type: ignore[assignment]  # the name is that of the API
    propensity = NUMBER(
        allow_null=True, help_text="the chance with which this pair was drawn; null after a replacement"
    )
    turns = WHOLE()
    categories = serializers.ListField(child=Text(), help_text="never `exclude-ties`, which its outcome decides")


class VotePage(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    results = OneVote(many=True)


class AgreementConditions(serializers.Serializer[Any]):
    key = Text()
    models = WHOLE(help_text="with such a score and a rating")
    task, metric, filter, method = Text(), Text(), Text(), Text()
    shots = WHOLE(allow_null=True)
    harness, version, measured_by = Text(), Text(), Text()
    chat_template = Yes(allow_null=True)
    limited = Yes()


class AgreementPoint(serializers.Serializer[Any]):
    model, name = Text(help_text="slug"), Text()
    score = NUMBER(help_text="of a hundred")
    score_margin = NUMBER(allow_null=True, help_text="half of its 95 % interval; null where unknown")
    rating, ci_low, ci_high = NUMBER(), NUMBER(allow_null=True), NUMBER(allow_null=True)
    expected = NUMBER(allow_null=True, help_text="the rating on the line")
    z = NUMBER(allow_null=True, help_text="how far from the line, in standard deviations of all")
    z_low, z_high = NUMBER(allow_null=True, help_text="within the noise of both, 95 %"), NUMBER(allow_null=True)
    verdict = serializers.ChoiceField(get_args(Verdict), allow_null=True)


class UncomparedModel(serializers.Serializer[Any]):
    model, name = Text(help_text="slug"), Text()
    reason = serializers.ChoiceField(benchmark_agreement.REASONS)


class Disagreement(serializers.Serializer[Any]):
    benchmark, pool, category = Text(help_text="slug"), Text(), Text()
    computed_at = serializers.DateTimeField(allow_null=True)
    conditions = AgreementConditions(allow_null=True)
    other_conditions = AgreementConditions(many=True)
    n, needed, missing = WHOLE(), WHOLE(), WHOLE()
    problem = serializers.ChoiceField(benchmark_agreement.PROBLEMS, allow_null=True)
    slope = NUMBER(allow_null=True, help_text="points of rating for each of a hundred points of score")
    intercept, sd = NUMBER(allow_null=True), NUMBER(allow_null=True, help_text="of the residuals")
    spearman, spearman_low, spearman_high = (NUMBER(allow_null=True) for _ in range(3))
    far = NUMBER(help_text="from this |z| on a model is far from the line")
    rank_signal = serializers.ChoiceField(("kept", "lost"), allow_null=True)
    points = AgreementPoint(many=True, help_text="from far below the line to far above it")
    left_out = UncomparedModel(many=True)


class ShortlistTask(serializers.Serializer[Any]):
    slug, name = Text(), Text()
    benchmarks = serializers.ListField(child=Text(), help_text="slugs")
    why = Text()


class FailedLimit(serializers.Serializer[Any]):
    limit = serializers.ChoiceField([*CHECKS])
    words = Text(help_text="its value and the limit")
    known = Yes(help_text="false: its value is not known")


class JudgedModel(serializers.Serializer[Any]):
    model, name = Text(help_text="slug"), Text()
    tier, rating = WHOLE(allow_null=True), NUMBER(allow_null=True)
    price = NUMBER(allow_null=True, help_text="dollars for a million tokens in the mix that is asked for")
    monthly = NUMBER(allow_null=True, help_text="dollars for the tokens of a month, where they are given")
    tokens_per_s = NUMBER(allow_null=True)
    latency_s = NUMBER(allow_null=True, help_text="seconds until its first word")
    conditional = Yes(help_text="commercial use is allowed under conditions only")
    unknown = serializers.ListField(
        child=serializers.ChoiceField([*CHECKS]), help_text="limits of which it is not known whether it meets them"
    )
    failures = FailedLimit(many=True)


class Shortlist(serializers.Serializer[Any]):
    task = ShortlistTask(allow_null=True)
    pool, category = Text(), Text(help_text="of the board whose tiers order the models")
    pool_name, pool_kind = Text(), serializers.ChoiceField(Pool.Kind.values)
    computed_at = serializers.DateTimeField(allow_null=True)
    tiers_by = serializers.ChoiceField(
        ("test", "interval"), help_text="interval: of a reference board; a tier is who overlaps its best one"
    )
    survivors = JudgedModel(many=True, help_text="the best first")
    excluded = JudgedModel(many=True, help_text="those with the fewest failures first")
    near_misses = serializers.ListField(child=Text(), help_text="slugs of models that one limit alone excludes")
    gained = serializers.DictField(child=WHOLE(), help_text="how many more would be left without a limit")
    costliest = serializers.ChoiceField([*CHECKS], allow_null=True, help_text="the limit that alone excludes most")
    certain = WHOLE(help_text="how many survivors there are of which every limited value is known")
    contestants = serializers.ListField(child=Text(), help_text="slugs of those that answer here")
    own_pool = Text(allow_null=True, help_text="the pool of battles among these; null before the first vote")
