"""What the calculator of costs asks for: the words of its fields, their bounds, and what needs what."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.text.number_fields import AmountField, DefaultsForm

MAX_TOKENS = 1e15
MAX_DOLLARS = 1e9
# Dense bfloat16 of one H100 SXM, by its maker's sheet.
H100_TFLOPS = 989
MAIN_SECTIONS: list[tuple[Any, list[str]]] = [
    (_("Use a month"), ["input_tokens", "output_tokens", "cached", "months"]),
    (_("An API"), ["price_input", "price_output", "price_cached", "seats", "price_seat"]),
    (_("Own GPUs"), ["gpu_hour", "gpus", "replicas", "operations_hours", "operations_rate"]),
]
EXTRA_SECTIONS: list[tuple[Any, list[str]]] = [
    (
        _("Memory of the model"),
        ["params", "bits", "layers", "kv_heads", "head_dim", "context", "concurrency", "gpu_memory"],
    ),
    (_("The busiest time"), ["peak_speed", "replica_speed", "utilisation"]),
    (_("Work until the launch"), ["api_weeks", "own_weeks", "price_week"]),
    (
        _("Fine-tuning"),
        ["tuning_tokens", "tuning_method", "active_params", "gpu_tflops", "tuning_utilisation", "price_data"],
    ),
]
# What is of no use without the other.
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


def _money_field(label: Any, **options: Any) -> AmountField:
    return AmountField(label=label, **{"high": MAX_DOLLARS, **options})


def _integer_field(label: Any, high: float, low: float = 1, **options: Any) -> AmountField:
    return AmountField(label=label, low=low, high=high, whole=True, **options)


@dataclass(frozen=True)
class FormSection:
    """Fields that belong together; `used` if anything was written into one of them, or is missing there."""

    title: Any
    fields: list[forms.BoundField]
    used: bool


class CostForm(DefaultsForm):
    model = forms.CharField(
        label=_("A model of the catalogue, whose prices and size hold where none are given"),
        required=False,
        max_length=200,
        widget=forms.HiddenInput,
    )
    input_tokens = _integer_field(_("Tokens read"), MAX_TOKENS, 0, usual=0)
    output_tokens = _integer_field(_("Tokens written"), MAX_TOKENS, 0, usual=0)
    cached = AmountField(label=_("Read from the cache, %"), high=100, usual=0)
    months = _integer_field(_("Months to look ahead"), 120, usual=12)

    price_input = _money_field(_("$ a million tokens read"))
    price_output = _money_field(_("$ a million tokens written"))
    price_cached = _money_field(_("$ a million tokens from the cache"))
    seats = _integer_field(_("Seats"), 1e7, 0, usual=0)
    price_seat = _money_field(_("$ a seat"), usual=0)

    gpu_hour = _money_field(_("$ an hour and GPU"))
    gpus = _integer_field(_("GPUs for one replica"), 10_000)
    replicas = _integer_field(_("Replicas, at least"), 100_000, usual=1)
    operations_hours = AmountField(label=_("Hours of operations"), high=1e6, usual=0)
    operations_rate = _money_field(_("$ an hour of operations"), usual=0)

    params = _integer_field(_("Parameters, all"), 1e15)
    bits = AmountField(label=_("Bits a parameter"), low=1, high=64, usual=16)
    layers = _integer_field(_("Layers"), 10_000)
    kv_heads = _integer_field(_("Key-value heads"), 10_000)
    head_dim = _integer_field(_("Size of a head"), 100_000, usual=128)
    context = _integer_field(_("Tokens of a conversation"), 1e9, usual=8192)
    concurrency = _integer_field(_("Conversations at once"), 1e6, usual=1)
    gpu_memory = AmountField(label=_("GiB of one GPU"), low=1, high=1e5, usual=80)

    peak_speed = AmountField(label=_("Tokens a second, in all"), low=0.001, high=1e12)
    replica_speed = AmountField(label=_("Tokens a second of one replica"), low=0.001, high=1e9)
    utilisation = AmountField(label=_("Planned to be busy, %"), low=1, high=100, usual=70)

    api_weeks = AmountField(label=_("Weeks with an API"), high=1000, usual=0)
    own_weeks = AmountField(label=_("Weeks with own GPUs"), high=1000, usual=0)
    price_week = _money_field(_("$ a week, all who work on it"), usual=0)

    tuning_tokens = _integer_field(_("Tokens to tune on"), MAX_TOKENS)
    tuning_method = forms.ChoiceField(
        label=_("Method"),
        required=False,
        initial="lora",
        choices=[("lora", _("low-rank adapter (LoRA)")), ("full", _("all weights"))],
    )
    active_params = _integer_field(_("Parameters at work on a token"), 1e15)
    gpu_tflops = AmountField(label=_("TFLOPS of one GPU"), low=0.1, high=1e6, usual=H100_TFLOPS)
    tuning_utilisation = AmountField(label=_("Share of them reached, %"), low=1, high=100, usual=35)
    price_data = _money_field(_("$ for the data"), usual=0)

    @property
    def first_parts(self) -> list[FormSection]:
        return [self._part(title, names) for title, names in MAIN_SECTIONS]

    @property
    def further_parts(self) -> list[FormSection]:
        return [self._part(title, names) for title, names in EXTRA_SECTIONS]

    def _part(self, title: Any, names: list[str]) -> FormSection:
        fields = [self[name] for name in names]
        used = any(field.errors or (field.value() and isinstance(field.field, AmountField)) for field in fields)
        return FormSection(title, fields, used)

    def clean(self) -> dict[str, Any]:
        for name, other in FIELD_DEPENDENCIES:
            if self._is_given(name) and not self._is_given(other) and other not in self.errors:
                words = _("“%(name)s” needs this too.") % {"name": self.fields[name].label}
                self.add_error(other, words)
        if not self.errors:
            self._check_there_is_something_to_compute()
        return self.cleaned_data

    def _check_there_is_something_to_compute(self) -> None:
        if self._is_given("gpu_hour") and not (self._is_given("gpus") or self._is_given("params")):
            self.add_error("gpus", _("Say how many GPUs it takes, or give the parameters."))
        if self._is_given("active_params") and self.cleaned_data["active_params"] > self.cleaned_data["params"]:
            self.add_error("active_params", _("This is more than all parameters."))
        if not any(self._is_given(name) for name in ("price_input", "seats", "gpu_hour", "params")):
            self.add_error("price_input", _("Give the prices of an API, the price of a GPU, or the parameters."))

    def _is_given(self, name: str) -> bool:
        return self.cleaned_data.get(name) is not None
