"""What is known about a model. Every field may be unknown."""

from django.db import models


class Organization(models.Model):
    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200, unique=True)

    def __str__(self) -> str:
        return self.name


class License(models.Model):
    class Commercial(models.TextChoices):
        YES = "yes"
        CONDITIONAL = "conditional"
        NO = "no"
        UNKNOWN = "unknown"

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200, unique=True)
    commercial = models.CharField(max_length=12, choices=Commercial, default=Commercial.UNKNOWN)
    conditions = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name


class LanguageModel(models.Model):
    """One model as people know it; where it runs is `arena.Endpoint`."""

    class Status(models.TextChoices):
        CURRENT = "current"
        RETIRED = "retired"

    slug = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=200)
    organization = models.ForeignKey(Organization, models.PROTECT, null=True, blank=True)
    license = models.ForeignKey(License, models.PROTECT, null=True, blank=True)
    base_model = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="derived")
    open_weights = models.BooleanField(null=True, blank=True)
    kind = models.CharField(max_length=20, blank=True, help_text="base, chat, fine-tuned or merge")
    status = models.CharField(max_length=10, choices=Status, default=Status.CURRENT)
    release_date = models.DateField(null=True, blank=True)
    knowledge_cutoff = models.DateField(null=True, blank=True)
    parameters_total = models.BigIntegerField(null=True, blank=True)
    parameters_active = models.BigIntegerField(null=True, blank=True)
    training_tokens = models.BigIntegerField(null=True, blank=True)
    context_window = models.IntegerField(null=True, blank=True, help_text="tokens")
    max_input = models.IntegerField(null=True, blank=True, help_text="tokens")
    max_output = models.IntegerField(null=True, blank=True, help_text="tokens")
    modalities = models.JSONField(default=list, blank=True)
    tools = models.BooleanField(null=True, blank=True)

    class Meta:
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.name


class Price(models.Model):
    """What a provider asked for a million tokens on a day, in US dollars; the newest one holds."""

    model = models.ForeignKey(LanguageModel, models.CASCADE, related_name="prices")
    input = models.DecimalField(max_digits=12, decimal_places=6)
    output = models.DecimalField(max_digits=12, decimal_places=6)
    source = models.CharField(max_length=500)
    as_of = models.DateField()

    class Meta:
        get_latest_by = "as_of"
        constraints = [models.UniqueConstraint(fields=("model", "source", "as_of"), name="price_once")]

    def __str__(self) -> str:
        return f"{self.input}/{self.output}"
