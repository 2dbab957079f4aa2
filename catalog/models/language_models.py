"""Models, their facts, licenses, and prices. Most fields can be unknown."""

from datetime import date

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
    """A summary of a license, which is not legal advice. A license can restrict use even if the weights are open."""

    class Commercial(models.TextChoices):
        YES = "yes", _("Yes")
        CONDITIONAL = "conditional", _("Conditional")
        NO = "no", _("No")
        UNKNOWN = "unknown", _("Unknown")

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200, unique=True)
    commercial = models.CharField(max_length=12, choices=Commercial, default=Commercial.UNKNOWN)
    conditions = models.TextField(
        blank=True, help_text="Conditions of commercial use, such as thresholds and prohibited uses."
    )
    derivatives = models.CharField(max_length=12, choices=Commercial, default=Commercial.UNKNOWN)
    obligations = models.TextField(
        blank=True, help_text="Obligations, such as attribution, naming, and using the same license."
    )
    research_only = models.BooleanField(null=True, blank=True)
    source = models.CharField(max_length=500, blank=True)
    as_of = models.DateField("seen on", default=date.today, help_text="The day on which somebody read the license.")
    by_hand = models.BooleanField(default=False, help_text="An operator entered these terms.")

    def __str__(self) -> str:
        return self.name


class LanguageModel(models.Model):
    """A model under its public name. The URL for calling it is stored in `arena.Endpoint`.

    The columns for facts contain the chosen facts. `catalog.facts.claims.choose_facts` writes them.
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
    kind = models.CharField(max_length=20, blank=True, help_text="One of base, chat, fine-tuned, and merge.")
    status = models.CharField(max_length=10, choices=Status, default=Status.CURRENT)
    demo = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Shows how Arena works. Demo models are never suggested when someone chooses a model.",
    )
    retires_on = models.DateField(
        null=True, blank=True, help_text="The day on which the maker stops serving the model."
    )
    successor = models.CharField(
        max_length=200,
        blank=True,
        help_text="Slug of the model that the maker recommends instead, or its name if it is not in the catalog.",
    )
    release_date = models.DateField(null=True, blank=True)
    knowledge_cutoff = models.DateField(null=True, blank=True)
    parameters_total = models.BigIntegerField(null=True, blank=True)
    parameters_active = models.BigIntegerField(null=True, blank=True)
    training_tokens = models.BigIntegerField(null=True, blank=True)
    context_window = models.IntegerField(
        null=True, blank=True, help_text="In tokens, for the question and answer together."
    )
    max_input = models.IntegerField(null=True, blank=True, help_text="In tokens.")
    max_output = models.IntegerField(null=True, blank=True, help_text="In tokens.")
    modalities = models.JSONField(
        default=list, blank=True, help_text="Accepted inputs, such as text, image, and audio."
    )
    tools = models.BooleanField(null=True, blank=True, help_text="Supports function calling.")
    web_search = models.BooleanField(null=True, blank=True)
    fine_tuning = models.CharField(
        max_length=10,
        blank=True,
        help_text="How the model can be fine-tuned: “weights”, “api”, or “no” if it cannot be.",
    )
    requests_per_minute = models.CharField(
        max_length=100, blank=True, help_text="Include the usage tier, such as 50 (tier 1)."
    )
    tokens_per_minute = models.CharField(
        max_length=100, blank=True, help_text="Include the usage tier, such as 30000 (tier 1)."
    )
    layers = models.IntegerField(null=True, blank=True)
    kv_heads = models.IntegerField(null=True, blank=True, help_text="Key-value heads per layer.")
    head_dim = models.IntegerField(null=True, blank=True, help_text="Length of a head's key vector.")

    class Meta:
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.name


class Fact(models.Model):
    """One source's claim about one field of a model. All claims are stored, and one per field is chosen."""

    class Origin(models.TextChoices):
        """How the fact was entered, most trusted first."""

        HAND = "hand"
        SHIPPED = "shipped"
        LISTED = "listed"
        FILE = "file"
        NAME = "name"  # parsed from the name of the model

    model = models.ForeignKey(LanguageModel, models.CASCADE, related_name="facts")
    field = models.CharField(max_length=30)
    value = models.JSONField(
        null=True, help_text="The value that the source states. Null means that an operator set it to unknown."
    )
    origin = models.CharField(max_length=12, choices=Origin, default=Origin.HAND)
    source = models.CharField(max_length=500)
    as_of = models.DateField("seen on")
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

    @property
    def by_hand(self) -> bool:
        """True if an operator of this arena entered or chose the value."""
        return self.origin == self.Origin.HAND


class LoadedTable(models.Model):
    """A shipped table that has been loaded. It is loaded again when its digest changes."""

    name = models.CharField(max_length=50, unique=True)
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.name


class Price(models.Model):
    """A price in US dollars per million tokens, from one source.

    `as_of` is the first day on which the source was seen with this price, or the day on which the price became
    effective according to the source. The older prices of a model are its price history. The current price is the
    newest one set by hand, or else the newest one overall.
    """

    model = models.ForeignKey(LanguageModel, models.CASCADE, related_name="prices")
    input = models.DecimalField(max_digits=12, decimal_places=6, validators=[NOT_NEGATIVE])
    output = models.DecimalField(max_digits=12, decimal_places=6, validators=[NOT_NEGATIVE])
    cached_input = models.DecimalField(
        max_digits=12, decimal_places=6, null=True, blank=True, validators=[NOT_NEGATIVE]
    )
    tiers = models.JSONField(
        default=list, blank=True, help_text="Prices for longer prompts, as [{above, input, output}]."
    )
    context = models.IntegerField(
        null=True, blank=True, help_text="In tokens, if this provider accepts fewer than the model's context."
    )
    source = models.CharField(max_length=500)
    as_of = models.DateField("seen on")
    by_hand = models.BooleanField(
        default=True,
        help_text=(
            "An operator entered or chose this price. Imports do not change it, and it takes precedence over imported"
            " prices."
        ),
    )

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

    @property
    def is_off_peak(self) -> bool:
        """True if this price applies to off-peak hours only, according to the source."""
        return "off-peak" in self.source
