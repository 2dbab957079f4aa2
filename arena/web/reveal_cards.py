"""The facts and figures of a model on a judged battle's page, as text."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

Figures = tuple[str, list[str]]


def describe_card(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return the text on a card from `arena.battles.reveal.build_reveal_cards`.

    facts: texts about the model
    figures: pairs of a label and its texts; figures without text are omitted
    """
    usual = card["usual_performance"]
    price = card["price"] or ("", "")
    figures: Sequence[Figures] = [
        (_label_answers(card["answers"]), _describe_answers(card)),
        (_("Usually"), _describe_speed(usual.tokens_per_s, usual.first_token_s) if usual else []),
        (_("Price per million tokens"), _describe_price(*price) if card["price"] else []),
    ]
    return {"facts": _describe_model(card), "figures": [(label, texts) for label, texts in figures if texts]}


def _describe_model(card: Mapping[str, Any]) -> list[str]:
    facts = []
    if card["open_weights"] is not None:
        facts.append(_("open weights") if card["open_weights"] else _("closed"))
    if card["license"]:
        facts.append(_("license %(name)s") % {"name": card["license"]})
    if card["size"]:
        size = _("%(size)s parameters") % {"size": card["size"]}
        active = card["active_size"] and _("%(size)s active") % {"size": card["active_size"]}
        facts.append(f"{size}, {active}" if active else size)
    return facts


def _label_answers(number: int | None) -> str:
    return ngettext("This answer", "These %(answers)s answers", number or 0) % {"answers": number}


def _describe_answers(card: Mapping[str, Any]) -> list[str]:
    texts = _describe_speed(card["tokens_per_s"], card["first_token_s"])
    if tokens := card["tokens"]:
        texts.append(ngettext("%(tokens)s token", "%(tokens)s tokens", tokens) % {"tokens": f"{tokens:,}"})
    if texts and card["cost"]:
        texts.append(card["cost"])
    return texts


def _describe_speed(tokens_per_s: float | None, first_token_s: float | None) -> list[str]:
    texts = []
    if tokens_per_s:
        texts.append(_("%(speed)s tokens/s") % {"speed": f"{tokens_per_s:.0f}"})
    if first_token_s is not None:
        texts.append(_("first token after %(wait)s s") % {"wait": f"{first_token_s:.2f}"})
    return texts


def _describe_price(dollars_input: str, dollars_output: str) -> list[str]:
    return [_("%(price)s input") % {"price": dollars_input}, _("%(price)s output") % {"price": dollars_output}]
