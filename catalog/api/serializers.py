"""Schemas of the responses of benchmarks and calculators, for the OpenAPI document only."""

from rest_framework import serializers

from catalog.calculators.scaling_laws import LAWS
from catalog.models import Benchmark, Caveat
from core.http.openapi import BooleanField, CharField, FloatField, IntegerField, PageSchema, Schema


class BenchmarkCaveatSchema(Schema):
    kind = serializers.ChoiceField(Caveat.Kind.values)
    text = CharField()
    source = CharField()  # type: ignore[assignment]  # the name is that of the API


class BenchmarkFactsSchema(Schema):
    slug, name, full_name = CharField(), CharField(), CharField()
    measures, matters = CharField(help_text="purpose"), CharField(help_text="who should care, and why")
    items = IntegerField(allow_null=True, help_text="number of scored questions")
    items_note, metric = CharField(), CharField()
    chance = FloatField(allow_null=True, help_text="score of random guessing, from 0 to 1")
    human = FloatField(allow_null=True, help_text="score of human test takers, from 0 to 1")
    human_note = CharField()
    status = serializers.ChoiceField(Benchmark.Status.values)
    generation = IntegerField(allow_null=True, help_text="1: older suite, 2: newer suite")
    tasks = serializers.ListField(child=CharField(), help_text="its task names in lm-evaluation-harness")
    source = CharField()  # type: ignore[assignment]  # the name is that of the API
    superseded_by = CharField(allow_null=True, help_text="slug of the benchmark to use instead")
    caveats = BenchmarkCaveatSchema(many=True)


class BenchmarkInListSchema(BenchmarkFactsSchema):
    scores = IntegerField(help_text="number of known scores")


class BenchmarkPageSchema(PageSchema):
    results = BenchmarkInListSchema(many=True)


class ScoreConditionsSchema(Schema):
    task, metric = CharField(help_text="its name in the harness"), CharField()
    filter = CharField(help_text="how the answer was extracted from the text")
    shots = IntegerField(allow_null=True)
    harness, version = CharField(), CharField(help_text="version of the task")
    chat_template = BooleanField(allow_null=True)
    method = CharField(help_text="how it was measured, in the words of the source")
    limited = BooleanField(help_text="the run used only some of the questions")
    measured_by = CharField()


class StoredScoreSchema(Schema):
    value = FloatField()
    normalized = FloatField(allow_null=True, help_text="0 is chance level, 100 is a perfect score")
    n = IntegerField(allow_null=True, help_text="number of questions in the run")
    harness_version, chat_template_sha, precision, revision = CharField(), CharField(), CharField(), CharField()
    self_reported = BooleanField(help_text="reported by the maker of the model")
    submitted = BooleanField(help_text="submitted by a visitor; we did not observe the run")
    source = CharField()  # type: ignore[assignment]  # the name is that of the API
    date = serializers.DateField(allow_null=True)
    stderr = FloatField(allow_null=True, help_text="the measured one, or else the binomial one")


class ScoreRowSchema(StoredScoreSchema):
    place = IntegerField()
    model, name = CharField(help_text="slug"), CharField()
    ci_low = FloatField(allow_null=True, help_text="lower bound of the 95% interval")
    ci_high = FloatField(allow_null=True, help_text="upper bound of the 95% interval")
    same_as_best = BooleanField(help_text="not the first, but not significantly below it")


class ScoreRankingSchema(Schema):
    conditions = ScoreConditionsSchema()
    rows = ScoreRowSchema(many=True, help_text="best first")


class OneBenchmarkSchema(BenchmarkFactsSchema):
    rankings = ScoreRankingSchema(many=True, help_text="one for each set of conditions")


class CostMemorySchema(Schema):
    weights = FloatField(help_text="GiB per replica")
    cache = FloatField(allow_null=True, help_text="GiB per replica; null without layers and heads")
    gib = FloatField(help_text="GiB per replica, weights and cache together")


class CostOptionSchema(Schema):
    monthly = serializers.DictField(child=FloatField(), help_text="US dollars per month, by item")
    once = serializers.DictField(child=FloatField(), help_text="US dollars before the launch, by item")
    each_month, at_once = FloatField(help_text="sum of `monthly`"), FloatField(help_text="sum of `once`")
    total = FloatField(help_text="US dollars over `months`")
    weeks = FloatField(help_text="weeks until the launch")


class CostOfOwnSchema(CostOptionSchema):
    replicas, gpus = IntegerField(), IntegerField(help_text="number of GPUs in all replicas")


class CostBreakEvenSchema(Schema):
    tokens = IntegerField(allow_null=True, help_text="tokens per month, in the same mix, at which both cost the same")
    possible = BooleanField(allow_null=True, help_text="whether the planned replicas can write that many")
    month = IntegerField(allow_null=True, help_text="the first month by whose end own GPUs have cost no more")


class CostModelSchema(Schema):
    slug, name = CharField(), CharField()
    price_source = CharField(allow_null=True, help_text="null without a price, like `price_as_of`")
    price_as_of = serializers.DateField(allow_null=True)


class CostComparisonSchema(Schema):
    model = CostModelSchema(allow_null=True, help_text="the model of the catalog that the request names")
    months, input_tokens, output_tokens = (
        IntegerField(),
        IntegerField(help_text="tokens per month"),
        IntegerField(help_text="tokens per month"),
    )
    memory = CostMemorySchema(allow_null=True, help_text="null without `params`")
    api = CostOptionSchema(allow_null=True, help_text="null without API prices")
    own = CostOfOwnSchema(allow_null=True, help_text="null without the price of a GPU")
    tuning_gpu_hours = FloatField()
    break_even = CostBreakEvenSchema(allow_null=True)
    cheaper = serializers.ChoiceField(("api", "own"), allow_null=True, help_text="the cheaper option over `months`")


class TrainingSchema(Schema):
    params, tokens = FloatField(), FloatField()
    compute = FloatField(help_text="floating-point operations")
    tokens_per_parameter = FloatField()
    overtraining = FloatField(help_text="tokens per parameter as a multiple of twenty")


class TrainingWithLossSchema(TrainingSchema):
    loss = FloatField(help_text="predicted by the law")


class ScalingLawSchema(Schema):
    name = serializers.ChoiceField([*LAWS])
    E, A, B, alpha, beta = FloatField(), FloatField(), FloatField(), FloatField(), FloatField()
    warning = CharField(allow_null=True)


class TrainedModelSchema(TrainingSchema):
    model = CharField(help_text="slug")
    total = IntegerField(
        allow_null=True, help_text="all parameters of a mixture of experts, whose `params` are the active ones"
    )
    derived = BooleanField(help_text="made from another model; its tokens may be those of either training")


class ScalingPlanSchema(TrainingWithLossSchema):
    law = ScalingLawSchema()
    rule = TrainingWithLossSchema(help_text="the same compute at twenty tokens per parameter")
    optimum = TrainingWithLossSchema(help_text="the same compute at the lowest loss")
    models = TrainedModelSchema(many=True, help_text="models with known parameters and training tokens")
