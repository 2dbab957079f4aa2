"""Serializers of the responses of benchmarks and calculators; the OpenAPI document is derived from them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.calculators.scaling import HOFFMANN_WARNING
from catalog.calculators.scaling_laws import HOFFMANN_LAW, LAWS, ScalingLaw
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
    superseded_by = CharField(
        source="superseded_by.slug", allow_null=True, help_text="slug of the benchmark to use instead"
    )
    caveats = BenchmarkCaveatSchema(many=True)


class BenchmarkInListSchema(BenchmarkFactsSchema):
    scores = IntegerField(source="number", help_text="number of known scores")


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


# A record with a stored `score` and its standard `error`.
class StoredScoreSchema(Schema):
    value = FloatField(source="score.value")
    normalized = FloatField(
        source="score.normalized", allow_null=True, help_text="0 is chance level, 100 is a perfect score"
    )
    n = IntegerField(source="score.n", allow_null=True, help_text="number of questions in the run")
    harness_version = CharField(source="score.harness_version")
    chat_template_sha = CharField(source="score.chat_template_sha")
    precision, revision = CharField(source="score.precision"), CharField(source="score.revision")
    self_reported = BooleanField(source="score.self_reported", help_text="reported by the maker of the model")
    submitted = BooleanField(source="score.submitted", help_text="submitted by a visitor; we did not observe the run")
    source = CharField(source="score.source")  # type: ignore[assignment]  # the name is that of the API
    date = serializers.DateField(source="score.date", allow_null=True)
    stderr = FloatField(source="error", allow_null=True, help_text="the measured one, or else the binomial one")


class ScorePlaceSchema(Schema):
    place = IntegerField(source="ranked.place")
    model = CharField(source="score.model.slug", help_text="slug")
    name = CharField(source="score.model.name")


class ScoreRowSchema(ScorePlaceSchema, StoredScoreSchema):
    ci_low = FloatField(source="ranked.low", allow_null=True, help_text="lower bound of the 95% interval")
    ci_high = FloatField(source="ranked.high", allow_null=True, help_text="upper bound of the 95% interval")
    same_as_best = BooleanField(source="ranked.same_as_best", help_text="not the first, but not significantly below it")


class ScoreRankingSchema(Schema):
    conditions = ScoreConditionsSchema(source="first")
    rows = ScoreRowSchema(many=True, help_text="best first")


class ScoredBenchmarkSchema(Schema):
    benchmark = CharField(source="score.benchmark.slug", help_text="slug")
    name = CharField(source="score.benchmark.name", help_text="of the benchmark")


class ModelScoreSchema(ScoredBenchmarkSchema, StoredScoreSchema):
    conditions = ScoreConditionsSchema(source="score")


class OneBenchmarkSchema(BenchmarkFactsSchema):
    rankings = ScoreRankingSchema(many=True, help_text="one for each set of conditions")


class CostMemorySchema(Schema):
    weights = FloatField(help_text="GiB per replica")
    cache = FloatField(allow_null=True, help_text="GiB per replica; null without layers and heads")
    gib = FloatField(help_text="GiB per replica, weights and cache together")


class CostItemsField(serializers.DictField):
    def to_representation(self, items: Any) -> Any:
        return super().to_representation({item.name: item.dollars for item in items})


class CostTotalField(FloatField):
    """The total of an option over the months of the comparison that is rendered."""

    def to_representation(self, option: Any) -> Any:
        comparison: Any = self.root.instance
        return super().to_representation(option.total(comparison["months"]))


class CostOptionSchema(Schema):
    monthly = CostItemsField(child=FloatField(), help_text="US dollars per month, by item")
    once = CostItemsField(source="one_time", child=FloatField(), help_text="US dollars before the launch, by item")
    each_month = FloatField(source="monthly_total", help_text="sum of `monthly`")
    at_once = FloatField(source="one_time_total", help_text="sum of `once`")
    total = CostTotalField(source="*", help_text="US dollars over `months`")
    weeks = FloatField(help_text="weeks until the launch")


class GpuFleetSchema(Schema):
    replicas = IntegerField(source="gpus.replicas")
    gpus = IntegerField(source="gpus.number", help_text="number of GPUs in all replicas")


class CostOfOwnSchema(GpuFleetSchema, CostOptionSchema):
    pass


class CostBreakEvenSchema(Schema):
    tokens = IntegerField(allow_null=True, help_text="tokens per month, in the same mix, at which both cost the same")
    possible = BooleanField(allow_null=True, help_text="whether the planned replicas can write that many")
    month = IntegerField(allow_null=True, help_text="the first month by whose end own GPUs have cost no more")


class CostModelSchema(Schema):
    slug, name = CharField(source="model.slug"), CharField(source="model.name")
    price_source = CharField(
        source="price.source", allow_null=True, help_text="null without a price, like `price_as_of`"
    )
    price_as_of = serializers.DateField(source="price.as_of", allow_null=True)


class CostComparisonSchema(Schema):
    model = CostModelSchema(allow_null=True, help_text="the model of the catalog that the request names")
    months = IntegerField()
    input_tokens = IntegerField(source="use.input_tokens", help_text="tokens per month")
    output_tokens = IntegerField(source="use.output_tokens", help_text="tokens per month")
    memory = CostMemorySchema(allow_null=True, help_text="null without `params`")
    api = CostOptionSchema(allow_null=True, help_text="null without API prices")
    own = CostOfOwnSchema(allow_null=True, help_text="null without the price of a GPU")
    tuning_gpu_hours = FloatField(source="tuning_hours")
    break_even = CostBreakEvenSchema(allow_null=True)
    cheaper = serializers.ChoiceField(("api", "own"), allow_null=True, help_text="the cheaper option over `months`")


# A record with a `training`.
class TrainingSchema(Schema):
    params, tokens = FloatField(source="training.params"), FloatField(source="training.tokens")
    compute = FloatField(source="training.compute", help_text="floating-point operations")
    tokens_per_parameter = FloatField(source="training.tokens_per_parameter")
    overtraining = FloatField(source="training.overtraining", help_text="tokens per parameter as a multiple of twenty")


class TrainingWithLossSchema(TrainingSchema):
    loss = FloatField(help_text="predicted by the law")


class ScalingLawSchema(Schema):
    name = serializers.ChoiceField([*LAWS], source="slug")
    E, A, B = FloatField(source="floor"), FloatField(source="params_factor"), FloatField(source="tokens_factor")
    alpha, beta = FloatField(), FloatField()
    warning = serializers.SerializerMethodField()

    @extend_schema_field(CharField(allow_null=True))
    def get_warning(self, law: ScalingLaw) -> str | None:
        return str(HOFFMANN_WARNING) if law == HOFFMANN_LAW else None


class ModelOriginSchema(Schema):
    model = CharField(source="slug", help_text="slug")
    derived = BooleanField(help_text="made from another model; its tokens may be those of either training")
    total = IntegerField(
        allow_null=True, help_text="all parameters of a mixture of experts, whose `params` are the active ones"
    )


class TrainedModelSchema(ModelOriginSchema, TrainingSchema):
    pass


class ScalingPlanSchema(TrainingWithLossSchema):
    law = ScalingLawSchema()
    rule = TrainingWithLossSchema(help_text="the same compute at twenty tokens per parameter")
    optimum = TrainingWithLossSchema(help_text="the same compute at the lowest loss")
    models = TrainedModelSchema(many=True, help_text="models with known parameters and training tokens")
