"""Form for the cost calculator, with labels, bounds, defaults, and dependencies between fields."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.text.number_fields import AmountField, DefaultsForm

MAX_TOKENS = 1e15
MAX_DOLLARS = 1e9
# Peak throughput of an H100 SXM in dense bfloat16, according to NVIDIA's data sheet.
H100_TFLOPS = 989
MAIN_SECTIONS: list[tuple[Any, list[str]]] = [
    (_("Monthly use"), ["input_tokens", "output_tokens", "months"]),
    (_("API"), ["price_input", "price_output"]),
    (_("Your own GPUs"), ["gpu_hour", "gpus"]),
]
EXTRA_SECTIONS: list[tuple[Any, list[str]]] = [
    (_("Cached input and seats"), ["cached", "price_cached", "seats", "price_seat"]),
    (_("Replicas and operations"), ["replicas", "operations_hours", "operations_rate"]),
    (
        _("Model memory"),
        ["params", "bits", "layers", "kv_heads", "head_dim", "context", "concurrency", "gpu_memory"],
    ),
    (_("Peak load"), ["peak_speed", "replica_speed", "utilisation"]),
    (_("Work before launch"), ["api_weeks", "own_weeks", "price_week"]),
    (
        _("Fine-tuning"),
        ["tuning_tokens", "tuning_method", "active_params", "gpu_tflops", "tuning_utilisation", "price_data"],
    ),
]
# In each pair, the first field requires the second.
FIELD_DEPENDENCIES = [
    ("price_input", "price_output"),
    ("price_output", "price_input"),
    ("price_cached", "price_input"),
    ("layers", "kv_heads"),
    ("kv_heads", "layers"),
    ("layers", "params"),
    ("peak_speed", "replica_speed"),
    ("tuning_tokens", "params"),
    ("tuning_tokens", "gpu_hour"),
    ("active_params", "params"),
    ("gpus", "gpu_hour"),
]


def _build_money_field(label: Any, **options: Any) -> AmountField:
    return AmountField(label=label, **{"high": MAX_DOLLARS, **options})


def _build_integer_field(label: Any, high: float, low: float = 1, **options: Any) -> AmountField:
    return AmountField(label=label, low=low, high=high, whole=True, **options)


@dataclass(frozen=True)
class CostPreset:
    """An example of monthly use, and an explanation of the numbers in `values`."""

    label: Any
    explanation: Any
    values: dict[str, str]


COST_PRESETS = (
    CostPreset(
        _("Chat for a team of 20"),
        _("6,000 chats a month: 1,500 tokens in, 500 out each"),
        {"input_tokens": "9M", "output_tokens": "3M"},
    ),
    CostPreset(
        _("Support bot, 1M chats a month"),
        _("Each chat: 2,000 tokens in, 300 out"),
        {"input_tokens": "2B", "output_tokens": "300M"},
    ),
    CostPreset(
        _("Nightly batch"),
        _("10,000 documents a night: 4,000 tokens in, 400 out each"),
        {"input_tokens": "1.2B", "output_tokens": "120M"},
    ),
)
# Round numbers for a first calculation. The page labels them as examples.
EXAMPLE_PRICES = {"price_input": "0.5", "price_output": "1.5"}
EXAMPLE_GPUS = {"gpu_hour": "2", "gpus": "2"}


@dataclass(frozen=True)
class FormSection:
    """A group of fields."""

    title: Any
    fields: list[forms.BoundField]

    @property
    def is_used(self) -> bool:
        """True if a number field has a value."""
        return any(field.value() and isinstance(field.field, AmountField) for field in self.fields)

    @property
    def has_errors(self) -> bool:
        return any(field.errors for field in self.fields)


class CostForm(DefaultsForm):
    """Input for the cost calculator. All fields are optional, and `get_value` returns a default for empty fields."""

    model = forms.CharField(
        label=_("Model"),
        help_text=_("Slug of a catalog model. Its prices and size fill the fields that you leave empty."),
        required=False,
        max_length=200,
        widget=forms.HiddenInput,
    )
    input_tokens = _build_integer_field(_("Input tokens per month"), MAX_TOKENS, 0, default=0)
    output_tokens = _build_integer_field(_("Output tokens per month"), MAX_TOKENS, 0, default=0)
    months = _build_integer_field(_("Period (months)"), 120, default=12)

    price_input = _build_money_field(_("$ per million input tokens"))
    price_output = _build_money_field(_("$ per million output tokens"))

    gpu_hour = _build_money_field(_("$ per GPU-hour"))
    gpus = _build_integer_field(_("GPUs per replica"), 10_000)

    cached = AmountField(label=_("Cached share of the input (%)"), high=100, default=0)
    price_cached = _build_money_field(_("$ per million cached tokens"))
    seats = _build_integer_field(_("Users (seats)"), 1e7, 0, default=0)
    price_seat = _build_money_field(_("$ per user per month"), default=0)

    replicas = _build_integer_field(_("Minimum replicas"), 100_000, default=1)
    operations_hours = AmountField(label=_("Operations staff hours per month"), high=1e6, default=0)
    operations_rate = _build_money_field(_("$ per staff hour"), default=0)

    params = _build_integer_field(_("Total parameters"), 1e15)
    bits = AmountField(label=_("Bits per parameter"), low=1, high=64, default=16)
    layers = _build_integer_field(_("Layers"), 10_000)
    kv_heads = _build_integer_field(_("Key-value heads"), 10_000)
    head_dim = _build_integer_field(_("Head dimension"), 100_000, default=128)
    context = _build_integer_field(_("Tokens per conversation"), 1e9, default=8192)
    concurrency = _build_integer_field(_("Concurrent conversations"), 1e6, default=1)
    gpu_memory = AmountField(label=_("Memory per GPU (GiB)"), low=1, high=1e5, default=80)

    peak_speed = AmountField(label=_("Peak tokens per second"), low=0.001, high=1e12)
    replica_speed = AmountField(label=_("Tokens per second per replica"), low=0.001, high=1e9)
    utilisation = AmountField(label=_("Planned utilization (%)"), low=1, high=100, default=70)

    api_weeks = AmountField(label=_("API: weeks to launch"), high=1000, default=0)
    own_weeks = AmountField(label=_("Self-hosting: weeks to launch"), high=1000, default=0)
    price_week = _build_money_field(
        _("$ per week for the team"), default=0, help_text=_("For a one-time fee, enter 1 week and the fee.")
    )

    tuning_tokens = _build_integer_field(_("Fine-tuning tokens"), MAX_TOKENS)
    tuning_method = forms.ChoiceField(
        label=_("Method"),
        required=False,
        initial="lora",
        choices=[("lora", _("low-rank adapter (LoRA)")), ("full", _("all weights"))],
    )
    active_params = _build_integer_field(_("Active parameters"), 1e15)
    gpu_tflops = AmountField(label=_("Peak TFLOPS per GPU"), low=0.1, high=1e6, default=H100_TFLOPS)
    tuning_utilisation = AmountField(label=_("Share of peak TFLOPS reached (%)"), low=1, high=100, default=35)
    price_data = _build_money_field(_("$ for training data"), default=0)

    @property
    def main_sections(self) -> list[FormSection]:
        return [self._build_section(title, names) for title, names in MAIN_SECTIONS]

    @property
    def extra_sections(self) -> list[FormSection]:
        return [self._build_section(title, names) for title, names in EXTRA_SECTIONS]

    @property
    def has_extra_errors(self) -> bool:
        return any(section.has_errors for section in self.extra_sections)

    def _build_section(self, title: Any, names: list[str]) -> FormSection:
        return FormSection(title, [self[name] for name in names])

    def clean(self) -> dict[str, Any]:
        for name, required in FIELD_DEPENDENCIES:
            if self._is_given(name) and not self._is_given(required) and required not in self.errors:
                message = _("“%(name)s” requires this field.") % {"name": self.fields[name].label}
                self.add_error(required, message)
        if not self.errors:
            self._check_is_computable()
        return self.cleaned_data

    def _check_is_computable(self) -> None:
        """Add an error if the input is contradictory or insufficient to compute any result."""
        if self._is_given("gpu_hour") and not (self._is_given("gpus") or self._is_given("params")):
            self.add_error("gpus", _("Enter the number of GPUs or the total parameters."))
        if self._is_given("active_params") and self.cleaned_data["active_params"] > self.cleaned_data["params"]:
            self.add_error("active_params", _("This cannot exceed the total parameters."))
        if not any(self._is_given(name) for name in ("price_input", "seats", "gpu_hour", "params")):
            self.add_error("price_input", _("Enter API prices, a GPU price, or the total parameters."))

    def _is_given(self, name: str) -> bool:
        return self.cleaned_data.get(name) is not None
