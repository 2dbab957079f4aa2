"""The facts, figures, and ratings of the models on a judged battle's page."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from arena.battles.reveal import RatingChanges, get_side_standing
from arena.models import SIDES, Battle, Contestant
from core.text.number_format import format_signed, round_number

Figures = tuple[str, list[str]]
ELO_SCALE = 400
CLOSE_PERCENT = 55  # below this predicted win rate, neither side is a clear favorite


def describe_card(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return the text on a card from `arena.battles.reveal.build_reveal_cards`.

    facts: texts about the model
    figures: pairs of a label and its texts; figures without text are omitted
    """
    usual = card["usual_performance"]
    count = card["answers"] or 0
    figures: Sequence[Figures] = [
        (ngettext("This answer", "These %(answers)s answers", count) % {"answers": count}, _describe_answers(card)),
        (_("Usually"), _describe_speed(usual.tokens_per_s, usual.first_token_s) if usual else []),
        (_("Price per million tokens"), _describe_price(*card["price"]) if card["price"] else []),
    ]
    return {"facts": _describe_model(card), "figures": [(label, texts) for label, texts in figures if texts]}


def build_ratings(contestants: Mapping[str, Contestant], changes: RatingChanges) -> dict[str, Any]:
    """Return the template context for both contestants' ratings: `changes`, and one row per side."""
    rows = []
    for side, contestant in contestants.items():
        before = changes.before[side]
        now = changes.now[side]
        earlier = before["rating"] if before and now and changes.board_time else None
        change = "" if earlier is None else format_signed(round_number(now["rating"]) - round_number(earlier))
        row = {"side": side, "slug": contestant.slug, "name": contestant.name, "before": before, "now": now}
        rows.append(row | {"earlier": earlier, "change": change})
    return {"changes": changes, "rows": rows}


def describe_prediction(battle: Battle, winner: str) -> SafeString | str:
    """Return the predicted win rate, from the ratings before the vote, as HTML, or "" if one of the models had none.

    It is the rate of the winner, or of the model with the higher rating if neither won. A sentence before it says
    whether the vote was expected, unless neither won.

    winner: the vote to compare the prediction with
    """
    standings = [get_side_standing(battle, side) for side in SIDES]
    if not all(standings):
        return ""
    lead = standings[0]["rating"] - standings[1]["rating"]
    favorite = "a" if lead >= 0 else "b"
    percent = round(100 / (1 + 10 ** (-abs(lead) / ELO_SCALE)))
    outcome = ""
    if percent < CLOSE_PERCENT:
        outcome = _("A close match.")
    elif winner in SIDES:
        outcome = _("As expected.") if winner == favorite else _("An upset.")
    side = winner if winner in SIDES else favorite
    text = _("Predicted win rate of <bdi>{name}</bdi>: {percent}%.")
    sentence = format_html(
        text, name=battle.contestants_by_side[side].name, percent=percent if side == favorite else 100 - percent
    )
    return format_html("<strong>{}</strong> {}", outcome, sentence) if outcome else sentence


def _describe_model(card: Mapping[str, Any]) -> list[str]:
    facts = []
    if card["open_weights"] is not None:
        facts.append(_("open weights") if card["open_weights"] else _("closed"))
    if card["license"]:
        facts.append(_("%(name)s license") % {"name": card["license"]})
    if card["size"]:
        size = _("%(size)s parameters") % {"size": card["size"]}
        active = card["active_size"] and _("%(size)s active") % {"size": card["active_size"]}
        facts.append(f"{size}, {active}" if active else size)
    return facts


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
