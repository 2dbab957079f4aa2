"""The form for choosing a model: a task and hard limits, with the reason why each limit matters.

Model pages show the same reasons for catalog facts.
"""

import re
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from arena.identity.pool_access import STRANGER, Viewer
from catalog.calculators.cost_model import TYPICAL_USE, MonthlyUse
from catalog.calculators.gpu_needs import BITS_PER_BYTE
from catalog.facts.labels import FIELD_LABELS
from core.text.number_fields import AmountField, DefaultsForm, StrictBooleanField
from core.text.number_format import format_amount
from ratings.boards.snapshots import list_visible_categories
from ratings.choice.candidates import MODEL_COLUMNS
from ratings.choice.limits import TOKENS_PER_PAGE, Candidate, Limits
from ratings.choice.task_kinds import TaskKind, load_task_kinds

MAX_MONTHLY_TOKENS = 1e15
MODALITY_CHOICES = [("image", _("images")), ("audio", _("audio")), ("video", _("video")), ("pdf", _("PDF"))]
DATE_FORMATS = ("%Y-%m-%d", "%Y-%m")
MONTH_PATTERN = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
# If the first field of a pair is set, the second one is required.
FIELD_DEPENDENCIES = [("monthly", "input_tokens"), ("monthly", "output_tokens")]

# The limits that most people need. Numeric limits have values to pick from.
FACETS: dict[str, tuple[str, ...]] = {
    "openness": (),
    "price": ("1", "5", "15"),
    "context": ("32K", "128K", "200K", "1M"),
    "latency": ("1", "3"),
    "commercial": (),
}
FORM_SECTIONS: list[tuple[Any, list[str]]] = [
    (_("Capabilities"), ["context", "pages", "cutoff", "search_instead", "tools", "modalities"]),
    (_("License and weights"), ["openness", "params", "gpu_memory", "bits", "commercial"]),
    (_("Price"), ["price", "monthly", "input_tokens", "output_tokens"]),
    (
        _("Speed, reliability, and time"),
        ["latency", "speed", "failures", "rate", "token_rate", "weeks", "api_weeks", "own_weeks"],
    ),
]
# Field of the form → attribute of a candidate. The field is offered only if enough candidates have a value.
CANDIDATE_VALUES = {
    "commercial": "commercial",
    "openness": "open_weights",
    **dict.fromkeys(("context", "pages"), "context"),
    "cutoff": "cutoff",
    "search_instead": "web_search",
    "tools": "tools",
    "modalities": "modalities",
    **dict.fromkeys(("params", "gpu_memory", "bits"), "params"),
    **dict.fromkeys(("price", "monthly", "input_tokens", "output_tokens"), "prices"),
    "latency": "latency_s",
    "speed": "tokens_per_s",
    "failures": "failure_rate",
    "rate": "requests_per_minute",
    "token_rate": "tokens_per_minute",
}
MIN_KNOWN_SHARE = 0.05
DEPENDENT_FIELDS = {"pages", "bits", "input_tokens", "output_tokens"}  # each belongs to the limit of another field
# Limit → field of the catalog. The other limits concern prices, the user's estimates, or measurements.
LIMITED_FACTS = {
    name: MODEL_COLUMNS[attribute].partition("__")[0]
    for name, attribute in CANDIDATE_VALUES.items()
    if attribute in MODEL_COLUMNS and name not in DEPENDENT_FIELDS
}
OTHER_REASONS = {
    "gpu_memory": _(
        "The memory for the weights determines which machine you need. This matters if you host the model."
    ),
    "price": _(
        "Use this price for a first comparison before you know your traffic. It assumes three input tokens per output"
        " token."
    ),
    "monthly": _("Your monthly bill grows with every user, which matters if your budget is fixed."),
    "latency": _(
        "A model that takes more than a second or two to respond seems broken. This matters for chat and code"
        " completion."
    ),
    "speed": _(
        "People read five to ten tokens per second, but programs wait for the last token. This matters for agents and"
        " long answers."
    ),
    "failures": _(
        "Each failed call must be retried, or a user sees an error. This matters for services that must not stop."
    ),
    "weeks": _("An API is available today, but GPUs take time to set up. This matters if you have a deadline."),
}


class SlugsField(forms.MultipleChoiceField):
    """A list of model slugs. Slugs of unknown models are valid."""

    def valid_value(self, value: object) -> bool:
        return True


class MonthOrDayInput(forms.DateInput):
    """A date input that shows a month like 2026-01 as its first day, because browsers accept only complete dates."""

    def format_value(self, value: Any) -> Any:
        is_month = isinstance(value, str) and MONTH_PATTERN.fullmatch(value)
        return f"{value}-01" if is_month else super().format_value(value)


class ChoiceForm(DefaultsForm):
    """The limits of a choice.

    viewer: who chooses, which decides the pools and categories there are
    """

    task = forms.ChoiceField(
        label=_("Task"),
        required=False,
        choices=lambda: [("", _("any")), *((kind.slug, kind.name) for kind in load_task_kinds().values())],
    )
    pool = forms.SlugField(
        label=_("Ratings from"),
        required=False,
        max_length=100,
        error_messages=dict.fromkeys(
            ("invalid", "max_length", "null_characters_not_allowed"),
            _("Enter the slug of a pool. See /api/v1/pools/ for a list of pools."),
        ),
    )
    category = forms.CharField(label=_("Rating category"), required=False, max_length=40)
    sort = forms.ChoiceField(
        label=_("Sort by"),
        required=False,
        initial="tier",
        choices=[("tier", _("tier, then price")), ("price", _("price")), ("rating", _("rating"))],
    )

    commercial = StrictBooleanField(label=_("Commercial use allowed, possibly with conditions"))
    tools = StrictBooleanField(label=_("Calls tools"))
    search_instead = StrictBooleanField(label=_("Accept an older cutoff if the model can search the web"))
    modalities = forms.MultipleChoiceField(
        label=_("Accepts"), required=False, choices=MODALITY_CHOICES, widget=forms.CheckboxSelectMultiple
    )
    openness = forms.ChoiceField(
        label=_("Weights"),
        required=False,
        initial="",
        choices=[("", _("any")), ("open", _("open")), ("closed", _("closed"))],
    )
    context = AmountField(label=_("Min context (tokens)"), low=1, high=1e9, whole=True)
    pages = AmountField(
        label=_("Min context (pages)"), low=1, high=1e6, whole=True, help_text=_("A page has about 600 tokens.")
    )
    cutoff = forms.DateField(
        label=_("Min knowledge cutoff"),
        required=False,
        input_formats=DATE_FORMATS,
        widget=MonthOrDayInput({"type": "date"}, format=DATE_FORMATS[0]),
        error_messages={"invalid": _("Enter a date like 2026-01-31.")},
    )

    price = AmountField(label=_("Max $ per million tokens (blended)"), high=1e6)
    monthly = AmountField(label=_("Max $ per month"), high=1e9)
    input_tokens = AmountField(label=_("Input tokens per month"), high=MAX_MONTHLY_TOKENS, whole=True)
    output_tokens = AmountField(label=_("Output tokens per month"), high=MAX_MONTHLY_TOKENS, whole=True)

    latency = AmountField(label=_("Max seconds to the first token"), high=3600)
    speed = AmountField(label=_("Min tokens per second"), high=1e6)
    failures = AmountField(label=_("Max failed calls (%)"), high=100)
    rate = AmountField(label=_("Min requests per minute"), low=1, high=1e9, whole=True)
    token_rate = AmountField(label=_("Min tokens per minute"), low=1, high=1e12, whole=True)

    params = AmountField(
        label=_("Max parameters"),
        low=1,
        high=1e15,
        whole=True,
        widget=forms.TextInput({"placeholder": _("10 means 10B")}),
    )
    gpu_memory = AmountField(
        label=_("Max GPU memory (GiB)"),
        high=1e6,
        help_text=_(
            "Memory for the weights (16 bits per parameter by default) plus 20% for buffers and the runtime,"
            " excluding the cache for conversations."
        ),
    )
    bits = AmountField(label=_("Bits per parameter"), low=1, high=64, default=16)

    weeks = AmountField(label=_("Max weeks to launch"), high=1000)
    api_weeks = AmountField(label=_("Weeks to launch with an API"), high=1000)
    own_weeks = AmountField(label=_("Weeks to launch with self-hosting"), high=1000)

    among = SlugsField(label=_("Models to compare"), required=False)
    find = forms.CharField(label=_("Why was a model included or excluded?"), required=False, max_length=100)

    def __init__(self, *args: Any, viewer: Viewer = STRANGER, **options: Any) -> None:
        super().__init__(*args, **options)
        self.viewer = viewer

    def clean(self) -> dict[str, Any]:
        for name, other in FIELD_DEPENDENCIES:
            if self.cleaned_data.get(name) is not None and self.cleaned_data.get(other) is None:
                self.add_error(other, _("“%(name)s” requires this field too.") % {"name": self.fields[name].label})
        tokens = {self.cleaned_data.get("input_tokens"), self.cleaned_data.get("output_tokens")}
        if 0 in tokens and not any(tokens):
            self.add_error("input_tokens", _("Enter more than 0 input or output tokens."))
        return self.cleaned_data

    def clean_category(self) -> str:
        slug: str = self.cleaned_data["category"]
        if slug and not list_visible_categories(self.viewer).filter(slug=slug).exists():
            raise ValidationError(_("There is no such category. See /api/v1/categories/ for a list of categories."))
        return slug

    @property
    def task_kind(self) -> TaskKind | None:
        return load_task_kinds().get(self.cleaned_data["task"])

    def build_limits(self) -> Limits:
        """Return the limits of a valid form."""
        values = {name: self.get_value(name) for name in self.fields}
        context = max(values["context"] or 0, (values["pages"] or 0) * TOKENS_PER_PAGE)
        tokens = values["input_tokens"], values["output_tokens"]
        use = TYPICAL_USE if tokens == (None, None) else MonthlyUse(tokens[0] or 0, tokens[1] or 0)
        derived = {
            "context": context or None,
            "modalities": frozenset(values["modalities"] or ()),
            "use": use,
            "bytes_each": values["bits"] / BITS_PER_BYTE,
        }
        names = {field.name for field in fields(Limits)} - derived.keys()
        return Limits(**{name: values[name] for name in names}, **derived)


def list_set_fields(form: ChoiceForm) -> list[tuple[str, str, str]]:
    """Return the name, label, and value of each limit in a valid form."""
    names = [name for _title, section in FORM_SECTIONS for name in section]
    if form.cleaned_data.get("gpu_memory") is not None:
        names.remove("bits")  # part of the text for the GPU memory
    values = [(form[name], form.cleaned_data.get(name)) for name in names]
    return [
        (field.name, str(field.label), _format_limit(form, field, value))
        for field, value in values
        if value is not None and value is not False and value not in ("", [])  # 0 is a limit
    ]


def list_offered_fields(candidates: Iterable[Candidate], form: ChoiceForm) -> set[str]:
    """Return the names of the fields to show. Fields with input, and fields that are not limits, are always included.

    A limit on a catalog fact is included if at least `MIN_KNOWN_SHARE` of the candidates have a value. With fewer, the
    limit would leave nearly all models undecided. For a limit on a price or a measurement, one value is enough, because
    only connected models are measured.

    If fewer than half of the candidates have a value, their number is added to the field's help text.
    """
    candidates = list(candidates)
    known_counts = {
        attribute: sum(getattr(candidate, attribute) is not None for candidate in candidates)
        for attribute in set(CANDIDATE_VALUES.values())
    }
    for name, attribute in CANDIDATE_VALUES.items():
        if 2 * known_counts[attribute] < len(candidates) and name not in DEPENDENT_FIELDS:
            numbers = {"known": known_counts[attribute], "all": len(candidates)}
            sentence = gettext("We have data on %(known)d of %(all)d models.") % numbers
            form[name].help_text = f"{form[name].help_text} {sentence}".strip()
    facts = {CANDIDATE_VALUES[name] for name in LIMITED_FACTS}
    min_known = max(1, MIN_KNOWN_SHARE * len(candidates))
    useful_attributes = {
        attribute for attribute, number in known_counts.items() if number >= (min_known if attribute in facts else 1)
    }
    return {
        name
        for name in form.fields
        if name not in CANDIDATE_VALUES or CANDIDATE_VALUES[name] in useful_attributes or form[name].data
    }


def _format_limit(form: ChoiceForm, field: forms.BoundField, value: Any) -> str:
    if value is True:
        return gettext("yes")
    if field.name == "gpu_memory":
        text = gettext("%(memory)s GiB at %(bits)s bits per parameter (weights plus 20%%, without the cache)")
        return text % {"memory": field.data, "bits": f"{form.get_value('bits'):f}"}
    if field.name == "pages":
        tokens = value * TOKENS_PER_PAGE
        return gettext("%(pages)s (%(tokens)s tokens)") % {"pages": f"{value:,}", "tokens": f"{tokens:,}"}
    if isinstance(field.field, AmountField):
        return format_amount(value)
    choices = {key: str(label) for key, label in getattr(field.field, "choices", [])}
    keys = value if isinstance(value, list) else [value]
    return ", ".join(choices.get(key, str(field.data)) for key in keys)


def list_limit_reasons(offered: set[str]) -> list[tuple[Any, Any]]:
    """Return the label and reason of each offered limit, in the order of the form."""
    sentences = {name: FIELD_LABELS[fact].explanation for name, fact in LIMITED_FACTS.items()} | OTHER_REASONS
    fields = ChoiceForm.base_fields.items()
    return [(field.label, sentences[name]) for name, field in fields if name in sentences and name in offered]
