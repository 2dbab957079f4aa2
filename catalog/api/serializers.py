"""The shapes of what the calls of benchmarks and calculators give, for the OpenAPI document alone."""

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
    measures, matters = CharField(help_text="what"), CharField(help_text="to whom, and why")
    items = IntegerField(allow_null=True, help_text="questions that are scored")
    items_note, metric = CharField(), CharField()
    chance = FloatField(allow_null=True, help_text="what guessing gets, from 0 to 1")
    human = FloatField(allow_null=True, help_text="what people get, from 0 to 1")
    human_note = CharField()
    status = serializers.ChoiceField(Benchmark.Status.values)
    generation = IntegerField(allow_null=True, help_text="1: the old suite, 2: the new one")
    tasks = serializers.ListField(child=CharField(), help_text="what lm-evaluation-harness calls it")
    source = CharField()  # type: ignore[assignment]  # the name is that of the API
    superseded_by = CharField(allow_null=True, help_text="slug")
    caveats = BenchmarkCaveatSchema(many=True)


class BenchmarkInListSchema(BenchmarkFactsSchema):
    scores = IntegerField(help_text="how many are known")


class BenchmarkPageSchema(PageSchema):
    results = BenchmarkInListSchema(many=True)


class ScoreConditionsSchema(Schema):
    task, metric = CharField(help_text="as its harness calls it"), CharField()
    filter = CharField(help_text="how the answer was taken from the text")
    shots = IntegerField(allow_null=True)
    harness, version = CharField(), CharField(help_text="of the task")
    chat_template = BooleanField(allow_null=True)
    method = CharField(help_text="in the words of the source")
    limited = BooleanField(help_text="only a part of the questions was asked")
    measured_by = CharField()


class StoredScoreSchema(Schema):
    value = FloatField()
    normalized = FloatField(allow_null=True, help_text="0 is chance, 100 is all right")
    n = IntegerField(allow_null=True, help_text="questions that were asked")
    harness_version, chat_template_sha, precision, revision = CharField(), CharField(), CharField(), CharField()
    self_reported = BooleanField(help_text="by the maker of the model")
    submitted = BooleanField(help_text="sent by somebody, in a run that nobody here has seen")
    source = CharField()  # type: ignore[assignment]  # the name is that of the API
    date = serializers.DateField(allow_null=True)
    stderr = FloatField(allow_null=True, help_text="the one measured, else the binomial one")


class ScoreRowSchema(StoredScoreSchema):
    place = IntegerField()
    model, name = CharField(help_text="slug"), CharField()
    ci_low, ci_high = FloatField(allow_null=True, help_text="95 %"), FloatField(allow_null=True)
    same_as_best = BooleanField(help_text="not the first, and within the noise of the first")


class ScoreRankingSchema(Schema):
    conditions = ScoreConditionsSchema()
    rows = ScoreRowSchema(many=True, help_text="from the best")


class OneBenchmarkSchema(BenchmarkFactsSchema):
    rankings = ScoreRankingSchema(many=True, help_text="one for each set of conditions")


class CostMemorySchema(Schema):
    weights = FloatField(help_text="GiB of one replica, as the others")
    cache = FloatField(allow_null=True, help_text="null where layers and heads are not given")
    gib = FloatField(help_text="both")


class CostOptionSchema(Schema):
    monthly = serializers.DictField(child=FloatField(), help_text="dollars a month, by what they are for")
    once = serializers.DictField(child=FloatField(), help_text="dollars before the launch, by what they are for")
    each_month, at_once = FloatField(help_text="all of `monthly`"), FloatField(help_text="all of `once`")
    total = FloatField(help_text="over `months`")
    weeks = FloatField(help_text="until the launch")


class CostOfOwnSchema(CostOptionSchema):
    replicas, gpus = IntegerField(), IntegerField(help_text="of all replicas")


class CostBreakEvenSchema(Schema):
    tokens = IntegerField(allow_null=True, help_text="a month, in the same mix, at which both cost the same")
    possible = BooleanField(allow_null=True, help_text="whether the replicas can write that many")
    month = IntegerField(allow_null=True, help_text="the first by whose end own GPUs have cost no more")


class CostModelSchema(Schema):
    slug, name = CharField(), CharField()
    price_source = CharField(allow_null=True, help_text="null without a price, as is its day")
    price_as_of = serializers.DateField(allow_null=True)


class CostComparisonSchema(Schema):
    model = CostModelSchema(allow_null=True, help_text="the one of the catalogue, if it is asked for")
    months, input_tokens, output_tokens = (
        IntegerField(),
        IntegerField(help_text="a month"),
        IntegerField(help_text="a month"),
    )
    memory = CostMemorySchema(allow_null=True, help_text="of the model, if `params` is given")
    api = CostOptionSchema(allow_null=True, help_text="if prices are given")
    own = CostOfOwnSchema(allow_null=True, help_text="if the price of a GPU is given")
    tuning_gpu_hours = FloatField()
    break_even = CostBreakEvenSchema(allow_null=True)
    cheaper = serializers.ChoiceField(("api", "own"), allow_null=True, help_text="over `months`")


class TrainingSchema(Schema):
    params, tokens = FloatField(), FloatField()
    compute = FloatField(help_text="floating-point operations")
    tokens_per_parameter = FloatField()
    overtraining = FloatField(help_text="how many times twenty tokens per parameter")


class TrainingWithLossSchema(TrainingSchema):
    loss = FloatField(help_text="predicted by the law")


class ScalingLawSchema(Schema):
    name = serializers.ChoiceField([*LAWS])
    E, A, B, alpha, beta = FloatField(), FloatField(), FloatField(), FloatField(), FloatField()
    warning = CharField(allow_null=True)


class TrainedModelSchema(TrainingSchema):
    model = CharField(help_text="slug")
    total = IntegerField(
        allow_null=True, help_text="all parameters of a mixture; `params` are those at work on a token"
    )
    derived = BooleanField(help_text="made from another one; its tokens may be those of either training")


class ScalingPlanSchema(TrainingWithLossSchema):
    law = ScalingLawSchema()
    rule = TrainingWithLossSchema(help_text="the same compute at twenty tokens per parameter")
    optimum = TrainingWithLossSchema(help_text="the same compute at the least loss")
    models = TrainedModelSchema(many=True, help_text="those whose parameters and training tokens are known")
