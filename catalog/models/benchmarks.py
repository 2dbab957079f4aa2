"""Benchmarks, what is wrong with them, and scores on them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Benchmark(models.Model):
    class Status(models.TextChoices):
        OPEN = "open", _("Open-ended")
        NEAR_CEILING = "near ceiling", _("Near its ceiling")
        SATURATED = "saturated", _("Saturated")
        UNKNOWN = "unknown", _("Unknown")

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    full_name = models.CharField(max_length=300, blank=True)
    measures = models.TextField(blank=True)
    matters = models.TextField(blank=True, help_text="to whom, and why")
    items = models.PositiveIntegerField(null=True, blank=True, help_text="questions that are scored")
    items_note = models.CharField(max_length=300, blank=True)
    metric = models.CharField(max_length=50, blank=True)
    chance = models.FloatField(null=True, blank=True, help_text="what guessing gets, from 0 to 1")
    human = models.FloatField(null=True, blank=True, help_text="what people get, from 0 to 1")
    human_note = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.UNKNOWN)
    generation = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1: the old suite, 2: the new one")
    superseded_by = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="supersedes")
    tasks = models.JSONField(default=list, blank=True, help_text="what lm-evaluation-harness calls it")
    source = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("generation", "slug")

    def __str__(self) -> str:
        return self.name


class Caveat(models.Model):
    class Kind(models.TextChoices):
        INCONSISTENT_APPLICATION = "inconsistent_application", _("Applied inconsistently")
        NARROW_SCOPE = "narrow_scope", _("Narrow scope")
        LEAKAGE = "leakage", _("Leakage")
        OVERFITTING = "overfitting", _("Overfitting")
        EVALUATION_AWARENESS = "evaluation_awareness", _("Evaluation awareness")
        LABEL_ERRORS = "label_errors", _("Label errors")
        SATURATION = "saturation", _("Saturation")

    benchmark = models.ForeignKey(Benchmark, models.CASCADE, related_name="caveats")
    kind = models.CharField(max_length=30, choices=Kind)
    text = models.TextField()
    source = models.CharField(max_length=500)

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=("benchmark", "kind", "text"), name="caveat_once")]

    def __str__(self) -> str:
        return self.text


class Score(models.Model):
    """What a model got, and under which conditions. Scores are comparable only where all of them agree."""

    model = models.ForeignKey("catalog.LanguageModel", models.CASCADE, related_name="scores")
    benchmark = models.ForeignKey(Benchmark, models.CASCADE, related_name="scores")
    task = models.CharField(max_length=200, help_text="the part or variant that was run, as its harness calls it")
    metric = models.CharField(max_length=100)
    filter = models.CharField(max_length=100, blank=True, help_text="how the answer was taken from the text")
    value = models.FloatField()
    normalized = models.FloatField(null=True, blank=True, help_text="0 is chance, 100 is all right")
    stderr = models.FloatField(null=True, blank=True)
    n = models.PositiveIntegerField(null=True, blank=True, help_text="questions that were asked")
    limited = models.BooleanField(default=False, help_text="only a part of the questions was asked")
    shots = models.PositiveIntegerField(null=True, blank=True)
    harness = models.CharField(max_length=100, blank=True)
    harness_version = models.CharField(max_length=50, blank=True)
    version = models.CharField(max_length=50, blank=True, help_text="of the task")
    chat_template = models.BooleanField(null=True, blank=True)
    chat_template_sha = models.CharField(max_length=64, blank=True)
    precision = models.CharField(max_length=50, blank=True)
    revision = models.CharField(max_length=100, blank=True)
    method = models.CharField(max_length=300, blank=True, help_text="in the words of the source")
    measured_by = models.CharField(max_length=200)
    self_reported = models.BooleanField(default=False, help_text="by the maker of the model")
    submitted = models.BooleanField(default=False, help_text="sent by somebody, in a run that nobody here has seen")
    source = models.CharField(max_length=500)
    date = models.DateField(null=True, blank=True)
    run = models.CharField(max_length=64, help_text="digest of the file that it came with")

    class Meta:
        indexes = [models.Index(fields=("run",))]
        constraints = [
            models.UniqueConstraint(
                fields=("run", "model", "benchmark", "task", "metric", "filter", "shots", "precision", "revision",
                        "chat_template", "source"),
                name="score_once",
                nulls_distinct=False,
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.value}"
