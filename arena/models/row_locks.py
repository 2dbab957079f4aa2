"""Row locks on voters and battles, which may be deleted concurrently; raises 404 or 409 if the row is gone."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from arena.models import Battle, Voter
from core.http.errors import RequestError


def lock_voter(voter_id: UUID) -> None:
    """Lock the voter's row to the end of the transaction.

    Raises RequestError 409 `voter_gone` if the row has been deleted, or joined to an account, in the meantime. The row
    is not created again: the browser then belongs to another voter, who could neither read nor delete the new data.
    To lock both, lock the voter before battles, as a deletion does.
    """
    if not Voter.objects.select_for_update(no_key=True).filter(pk=voter_id).values_list("pk").first():
        detail = _("Your data was deleted, or you logged in, in the meantime. Please try again.")
        raise RequestError("voter_gone", detail, 409)


def lock_battle(battle_id: UUID) -> None:
    """Lock a battle to the end of the transaction. Raises RequestError 404 if it is gone."""
    if not Battle.objects.select_for_update(no_key=True).filter(pk=battle_id).values_list("pk").first():
        raise battle_not_found_error()


def refresh_battle(battle: Battle, **options: Any) -> None:
    """Reload the battle, with the options of `refresh_from_db`. Raises RequestError 404 if it is gone."""
    try:
        battle.refresh_from_db(**options)
    except Battle.DoesNotExist:
        raise battle_not_found_error() from None


def get_change_error(battle: Battle, error: RequestError) -> RequestError:
    """The error for a battle that could not be changed: 404 if it has been deleted, else the given one."""
    return error if Battle.objects.filter(pk=battle.pk).exists() else battle_not_found_error()


def battle_not_found_error() -> RequestError:
    return RequestError("not_found", _("No such battle, or it belongs to another voter."), 404)
