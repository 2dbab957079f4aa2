"""What its voter may delete at any moment: held to the end of a transaction, or said to be gone."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from arena.models import Battle, Voter
from core.http.errors import RequestError


def lock_voter(voter_id: UUID) -> None:
    """Hold the voter's row. Raises Refusal 409 `voter_gone` if it was deleted, or joined to an account, meanwhile.

    It is not made anew: the browser is somebody else by then, who could neither read nor delete what is added to it.
    Whoever holds both takes it before battles, as a deletion does.
    """
    if not Voter.objects.select_for_update(no_key=True).filter(pk=voter_id).values_list("pk").first():
        detail = _("Your data were deleted, or you logged in, at this very moment. Please send it again.")
        raise RequestError("voter_gone", detail, 409)


def lock_battle(battle_id: UUID) -> None:
    """Hold a battle. Raises Refusal 404."""
    if not Battle.objects.select_for_update(no_key=True).filter(pk=battle_id).values_list("pk").first():
        raise battle_not_found_error()


def refresh_battle(found: Battle, **how: Any) -> None:
    """The battle as the database has it now. Raises Refusal 404."""
    try:
        found.refresh_from_db(**how)
    except Battle.DoesNotExist:
        raise battle_not_found_error() from None


def get_change_error(found: Battle, refusal: RequestError) -> RequestError:
    """Why a battle could not be changed: for this reason, or because it was deleted at this very moment."""
    return refusal if Battle.objects.filter(pk=found.pk).exists() else battle_not_found_error()


def battle_not_found_error() -> RequestError:
    return RequestError("not_found", _("There is no such battle of yours."), 404)
