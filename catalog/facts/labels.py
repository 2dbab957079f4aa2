"""What the fields of a model are called, and why each matters to whom: one plain sentence."""

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
        _("Who answers for it, and whose country's rules apply: for purchasing and compliance."),
    ),
    "license": (_("License"), _("Decides whether a product may be built on it at all: for everybody who ships one.")),
    "open_weights": (
        _("Open weights"),
        _("Can run on machines of one's own: where data must stay in the house, or to stay independent."),
    ),
    "kind": (
        _("Kind"),
        _("A base model continues text and is for training; for talking to people, take a chat model."),
    ),
    "status": (_("State"), _("A retired model can no longer be asked: nothing new should depend on it.")),
    "retires_on": (
        _("Retires on"),
        _("Until then a service on it must have moved: for everybody who plans operations."),
    ),
    "release_date": (
        _("Released"),
        _("Newer ones are mostly better for their size, older ones better known in their faults."),
    ),
    "knowledge_cutoff": (
        _("Knows the world until"),
        _("Of what came later it knows nothing unless it can search: for news, law and prices."),
    ),
    "parameters_total": (
        _("Parameters"),
        _("Decide how much memory it takes: for everybody who runs it on machines of their own."),
    ),
    "parameters_active": (
        _("Active parameters"),
        _("Decide how fast it answers and what an answer costs, where only a part works at a time."),
    ),
    "training_tokens": (
        _("Trained on"),
        _("Many tokens for its size make a small model good and cheap: for choosing among small ones."),
    ),
    "context_window": (
        _("Context"),
        _("How much question and answer may hold together: for long documents and long talks."),
    ),
    "max_input": (
        _("Longest question"),
        _("Where it is below the context, the rest is kept for the answer: for long documents."),
    ),
    "max_output": (_("Longest answer"), _("For reports and programs that must come in one piece.")),
    "modalities": (
        _("Takes in"),
        _("For pictures, scans and speech: what it cannot read must be turned into text first."),
    ),
    "tools": (_("Calls tools"), _("Needed for agents, and wherever other programs are to act on its answer.")),
    "web_search": (_("Web search"), _("An alternative to a late cutoff: for questions about today.")),
    "fine_tuning": (
        _("Fine-tuning"),
        _("Whether it can learn your terms, and whether the result is yours (weights) or rented (API)."),
    ),
    "requests_per_minute": (
        _("Requests a minute"),
        _("More than that are refused: for services with many users, until they have spent more."),
    ),
    "tokens_per_minute": (
        _("Tokens a minute"),
        _("Reached before the number of requests where questions are long: for documents and agents."),
    ),
    "layers": (
        _("Layers"),
        _("With the two below they tell the memory of long talks: for everybody who plans GPUs."),
    ),
    "kv_heads": (_("Key-value heads"), _("The fewer, the more conversations fit beside the weights on one GPU.")),
    "head_dim": (_("Size of a head"), _("What each head keeps of each token: mostly 128.")),
}


@dataclass(frozen=True)
class FactRow:
    """A fact in words. `extract_link` is the first address in its source, if there is one; `as_of` None: nobody noted
    it."""

    label: str
    value: str
    why: str
    source: str
    link: str
    as_of: date | None
    others: tuple[str, ...]


def build_fact_rows(model: LanguageModel) -> list[FactRow]:
    """What is held of a model, in the order of the fields; `others`: what other sources say instead."""
    facts = list(model.facts.order_by("pk"))
    return [
        _build_fact_row(fact, facts)
        for fact in get_current_facts(model, facts).values()
        if fact.value not in BLANK_VALUES
    ]


def _build_fact_row(fact: Fact, facts: list[Fact]) -> FactRow:
    label, why = FIELD_LABELS[fact.field]
    value = format_value(fact.field, fact.value)
    others = dict.fromkeys(format_value(fact.field, each.value) for each in list_differing_facts(fact, facts))
    return FactRow(str(label), value, str(why), fact.source, extract_link(fact.source), fact.as_of, tuple(others))


def list_differing_facts(fact: Fact, facts: Iterable[Fact]) -> list[Fact]:
    """Those of these facts of a model that say something else of the same field, in other words."""
    value = format_value(fact.field, fact.value)
    said = [each for each in facts if each.field == fact.field and each.value is not None]
    return [each for each in said if format_value(each.field, each.value) != value]


def format_value(field: str, value: Any) -> str:
    """A fact's value as people write it: a month without a day, 671 B, 128,000 tokens."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if field in DATE_FIELDS:
        return date_format(parse_day(value), "j F Y" if len(value) > 7 else "F Y")
    if field in ("parameters_total", "parameters_active", "training_tokens"):
        return format_count(value)
    if field in ("requests_per_minute", "tokens_per_minute"):
        return str(parse_rate(value))
    if isinstance(value, int):
        return f"{value:,}"
    return ", ".join(value) if isinstance(value, list) else str(value)


def extract_link(source: str) -> str:
    """The first address in it, or nothing."""
    found = URL_PATTERN.search(source)
    return found[0] if found else ""


def shorten_source(source: str) -> str:
    """What the source behind an address is called: the first words of its brackets, else its host; else all of it."""
    found = SOURCE_NAME_PATTERN.search(source)
    return (found[1] or found[2]).strip() if found else source
