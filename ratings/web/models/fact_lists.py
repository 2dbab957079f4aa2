"""Lists of facts for a model's page, as (label, text) pairs."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from django.urls import reverse
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from arena.endpoints.performance import EndpointPerformance
from catalog.models import LanguageModel
from core.text.number_format import format_count

LabeledText: TypeAlias = tuple[str, str]


def list_known_facts(model: LanguageModel) -> list[LabeledText]:
    """Return the known facts about a model, except its price and its context, which are figures."""
    facts: list[LabeledText] = [(_("API name"), format_html("<code>{}</code>", model.slug))]
    if model.parameters_total:
        size = format_count(model.parameters_total)
        if model.parameters_active:
            size += ", " + _("%(size)s active") % {"size": format_count(model.parameters_active)}
        facts.append((_("Parameters"), size))
    if base := model.base_model:
        link = format_html('<a href="{}"><bdi>{}</bdi></a>', reverse("model-page", args=[base.slug]), base.name)
        facts.append((_("Base model"), link))
    if model.training_tokens:
        facts.append((_("Trained on"), _("%(tokens)s tokens") % {"tokens": format_count(model.training_tokens)}))
    if model.release_date:
        facts.append((_("Released"), format_date(model.release_date, "F j, Y")))
    if model.knowledge_cutoff:
        facts.append((_("Knowledge cutoff"), format_date(model.knowledge_cutoff, "F Y")))
    return facts


def list_measurements(performance: EndpointPerformance) -> list[LabeledText]:
    facts: list[LabeledText] = []
    if performance.tokens_per_s:
        facts.append((_("Speed"), _("%(speed)s tokens/s") % {"speed": f"{performance.tokens_per_s:.0f}"}))
    if performance.first_token_s is not None:
        facts.append((_("First token"), _("after %(wait)s s") % {"wait": f"{performance.first_token_s:.2f}"}))
    if performance.failure_rate is not None:
        text = ngettext(
            "%(percent)s%% of %(calls)s call in blind battles",
            "%(percent)s%% of %(calls)s calls in blind battles",
            performance.calls,
        )
        share = {"percent": f"{100 * performance.failure_rate:.1f}", "calls": f"{performance.calls:,}"}
        facts.append((_("Failed"), text % share))
    return facts


def list_variant_settings(settings: Mapping[str, Any]) -> list[LabeledText]:
    """Return the known settings with labels.

    settings: as returned by `arena.endpoints.profiles.build_variant`.
    """
    facts: list[LabeledText] = []
    if tokens := settings.get("max_tokens"):
        facts.append((_("Maximum answer length"), _format_tokens(tokens)))
    if thinking := settings.get("thinking_tokens"):
        facts.append((_("Thinking tokens"), _("up to %(tokens)s") % {"tokens": _format_tokens(thinking)}))
    if "temperature" in settings:
        facts.append((_("Temperature"), str(settings["temperature"])))
    if wait := settings.get("first_token_timeout_s"):
        facts.append((_("First-token timeout"), _("at most %(seconds)s s") % {"seconds": f"{wait:.0f}"}))
    return facts


def _format_tokens(tokens: int) -> str:
    return _("%(tokens)s tokens") % {"tokens": f"{tokens:,}"}
