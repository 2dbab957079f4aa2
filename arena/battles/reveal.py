"""The reveal of a battle after its vote: the contestants with their ratings and measurements."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from arena.endpoints.performance import compute_answer_stats, load_performance
from arena.models import BUILT_IN_SLUGS, LIVE_POOL, SIDES, Answer, Battle, Contestant, Standing, Visibility, Vote
from catalog.calculators.cost_model import ApiPrices, MonthlyUse
from catalog.facts.prices import load_current_prices
from catalog.models import Price
from core.storage.compiled_queries import CompiledQuery
from core.templatetags.strips import Scale, build_scale
from core.text.number_format import format_count, format_dollars

RATING_FIELDS = ("rating", "ci_low", "ci_high", "rank", "votes")
RANKED_COUNT_KEY = "models"  # the key for the number of ranked models in stored rows
SCALE_MARGIN = 0.08
POOL_STANDING = CompiledQuery(lambda pool: Standing.objects.filter(pool=pool))


@dataclass(frozen=True)
class RatingChanges:
    """The ratings of both models before the vote and on the newest board, keyed by side.

    Other votes also change the ratings, so the difference does not reveal whether this vote counts.

    pool: the slug of the pool whose board is shown
    board_time: when the newest board was computed, or None if it is not newer than the vote
    before, now: board rows, or None for an unrated model; equal if `board_time` is None
    scale: the axis for all ratings and intervals, or None if there are none
    """

    pool: str
    board_time: datetime | None
    before: dict[str, Any]
    now: dict[str, Any]
    scale: Scale | None


def get_board_pool(battle: Battle) -> int:
    """Return the key of the pool whose board shows both models. It is the live pool for battles that are not rated."""
    return battle.rated_pool or LIVE_POOL


def load_standing(battle: Battle) -> dict[str, Any]:
    """Return the current board rows of both models, keyed by side. The row of an unrated model is None.

    The battle stores the rows when the vote is cast. Each row also has the number of ranked models (see
    `RANKED_COUNT_KEY`).
    """
    standing = _find_standing(get_board_pool(battle))
    return _select_rows(battle.contestants_by_side, standing.ratings if standing else {})


def _find_standing(pool: int) -> Standing | None:
    standings = POOL_STANDING.load(pool)
    return standings[0] if standings else None


def load_rating_changes(battle: Battle, vote: Vote) -> RatingChanges:
    """Return how the ratings have moved since the vote."""
    before = {side: _fill_row(get_side_standing(battle, side)) for side in SIDES}
    now = before
    board_time = None
    pool = get_board_pool(battle)
    standing = _find_standing(pool)
    if standing and vote.created_at and standing.updated_at > vote.created_at:
        board_time = standing.updated_at
        now = _select_rows(battle.contestants_by_side, standing.ratings)
    return RatingChanges(BUILT_IN_SLUGS[pool], board_time, before, now, _build_scale([*before.values(), *now.values()]))


def load_ratings(pool: int, contestants: Mapping[str, Contestant]) -> RatingChanges | None:
    """Return the current ratings of both models, or None if the pool rates neither.

    There was no vote, so `before` contains no ratings.
    """
    standing = _find_standing(pool)
    if standing is None:
        return None
    now = _select_rows(contestants, standing.ratings)
    scale = _build_scale(now.values())
    if scale is None:
        return None
    return RatingChanges(BUILT_IN_SLUGS[pool], standing.updated_at, dict.fromkeys(SIDES), now, scale)


def _build_scale(rows: Iterable[Mapping[str, Any] | None]) -> Scale | None:
    values = [row.get(field) for row in rows if row for field in ("rating", "ci_low", "ci_high")]
    return build_scale(values, "ratings-axis", margin=SCALE_MARGIN)


def _select_rows(contestants: Mapping[str, Contestant], ratings: Mapping[str, Any]) -> dict[str, Any]:
    ranked_count = sum(row["rank"] is not None for row in ratings.values())
    rows = {side: _fill_row(ratings.get(each.slug)) for side, each in contestants.items()}
    return {side: row and row | {RANKED_COUNT_KEY: ranked_count} for side, row in rows.items()}


def _fill_row(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the row with None for each missing field of `RATING_FIELDS`, or None if there is no row."""
    return {**dict.fromkeys(RATING_FIELDS), **row} if row else None


def build_reveal(battle: Battle) -> list[dict[str, Any]] | None:
    """Return both models with their ratings before the vote, or None while the voter may not know the models."""
    if not Visibility.of_voter(battle.mode, battle.state).names:
        return None
    return [
        {
            "side": side,
            "slug": contestant.slug,
            "name": contestant.name,
            "organization": model and model.organization and model.organization.name,
            "license": model and model.license and model.license.name,
            **{key: get_side_standing(battle, side).get(key) for key in RATING_FIELDS},
        }
        for side, contestant in battle.contestants_by_side.items()
        for model in (contestant.model,)
    ]


def get_side_standing(battle: Battle, side: str) -> dict[str, Any]:
    """Return a model's row before the vote, or an empty dict if it had none."""
    return (battle.standing or {}).get(side) or {}


def build_reveal_cards(battle: Battle, answers: Sequence[Answer]) -> list[dict[str, Any]] | None:
    """Return one card per model with the reveal, facts, and measurements, or None before the vote.

    In a card, `price` is a pair: the price of a million input tokens, and of a million output tokens. `cost` is the
    cost of the side's finished answers, except those that the voter stopped. These values are formatted text.

    answers: all answers of the battle
    """
    revealed_models = build_reveal(battle)
    if revealed_models is None or not Visibility.of_voter(battle.mode, battle.state).ratings:
        return None
    contestants = list(battle.contestants_by_side.values())
    prices = load_current_prices([contestant.model for contestant in contestants if contestant.model])
    performance = load_performance(contestants)
    return [
        card
        | {
            "open_weights": model and model.open_weights,
            "size": model and model.parameters_total and format_count(model.parameters_total),
            "active_size": model and model.parameters_active and format_count(model.parameters_active),
        }
        | _build_measurements(battle, card["side"], answers, prices.get(model.pk) if model else None)
        | {"usual_performance": performance.get(contestant.pk)}
        | {"ranked_models": get_side_standing(battle, card["side"]).get(RANKED_COUNT_KEY)}
        for card, contestant in zip(revealed_models, contestants, strict=True)
        for model in (contestant.model,)
    ]


def _build_measurements(battle: Battle, side: str, answers: Sequence[Answer], price: Price | None) -> dict[str, Any]:
    # Stopped answers are excluded, because the model might have sent more than the stored text.
    finished_answers = [answer for answer in answers if answer.state == Answer.State.FINISHED and not answer.stopped]
    side_answers = [answer for answer in finished_answers if answer.side == side]
    stats = compute_answer_stats(side_answers)
    cost = None
    if price and stats.input_tokens is not None and stats.output_tokens is not None:
        use = MonthlyUse(stats.input_tokens, stats.output_tokens)
        cost = ApiPrices(price.input, price.output).compute_token_cost(use)
    # If a model was replaced, the time to the first token includes the failed call.
    is_replaced = any(entry["side"] == side for entry in battle.replaced)
    return {
        "answers": len(side_answers),
        "first_token_s": None if is_replaced else stats.first_token_s,
        "tokens_per_s": stats.tokens_per_s,
        "tokens": stats.output_tokens,
        "price": price and (format_dollars(price.input), format_dollars(price.output)),
        "cost": None if cost is None else format_dollars(cost),
    }
