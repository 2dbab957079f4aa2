"""Stores judgments of ready pairs.

A judgment is a vote on answers that already exist, stored without a battle. All judgments are in the pool `ready`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext as _

from arena.battles import feedback
from arena.identity import api_keys, network_hashes, quotas
from arena.identity.voters import get_or_create_voter
from arena.judging.style_features import compute_features
from arena.judging.topics import classify_prompts
from arena.judging.vote_rules import hash_prompt
from arena.models import READY_POOL, SIDES, Battle, Vote, Voter, row_locks
from arena.ready import shipped_pairs
from arena.ready.pairs import ReadyPair, hash_item
from arena.signals import vote_cast
from core.http.errors import RequestError

NOT_LISTED = "not_listed"
NAMES_SHOWN = "names_shown"


@dataclass(frozen=True)
class JudgmentCounts:
    """The number of voters who have judged a pair, and the number of them who agree with a given judgment.

    Both numbers include the voter of the given judgment.
    """

    total: int
    agreeing: int


def submit_judgment(request: HttpRequest, pair: ReadyPair, fields: dict[str, Any]) -> Vote:
    """Charge and store a judgment of the request's voter. Raises the errors from `judge_pair`, and RequestError 429.

    fields: a valid judgment (see `arena.battles.requests.NewJudgmentSchema`)
    """
    with quotas.charge_or_refund("battle", request):
        return judge_pair(
            pair,
            get_or_create_voter(request),
            **fields,
            voter_kind=api_keys.get_voter_kind(request),
            network=network_hashes.compute_current_hash(request),
        )


def judge_pair(
    pair: ReadyPair,
    voter: Voter,
    winner: str,
    reasons: Mapping[str, Sequence[str]] | None = None,
    comment: str | None = None,
    voter_kind: str = Vote.VoterKind.PERSON,
    network: str = "",
) -> Vote:
    """Store the voter's judgment of a pair and return it. Concurrent requests store at most one judgment.

    network: the hash of the voter's network (see `arena.identity.network_hashes`)

    Raises RequestError 409 `own_battle`, `already_voted` (with the stored vote), or `voter_gone`.
    """
    feedback_fields = feedback.build_feedback_fields(reasons, comment)
    if pair.battle and pair.battle.voter_id == voter.pk:
        detail = _("This is your own battle, so you already know its models.")
        raise RequestError("own_battle", detail, 409)
    with transaction.atomic():
        row_locks.lock_voter(voter.pk)
        fields = {
            "pool_id": READY_POOL,
            "source": Vote.Source.READY,
            "winner": winner,
            "voter_kind": voter_kind,
            "prompt_hash": hash_prompt(pair.content.turns[0].prompt),
            "network": network,
            **(_copy_battle_fields(pair.battle) if pair.battle else _build_shipped_fields(pair.id)),
            **feedback_fields,
        }
        vote, is_new = Vote.objects.get_or_create(fields, item=hash_item(pair.id), voter=voter.pk)
        if not is_new:
            detail = _("You have already judged this pair.")
            raise RequestError("already_voted", detail, 409, vote=feedback.build_vote_data(vote))
        vote_cast.send(sender=Vote, vote=vote)
    return vote


def _copy_battle_fields(battle: Battle) -> dict[str, Any]:
    """Return the fields of a judgment that come from the battle and its own vote.

    A judgment of a battle that no operator has listed does not count, because the battle's voter could send the link to
    friends. Neither does one of a battle whose names are not hidden.
    """
    reason = battle.vote.reason
    if not reason and battle.review != Battle.Review.LISTED:
        reason = NOT_LISTED
    elif not reason and not battle.hide_names:
        reason = NAMES_SHOWN
    return {
        "contestant_a": battle.contestant_a,
        "contestant_b": battle.contestant_b,
        "categories": battle.vote.categories,
        "features": battle.vote.features,
        "turns": battle.vote.turns,
        "counted": not reason,
        "reason": reason,
    }


def _build_shipped_fields(pair_id: UUID) -> dict[str, Any]:
    pair = shipped_pairs.load_pairs()[pair_id]
    contestants = shipped_pairs.save_contestants(pair)
    return {
        "contestant_a": contestants["a"],
        "contestant_b": contestants["b"],
        "categories": classify_prompts([pair.prompt]),
        "features": [value for side in SIDES for value in compute_features([pair.answers[side].text])],
    }


def find_judgment(voter_id: UUID, pair_id: UUID) -> Vote | None:
    """Return the voter's judgment of a pair, or None."""
    return Vote.objects.filter(voter=voter_id, item=hash_item(pair_id)).first()


def count_judgments(judgment: Vote) -> JudgmentCounts:
    """Return how many voters have judged this pair, and how many of them agree with this judgment."""
    votes = Vote.objects.filter(item=judgment.item)
    totals = dict(votes.order_by().values_list("winner").annotate(total=Count("pk")))
    return JudgmentCounts(sum(totals.values()), totals.get(judgment.winner, 0))
