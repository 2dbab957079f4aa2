"""How many tokens a day: of the service, of those whom one network asks for, and of a model.

Days are those of UTC, and an hour of the day releases a twenty-fourth of each budget: what is not used in it can be
used later on the same day. What is charged are estimates, made before the models are asked. In a blind battle the
models are charged not as they were drawn but as they could be, each by its chance, and the service and the network the
sum of that: on the whole it comes to the same, and no budget tells who stands behind a pane. The battle that reaches a
limit is still answered.

No network spends more than a quarter of what is released: else one that hurries would take a model out of everybody's
draw, and in the first hours of a day stop the service. What it names is refused then, and what is drawn for it is drawn
without the model.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from arena.endpoints import draw
from arena.endpoints.backends.deadlines import BYTES_PER_TOKEN
from arena.endpoints.model_requests import DEFAULT_MAX_TOKENS
from arena.models import LIVE_POOL, SIDES, DailyTokens, Endpoint
from core.http.errors import RequestError

NETWORK_SHARE_DIVISOR = (
    20  # of what it asks of the service, and of models that it names, a network has a twentieth of a day
)
RELEASED_SHARE_DIVISOR = 4  # and of everything a quarter of what is released
NAMED_SHARE_DIVISOR = 3  # battles of models that were named, and of keys, have at most a third of a model's
RETENTION = timedelta(days=2)
SERVICE_BUDGET = "service"
CHARGE_SQL = """
INSERT INTO arena_dailytokens AS old (day, charged_to, tokens)
SELECT %s, charged.* FROM unnest(%s::text[], %s::bigint[]) AS charged ORDER BY 2
ON CONFLICT (day, charged_to) DO UPDATE SET tokens = old.tokens + excluded.tokens
RETURNING charged_to, tokens"""


@dataclass(frozen=True)
class Charge:
    """Tokens for one budget. It is refused where as much as `most` is spent already; None charges whatever is spent."""

    charged_to: str
    tokens: int
    most: float | None
    refusal: RequestError | None = None


def list_affordable_models(models: Sequence[int], pool: str, payer: str = "") -> list[int]:
    """Those of these models that have something left for a battle on this pool, and on the live one for this payer."""
    per_day = _load_budgets(models)
    share = payer if pool == LIVE_POOL else "named"
    spent = _load_spent_tokens(per_day, share)
    return [key for key in models if key not in per_day or _has_budget_left(key, per_day[key], spent, share)]


def too_few_left(models: Sequence[int], pool: str) -> RequestError:
    """The refusal where fewer than two of these models are affordable; it does not tell which are.

    503 `budget_spent`, or 429 `too_many_tokens` where it is only the network that has spent its share of them.
    """
    if pool == LIVE_POOL and len(list_affordable_models(models, pool)) >= draw.MIN_MODELS:
        return _share_of_hour_refusal()
    detail = _("Fewer than two models have a budget left. Try again after the full hour.")
    return _budget_spent_error(detail)


def charge_battle(models: Sequence[int], pool: str, octets: int, payer: str) -> None:
    """Charge a battle between two of these models, in the transaction that starts it.

    octets: bytes of the conversation, question included. payer: the network, empty where none is limited. Raises
    Refusal: 503 `budget_spent` of the service or of a model that was named, 429 `too_many_tokens` of a network.
    """
    per_day, of_service = _load_budgets(models), settings.ENVIRONMENT.arena_tokens_per_day
    if not per_day and not of_service:
        return
    costs = _costs(models, pool, octets)
    charges = [
        *_build_service_charges(of_service, costs, octets, payer),
        *_build_model_charges(costs, per_day, payer, named=pool != LIVE_POOL),
    ]
    before = _add_charges(charges) if charges else {}
    for each in charges:
        if each.refusal and each.most is not None and before[each.charged_to] >= each.most:
            raise each.refusal


def delete_old_charges() -> int:
    """Delete what days that are over have spent; gives how many rows."""
    return DailyTokens.objects.filter(day__lt=_today() - RETENTION).delete()[0]


def _load_budgets(models: Sequence[int]) -> dict[int, int]:
    limited = Endpoint.objects.filter(model__in=models).exclude(tokens_per_day=None)
    return {model: per_day or 0 for model, per_day in limited.values_list("model", "tokens_per_day")}


def _has_budget_left(model: int, per_day: int, spent: dict[str, int], share: str) -> bool:
    released, own = _compute_released(per_day), _format_budget_name(model)
    part = NAMED_SHARE_DIVISOR if share == "named" else RELEASED_SHARE_DIVISOR
    return spent.get(own, 0) < released and (not share or spent.get(f"{own}:{share}", 0) < released / part)


def _costs(models: Sequence[int], pool: str, octets: int) -> dict[int, float]:
    """Model → the tokens of its side, by its chance to be asked. Empty for fewer than two models."""
    shares = draw.compute_draw_shares(models, pool)
    longest = _load_answer_limits(Endpoint.objects.filter(model__in=shares))
    return {model: shares[model] * _estimate_tokens(octets, answer) for model, answer in longest.items()}


def _load_answer_limits(endpoints: QuerySet[Endpoint]) -> dict[int, int]:
    """Model → the most tokens that it may answer with, thought included."""
    limits = endpoints.values_list("model", "max_tokens", "thinking_tokens")
    return {model: (answer or DEFAULT_MAX_TOKENS) + (thought or 0) for model, answer, thought in limits}


def _build_service_charges(per_day: int, costs: dict[int, float], octets: int, payer: str) -> list[Charge]:
    """The same for every pair, so that it tells nothing of the one that is asked."""
    if not per_day:
        return []
    tokens = round(sum(costs.values())) if costs else _highest_cost(octets)
    detail = _("This arena has used up its budget for now. Try again after the full hour.")
    found = [Charge(SERVICE_BUDGET, tokens, _compute_released(per_day), _budget_spent_error(detail))]
    return found + _build_payer_charges(SERVICE_BUDGET, payer, tokens, per_day)


def _highest_cost(octets: int) -> int:
    """The tokens of a battle that goes on while fewer than two models can be drawn: it may be between any two."""
    longest = _load_answer_limits(Endpoint.objects.filter(enabled=True)).values()
    return len(SIDES) * _estimate_tokens(octets, max(longest, default=DEFAULT_MAX_TOKENS))


def _build_model_charges(costs: dict[int, float], per_day: dict[int, int], payer: str, *, named: bool) -> list[Charge]:
    found = []
    for model, tokens in costs.items():
        if model in per_day:
            found += _build_charges_for_model(
                _format_budget_name(model), round(tokens), per_day[model], payer, named=named
            )
    return found


def _build_charges_for_model(model: str, tokens: int, per_day: int, payer: str, *, named: bool) -> list[Charge]:
    detail = _("One of these models has used up its budget for now. Name others, or try again after the full hour.")
    spent, released = _budget_spent_error(detail), _compute_released(per_day)
    if not named:
        of_payer = [Charge(f"{model}:{payer}", tokens, None)] if payer else []
        return [Charge(model, tokens, None), *of_payer]
    found = [
        Charge(model, tokens, released, spent),
        Charge(f"{model}:named", tokens, released / NAMED_SHARE_DIVISOR, spent),
    ]
    return found + _build_payer_charges(model, payer, tokens, per_day)


def _build_payer_charges(budget: str, payer: str, tokens: int, per_day: int) -> list[Charge]:
    if not payer:
        return []
    of_day, of_now = per_day / NETWORK_SHARE_DIVISOR, _compute_released(per_day) / RELEASED_SHARE_DIVISOR
    refusal = _share_of_hour_refusal() if of_now < of_day else _share_of_day_refusal()
    return [Charge(f"{budget}:{payer}", tokens, min(of_day, of_now), refusal)]


def _share_of_day_refusal() -> RequestError:
    detail = _("Your network has used up its share of today's budget. Try again tomorrow.")
    return RequestError("too_many_tokens", detail, 429, retry_after=_seconds_until(_next_midnight()))


def _share_of_hour_refusal() -> RequestError:
    detail = _("Your network has used up its share of the budget for now. Try again after the full hour.")
    return RequestError("too_many_tokens", detail, 429, retry_after=_seconds_until(_next_hour()))


def _budget_spent_error(detail: str) -> RequestError:
    return RequestError("budget_spent", detail, 503, retry_after=_seconds_until(_next_hour()))


def _add_charges(charges: Sequence[Charge]) -> dict[str, int]:
    """Add these to what is spent today; gives what each had spent before. Rows are locked in the order of names."""
    charged = {each.charged_to: each.tokens for each in charges}
    with connection.cursor() as cursor:
        cursor.execute(CHARGE_SQL, [_today(), [*charged], [*charged.values()]])
        return {name: tokens - charged[name] for name, tokens in cursor.fetchall()}


def _load_spent_tokens(models: Iterable[int], share: str) -> dict[str, int]:
    names = [name for model in models for name in (_format_budget_name(model), f"{_format_budget_name(model)}:{share}")]
    found = DailyTokens.objects.filter(day=_today(), charged_to__in=names)
    return dict(found.values_list("charged_to", "tokens")) if names else {}


def _format_budget_name(key: int) -> str:
    return f"model:{key}"


def _estimate_tokens(octets: int, longest_answer: int) -> int:
    """Of one side: what it is sent, and the longest answer that it may give."""
    return -(-octets // BYTES_PER_TOKEN) + longest_answer


def _compute_released(per_day: int) -> float:
    """How much of a budget may be spent until the end of this hour."""
    return per_day * (timezone.now().hour + 1) / 24


def _today() -> date:
    return timezone.now().date()


def _next_hour() -> datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _next_midnight() -> datetime:
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _seconds_until(then: datetime) -> int:
    return max(1, int((then - timezone.now()).total_seconds()) + 1)
