"""What the choice asks for: a task, and hard limits; and why each limit matters, and to whom.

Each reason is one plain sentence, the same as on the pages of models.
"""

from typing import Any

from django import forms
from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _

from catalog.calculators.cost_model import TYPICAL_USE, MonthlyUse
from catalog.calculators.hosting import BITS_PER_BYTE
from catalog.facts.labels import FIELD_LABELS
from core.text.number_fields import AmountField, DefaultsForm, StrictBooleanField
from ratings.choice.limits import Limits
from ratings.choice.task_kinds import TaskKind, load_task_kinds

MAX_MONTHLY_TOKENS = 1e15
MODALITY_CHOICES = [("image", _("images")), ("audio", _("sound")), ("video", _("video")), ("pdf", _("PDF"))]
DATE_FORMATS = ("%Y-%m-%d", "%Y-%m")
# What is of no use without the other.
FIELD_DEPENDENCIES = [("monthly", "input_tokens"), ("monthly", "output_tokens")]

FORM_SECTIONS: list[tuple[Any, list[str]]] = [
    (_("What it must be able to do"), ["context", "cutoff", "search_instead", "tools", "modalities"]),
    (_("License and weights"), ["openness", "params", "gpu_memory", "bits", "commercial"]),
    (_("Price"), ["price", "monthly", "input_tokens", "output_tokens"]),
    (
        _("Speed, reliability and time"),
        ["latency", "speed", "failures", "rate", "token_rate", "weeks", "api_weeks", "own_weeks"],
    ),
]
# Limits on a fact of the catalogue; the others are on what is asked for it, or measured here.
LIMITED_FACTS = {
    "context": "context_window",
    "cutoff": "knowledge_cutoff",
    "search_instead": "web_search",
    "tools": "tools",
    "modalities": "modalities",
    "openness": "open_weights",
    "params": "parameters_total",
    "commercial": "license",
    "rate": "requests_per_minute",
    "token_rate": "tokens_per_minute",
}
OTHER_REASONS = {
    "gpu_memory": _("What the weights need of it decides which machine, and so the cost: for whoever hosts."),
    "price": _("Compares models whatever the traffic, at three tokens read for one written: for a first sieve."),
    "monthly": _("What the bill will say, and it grows with every user: for whoever answers for a budget."),
    "latency": _("Longer than a second or two feels broken: for chats, voice and completion while one types."),
    "speed": _("People read five to ten tokens a second, programs wait for the last: for agents and long answers."),
    "failures": _("Each failed call must be tried again or shown to somebody: for services that must not stop."),
    "weeks": _("An API is there today, own GPUs must be bought and kept: for whoever has a date to meet."),
}


class ChoiceForm(DefaultsForm):
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
            _("This is the slug of a pool; all are listed at /api/v1/pools/."),
        ),
    )

    commercial = StrictBooleanField(label=_("Commercial use is allowed"))
    tools = StrictBooleanField(label=_("Calls tools"))
    search_instead = StrictBooleanField(label=_("Web search makes up for an early cutoff"))
    modalities = forms.MultipleChoiceField(
        label=_("Takes in"), required=False, choices=MODALITY_CHOICES, widget=forms.CheckboxSelectMultiple
    )
    openness = forms.ChoiceField(
        label=_("Weights"),
        required=False,
        initial="",
        choices=[("", _("any")), ("open", _("open")), ("closed", _("closed"))],
    )
    context = AmountField(label=_("Context, tokens at least"), low=1, high=1e9, whole=True)
    cutoff = forms.DateField(
        label=_("Knows the world until"),
        required=False,
        input_formats=DATE_FORMATS,
        widget=forms.DateInput({"type": "date"}, format=DATE_FORMATS[0]),
        error_messages={"invalid": _("This is no day: write it like 2026-01-31.")},
    )

    price = AmountField(label=_("$ a million tokens, at most"), high=1e6)
    monthly = AmountField(label=_("$ a month, at most"), high=1e9)
    input_tokens = AmountField(label=_("Tokens read a month"), high=MAX_MONTHLY_TOKENS, whole=True)
    output_tokens = AmountField(label=_("Tokens written a month"), high=MAX_MONTHLY_TOKENS, whole=True)

    latency = AmountField(label=_("Seconds to the first token, at most"), high=3600)
    speed = AmountField(label=_("Tokens a second, at least"), high=1e6)
    failures = AmountField(label=_("Failed calls, % at most"), high=100)
    rate = AmountField(label=_("Requests a minute, at least"), low=1, high=1e9, whole=True)
    token_rate = AmountField(label=_("Tokens a minute, at least"), low=1, high=1e12, whole=True)

    params = AmountField(label=_("Parameters, at most"), low=1, high=1e15, whole=True)
    gpu_memory = AmountField(label=_("GiB of GPU memory, at most"), high=1e6)
    bits = AmountField(label=_("Bits a parameter"), low=1, high=64, usual=16)

    weeks = AmountField(label=_("Weeks to launch, at most"), high=1000)
    api_weeks = AmountField(label=_("Weeks it takes with an API"), high=1000)
    own_weeks = AmountField(label=_("Weeks it takes with own GPUs"), high=1000)

    unknown = forms.ChoiceField(
        label=_("If a value is not known"),
        required=False,
        initial="keep",
        choices=[("keep", _("keep it, marked")), ("exclude", _("leave it out"))],
    )

    def clean(self) -> dict[str, Any]:
        for name, other in FIELD_DEPENDENCIES:
            if self.cleaned_data.get(name) is not None and self.cleaned_data.get(other) is None:
                self.add_error(other, _("“%(name)s” needs this too.") % {"name": self.fields[name].label})
        if self.cleaned_data.get("input_tokens") == self.cleaned_data.get("output_tokens") == 0:
            self.add_error("input_tokens", _("There must be some tokens."))
        return self.cleaned_data

    @property
    def task_kind(self) -> TaskKind | None:
        return load_task_kinds().get(self.cleaned_data["task"])

    def limits(self) -> Limits:
        same = (
            "context", "cutoff", "price", "monthly", "latency", "speed", "failures", "rate", "token_rate", "params",
            "gpu_memory", "weeks",
        )  # fmt: skip
        given: dict[str, Any] = {name: self.given(name) for name in same}
        given |= {name: bool(self.given(name)) for name in ("commercial", "tools", "search_instead")}
        return Limits(
            **given,
            openness=self.given("openness") or None,
            modalities=frozenset(self.given("modalities") or ()),
            use=self._use(),
            bytes_each=self.given("bits") / BITS_PER_BYTE,
            exclude_unknown=self.given("unknown") == "exclude",
        )

    def _use(self) -> MonthlyUse:
        read, written = (self.given(name) for name in ("input_tokens", "output_tokens"))
        return TYPICAL_USE if read is None and written is None else MonthlyUse(read or 0, written or 0)


def describe_limits(form: ChoiceForm) -> list[tuple[str, str]]:
    """The limits of a valid form, as pairs of words."""
    given = ((form[name], form.cleaned_data.get(name)) for _title, names in FORM_SECTIONS for name in names)
    return [
        (str(field.label), _format_limit(field, value)) for field, value in given if value not in (None, "", False, [])
    ]


def _format_limit(field: forms.BoundField, value: Any) -> str:
    if value is True:
        return say("yes")
    choices = {key: str(words) for key, words in getattr(field.field, "choices", [])}
    keys = value if isinstance(value, list) else [value]
    return ", ".join(choices.get(key, str(field.data)) for key in keys)


def list_limit_reasons() -> list[tuple[Any, Any]]:
    """Label and sentence of each limit, in the order of the form's fields."""
    sentences = {name: FIELD_LABELS[fact][1] for name, fact in LIMITED_FACTS.items()} | OTHER_REASONS
    return [(field.label, sentences[name]) for name, field in ChoiceForm.base_fields.items() if name in sentences]
