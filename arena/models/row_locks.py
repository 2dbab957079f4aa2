"""Row locks on voters and battles.

If a concurrent request has deleted the row, locking it raises RequestError 404 or 409.
"""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from arena.models import Battle
from core.http.errors import RequestError
from core.storage.database import fetch_rows


def lock_voter(voter_id: UUID) -> None:
    """Lock the voter's row until the end of the transaction. In a transaction that also locks battles, call this first.

    Raises RequestError 409 `voter_gone` if the row has been deleted, or merged into an account, in the meantime. The
    row is not created again, because the browser then belongs to another voter, who could not read or delete the data.
    """
    if not fetch_rows("SELECT FROM arena_voter WHERE id = %s FOR NO KEY UPDATE", [voter_id]):
        detail = _("Your data was deleted, or you logged in, during this request. Please try again.")
        raise RequestError("voter_gone", detail, 409)


def lock_battle(battle_id: UUID) -> None:
    """Lock a battle until the end of the transaction. Raises RequestError 404 if it has been deleted."""
    if not Battle.objects.select_for_update(no_key=True).filter(pk=battle_id).values_list("pk").first():
        raise battle_not_found_error()


def refresh_battle(battle: Battle, **options: Any) -> None:
    """Reload the battle. `options` are passed to `refresh_from_db`. Raises RequestError 404 if it has been deleted."""
    try:
        battle.refresh_from_db(**options)
    except Battle.DoesNotExist:
        raise battle_not_found_error() from None


def replace_error_if_deleted(battle: Battle, error: RequestError) -> RequestError:
    """Return the given error, or a 404 if the battle has been deleted."""
    return error if Battle.objects.filter(pk=battle.pk).exists() else battle_not_found_error()


def battle_not_found_error() -> RequestError:
    return RequestError("not_found", _("This battle does not exist, or it belongs to another voter."), 404)
