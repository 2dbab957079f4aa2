"""Daily token budgets of the service, of each model, and of each network.

Days are in UTC. Each hour releases a twenty-fourth of each budget, and unused tokens remain available until midnight.
Battles are charged before the models are called, so charges are estimates. A blind battle charges each model that could
be drawn, in proportion to its probability, and charges the sum to the service and the network. Over many battles, the
totals are correct on average, and the budgets do not reveal which models are in a battle. A battle that reaches a limit
is still answered.

Each network can spend at most a quarter of the released tokens. Otherwise, one network could remove a model from the
draw for everyone, or use up the service's budget early in the day. When a network's blind battles have used up its
share of a model's budget, draws for the network exclude the model. Battles that name the model have a share of their
own, beyond which they are rejected. Otherwise, a network could choose its blind pairs by naming the other models.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from arena.endpoints import draw
from arena.endpoints.backends.protocol import BYTES_PER_TOKEN
from arena.endpoints.model_requests import DEFAULT_MAX_TOKENS
from arena.models import LIVE_POOL, SIDES, DailyTokens, Endpoint
from core.http.errors import RequestError

# A network can spend at most a twentieth of the daily budget of the service, and of each model that it names.
NETWORK_SHARE_DIVISOR = 20
# A network can spend at most a quarter of the released tokens in any budget.
RELEASED_SHARE_DIVISOR = 4
# Battles outside the live pool can spend at most a third of a model's released tokens.
NAMED_SHARE_DIVISOR = 3
RETENTION = timedelta(days=2)
SERVICE_BUDGET = "service"
NAMED_SHARE = "named"
CHARGE_SQL = """
INSERT INTO arena_dailytokens AS old (day, charged_to, tokens)
SELECT %s, charged.* FROM unnest(%s::text[], %s::bigint[]) AS charged ORDER BY 2
ON CONFLICT (day, charged_to) DO UPDATE SET tokens = old.tokens + excluded.tokens
RETURNING charged_to, tokens"""
Budgets = dict[int, int]  # tokens per day, keyed by model id


@dataclass(frozen=True)
class Charge:
    """Tokens to charge to one budget. `error` is raised if at least `limit` tokens have already been spent."""

    charged_to: str
    tokens: int
    limit: float | None
    error: RequestError | None = None


def list_affordable_models(
    models: Sequence[int], pool: str, payer: str = "", budgets: Budgets | None = None
) -> list[int]:
    """Return the models that have tokens left for a battle in this pool.

    payer: the network, whose share is checked in the live pool; "" if networks have no limit
    budgets: the budgets of these models if the caller has loaded them
    """
    budgets = load_budgets(models) if budgets is None else budgets
    share = payer if pool == LIVE_POOL else NAMED_SHARE
    spent = _load_spent_tokens(budgets, share)
    return [model for model in models if model not in budgets or _has_budget_left(model, budgets[model], spent, share)]


def too_few_models_error(models: Sequence[int], pool: str) -> RequestError:
    """Return the error for fewer than two affordable models. It does not reveal which model has budget left.

    The error is 503 `budget_spent`, or 429 `too_many_tokens` if only the network has used up its share.
    """
    if pool == LIVE_POOL and len(list_affordable_models(models, pool)) >= draw.MIN_MODELS:
        return _hourly_share_error()
    return _budget_spent_error(_("Fewer than two models have budget left. Try again at the top of the hour."))


def charge_battle(models: Sequence[int], pool: str, octets: int, payer: str, budgets: Budgets | None = None) -> None:
    """Charge a turn of a battle between two of these models. Call this in the transaction that starts the turn.

    octets: UTF-8 bytes of the conversation, including the question
    payer: the network, or "" if networks have no limit
    budgets: the budgets of these models if the caller has loaded them

    Raises RequestError 503 `budget_spent` if the service or a named model has used up its budget, and 429
    `too_many_tokens` if the network has used up its share.
    """
    model_budgets = load_budgets(models) if budgets is None else budgets
    service_budget = settings.ENVIRONMENT.arena_tokens_per_day
    if not model_budgets and not service_budget:
        return
    costs = _estimate_costs(models, pool, octets)
    charges = [
        *_build_service_charges(service_budget, costs, octets, payer),
        *_build_model_charges(costs, model_budgets, payer, are_named=pool != LIVE_POOL),
    ]
    spent_before = _add_charges(charges) if charges else {}
    for charge in charges:
        if charge.error and charge.limit is not None and spent_before[charge.charged_to] >= charge.limit:
            raise charge.error


def delete_old_charges() -> int:
    """Delete charges older than `RETENTION`. Return the number of deleted rows."""
    return DailyTokens.objects.filter(day__lt=_today() - RETENTION).delete()[0]


def load_budgets(models: Sequence[int]) -> Budgets:
    """Return the tokens per day, keyed by model id. Models with no limit are omitted."""
    limited = Endpoint.objects.filter(model__in=models).exclude(tokens_per_day=None)
    return {model: per_day or 0 for model, per_day in limited.values_list("model", "tokens_per_day")}


def _has_budget_left(model: int, per_day: int, spent: dict[str, int], share: str) -> bool:
    """Return whether the model still has released tokens, both in total and in this share.

    share: a network, NAMED_SHARE, or "" for the total only
    """
    released = _compute_released(per_day)
    budget = _format_budget_name(model)
    if spent.get(budget, 0) >= released:
        return False
    divisor = NAMED_SHARE_DIVISOR if share == NAMED_SHARE else RELEASED_SHARE_DIVISOR
    return not share or spent.get(f"{budget}:{share}", 0) < released / divisor


def _estimate_costs(models: Sequence[int], pool: str, octets: int) -> dict[int, float]:
    """Return the expected tokens of each model, which is its cost in a battle times its probability of being drawn."""
    shares = draw.compute_draw_shares(models, pool)
    answer_limits = _load_answer_limits(Endpoint.objects.filter(model__in=shares))
    return {model: shares[model] * _estimate_tokens(octets, limit) for model, limit in answer_limits.items()}


def _load_answer_limits(endpoints: QuerySet[Endpoint]) -> dict[int, int]:
    """Return the maximum tokens of an answer, including reasoning, keyed by model id."""
    limits = endpoints.values_list("model", "max_tokens", "thinking_tokens")
    return {model: (answer or DEFAULT_MAX_TOKENS) + (thinking or 0) for model, answer, thinking in limits}


def _build_service_charges(per_day: int, costs: dict[int, float], octets: int, payer: str) -> list[Charge]:
    """Return the charges to the service's budget. They do not depend on the drawn pair, so they do not reveal it."""
    if not per_day:
        return []
    tokens = round(sum(costs.values())) if costs else _estimate_highest_cost(octets)
    error = _budget_spent_error(_("This arena has used up its budget for now. Try again at the top of the hour."))
    charges = [Charge(SERVICE_BUDGET, tokens, _compute_released(per_day), error)]
    return charges + _build_payer_charges(SERVICE_BUDGET, payer, tokens, per_day)


def _estimate_highest_cost(octets: int) -> int:
    """Return the highest possible cost of a turn, for battles that continue when no pair can be drawn."""
    answer_limits = _load_answer_limits(Endpoint.objects.filter(enabled=True)).values()
    return len(SIDES) * _estimate_tokens(octets, max(answer_limits, default=DEFAULT_MAX_TOKENS))


def _build_model_charges(costs: dict[int, float], budgets: Budgets, payer: str, *, are_named: bool) -> list[Charge]:
    charges: list[Charge] = []
    for model, cost in costs.items():
        if model not in budgets:
            continue
        budget = _format_budget_name(model)
        if are_named:
            charges += _build_named_charges(budget, round(cost), budgets[model], payer)
        else:
            charges += _build_blind_charges(budget, round(cost), payer)
    return charges


def _build_blind_charges(budget: str, tokens: int, payer: str) -> list[Charge]:
    """Return a blind battle's charges to one model. They need no limit, because draws exclude models with no budget."""
    charges = [Charge(budget, tokens, None)]
    if payer:
        charges.append(Charge(f"{budget}:{payer}", tokens, None))
    return charges


def _build_named_charges(budget: str, tokens: int, per_day: int, payer: str) -> list[Charge]:
    """Return the charges to one model for a battle outside the live pool."""
    error = _budget_spent_error(
        _("One of these models has used up its budget. Choose other models, or try again at the top of the hour.")
    )
    released = _compute_released(per_day)
    charges = [
        Charge(budget, tokens, released, error),
        Charge(f"{budget}:{NAMED_SHARE}", tokens, released / NAMED_SHARE_DIVISOR, error),
    ]
    # Apart from the network's share for blind battles. Otherwise, it could name models to exclude them from its draws.
    return charges + _build_payer_charges(f"{budget}:{NAMED_SHARE}", payer, tokens, per_day)


def _build_payer_charges(budget: str, payer: str, tokens: int, per_day: int) -> list[Charge]:
    if not payer:
        return []
    daily_share = per_day / NETWORK_SHARE_DIVISOR
    hourly_share = _compute_released(per_day) / RELEASED_SHARE_DIVISOR
    error = _hourly_share_error() if hourly_share < daily_share else _daily_share_error()
    return [Charge(f"{budget}:{payer}", tokens, min(daily_share, hourly_share), error)]


def _daily_share_error() -> RequestError:
    detail = _("Your network has used up its share of today's budget. Try again tomorrow.")
    return RequestError("too_many_tokens", detail, 429, retry_after=_seconds_to_next(timedelta(days=1)))


def _hourly_share_error() -> RequestError:
    detail = _("Your network has used up its share of the budget for now. Try again at the top of the hour.")
    return RequestError("too_many_tokens", detail, 429, retry_after=_seconds_to_next(timedelta(hours=1)))


def _budget_spent_error(detail: str) -> RequestError:
    return RequestError("budget_spent", detail, 503, retry_after=_seconds_to_next(timedelta(hours=1)))


def _add_charges(charges: Sequence[Charge]) -> dict[str, int]:
    """Add charges to today's totals, locking rows in name order. Return the previous totals, keyed by budget."""
    tokens_by_budget = {charge.charged_to: charge.tokens for charge in charges}
    with connection.cursor() as cursor:
        cursor.execute(CHARGE_SQL, [_today(), [*tokens_by_budget], [*tokens_by_budget.values()]])
        return {name: total - tokens_by_budget[name] for name, total in cursor.fetchall()}


def _load_spent_tokens(models: Iterable[int], share: str) -> dict[str, int]:
    """Return the tokens spent today from the budgets of these models, and from this share of each budget."""
    budgets = [_format_budget_name(model) for model in models]
    if not budgets:
        return {}
    names = [name for budget in budgets for name in (budget, f"{budget}:{share}")]
    rows = DailyTokens.objects.filter(day=_today(), charged_to__in=names)
    return dict(rows.values_list("charged_to", "tokens"))


def _format_budget_name(model: int) -> str:
    return f"model:{model}"


def _estimate_tokens(octets: int, answer_limit: int) -> int:
    """Return the estimated tokens of one side: the conversation so far, plus the longest possible answer."""
    return math.ceil(octets / BYTES_PER_TOKEN) + answer_limit


def _compute_released(per_day: int) -> float:
    """Return how many tokens of a daily budget can be spent by the end of this hour."""
    return per_day * (timezone.now().hour + 1) / 24


def _today() -> date:
    return timezone.now().date()


def _seconds_to_next(period: timedelta) -> int:
    """Return the number of seconds until the current hour or day ends, rounded up."""
    now = timezone.now()
    since_midnight = now - now.replace(hour=0, minute=0, second=0, microsecond=0)
    return int((period - since_midnight % period).total_seconds()) + 1
