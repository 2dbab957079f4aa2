"""The shapes of what programs get of single pages: a model, the method, what moved. For the OpenAPI document alone."""

from typing import Any

from rest_framework import serializers

from arena.api.serializers import ModelInFull
from arena.battles.feedback import BLAME, PRAISE
from catalog.api.serializers import ScoreConditions, StoredScore
from core.http.openapi import NUMBER, WHOLE, Text, Yes
from ratings.api.serializers import Which
from ratings.reports.method_figures import STYLES


class Place(serializers.Serializer[Any]):
    pool, category = Text(), Text()
    rank = WHOLE(allow_null=True, help_text="null: it is not ranked")
    among = WHOLE(help_text="how many models its rank is among: the ranked ones of its component")
    rank_low, rank_high = WHOLE(allow_null=True), WHOLE(allow_null=True)
    tier, votes_to_rank = WHOLE(allow_null=True), WHOLE(allow_null=True)
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


class VoteReason(serializers.Serializer[Any]):
    reason = Text(help_text="as `votes/` has it; empty where an imported vote came without one")
    votes = WHOLE()


class PartOfAll(serializers.Serializer[Any]):
    part, whole = WHOLE(), WHOLE()
    share = NUMBER(help_text="from 0 to 1")
    ci_low, ci_high = NUMBER(help_text="95 %, by Wilson"), NUMBER()


class CountedVotes(serializers.Serializer[Any]):
    counted, uncounted = WHOLE(), WHOLE()
    reasons = VoteReason(many=True, help_text="why votes do not count, most first")
    ties = WHOLE(help_text="both-bad ones included")
    left = PartOfAll(allow_null=True, help_text="of votes that name a winner, those for the answer at the left")
    skipped = PartOfAll(allow_null=True, help_text="of blind battles that were judged or skipped; null where unknown")
    replaced = PartOfAll(allow_null=True, help_text="of the same, those in which a model was replaced unseen")


class VotesOfModel(serializers.Serializer[Any]):
    model, name, organization = Text(help_text="slug"), Text(), Text(allow_null=True)
    retired = Yes()
    counted, uncounted = WHOLE(), WHOLE()
    reasons = VoteReason(many=True)
    share = NUMBER(help_text="of all votes that count; those of all models add up to 2")
    chance = NUMBER(allow_null=True, help_text="to be in the next blind battle while all models are up")


class Replacement(serializers.Serializer[Any]):
    reason, battles = Text(), WHOLE()


class BattlesOfModel(serializers.Serializer[Any]):
    model, name = Text(help_text="slug"), Text()
    drawn = WHOLE(help_text="blind battles that are over, those from which it was taken included")
    replaced = Replacement(many=True, help_text="it failed before its first word, and another took its place unseen")
    refused = WHOLE(help_text="battles with an answer that it or its provider refused; never replaced")
    void = WHOLE(help_text="battles without a first answer from it, so that nobody could vote")
    one_sided = WHOLE(help_text="votes that do not count, for a question made this model fail alone; a day late")


class VotesOfMaker(serializers.Serializer[Any]):
    organization = Text(allow_null=True, help_text="null: not known")
    models, retired = WHOLE(), WHOLE()
    share = NUMBER(help_text="of the two sides of all votes; those of all makers add up to 1")
    chance = NUMBER(allow_null=True, help_text="of the two sides of the next blind battle")


class Draw(serializers.Serializer[Any]):
    pairs = WHOLE()
    least, most = NUMBER(help_text="chance of the least likely pair"), NUMBER(help_text="of the most likely one")
    shared_evenly = NUMBER(help_text="the part of every chance that all pairs have alike")


class Move(serializers.Serializer[Any]):
    model, name = Text(help_text="slug"), Text()
    moved, se = NUMBER(), NUMBER(help_text="of that move")


class Audit(serializers.Serializer[Any]):
    votes = WHOLE(help_text="those whose chance to be drawn is known")
    heaviest = NUMBER(help_text="no vote weighs more; one of an average pair weighs 1")
    clustered = Yes(help_text="its errors are by voter, not by vote")
    models = WHOLE()
    expected = NUMBER(help_text="how many would be flagged by chance")
    flagged = Move(many=True, help_text="models that move by more than two errors, the farthest first")
    farthest = Move(allow_null=True)


class StyleFeature(serializers.Serializer[Any]):
    feature = serializers.ChoiceField([*STYLES])
    points = NUMBER(help_text="what one standard deviation more of it is worth to an answer")
    margin = NUMBER(help_text="half of its 95 % interval")


class StyleWorth(serializers.Serializer[Any]):
    computed_at = serializers.DateTimeField(allow_null=True)
    votes = WHOLE()
    features = StyleFeature(many=True, help_text="empty where no board under style control can be fitted")


class Method(serializers.Serializer[Any]):
    pool = Text()
    computed_at = serializers.DateTimeField(allow_null=True, help_text="of its board over all categories")
    rows = WHOLE(help_text="models on that board")
    intervals = WHOLE(help_text="closed ones on that board")
    expected_misses = NUMBER(help_text="how many of these must be expected to miss the truth")
    style = StyleWorth()  # type: ignore[assignment]  # the name is that of the API
    counted_at = serializers.DateTimeField(allow_null=True, help_text="of all that follows; null until it is counted")
    votes = CountedVotes(allow_null=True)
    models = VotesOfModel(many=True, help_text="every model with a vote, most votes first")
    battles = BattlesOfModel(many=True, help_text="how often each model failed, most failures for its battles first")
    makers = VotesOfMaker(many=True, help_text="largest share first")
    draw = Draw(allow_null=True, help_text="how the next pair is drawn; null where nothing is drawn")
    audit = Audit(allow_null=True, help_text="of the draw: the same fit, as if all pairs had been drawn equally often")


class NamedModel(serializers.Serializer[Any]):
    model, name = Text(help_text="slug"), Text()


class MovedFigures(serializers.Serializer[Any]):
    rating, ci_low, ci_high = NUMBER(), NUMBER(allow_null=True), NUMBER(allow_null=True)
    rank, rank_low, rank_high = WHOLE(allow_null=True), WHOLE(allow_null=True), WHOLE(allow_null=True)
    tier = WHOLE(allow_null=True)


class MovedModel(NamedModel):
    change = NUMBER(help_text="of the rating, without `shift`")
    beyond_noise = serializers.ListField(
        child=serializers.ChoiceField(("rating", "rank", "tier")),
        allow_null=True,
        help_text="what of it moved by more than noise; null where a board has no intervals to tell",
    )
    then, now = MovedFigures(), MovedFigures()


class VotesOfDay(serializers.Serializer[Any]):
    day, votes = serializers.DateField(help_text="UTC"), WHOLE(help_text="taken in by the board on that day")


class WhatMoved(Which):
    since, until = serializers.DateTimeField(), serializers.DateTimeField()
    computed_then = serializers.DateTimeField(allow_null=True, help_text="of the board at `since`; null: none by then")
    computed_at = serializers.DateTimeField(allow_null=True, help_text="of the board at `until`")
    votes = WHOLE(allow_null=True, help_text="how many more there are; null where that is not known")
    shift = NUMBER(allow_null=True, help_text="by which all ratings moved, for their mean stays at 1000")
    models = MovedModel(many=True, help_text="on both boards, within the main component; most moved first")
    came, went = NamedModel(many=True, help_text="on the later board alone"), NamedModel(many=True)
    days = VotesOfDay(many=True, help_text="up to thirty, oldest first; imported votes are of the day of their import")
