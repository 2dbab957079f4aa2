"""Serializers for the benchmark and calculator endpoints. The OpenAPI schema is generated from them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.calculators.scaling import HOFFMANN_WARNING
from catalog.calculators.scaling_laws import HOFFMANN_LAW, LAWS, ScalingLaw
from catalog.models import Benchmark, Caveat
from core.http.openapi import BooleanField, CharField, FloatField, FractionField, IntegerField, PageSchema, Schema

SUCCESSOR_HELP = "Name of the model that the maker recommends instead, or null if no source names one."


class BenchmarkCaveatSchema(Schema):
    kind = serializers.ChoiceField(Caveat.Kind.values)
    text = CharField()
    source = CharField()  # type: ignore[assignment]  # mypy sees Serializer's attribute


class SeparabilitySchema(Schema):
    share = FloatField(
        help_text="Proportion, from 0 to 1, of pairs of today's best models whose scores differ significantly."
    )
    models = IntegerField(help_text="Number of compared models, at most ten. These have the highest scores.")


class BenchmarkFactsSchema(Schema):
    slug = CharField()
    name = CharField()
    full_name = CharField()
    measures = CharField(help_text="The ability that the benchmark measures.")
    matters = CharField(help_text="Who should care about the benchmark, and why.")
    items = IntegerField(allow_null=True, help_text="Number of scored questions.")
    items_note = CharField()
    metric = CharField()
    chance = FloatField(allow_null=True, help_text="Expected score for random guessing, from 0 to 1.")
    human = FloatField(allow_null=True, help_text="Score achieved by human test takers, from 0 to 1.")
    human_note = CharField()
    status = serializers.ChoiceField(Benchmark.Status.values)
    generation = IntegerField(
        allow_null=True, help_text="1 and 2 for the suites of the Open LLM Leaderboards, 3 for newer ones."
    )
    category = CharField(help_text="Slug of the vote category closest to what the benchmark measures.")
    tasks = serializers.ListField(child=CharField(), help_text="Task names in lm-evaluation-harness.")
    source = CharField()  # type: ignore[assignment]  # mypy sees Serializer's attribute
    superseded_by = CharField(
        source="replacement.slug",
        allow_null=True,
        help_text="Slug of the benchmark to use instead, which is not itself saturated.",
    )
    caveats = BenchmarkCaveatSchema(many=True)
    separability = SeparabilitySchema(
        allow_null=True,
        help_text="How well the benchmark separates the best models. Only the hundred best models on the newest"
        " reference board count, and only scores measured under the most common conditions. Null if"
        " fewer than five of these scores have a known standard error.",
    )


class BenchmarkSummarySchema(BenchmarkFactsSchema):
    scores = IntegerField(source="number", help_text="Number of known scores.")


class BenchmarkPageSchema(PageSchema):
    results = BenchmarkSummarySchema(many=True)


class ScoreConditionsSchema(Schema):
    task = CharField(help_text="Task name in the harness.")
    metric = CharField()
    filter = CharField(help_text="Name of the harness filter that extracts the answer from the text.")
    shots = IntegerField(allow_null=True)
    harness = CharField()
    version = CharField(help_text="Task version.")
    chat_template = BooleanField(allow_null=True)
    method = CharField(help_text="How the score was measured, quoted from the source.")
    limited = BooleanField(help_text="True if the run used only some of the questions.")
    measured_by = CharField()


# Serializes a `ComparableScore`.
class StoredScoreSchema(Schema):
    value = FloatField(source="score.value")
    normalized = FloatField(
        source="score.normalized",
        allow_null=True,
        help_text="Scaled so that 0 is chance level and 100 is a perfect score.",
    )
    n = IntegerField(source="score.n", allow_null=True, help_text="Number of questions in the run.")
    harness_version = CharField(source="score.harness_version")
    chat_template_sha = CharField(source="score.chat_template_sha")
    precision = CharField(source="score.precision")
    revision = CharField(source="score.revision")
    self_reported = BooleanField(
        source="score.self_reported", help_text="True if the model's maker reported the score."
    )
    submitted = BooleanField(
        source="score.submitted", help_text="True if a visitor submitted the score. Arena did not verify the run."
    )
    source = CharField(source="score.source")  # type: ignore[assignment]  # mypy sees Serializer's attribute
    date = serializers.DateField(source="score.date", allow_null=True)
    stderr = FloatField(
        source="error",
        allow_null=True,
        help_text="The reported standard error, or the binomial standard error if none was reported.",
    )


class ScoreRowSchema(StoredScoreSchema):
    place = IntegerField()
    model = CharField(help_text="Model slug.")
    name = CharField(source="score.model.name")
    ci_low = FractionField(source="low_percent", allow_null=True, help_text="Lower end of the 95% interval.")
    ci_high = FractionField(source="high_percent", allow_null=True, help_text="Upper end of the 95% interval.")
    same_as_best = BooleanField(
        help_text="True for scores after the first one that are not significantly lower than it."
    )


class ScoreRankingSchema(Schema):
    conditions = ScoreConditionsSchema(source="first")
    rows = ScoreRowSchema(many=True, help_text="Scores, best first.")


class ModelScoreSchema(StoredScoreSchema):
    benchmark = CharField(source="score.benchmark.slug", help_text="Benchmark slug.")
    name = CharField(source="score.benchmark.name", help_text="Benchmark name.")
    conditions = ScoreConditionsSchema(source="score")


class BenchmarkDetailSchema(BenchmarkFactsSchema):
    rankings = ScoreRankingSchema(many=True, help_text="One ranking for each set of conditions.")


class CostMemorySchema(Schema):
    weights = FloatField(help_text="Memory for the weights, in GiB per replica.")
    cache = FloatField(
        allow_null=True, help_text="Memory for the KV cache, in GiB per replica. Null if `layers` is unknown."
    )
    gib = FloatField(help_text="Total memory, in GiB per replica.")


class CostTotalField(FloatField):
    """The total cost of an option over the `months` of the comparison."""

    def to_representation(self, option: Any) -> Any:
        comparison: Any = self.root.instance
        return super().to_representation(option.compute_total(comparison["months"]))


class CostOptionSchema(Schema):
    monthly = serializers.DictField(child=FloatField(), help_text="Monthly costs in US dollars, by item.")
    once = serializers.DictField(
        source="one_time", child=FloatField(), help_text="One-time costs in US dollars before the launch, by item."
    )
    monthly_total = FloatField(help_text="Sum of `monthly`.")
    one_time_total = FloatField(help_text="Sum of `once`.")
    total = CostTotalField(source="*", help_text="Total cost in US dollars over `months`.")
    weeks = FloatField(help_text="Number of weeks until the launch.")


class SelfHostingCostSchema(CostOptionSchema):
    replicas = IntegerField(source="gpus.replicas")
    gpus = IntegerField(source="gpus.gpu_count", help_text="Total number of GPUs across all replicas.")


class CostBreakEvenSchema(Schema):
    tokens = IntegerField(
        allow_null=True,
        help_text="Tokens per month at which both options cost the same, with the current ratio of input to output.",
    )
    possible = BooleanField(allow_null=True, help_text="True if the planned replicas can generate `tokens` per month.")
    month = IntegerField(
        allow_null=True,
        help_text="First month in which self-hosting costs no more in total than the API.",
    )


class CostModelSchema(Schema):
    slug = CharField(source="model.slug")
    name = CharField(source="model.name")
    price_source = CharField(
        source="price.source", allow_null=True, help_text="Price source. Null if the catalog has no price."
    )
    price_as_of = serializers.DateField(
        source="price.as_of", allow_null=True, help_text="Price date. Null if the catalog has no price."
    )
    price_above = IntegerField(
        source="prices.above",
        allow_null=True,
        help_text="The price applies to prompts with more than this number of tokens. Null if there is no price.",
    )
    off_peak = BooleanField(
        source="prices.off_peak", allow_null=True, help_text="True if the price is for off-peak hours only."
    )
    retired = BooleanField(help_text="True if the model no longer answers requests.")
    retires_on = serializers.DateField(
        source="model.retires_on", allow_null=True, help_text="The announced day of retirement, past or future."
    )
    successor = CharField(source="successor.name", allow_null=True, help_text=SUCCESSOR_HELP)


class CostComparisonSchema(Schema):
    model = CostModelSchema(allow_null=True, help_text="The model named in the request.")
    months = IntegerField()
    input_tokens = IntegerField(source="use.input_tokens", help_text="Input tokens per month.")
    output_tokens = IntegerField(source="use.output_tokens", help_text="Output tokens per month.")
    memory = CostMemorySchema(allow_null=True, help_text="GPU memory. Null if `params` is unknown.")
    api = CostOptionSchema(allow_null=True, help_text="API costs. Null if there are no API prices.")
    own = SelfHostingCostSchema(allow_null=True, help_text="Self-hosting costs. Null if there is no GPU price.")
    tuning_gpu_hours = FloatField(source="tuning_hours")
    break_even = CostBreakEvenSchema(allow_null=True)
    cheaper = serializers.ChoiceField(("api", "own"), allow_null=True, help_text="The cheaper option over `months`.")


# Serializes an object with the attribute `training`.
class TrainingSchema(Schema):
    params = FloatField(source="training.params")
    tokens = FloatField(source="training.tokens")
    compute = FloatField(source="training.compute", help_text="Floating-point operations.")
    tokens_per_parameter = FloatField(source="training.tokens_per_parameter")
    overtraining = FloatField(source="training.overtraining", help_text="Tokens per parameter, divided by 20.")


class TrainingWithLossSchema(TrainingSchema):
    loss = FloatField(help_text="Loss predicted by the scaling law, in nats per token.")


class ScalingLawSchema(Schema):
    name = serializers.ChoiceField([*LAWS], source="slug")
    E = FloatField(source="floor")
    A = FloatField(source="params_factor")
    B = FloatField(source="tokens_factor")
    alpha = FloatField()
    beta = FloatField()
    warning = serializers.SerializerMethodField()

    @extend_schema_field(CharField(allow_null=True))
    def get_warning(self, law: ScalingLaw) -> str | None:
        return str(HOFFMANN_WARNING) if law == HOFFMANN_LAW else None


class TrainedModelSchema(TrainingSchema):
    model = CharField(source="slug", help_text="Model slug.")
    derived = BooleanField(
        help_text=(
            "True if the model was trained from another model. In that case, `tokens` may or may not include the base "
            "model's tokens."
        )
    )
    total = IntegerField(
        allow_null=True,
        help_text="Total parameters of a mixture-of-experts model. Its `params` are the active parameters.",
    )


class ScalingPlanSchema(TrainingWithLossSchema):
    law = ScalingLawSchema()
    rule = TrainingWithLossSchema(help_text="A training run with the same compute and 20 tokens per parameter.")
    optimum = TrainingWithLossSchema(help_text="The training run with the same compute and the lowest loss.")
    models = TrainedModelSchema(many=True, help_text="Models whose parameters and training tokens are known.")
