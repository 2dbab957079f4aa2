"""The shapes of what the calls of benchmarks and calculators give, for the OpenAPI document alone."""

from typing import Any

from rest_framework import serializers

from catalog.calculators.scaling_laws import LAWS
from catalog.models import Benchmark, Caveat
from core.http.openapi import NUMBER, WHOLE, Page, Text, Yes


class BenchmarkCaveat(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(Caveat.Kind.values)
    text = Text()
    source = Text()  # type: ignore[assignment]  # the name is that of the API


class BenchmarkFacts(serializers.Serializer[Any]):
    slug, name, full_name = Text(), Text(), Text()
    measures, matters = Text(help_text="what"), Text(help_text="to whom, and why")
    items = WHOLE(allow_null=True, help_text="questions that are scored")
    items_note, metric = Text(), Text()
    chance = NUMBER(allow_null=True, help_text="what guessing gets, from 0 to 1")
    human = NUMBER(allow_null=True, help_text="what people get, from 0 to 1")
    human_note = Text()
    status = serializers.ChoiceField(Benchmark.Status.values)
    generation = WHOLE(allow_null=True, help_text="1: the old suite, 2: the new one")
    tasks = serializers.ListField(child=Text(), help_text="what lm-evaluation-harness calls it")
    source = Text()  # type: ignore[assignment]  # the name is that of the API
    superseded_by = Text(allow_null=True, help_text="slug")
    caveats = BenchmarkCaveat(many=True)


class BenchmarkInList(BenchmarkFacts):
    scores = WHOLE(help_text="how many are known")


class BenchmarkPage(Page):
    results = BenchmarkInList(many=True)


class ScoreConditions(serializers.Serializer[Any]):
    task, metric = Text(help_text="as its harness calls it"), Text()
    filter = Text(help_text="how the answer was taken from the text")
    shots = WHOLE(allow_null=True)
    harness, version = Text(), Text(help_text="of the task")
    chat_template = Yes(allow_null=True)
    method = Text(help_text="in the words of the source")
    limited = Yes(help_text="only a part of the questions was asked")
    measured_by = Text()


class StoredScore(serializers.Serializer[Any]):
    value = NUMBER()
    normalized = NUMBER(allow_null=True, help_text="0 is chance, 100 is all right")
    n = WHOLE(allow_null=True, help_text="questions that were asked")
    harness_version, chat_template_sha, precision, revision = Text(), Text(), Text(), Text()
    self_reported = Yes(help_text="by the maker of the model")
    submitted = Yes(help_text="sent by somebody, in a run that nobody here has seen")
    source = Text()  # type: ignore[assignment]  # the name is that of the API
    date = serializers.DateField(allow_null=True)
    stderr = NUMBER(allow_null=True, help_text="the one measured, else the binomial one")


class ScoreRow(StoredScore):
    place = WHOLE()
    model, name = Text(help_text="slug"), Text()
    ci_low, ci_high = NUMBER(allow_null=True, help_text="95 %"), NUMBER(allow_null=True)
    same_as_best = Yes(help_text="not the first, and within the noise of the first")


class ScoreRanking(serializers.Serializer[Any]):
    conditions = ScoreConditions()
    rows = ScoreRow(many=True, help_text="from the best")


class OneBenchmark(BenchmarkFacts):
    rankings = ScoreRanking(many=True, help_text="one for each set of conditions")


class CostMemory(serializers.Serializer[Any]):
    weights = NUMBER(help_text="GiB of one replica, as the others")
    cache = NUMBER(allow_null=True, help_text="null where layers and heads are not given")
    gib = NUMBER(help_text="both")


class CostOption(serializers.Serializer[Any]):
    monthly = serializers.DictField(child=NUMBER(), help_text="dollars a month, by what they are for")
    once = serializers.DictField(child=NUMBER(), help_text="dollars before the launch, by what they are for")
    each_month, at_once = NUMBER(help_text="all of `monthly`"), NUMBER(help_text="all of `once`")
    total = NUMBER(help_text="over `months`")
    weeks = NUMBER(help_text="until the launch")


class CostOfOwn(CostOption):
    replicas, gpus = WHOLE(), WHOLE(help_text="of all replicas")


class CostBreakEven(serializers.Serializer[Any]):
    tokens = WHOLE(allow_null=True, help_text="a month, in the same mix, at which both cost the same")
    possible = Yes(allow_null=True, help_text="whether the replicas can write that many")
    month = WHOLE(allow_null=True, help_text="the first by whose end own GPUs have cost no more")


class CostModel(serializers.Serializer[Any]):
    slug, name = Text(), Text()
    price_source = Text(allow_null=True, help_text="null without a price, as is its day")
    price_as_of = serializers.DateField(allow_null=True)


class CostComparison(serializers.Serializer[Any]):
    model = CostModel(allow_null=True, help_text="the one of the catalogue, if it is asked for")
    months, input_tokens, output_tokens = WHOLE(), WHOLE(help_text="a month"), WHOLE(help_text="a month")
    memory = CostMemory(allow_null=True, help_text="of the model, if `params` is given")
    api = CostOption(allow_null=True, help_text="if prices are given")
    own = CostOfOwn(allow_null=True, help_text="if the price of a GPU is given")
    tuning_gpu_hours = NUMBER()
    break_even = CostBreakEven(allow_null=True)
    cheaper = serializers.ChoiceField(("api", "own"), allow_null=True, help_text="over `months`")


class Training(serializers.Serializer[Any]):
    params, tokens = NUMBER(), NUMBER()
    compute = NUMBER(help_text="floating-point operations")
    tokens_per_parameter = NUMBER()
    overtraining = NUMBER(help_text="how many times twenty tokens per parameter")


class TrainingWithLoss(Training):
    loss = NUMBER(help_text="predicted by the law")


class ScalingLaw(serializers.Serializer[Any]):
    name = serializers.ChoiceField([*LAWS])
    E, A, B, alpha, beta = NUMBER(), NUMBER(), NUMBER(), NUMBER(), NUMBER()
    warning = Text(allow_null=True)


class TrainedModel(Training):
    model = Text(help_text="slug")
    total = WHOLE(allow_null=True, help_text="all parameters of a mixture; `params` are those at work on a token")
    derived = Yes(help_text="made from another one; its tokens may be those of either training")


class ScalingPlan(TrainingWithLoss):
    law = ScalingLaw()
    rule = TrainingWithLoss(help_text="the same compute at twenty tokens per parameter")
    optimum = TrainingWithLoss(help_text="the same compute at the least loss")
    models = TrainedModel(many=True, help_text="those whose parameters and training tokens are known")
