"""Benchmarks, their caveats, and scores."""

from django.db import models
from django.utils.translation import gettext_lazy as _

# If two scores have the same values in all of these fields, they are the same measurement.
SCORE_IDENTITY = (
    "model", "benchmark", "source", "measured_by", "harness", "task", "metric", "filter", "shots", "version",
    "chat_template", "method", "limited", "precision", "revision",
)  # fmt: skip


class Benchmark(models.Model):
    class Status(models.TextChoices):
        OPEN = "open", _("Not saturated")
        NEAR_CEILING = "near ceiling", _("Nearly saturated")
        SATURATED = "saturated", _("Saturated")
        UNKNOWN = "unknown", _("Unknown")

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    full_name = models.CharField(max_length=300, blank=True)
    measures = models.TextField(blank=True)
    matters = models.TextField(blank=True, help_text="Who should care about the benchmark, and why.")
    items = models.PositiveIntegerField(null=True, blank=True, help_text="Number of scored questions.")
    items_note = models.CharField(max_length=300, blank=True)
    metric = models.CharField(max_length=50, blank=True)
    chance = models.FloatField(null=True, blank=True, help_text="Expected score for random guessing, from 0 to 1.")
    human = models.FloatField(null=True, blank=True, help_text="Score achieved by human test takers, from 0 to 1.")
    human_note = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.UNKNOWN)
    generation = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="1 and 2 for the suites of the Open LLM Leaderboards, 3 for newer ones."
    )
    category = models.CharField(
        max_length=100,
        default="overall",
        help_text="Slug of the category of votes that is closest to the benchmark.",
    )
    superseded_by = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="supersedes")
    tasks = models.JSONField(default=list, blank=True, help_text="Task names in lm-evaluation-harness.")
    source = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("generation", "slug")

    def __str__(self) -> str:
        return self.name

    @property
    def replacement(self) -> "Benchmark | None":
        """The benchmark to use instead: the next one in the chain of successors that is not saturated, or None."""
        visited = {self.pk}
        successor = self.superseded_by
        while successor and successor.status == self.Status.SATURATED and successor.pk not in visited:
            visited.add(successor.pk)
            successor = successor.superseded_by
        return successor if successor and successor.status != self.Status.SATURATED else None


class Caveat(models.Model):
    class Kind(models.TextChoices):
        INCONSISTENT_APPLICATION = "inconsistent_application", _("Applied inconsistently")
        NARROW_SCOPE = "narrow_scope", _("Narrow scope")
        LEAKAGE = "leakage", _("Leakage")
        OVERFITTING = "overfitting", _("Overfitting")
        EVALUATION_AWARENESS = "evaluation_awareness", _("Evaluation awareness")
        LABEL_ERRORS = "label_errors", _("Errors in the test")
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
    """A model's score, with the conditions of the run. Scores are comparable only if all conditions are the same.

    If a file repeats a score from an earlier file of the same source, the new score replaces the earlier one.
    """

    model = models.ForeignKey("catalog.LanguageModel", models.CASCADE, related_name="scores")
    benchmark = models.ForeignKey(Benchmark, models.CASCADE, related_name="scores")
    task = models.CharField(max_length=200, help_text="Part or variant of the benchmark, as named by the harness.")
    metric = models.CharField(max_length=100)
    filter = models.CharField(
        max_length=100, blank=True, help_text="Harness filter that extracts the answer from the text."
    )
    value = models.FloatField()
    normalized = models.FloatField(null=True, blank=True, help_text="0 is chance level, and 100 is a perfect score.")
    stderr = models.FloatField(null=True, blank=True)
    n = models.PositiveIntegerField(null=True, blank=True, help_text="Number of questions in the run.")
    limited = models.BooleanField(default=False, help_text="The run used only some of the questions.")
    shots = models.PositiveIntegerField(null=True, blank=True)
    harness = models.CharField(max_length=100, blank=True)
    harness_version = models.CharField(max_length=50, blank=True)
    version = models.CharField(max_length=50, blank=True, help_text="Task version.")
    chat_template = models.BooleanField(null=True, blank=True)
    chat_template_sha = models.CharField(max_length=64, blank=True)
    precision = models.CharField(max_length=50, blank=True)
    revision = models.CharField(max_length=100, blank=True)
    method = models.CharField(
        max_length=300, blank=True, help_text="How the score was measured, quoted from the source."
    )
    measured_by = models.CharField(max_length=200)
    self_reported = models.BooleanField(default=False, help_text="The model's maker reported this score.")
    submitted = models.BooleanField(default=False, help_text="A visitor submitted this score. Nobody has verified it.")
    source = models.CharField(max_length=500)
    date = models.DateField(null=True, blank=True)
    run = models.CharField(max_length=64, help_text="Digest of the imported file.")

    class Meta:
        indexes = [models.Index(fields=("run",))]
        constraints = [
            models.UniqueConstraint(fields=SCORE_IDENTITY, name="score_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"{self.value}"
