"""Deletes voters' conversations at their request. Their votes stay, so ratings do not change."""

from functools import partial
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from arena.answers import announcements
from arena.battles import feedback, lifecycle
from arena.identity.voters import list_voter_votes
from arena.models import ApiKey, Battle, Turn, Vote, Voter
from catalog.importers import submissions
from core.http.errors import RequestError


def delete_battle(voter_id: UUID, battle_id: UUID) -> None:
    """Delete one of the voter's battles. Raises RequestError 404 if it does not exist or belongs to another voter.

    The vote stays, with the voter's pseudonym and the hash of the question, because intervals depend on the number of
    voters and a repeated question must not count twice.
    """
    lifecycle.get_battle(voter_id, battle_id)
    delete_battles(Battle.objects.filter(pk=battle_id, voter=voter_id))


def delete_battles(battles: QuerySet[Battle]) -> int:
    """Delete battles with their conversations and comments. Return the number of deleted battles.

    The votes stay.
    """
    with transaction.atomic():
        locked_battles = _lock_battles(battles)
        _strip_feedback(Vote.objects.filter(battle__in=locked_battles))
        _delete_locked_battles(locked_battles)
    return len(locked_battles)


def delete_voter_data(voter_id: UUID) -> None:
    """Delete the voter, their battles, and their account, and withdraw their submissions.

    Their votes stay, with a new random pseudonym.

    Raises RequestError 409 `last_operator` if the account is the last active superuser.
    """
    with transaction.atomic():
        voter = Voter.objects.select_for_update().filter(pk=voter_id).first()
        if voter and voter.user:
            _check_not_last_operator(voter.user)
        battles = _lock_battles(Battle.objects.filter(voter=voter_id))
        votes = list_voter_votes(voter_id)
        _strip_feedback(votes)
        votes.update(voter=uuid4(), prompt_hash="", item=None)
        _delete_locked_battles(battles)
        submissions.withdraw_submissions(voter_id)
        if voter:
            _delete_account(voter.user)
            voter.delete()


def _lock_battles(battles: QuerySet[Battle]) -> list[Battle]:
    """Lock the battles and their turns, and return the battles. Waits for votes that are being cast.

    Turns are locked first, as in the workers, to avoid deadlocks with them.
    """
    turns = Turn.objects.filter(battle__in=battles).order_by("pk")
    list(turns.select_for_update().values_list("pk"))
    return list(battles.select_for_update())


def _strip_feedback(votes: QuerySet[Vote]) -> None:
    """Delete the comments on these votes, and all reasons that are not in `feedback.REASONS`."""
    votes_with_reasons = list(votes.exclude(reasons={}))
    for vote in votes_with_reasons:
        vote.reasons = {
            side: [word for word in words if word in feedback.REASONS] for side, words in vote.reasons.items()
        }
    Vote.objects.bulk_update(votes_with_reasons, ["reasons"])
    votes.update(comment="")


def _delete_locked_battles(battles: list[Battle]) -> None:
    """Delete the battles, and stop their running answers once the transaction has committed."""
    Battle.objects.filter(pk__in=[battle.pk for battle in battles]).delete()
    for battle in battles:
        if battle.state == Battle.State.ANSWERING:
            transaction.on_commit(partial(announcements.request_stop, battle.pk), robust=True)


def _check_not_last_operator(user: User) -> None:
    """Raise RequestError if the user is the last operator. Row locks serialize concurrent deletions of operators."""
    operators = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
    if list(operators.select_for_update()) == [user]:
        detail = _("You are the last operator, so nothing was deleted. Create another superuser first.")
        raise RequestError("last_operator", detail, 409)


def _delete_account(user: User | None) -> None:
    """Delete the account with its sessions, its API keys, and the data of the API keys' voters."""
    if user is None:
        return
    for voter_id in ApiKey.objects.filter(user=user).values_list("voter", flat=True):
        delete_voter_data(voter_id)
    user.delete()
