"""Labels of the fields of a model, one sentence each on why a field matters, and facts as text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.facts.claims import get_current_facts
from catalog.facts.fields import DATE_FIELDS, parse_day, parse_rate
from catalog.models import Fact, LanguageModel
from core.text.number_format import format_count

BLANK_VALUES: tuple[Any, ...] = (None, "", [])
URL_PATTERN = re.compile(r"https?://[^\s)]+")
SOURCE_NAME_PATTERN = re.compile(r"https?://\S+ \(([^,;()]+)|https?://([^\s/)]+)")
FIELD_LABELS = {
    "organization": (
        _("Maker"),
        _("The maker is responsible for the model under its country's laws; matters for purchasing and compliance."),
    ),
    "license": (_("License"), _("This decides whether you may build a product on the model.")),
    "open_weights": (
        _("Open weights"),
        _("The model can run on your own hardware; matters if data must stay in-house or you want independence."),
    ),
    "kind": (
        _("Kind"),
        _("A base model continues text and is meant to be trained further; to talk to people, use a chat model."),
    ),
    "status": (_("Status"), _("A retired model no longer answers, so don't build anything new on it.")),
    "retires_on": (_("Retires on"), _("Move services off the model by this day; matters if you plan operations.")),
    "release_date": (
        _("Released"),
        _("Newer models are usually better for their size; the flaws of older models are better known."),
    ),
    "knowledge_cutoff": (
        _("Knowledge cutoff"),
        _("The model knows nothing after this date unless it can search; matters for news, law, and prices."),
    ),
    "parameters_total": (
        _("Parameters"),
        _("They determine how much memory the model needs; matters if you run it on your own hardware."),
    ),
    "parameters_active": (
        _("Active parameters"),
        _("They determine the speed and cost of an answer if the model uses only some of its parameters per token."),
    ),
    "training_tokens": (
        _("Training tokens"),
        _("Many training tokens make a small model both good and cheap; matters when you compare small models."),
    ),
    "context_window": (
        _("Context"),
        _("The limit for the question and answer together; matters for long documents and long conversations."),
    ),
    "max_input": (
        _("Max input"),
        _("If this is smaller than the context, the rest is reserved for the answer; matters for long documents."),
    ),
    "max_output": (_("Max output"), _("Matters for long reports or programs that you need in one answer.")),
    "modalities": (
        _("Accepts"),
        _("Matters for images, scans, and speech: anything else must be converted to text first."),
    ),
    "tools": (_("Tool calling"), _("Needed for agents, and if other programs act on the answer.")),
    "web_search": (_("Web search"), _("An alternative to a recent cutoff for questions about current events.")),
    "fine_tuning": (
        _("Fine-tuning"),
        _("Whether you can train the model on your data, and whether you own the result (weights) or rent it (API)."),
    ),
    "requests_per_minute": (
        _("Requests per minute"),
        _("The provider's limit, which rises as you spend more; matters for services with many users."),
    ),
    "tokens_per_minute": (
        _("Tokens per minute"),
        _("Long questions reach this limit before the request limit; matters for documents and agents."),
    ),
    "layers": (
        _("Layers"),
        _("Together with the next two values, this determines the memory for long conversations."),
    ),
    "kv_heads": (_("Key-value heads"), _("With fewer heads, more conversations fit next to the weights on one GPU.")),
    "head_dim": (_("Head dimension"), _("How many numbers each head stores per token, usually 128.")),
}


@dataclass(frozen=True)
class FactRow:
    """A fact in words.

    `link` is the first URL in `source`, or empty. `as_of` is None if nobody recorded the day. `others` are the
    values that other sources give.
    """

    label: str
    value: str
    why: str
    source: str
    link: str
    as_of: date | None
    others: tuple[str, ...]


def build_fact_rows(model: LanguageModel) -> list[FactRow]:
    """The current facts of a model that have a value, in the order of `FACT_FIELDS`."""
    facts = list(model.facts.order_by("pk"))
    return [
        _build_fact_row(fact, facts)
        for fact in get_current_facts(model, facts).values()
        if fact.value not in BLANK_VALUES
    ]


def _build_fact_row(fact: Fact, facts: list[Fact]) -> FactRow:
    label, why = FIELD_LABELS[fact.field]
    differing = list_differing_facts(fact, facts)
    other_values = dict.fromkeys(format_value(other.field, other.value) for other in differing)
    return FactRow(
        label=str(label),
        value=format_value(fact.field, fact.value),
        why=str(why),
        source=fact.source,
        link=extract_link(fact.source),
        as_of=fact.as_of,
        others=tuple(other_values),
    )


def list_differing_facts(fact: Fact, facts: Iterable[Fact]) -> list[Fact]:
    """The facts about the same field whose formatted value differs; facts without a value are skipped.

    facts: all facts of one model.
    """
    value = format_value(fact.field, fact.value)
    known = [other for other in facts if other.field == fact.field and other.value is not None]
    return [other for other in known if format_value(other.field, other.value) != value]


def format_value(field: str, value: Any) -> str:
    """A fact's value as people write it: a month without a day, 671 B, 128,000."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if field in DATE_FIELDS:
        return date_format(parse_day(value), "F j, Y" if len(value) > 7 else "F Y")
    if field in ("parameters_total", "parameters_active", "training_tokens"):
        return format_count(value)
    if field in ("requests_per_minute", "tokens_per_minute"):
        return str(parse_rate(value))
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(value)
    return str(value)


def extract_link(source: str) -> str:
    """The first URL in a source, or an empty text."""
    match = URL_PATTERN.search(source)
    return match[0] if match else ""


def shorten_source(source: str) -> str:
    """A short name for a source that contains a URL: the first words in its brackets, or else the host.

    Other sources are returned unchanged.
    """
    match = SOURCE_NAME_PATTERN.search(source)
    if match is None:
        return source
    return (match[1] or match[2]).strip()
