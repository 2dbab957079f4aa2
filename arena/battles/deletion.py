"""What voters take back: their texts go, their votes stay without them, and no rating changes."""

from collections.abc import Iterable
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
    """Delete one battle of the voter. Raises Refusal 404.

    Its vote keeps the voter's pseudonym, for the error bars count people, and the hash of its question, for the same
    question must not count again.
    """
    lifecycle.get_battle(voter_id, battle_id)
    delete_battles(Battle.objects.filter(pk=battle_id, voter=voter_id))


def delete_battles(found: QuerySet[Battle]) -> int:
    """Delete battles with all their texts, and the comments of their votes, which stay; returns how many."""
    with transaction.atomic():
        held = _lock_battles(found)
        _strip_feedback(Vote.objects.filter(battle__in=held))
        _delete_locked(held)
    return len(held)


def delete_voter_data(voter_id: UUID) -> None:
    """Delete the voter, with all battles and the account; the votes get a pseudonym that nobody can trace back.

    Raises Refusal 409 `last_operator` for the last active superuser.
    """
    with transaction.atomic():
        voter = Voter.objects.select_for_update().filter(pk=voter_id).first()
        if voter and voter.user:
            _check_not_last_operator(voter.user)
        held = _lock_battles(Battle.objects.filter(voter=voter_id))
        votes = list_voter_votes(voter_id)
        _strip_feedback(votes)
        votes.update(voter=uuid4(), prompt_hash="")
        _delete_locked(held)
        submissions.withdraw_submissions(voter_id)
        if voter:
            _delete_account(voter.user)
            voter.delete()


def _lock_battles(found: QuerySet[Battle]) -> list[Battle]:
    """Locked in the order in which workers lock, turns first; a vote that is being cast is waited for."""
    turns = Turn.objects.filter(battle__in=found).order_by("pk")
    list(turns.select_for_update().values_list("pk"))
    return list(found.select_for_update())


def _strip_feedback(votes: QuerySet[Vote]) -> None:
    """Of the reasons those stay that everybody is offered."""
    reasoned = list(votes.exclude(reasons={}))
    for vote in reasoned:
        vote.reasons = {
            side: [word for word in words if word in feedback.REASONS] for side, words in vote.reasons.items()
        }
    Vote.objects.bulk_update(reasoned, ["reasons"])
    votes.update(comment="")


def _delete_locked(held: list[Battle]) -> None:
    Battle.objects.filter(pk__in=[battle.pk for battle in held]).delete()
    transaction.on_commit(lambda: _close_streams(held), robust=True)


def _close_streams(held: Iterable[Battle]) -> None:
    for battle in held:
        if battle.state == Battle.State.ANSWERING:
            announcements.request_stop(battle.pk)
    announcements.delete_streams(battle.pk for battle in held)


def _check_not_last_operator(user: User) -> None:
    """Of two superusers who leave at once the second waits here, and stays."""
    operators = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
    if [*operators.select_for_update()] == [user]:
        detail = _("Yours is the last operator's account. Make another superuser first. Nothing was deleted.")
        raise RequestError("last_operator", detail, 409)


def _delete_account(user: User | None) -> None:
    """With all that was done with its keys. Its sessions go with it."""
    if user is None:
        return
    for voter_id in ApiKey.objects.filter(user=user).values_list("voter", flat=True):
        delete_voter_data(voter_id)
    user.delete()
