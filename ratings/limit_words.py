"""Why each limit of a choice matters, and to whom: one plain sentence, the same as on the pages of models."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from catalog.fact_words import WORDS
from ratings.choice_form import ChoiceForm

# Limits on a fact of the catalogue; the others are on what is asked for it, or measured here.
FACTS = {
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
OTHERS = {
    "gpu_memory": _("What the weights need of it decides which machine, and so the cost: for whoever hosts."),
    "price": _("Compares models whatever the traffic, at three tokens read for one written: for a first sieve."),
    "monthly": _("What the bill will say, and it grows with every user: for whoever answers for a budget."),
    "latency": _("Longer than a second or two feels broken: for chats, voice and completion while one types."),
    "speed": _("People read five to ten tokens a second, programs wait for the last: for agents and long answers."),
    "failures": _("Each failed call must be tried again or shown to somebody: for services that must not stop."),
    "weeks": _("An API is there today, own GPUs must be bought and kept: for whoever has a date to meet."),
}


def whys() -> list[tuple[Any, Any]]:
    """Label and sentence of each limit, in the order of the form's fields."""
    sentences = {name: WORDS[fact][1] for name, fact in FACTS.items()} | OTHERS
    return [(field.label, sentences[name]) for name, field in ChoiceForm.base_fields.items() if name in sentences]
