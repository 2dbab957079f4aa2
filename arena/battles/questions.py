"""What clients ask models: new battles, follow-up questions, and retries. Each is charged, and refunded if it fails."""

import math
from collections.abc import Sequence

from django.http import HttpRequest
from django.utils.translation import ngettext

from arena.battles import lifecycle
from arena.identity import api_keys, network_hashes, quotas
from arena.identity.voters import get_or_create_voter
from arena.models import Battle, Standing
from core.http.errors import RequestError


def start_battle(request: HttpRequest, prompt: str, mode: str, models: Sequence[str] | None = None) -> Battle:
    """Start a battle of the request's voter (see `lifecycle.start_battle`).

    Raises the errors from `lifecycle.start_battle` and `quotas.charge_battle`, and RequestError 429 `too_many_sets`.
    """
    with quotas.charge_battle(request, prompt) as battle_id:
        if models and mode == Battle.Mode.ANONYMOUS:
            _charge_named_set(request, models)
        return lifecycle.start_battle(
            get_or_create_voter(request),
            prompt,
            mode=mode,
            models=models,
            open_pool=api_keys.get_default_pool(request),
            battle_id=battle_id,
            payer=quotas.get_payer(request),
            network=network_hashes.compute_current_hash(request),
        )


def _charge_named_set(request: HttpRequest, slugs: Sequence[str]) -> None:
    """Charge the daily limit on new named sets, each of which has a board.

    Sets that already have a board are free, and so are sets that were charged within the last 24 hours.
    """
    pool = lifecycle.derive_set_pool(slugs)
    if Standing.objects.filter(pool=pool).exists():
        return
    if wait := quotas.take_slot("set", request, pool):
        hours = math.ceil(wait / 3600)
        detail = ngettext(
            "You or other people on your network have chosen too many new sets of models today. Use one of"
            " them again, or try a new one in %(hours)s hour.",
            "You or other people on your network have chosen too many new sets of models today. Use one of"
            " them again, or try a new one in %(hours)s hours.",
            hours,
        )
        raise RequestError("too_many_sets", detail % {"hours": hours}, 429, retry_after=math.ceil(wait))


def ask_follow_up(request: HttpRequest, battle: Battle, prompt: str) -> None:
    """Add a turn to a battle. Raises the errors from `lifecycle.ask_follow_up` and `quotas.charge_turn`."""
    with quotas.charge_turn(request, battle, prompt):
        lifecycle.ask_follow_up(battle, prompt, quotas.get_payer(request))


def retry_answers(request: HttpRequest, battle: Battle) -> None:
    """Ask the failed sides again. Raises the errors from `lifecycle.retry_answers` and `quotas.charge_turn`."""
    with quotas.charge_turn(request, battle):
        lifecycle.retry_answers(battle, quotas.get_payer(request))
