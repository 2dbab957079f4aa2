"""Labels for model fields, explanations of why the fields matter, and facts formatted as text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.facts.claims import get_current_facts
from catalog.facts.fields import DATE_FIELDS, UNPUBLISHED, has_begun, has_day, parse_day, parse_rate
from catalog.facts.retirement import has_retirement_begun, is_retired
from catalog.models import Fact, LanguageModel
from core.text.number_format import format_count

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

BLANK_VALUES: tuple[Any, ...] = (None, "", [])
URL_PATTERN = re.compile(r"https?://[^\s)]+")
SOURCE_NAME_PATTERN = re.compile(r"https?://\S+ \((?!off-peak)([^,;()]+)|https?://([^\s/)]+)")


class FieldLabel(NamedTuple):
    """The display name of a model field, and a sentence that explains why the field matters."""

    label: "StrPromise"
    explanation: "StrPromise"


FIELD_LABELS: dict[str, FieldLabel] = {
    "organization": FieldLabel(
        _("Maker"),
        _("The maker is legally responsible for the model, which matters for purchasing and compliance."),
    ),
    "license": FieldLabel(_("License"), _("The license determines whether you can build a product on the model.")),
    "open_weights": FieldLabel(
        _("Open weights"),
        _(
            "Only models with open weights can run on your own hardware, which matters if your data must not leave your"
            " network."
        ),
    ),
    "kind": FieldLabel(
        _("Kind"),
        _("A base model only continues text and is meant for fine-tuning, so use a chat model for conversations."),
    ),
    "status": FieldLabel(_("Status"), _("A retired model no longer answers requests.")),
    "retires_on": FieldLabel(_("Retires on"), _("Move your services to another model before this date.")),
    "successor": FieldLabel(_("Successor"), _("The maker recommends this model instead.")),
    "release_date": FieldLabel(
        _("Released"),
        _("Newer models are usually better for their size, while the flaws of older models are better known."),
    ),
    "knowledge_cutoff": FieldLabel(
        _("Knowledge cutoff"),
        _(
            "Unless it can search, the model knows nothing about events after this date, which matters for news, law,"
            " and prices."
        ),
    ),
    "parameters_total": FieldLabel(
        _("Parameters"),
        _("The number of parameters determines how much memory the model needs."),
    ),
    "parameters_active": FieldLabel(
        _("Active parameters"),
        _("In a mixture of experts, the active parameters determine the speed and cost of an answer."),
    ),
    "training_tokens": FieldLabel(
        _("Training tokens"),
        _("A small model that was trained on many tokens can be both good and cheap."),
    ),
    "context_window": FieldLabel(
        _("Context"),
        _("The question and answer must fit in the context, which matters for long documents and conversations."),
    ),
    "max_input": FieldLabel(
        _("Max input"),
        _("If this is smaller than the context, the rest of the context is reserved for the answer."),
    ),
    "max_output": FieldLabel(_("Max output"), _("This matters if you need long reports or programs in one answer.")),
    "modalities": FieldLabel(
        _("Accepts"),
        _("You must first convert any other kind of input to text."),
    ),
    "tools": FieldLabel(_("Tool calling"), _("Agents and other programs that act on the answer need tool calling.")),
    "web_search": FieldLabel(
        _("Web search"),
        _("With web search, the model can answer questions about events after its knowledge cutoff."),
    ),
    "fine_tuning": FieldLabel(
        _("Fine-tuning"),
        _("If you fine-tune the weights, you own the result, but if you fine-tune with an API, the provider keeps it."),
    ),
    "requests_per_minute": FieldLabel(
        _("Requests per minute"),
        _("The provider's per-customer limit often rises with spending and matters if you have many users."),
    ),
    "tokens_per_minute": FieldLabel(
        _("Tokens per minute"),
        _("Long questions reach this limit before the request limit, which matters for documents and agents."),
    ),
    "layers": FieldLabel(
        _("Layers"),
        _("This value and the next two determine how much memory long conversations need."),
    ),
    "kv_heads": FieldLabel(
        _("Key-value heads"), _("With fewer heads, more conversations fit next to the weights on one GPU.")
    ),
    "head_dim": FieldLabel(
        _("Head dimension"), _("The number of values that each head stores per token, usually 128.")
    ),
}

VALUE_LABELS: dict[tuple[str, str], "StrPromise"] = {
    ("fine_tuning", "weights"): _("of the public weights"),
    ("fine_tuning", "api"): _("with the provider's API"),
    ("fine_tuning", "no"): _("not offered"),
}

# Maps (whether the date has begun, whether the date has a day) to the label before the date.
RETIREMENT_LABELS = {
    (True, True): _("Retired on"),
    (True, False): _("Retired in"),
    (False, True): _("Retires on"),
    (False, False): _("Retires in"),
}


@dataclass(frozen=True)
class FactRow:
    """A fact formatted for display.

    `as_of` is the day on which the value was found in `source`. `others` contains the values from other sources.
    """

    field: str
    label: str
    value: str
    explanation: str
    source: str
    as_of: date
    by_hand: bool
    others: tuple[str, ...]


def build_fact_rows(model: LanguageModel) -> list[FactRow]:
    """Return a model's current facts that have a value, in the order of `FACT_FIELDS`."""
    facts = list(model.facts.order_by("pk"))
    return [
        _build_fact_row(fact, facts)
        for fact in get_current_facts(model, facts).values()
        if fact.value not in BLANK_VALUES
    ]


def describe_retirement(model: LanguageModel, rows: Iterable[FactRow]) -> str:
    """Return when a model was or will be retired, like "Retires on January 14, 2027", or "" if nothing is known.

    `rows` are the model's fact rows. If the model is retired and the day is unknown, the text is "Retired".
    """
    date_row = next((row for row in rows if row.field == "retires_on"), None)
    if date_row and (has_retirement_begun(model) or not is_retired(model)):
        return f"{date_row.label} {date_row.value}"
    return gettext("Retired") if is_retired(model) else ""


def _build_label(field: str, value: Any) -> FieldLabel:
    label = FIELD_LABELS[field]
    if field != "retires_on":
        return label
    has_date_begun = has_begun(parse_day(value))
    explanation = FIELD_LABELS["status"].explanation if has_date_begun else label.explanation
    return FieldLabel(RETIREMENT_LABELS[has_date_begun, has_day(value)], explanation)


def _build_fact_row(fact: Fact, facts: list[Fact]) -> FactRow:
    label, explanation = _build_label(fact.field, fact.value)
    differing = list_differing_facts(fact, facts)
    other_values = dict.fromkeys(format_value(other.field, other.value) for other in differing)
    return FactRow(
        field=fact.field,
        label=str(label),
        value=format_value(fact.field, fact.value),
        explanation=str(explanation),
        source=fact.source,
        as_of=fact.as_of,
        by_hand=fact.by_hand,
        others=tuple(other_values),
    )


def list_differing_facts(fact: Fact, facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts about the same field whose formatted value differs.

    Facts without a value are skipped. So are facts from the model's name, because sizes in names are rounded. `facts`
    must contain all facts about the model.
    """
    value = format_value(fact.field, fact.value)
    sources = [other for other in facts if other.origin != Fact.Origin.NAME]
    candidates = [other for other in sources if other.field == fact.field and other.value is not None]
    return [other for other in candidates if format_value(other.field, other.value) != value]


def format_value(field: str, value: Any) -> str:
    """Format a fact's value for display. Dates look like May 13, 2024 or May 2024, and numbers like 671B or 128,000."""
    if value == UNPUBLISHED:
        return gettext("not published by its maker")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if field in DATE_FIELDS:
        return date_format(parse_day(value), "F j, Y" if has_day(value) else "F Y")
    if field in ("parameters_total", "parameters_active", "training_tokens"):
        return format_count(value)
    if field in ("requests_per_minute", "tokens_per_minute"):
        return str(parse_rate(value))
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(value)
    return str(VALUE_LABELS.get((field, value), value))


def extract_link(source: str) -> str:
    """Return the first URL in a source, or an empty string."""
    match = URL_PATTERN.search(source)
    return match[0] if match else ""


def shorten_source(source: str) -> str:
    """Return a short name for a source with a URL: the first words in parentheses after the URL, or else the host.

    The word "off-peak" describes the price, so it is not used as a name. Sources without a URL are returned unchanged.
    """
    match = SOURCE_NAME_PATTERN.search(source)
    if match is None:
        return source
    return (match[1] or match[2]).strip()
