"""Daily token budgets of the service, of each endpoint, and of each network.

Days are in UTC. Each hour releases a twenty-fourth of each budget, and unused tokens remain available until midnight.
Battles are charged before the models are called, so charges are estimates. A blind battle charges the endpoint of each
contestant that could be drawn, in proportion to its probability, and charges the sum to the service and the network.
Over many battles, the totals are correct on average, and the budgets do not reveal which contestants are in a battle. A
battle that reaches a limit is still answered.

Each network has shares of the budgets (`arena.identity.limits.TokenShare`). Otherwise, one network could remove a
contestant from the draw for everyone, or use up the service's budget early in the day. When a network's blind battles
have used up its share of an endpoint's budget, draws for the network exclude its contestants. Battles that name them
have a share of their own, beyond which they are rejected. Otherwise, a network could choose its blind pairs by naming
the others.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Coalesce, Length
from django.utils import timezone
from django.utils.translation import gettext as _

from arena.endpoints import draw
from arena.endpoints.backends.protocol import BYTES_PER_TOKEN
from arena.endpoints.draw import Budget
from arena.endpoints.model_requests import DEFAULT_MAX_TOKENS
from arena.identity.limits import TokenShare
from arena.models import LIVE_POOL, SIDES, Contestant, DailyTokens
from core.http.errors import RequestError

RETENTION = timedelta(days=2)
SERVICE_BUDGET = "service"
NAMED_BATTLES = "named"
CHARGE_SQL = """
INSERT INTO arena_dailytokens AS old (day, charged_to, tokens)
SELECT %s, charged.* FROM unnest(%s::text[], %s::bigint[]) AS charged ORDER BY 2
ON CONFLICT (day, charged_to) DO UPDATE SET tokens = old.tokens + excluded.tokens
RETURNING charged_to, tokens"""
Budgets = Mapping[int, Budget | None]  # of the endpoint, or None for no limit, keyed by contestant id


@dataclass(frozen=True)
class Charge:
    """Tokens to charge to one budget. `error` is raised if at least `limit` tokens have already been spent."""

    charged_to: str
    tokens: int
    limit: Fraction | float = math.inf
    error: RequestError | None = None


def select_affordable(budgets: Budgets, pool: int | None, payer: str = "") -> Budgets:
    """Return the budgets of the contestants that have tokens left for a battle in this pool, in total and in its share.

    pool: the pool in which the battle is rated, or None
    payer: the network, whose share is checked in the live pool; "" if networks have no limit
    """
    spender, share = (payer, TokenShare.BLIND_NETWORK) if pool == LIVE_POOL else (NAMED_BATTLES, TokenShare.NAMED)
    limits: dict[int, dict[str, Fraction]] = {key: {} for key in budgets}
    for key, budget in budgets.items():
        if budget is not None:
            limits[key][_name_budget(budget.endpoint)] = _compute_limit(TokenShare.ALL, budget.per_day)
            if spender:
                limits[key][f"{_name_budget(budget.endpoint)}:{spender}"] = _compute_limit(share, budget.per_day)
    names = [name for own_limits in limits.values() for name in own_limits]
    rows = DailyTokens.objects.filter(day=_today(), charged_to__in=names)
    spent = dict(rows.values_list("charged_to", "tokens"))
    return {
        key: budgets[key]
        for key, own_limits in limits.items()
        if all(spent.get(name, 0) < limit for name, limit in own_limits.items())
    }


def too_few_models_error(budgets: Budgets, pool: int | None) -> RequestError:
    """Return the error for fewer than two affordable contestants. It does not reveal which one has budget left.

    The error is 503 `budget_spent`, or 429 `too_many_tokens` if only the network has used up its share.
    """
    if pool == LIVE_POOL and len(select_affordable(budgets, pool)) >= draw.MIN_CONTESTANTS:
        return _share_spent_error()
    return _budget_spent_error(_("Fewer than two models have budget left. Try again at the top of the hour."))


def charge_battle(budgets: Budgets, pool: int | None, octets: int, payer: str) -> None:
    """Charge a turn of a battle between two of these contestants. Call this in the transaction that starts the turn.

    pool: the pool in which the battle is rated, or None
    octets: UTF-8 bytes of the conversation, including the question
    payer: the network, or "" if networks have no limit

    Raises RequestError 503 `budget_spent` if the service or a named contestant has used up its budget, and 429
    `too_many_tokens` if the network has used up its share.
    """
    service_budget = settings.ENVIRONMENT.arena_tokens_per_day
    if not service_budget and set(budgets.values()) <= {None}:
        return
    shares = draw.compute_draw_shares(budgets, pool)
    costs = _estimate_costs(Contestant.objects.filter(pk__in=shares), octets)
    # The expected tokens of each contestant. They do not depend on the drawn pair, so they do not reveal it.
    expected = {key: shares[key] * cost for key, cost in costs.items()}
    charges: list[Charge] = []
    if service_budget:
        tokens = round(sum(expected.values())) if expected else _estimate_highest_cost(octets)
        error = _budget_spent_error(_("This arena has used up its budget for now. Try again at the top of the hour."))
        charges.append(Charge(SERVICE_BUDGET, tokens, _compute_limit(TokenShare.ALL, service_budget), error))
        charges += _build_payer_charges(SERVICE_BUDGET, payer, tokens, service_budget)
    for (endpoint, per_day), tokens in _sum_by_endpoint(budgets, expected).items():
        budget = _name_budget(endpoint)
        if pool == LIVE_POOL:  # the charges have no limit, because draws exclude contestants with no budget
            charges += [Charge(name, tokens) for name in ([budget, f"{budget}:{payer}"] if payer else [budget])]
        else:
            charges += _build_named_charges(budget, payer, tokens, per_day)
    spent_before = _add_charges(charges) if charges else {}
    for charge in charges:
        if charge.error and spent_before[charge.charged_to] >= charge.limit:
            raise charge.error


def select_affordable_singles(budgets: Budgets) -> Budgets:
    """Return the budgets of the contestants that have tokens left for single answers.

    Like battles that are not rated, these can spend a share of each endpoint's budget. There are none if the service
    has used up its budget.
    """
    if service_budget := settings.ENVIRONMENT.arena_tokens_per_day:
        spent = DailyTokens.objects.filter(day=_today(), charged_to=SERVICE_BUDGET).values_list("tokens", flat=True)
        if sum(spent) >= _compute_limit(TokenShare.ALL, service_budget):
            return {}
    return select_affordable(budgets, None)


def charge_singles(budgets: Budgets, tokens: Mapping[int, int]) -> None:
    """Charge single answers of these contestants. `tokens` are keyed by contestant id (see `estimate_tokens`)."""
    charges: list[Charge] = []
    if settings.ENVIRONMENT.arena_tokens_per_day:
        charges.append(Charge(SERVICE_BUDGET, sum(tokens.values())))
    for (endpoint, per_day), own_tokens in _sum_by_endpoint(budgets, tokens).items():
        charges += _build_named_charges(_name_budget(endpoint), "", own_tokens, per_day)
    if charges and tokens:
        _add_charges(charges)


def estimate_tokens(octets: int, max_tokens: int | None, thinking_tokens: int | None) -> int:
    """Return the estimated tokens of an answer: its conversation so far, and the longest answer, with reasoning."""
    return math.ceil(octets / BYTES_PER_TOKEN) + (max_tokens or DEFAULT_MAX_TOKENS) + (thinking_tokens or 0)


def delete_old_charges() -> int:
    """Delete charges older than `RETENTION`. Return the number of deleted rows."""
    return DailyTokens.objects.filter(day__lt=_today() - RETENTION).delete()[0]


def load_budgets(contestants: Iterable[int]) -> Budgets:
    rows = Contestant.objects.filter(pk__in=contestants, endpoint__isnull=False)
    columns = rows.values_list("pk", "endpoint", "endpoint__tokens_per_day")
    return {**dict.fromkeys(contestants), **{key: Budget.of(endpoint, per_day) for key, endpoint, per_day in columns}}


def _name_budget(endpoint: int) -> str:
    return f"endpoint:{endpoint}"


def _sum_by_endpoint(budgets: Budgets, tokens: Mapping[int, float]) -> dict[Budget, int]:
    """Return the tokens of all contestants that share a limited budget, keyed by budget."""
    sums: dict[Budget, float] = defaultdict(float)
    for key, expected_tokens in tokens.items():
        if budget := budgets[key]:
            sums[budget] += expected_tokens
    return {budget: round(total) for budget, total in sums.items()}


def _estimate_costs(contestants: QuerySet[Contestant], octets: int) -> dict[int, int]:
    """Return the estimated tokens of one side, keyed by contestant id."""
    fields = ("pk", Coalesce(Length("system"), 0), "max_tokens", "thinking_tokens")
    rows = contestants.filter(endpoint__isnull=False).values_list(*fields)
    return {key: estimate_tokens(system + octets, *limits) for key, system, *limits in rows}


def _estimate_highest_cost(octets: int) -> int:
    """Return the highest possible cost of a turn, for battles that continue when no pair can be drawn."""
    costs = _estimate_costs(draw.list_enabled(), octets).values()
    return len(SIDES) * max(costs, default=math.ceil(octets / BYTES_PER_TOKEN) + DEFAULT_MAX_TOKENS)


def _build_named_charges(budget: str, payer: str, tokens: int, per_day: int) -> list[Charge]:
    """Return the charges to one endpoint for a battle that is not rated in the live pool, or for single answers."""
    error = _budget_spent_error(
        _("One of these models has used up its budget. Choose other models, or try again at the top of the hour.")
    )
    named_budget = f"{budget}:{NAMED_BATTLES}"
    return [
        Charge(budget, tokens, _compute_limit(TokenShare.ALL, per_day), error),
        Charge(named_budget, tokens, _compute_limit(TokenShare.NAMED, per_day), error),
        # Apart from the network's share for blind battles. Otherwise, it could name models to exclude them from its
        # draws.
        *_build_payer_charges(named_budget, payer, tokens, per_day),
    ]


def _build_payer_charges(budget: str, payer: str, tokens: int, per_day: int) -> list[Charge]:
    if not payer:
        return []
    limit = _compute_limit(TokenShare.NETWORK, per_day)
    is_day_spent = limit == per_day * TokenShare.NETWORK.of_day
    return [Charge(f"{budget}:{payer}", tokens, limit, _share_spent_error(is_day_spent=is_day_spent))]


def _share_spent_error(*, is_day_spent: bool = False) -> RequestError:
    if is_day_spent:
        detail = _("Your network has used up its share of today's budget. Try again tomorrow.")
        return RequestError("too_many_tokens", detail, 429, retry_after=_seconds_to_next(timedelta(days=1)))
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


def _compute_limit(share: TokenShare, per_day: int) -> Fraction:
    """Return how many tokens of a daily budget this share can spend by the end of this hour."""
    released = per_day * Fraction(timezone.now().hour + 1, 24)
    return min(per_day * share.of_day, released * share.of_released)


def _today() -> date:
    return timezone.now().date()


def _seconds_to_next(period: timedelta) -> int:
    """Return the number of seconds until the current hour or day ends, rounded up."""
    now = timezone.now()
    since_midnight = now - now.replace(hour=0, minute=0, second=0, microsecond=0)
    return int((period - since_midnight % period).total_seconds()) + 1
