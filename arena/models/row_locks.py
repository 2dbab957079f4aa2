"""What its voter may delete at any moment: held to the end of a transaction, or said to be gone."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from arena.models import Battle, Voter
from core.http.errors import Refusal


def voter(voter_id: UUID) -> None:
    """Hold the voter's row. Raises Refusal 409 `voter_gone` if it was deleted, or joined to an account, meanwhile.

    It is not made anew: the browser is somebody else by then, who could neither read nor delete what is added to it.
    Whoever holds both takes it before battles, as a deletion does.
    """
    if not Voter.objects.select_for_update(no_key=True).filter(pk=voter_id).values_list("pk").first():
        detail = _("Your data were deleted, or you logged in, at this very moment. Please send it again.")
        raise Refusal("voter_gone", detail, 409)


def battle(battle_id: UUID) -> None:
    """Hold a battle. Raises Refusal 404."""
    if not Battle.objects.select_for_update(no_key=True).filter(pk=battle_id).values_list("pk").first():
        raise gone()


def reread(found: Battle, **how: Any) -> None:
    """The battle as the database has it now. Raises Refusal 404."""
    try:
        found.refresh_from_db(**how)
    except Battle.DoesNotExist:
        raise gone() from None


def or_gone(found: Battle, refusal: Refusal) -> Refusal:
    """Why a battle could not be changed: for this reason, or because it was deleted at this very moment."""
    return refusal if Battle.objects.filter(pk=found.pk).exists() else gone()


def gone() -> Refusal:
    return Refusal("not_found", _("There is no such battle of yours."), 404)
