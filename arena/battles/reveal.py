"""Who answered: told once the vote is in."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from arena.endpoints.performance import AnswerStats, compute_answer_stats, load_performance
from arena.models import LIVE_POOL, SIDES, Answer, Battle, Standing
from catalog.facts.prices import load_current_prices
from catalog.models import LanguageModel, Price
from core.text.number_format import format_count, format_dollars

RATING_FIELDS = ("rating", "ci_low", "ci_high", "rank", "votes")
MILLION = 1_000_000


def load_standing(battle: Battle) -> dict[str, Any]:
    """Side → where its model stands on the board now, None if it is on none; kept with the battle at its vote.

    Named models have no board of their own, so it is that of the live pool. `models` is how many have a rank there.
    """
    pool = LIVE_POOL if battle.mode == Battle.Mode.SIDE_BY_SIDE else battle.pool
    ratings = dict[str, Any](Standing.objects.filter(pool=pool).values_list("ratings", flat=True).first() or {})
    rows = {side: ratings.get(getattr(battle, f"model_{side}").slug) for side in SIDES}
    ranked = sum(row["rank"] is not None for row in ratings.values())
    return {side: row and {**row, "models": ranked} for side, row in rows.items()}


def build_reveal(battle: Battle) -> list[dict[str, Any]] | None:
    """Both models with their ratings from before the vote, once the battle is voted; None before."""
    if battle.state != Battle.State.VOTED:
        return None
    return [
        _build_revealed_model(side, getattr(battle, f"model_{side}"), _get_side_standing(battle, side))
        for side in SIDES
    ]


def _get_side_standing(battle: Battle, side: str) -> dict[str, Any]:
    return (battle.standing or {}).get(side) or {}


def _build_revealed_model(side: str, model: LanguageModel, before: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "side": side,
        "slug": model.slug,
        "name": model.name,
        "organization": model.organization and model.organization.name,
        "license": model.license and model.license.name,
        **{key: before.get(key) for key in RATING_FIELDS},
    }


def build_reveal_cards(battle: Battle, answers: Sequence[Answer]) -> list[dict[str, Any]] | None:
    """What the page tells of both models: the reveal, known facts, and what was measured; None before the vote.

    answers: all of the battle. `price` is in and out per million tokens, `cost` of what was finished here, in words.
    """
    revealed = build_reveal(battle)
    if revealed is None:
        return None
    models: list[LanguageModel] = [getattr(battle, f"model_{side}") for side in SIDES]
    prices, usual = load_current_prices(models), load_performance(model.pk for model in models)
    return [
        each
        | _build_model_facts(model)
        | _build_measurements(battle, each["side"], answers, prices.get(model.pk))
        | {"usual": usual.get(model.pk), "models": _get_side_standing(battle, each["side"]).get("models")}
        for each, model in zip(revealed, models, strict=True)
    ]


def _build_model_facts(model: LanguageModel) -> dict[str, Any]:
    return {
        "open_weights": model.open_weights,
        "size": model.parameters_total and format_count(model.parameters_total),
        "active": model.parameters_active and format_count(model.parameters_active),
    }


def _build_measurements(battle: Battle, side: str, answers: Sequence[Answer], price: Price | None) -> dict[str, Any]:
    # Of a stopped answer the model may have told more than was shown.
    finished = [answer for answer in answers if answer.state == Answer.State.FINISHED and not answer.stopped]
    mine = [answer for answer in finished if answer.side == side]
    took = compute_answer_stats(mine)
    cost = _compute_cost(took, price)
    # The clock of a side that was replaced began with the model that failed.
    replaced = any(each["side"] == side for each in battle.replaced)
    return {
        "answers": len(mine),
        "first_token_s": None if replaced else took.first_token_s,
        "tokens_per_s": took.tokens_per_s,
        "tokens": took.output_tokens,
        "price": price and (format_dollars(price.input), format_dollars(price.output)),
        "cost": None if cost is None else format_dollars(cost),
    }


def _compute_cost(took: AnswerStats, price: Price | None) -> Decimal | None:
    if price is None or took.input_tokens is None or took.output_tokens is None:
        return None
    return (took.input_tokens * price.input + took.output_tokens * price.output) / MILLION
