"""What clients ask models: new battles, follow-up questions, and retries. Each is charged, and refunded if it fails."""

from collections.abc import Sequence

from django.http import HttpRequest

from arena.battles import lifecycle
from arena.identity import api_keys, network_hashes, quotas
from arena.identity.voters import get_or_create_voter
from arena.models import Battle


def start_battle(request: HttpRequest, prompt: str, mode: str, models: Sequence[str] | None = None) -> Battle:
    """Start a battle of the voter. Raises the errors from `lifecycle.start_battle` and `quotas.charge_battle`."""
    with quotas.charge_battle(request, prompt) as battle_id:
        return lifecycle.start_battle(
            get_or_create_voter(request),
            prompt,
            mode=mode,
            models=models,
            pool=api_keys.get_default_pool(request),
            battle_id=battle_id,
            payer=quotas.get_payer(request),
            network=network_hashes.compute_current_hash(request),
        )


def ask_follow_up(request: HttpRequest, battle: Battle, prompt: str) -> None:
    """Add a turn to a battle. Raises the errors from `lifecycle.ask_follow_up` and `quotas.charge_turn`."""
    with quotas.charge_turn(request, battle, prompt):
        lifecycle.ask_follow_up(battle, prompt, quotas.get_payer(request))


def retry_answers(request: HttpRequest, battle: Battle) -> None:
    """Ask the failed sides again. Raises the errors from `lifecycle.retry_answers` and `quotas.charge_turn`."""
    with quotas.charge_turn(request, battle):
        lifecycle.retry_answers(battle, quotas.get_payer(request))
