"""Models, their facts, licenses and prices. Every field may be unknown."""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

NOT_NEGATIVE = MinValueValidator(0)


class Organization(models.Model):
    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200, unique=True)

    def __str__(self) -> str:
        return self.name


class License(models.Model):
    """Our reading of a license, which is not legal advice. Open weights do not imply that every use is allowed."""

    class Commercial(models.TextChoices):
        YES = "yes", _("Yes")
        CONDITIONAL = "conditional", _("Conditional")
        NO = "no", _("No")
        UNKNOWN = "unknown", _("Unknown")

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200, unique=True)
    commercial = models.CharField(max_length=12, choices=Commercial, default=Commercial.UNKNOWN)
    conditions = models.TextField(blank=True, help_text="conditions of commercial use: thresholds and forbidden uses")
    derivatives = models.CharField(max_length=12, choices=Commercial, default=Commercial.UNKNOWN)
    obligations = models.TextField(blank=True, help_text="obligations: attribution, naming, same license")
    research_only = models.BooleanField(null=True, blank=True)
    source = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return self.name


class LanguageModel(models.Model):
    """One model under its public name; `arena.Endpoint` stores where it runs.

    Sources make claims about it, stored as facts. These columns hold the chosen facts, and
    `catalog.facts.claims.choose_facts` writes them.
    """

    class Status(models.TextChoices):
        CURRENT = "current"
        RETIRED = "retired"

    slug = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=200)
    organization = models.ForeignKey(Organization, models.PROTECT, null=True, blank=True)
    license = models.ForeignKey(License, models.PROTECT, null=True, blank=True)
    base_model = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="derived")
    open_weights = models.BooleanField(null=True, blank=True)
    kind = models.CharField(max_length=20, blank=True, help_text="base, chat, fine-tuned, or merge")
    status = models.CharField(max_length=10, choices=Status, default=Status.CURRENT)
    retires_on = models.DateField(null=True, blank=True, help_text="the day its maker stops serving it")
    release_date = models.DateField(null=True, blank=True)
    knowledge_cutoff = models.DateField(null=True, blank=True)
    parameters_total = models.BigIntegerField(null=True, blank=True)
    parameters_active = models.BigIntegerField(null=True, blank=True)
    training_tokens = models.BigIntegerField(null=True, blank=True)
    context_window = models.IntegerField(null=True, blank=True, help_text="in tokens, question and answer together")
    max_input = models.IntegerField(null=True, blank=True, help_text="in tokens")
    max_output = models.IntegerField(null=True, blank=True, help_text="in tokens")
    modalities = models.JSONField(default=list, blank=True, help_text="accepted inputs: text, image, audio, …")
    tools = models.BooleanField(null=True, blank=True, help_text="can call functions")
    web_search = models.BooleanField(null=True, blank=True)
    fine_tuning = models.CharField(max_length=10, blank=True, help_text="weights, api, or no")
    requests_per_minute = models.CharField(max_length=100, blank=True, help_text="with the tier, like 50 (tier 1)")
    tokens_per_minute = models.CharField(max_length=100, blank=True, help_text="with the tier, like 30000 (tier 1)")
    layers = models.IntegerField(null=True, blank=True)
    kv_heads = models.IntegerField(null=True, blank=True, help_text="key-value heads per layer")
    head_dim = models.IntegerField(null=True, blank=True, help_text="length of the key vector of one head")

    class Meta:
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.name


class Fact(models.Model):
    """The claim of one source about one field of a model. All claims are stored; one per field is chosen."""

    class Origin(models.TextChoices):
        """How the fact was entered, the most trusted way first."""

        HAND = "hand"
        SHIPPED = "shipped"
        MODELS_DEV = "models-dev"
        FILE = "file"

    model = models.ForeignKey(LanguageModel, models.CASCADE, related_name="facts")
    field = models.CharField(max_length=30)
    value = models.JSONField(null=True, help_text="as the source gives it; null means that somebody set it to unknown")
    origin = models.CharField(max_length=12, choices=Origin, default=Origin.HAND)
    source = models.CharField(max_length=500)
    as_of = models.DateField()
    chosen = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("model", "field", "origin", "source"), name="fact_once"),
            models.UniqueConstraint(
                fields=("model", "field"), condition=models.Q(chosen=True), name="fact_one_is_chosen"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.value}"


class Price(models.Model):
    """US dollars per million tokens, on one day from one source.

    The current price is the newest set by hand, or else the newest.
    """

    model = models.ForeignKey(LanguageModel, models.CASCADE, related_name="prices")
    input = models.DecimalField(max_digits=12, decimal_places=6, validators=[NOT_NEGATIVE])
    output = models.DecimalField(max_digits=12, decimal_places=6, validators=[NOT_NEGATIVE])
    cached_input = models.DecimalField(
        max_digits=12, decimal_places=6, null=True, blank=True, validators=[NOT_NEGATIVE]
    )
    tiers = models.JSONField(default=list, blank=True, help_text="[{above, input, output}]: prices for longer prompts")
    source = models.CharField(max_length=500)
    as_of = models.DateField()
    by_hand = models.BooleanField(default=True)

    class Meta:
        get_latest_by = "as_of"
        constraints = [
            models.UniqueConstraint(fields=("model", "source", "as_of"), name="price_once"),
            models.CheckConstraint(
                condition=models.Q(input__gte=0, output__gte=0)
                & (models.Q(cached_input=None) | models.Q(cached_input__gte=0)),
                name="price_is_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.input}/{self.output}"
