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
    source = CharField()  # type: ignore[assignment]  # the API's name


class BenchmarkFactsSchema(Schema):
    slug, name, full_name = CharField(), CharField(), CharField()
    measures, matters = (
        CharField(help_text="purpose"),
        CharField(help_text="Who should care about the benchmark, and why."),
    )
    items = IntegerField(allow_null=True, help_text="Number of scored questions.")
    items_note, metric = CharField(), CharField()
    chance = FloatField(allow_null=True, help_text="Score of random guessing, from 0 to 1.")
    human = FloatField(allow_null=True, help_text="Score of human test takers, from 0 to 1.")
    human_note = CharField()
    status = serializers.ChoiceField(Benchmark.Status.values)
    generation = IntegerField(allow_null=True, help_text="1 is the older suite, 2 the newer suite.")
    tasks = serializers.ListField(child=CharField(), help_text="Names of its tasks in lm-evaluation-harness.")
    source = CharField()  # type: ignore[assignment]  # the API's name
    superseded_by = CharField(
        source="superseded_by.slug", allow_null=True, help_text="Slug of the benchmark to use instead."
    )
    caveats = BenchmarkCaveatSchema(many=True)


class BenchmarkInListSchema(BenchmarkFactsSchema):
    scores = IntegerField(source="number", help_text="Number of known scores.")


class BenchmarkPageSchema(PageSchema):
    results = BenchmarkInListSchema(many=True)


class ScoreConditionsSchema(Schema):
    task, metric = CharField(help_text="Name of the task in the harness."), CharField()
    filter = CharField(help_text="How the answer was extracted from the text.")
    shots = IntegerField(allow_null=True)
    harness, version = CharField(), CharField(help_text="Version of the task.")
    chat_template = BooleanField(allow_null=True)
    method = CharField(help_text="How the score was measured, in the words of the source.")
    limited = BooleanField(help_text="Whether the run used only some of the questions.")
    measured_by = CharField()


# A record with a stored `score` and its standard `error`.
class StoredScoreSchema(Schema):
    value = FloatField(source="score.value")
    normalized = FloatField(
        source="score.normalized", allow_null=True, help_text="0 is chance level, 100 is a perfect score."
    )
    n = IntegerField(source="score.n", allow_null=True, help_text="Number of questions in the run.")
    harness_version = CharField(source="score.harness_version")
    chat_template_sha = CharField(source="score.chat_template_sha")
    precision, revision = CharField(source="score.precision"), CharField(source="score.revision")
    self_reported = BooleanField(
        source="score.self_reported", help_text="Whether the maker of the model reported the score."
    )
    submitted = BooleanField(
        source="score.submitted", help_text="Whether a visitor submitted the score. We did not observe the run."
    )
    source = CharField(source="score.source")  # type: ignore[assignment]  # the API's name
    date = serializers.DateField(source="score.date", allow_null=True)
    stderr = FloatField(
        source="error", allow_null=True, help_text="The measured standard error if there is one, else the binomial one."
    )


class ScorePlaceSchema(Schema):
    place = IntegerField(source="ranked.place")
    model = CharField(source="score.model.slug", help_text="slug")
    name = CharField(source="score.model.name")


class ScoreRowSchema(ScorePlaceSchema, StoredScoreSchema):
    ci_low = FloatField(source="ranked.low", allow_null=True, help_text="Lower end of the 95% interval.")
    ci_high = FloatField(source="ranked.high", allow_null=True, help_text="Upper end of the 95% interval.")
    same_as_best = BooleanField(
        source="ranked.same_as_best", help_text="Whether the score is below the first one, but not significantly."
    )


class ScoreRankingSchema(Schema):
    conditions = ScoreConditionsSchema(source="first")
    rows = ScoreRowSchema(many=True, help_text="best first")


class ScoredBenchmarkSchema(Schema):
    benchmark = CharField(source="score.benchmark.slug", help_text="slug")
    name = CharField(source="score.benchmark.name", help_text="of the benchmark")


class ModelScoreSchema(ScoredBenchmarkSchema, StoredScoreSchema):
    conditions = ScoreConditionsSchema(source="score")


class OneBenchmarkSchema(BenchmarkFactsSchema):
    rankings = ScoreRankingSchema(many=True, help_text="One ranking for each set of conditions.")


class CostMemorySchema(Schema):
    weights = FloatField(help_text="GiB per replica")
    cache = FloatField(allow_null=True, help_text="GiB per replica. Null if layers or key-value heads are unknown.")
    gib = FloatField(help_text="GiB per replica, for weights and cache together.")


class CostItemsField(serializers.DictField):
    def to_representation(self, items: Any) -> Any:
        return super().to_representation({item.name: item.dollars for item in items})


class CostTotalField(FloatField):
    """The total of an option over the months of the comparison that is rendered."""

    def to_representation(self, option: Any) -> Any:
        comparison: Any = self.root.instance
        return super().to_representation(option.total(comparison["months"]))


class CostOptionSchema(Schema):
    monthly = CostItemsField(child=FloatField(), help_text="US dollars per month, by item.")
    once = CostItemsField(source="one_time", child=FloatField(), help_text="US dollars before the launch, by item.")
    each_month = FloatField(source="monthly_total", help_text="Sum of `monthly`.")
    at_once = FloatField(source="one_time_total", help_text="Sum of `once`.")
    total = CostTotalField(source="*", help_text="US dollars over `months`.")
    weeks = FloatField(help_text="Weeks until the launch.")


class GpuFleetSchema(Schema):
    replicas = IntegerField(source="gpus.replicas")
    gpus = IntegerField(source="gpus.number", help_text="Number of GPUs in all replicas.")


class CostOfOwnSchema(GpuFleetSchema, CostOptionSchema):
    pass


class CostBreakEvenSchema(Schema):
    tokens = IntegerField(
        allow_null=True,
        help_text="Tokens per month at which both options cost the same, with the same mix of input and output.",
    )
    possible = BooleanField(allow_null=True, help_text="Whether the planned replicas can generate that many tokens.")
    month = IntegerField(
        allow_null=True, help_text="The first month by the end of which self-hosting has not cost more than the API."
    )


class CostModelSchema(Schema):
    slug, name = CharField(source="model.slug"), CharField(source="model.name")
    price_source = CharField(
        source="price.source", allow_null=True, help_text="Null if no price is known, like `price_as_of`."
    )
    price_as_of = serializers.DateField(source="price.as_of", allow_null=True)


class CostComparisonSchema(Schema):
    model = CostModelSchema(allow_null=True, help_text="The catalog model that the request names.")
    months = IntegerField()
    input_tokens = IntegerField(source="use.input_tokens", help_text="tokens per month")
    output_tokens = IntegerField(source="use.output_tokens", help_text="tokens per month")
    memory = CostMemorySchema(allow_null=True, help_text="Null without `params`.")
    api = CostOptionSchema(allow_null=True, help_text="Null without API prices.")
    own = CostOfOwnSchema(allow_null=True, help_text="Null without a GPU price.")
    tuning_gpu_hours = FloatField(source="tuning_hours")
    break_even = CostBreakEvenSchema(allow_null=True)
    cheaper = serializers.ChoiceField(("api", "own"), allow_null=True, help_text="The cheaper option over `months`.")


# A record with a `training`.
class TrainingSchema(Schema):
    params, tokens = FloatField(source="training.params"), FloatField(source="training.tokens")
    compute = FloatField(source="training.compute", help_text="floating-point operations")
    tokens_per_parameter = FloatField(source="training.tokens_per_parameter")
    overtraining = FloatField(
        source="training.overtraining", help_text="Tokens per parameter, as a multiple of twenty."
    )


class TrainingWithLossSchema(TrainingSchema):
    loss = FloatField(help_text="The loss that the law predicts.")


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
    derived = BooleanField(
        help_text=(
            "Whether the model was made from another model. If so, its tokens may include those of the base "
            "model, or only the later ones."
        )
    )
    total = IntegerField(
        allow_null=True, help_text="Total parameters of a mixture of experts. `params` are its active parameters."
    )


class TrainedModelSchema(ModelOriginSchema, TrainingSchema):
    pass


class ScalingPlanSchema(TrainingWithLossSchema):
    law = ScalingLawSchema()
    rule = TrainingWithLossSchema(help_text="A training run with the same compute and twenty tokens per parameter.")
    optimum = TrainingWithLossSchema(help_text="The training run with the same compute and the lowest loss.")
    models = TrainedModelSchema(many=True, help_text="Models with a known number of parameters and of training tokens.")
