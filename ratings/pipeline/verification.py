"""Verifies the tallies by recounting all votes. This module shares no code with the code that computes the tallies."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from arena.models import Contestant, Pool, Vote
from core.text.word_lists import count_noun
from ratings.models import DECISIVE_CATEGORY, FULL_WEIGHT, OVERALL_CATEGORY, Outbox, Tally, VoteWeight

BATCH_SIZE = 10_000
OUTCOMES = ("wins", "losses", "ties", "both_bad")
LOST_FIELDS = ("lost_wins", "lost_losses", "lost_ties", "lost_squared_wins", "lost_squared_losses", "lost_squared_ties")
TallyKey = tuple[str, int, int, str]  # category, smaller and larger contestant key, column


class TallyMismatch(ValueError):
    """A tally does not match the votes. The message describes the first difference."""


@dataclass(frozen=True)
class VerificationResult:
    """The numbers of tallies and pools that match the votes, and the number of votes in the outbox."""

    tallies: int
    pools: int
    waiting: int

    def __str__(self) -> str:
        tallies = count_noun(self.tallies, "tally", "tallies")
        pools = count_noun(self.pools, "pool")
        return f"verified {tallies} in {pools} against the votes; {count_noun(self.waiting, 'vote')} in the outbox"


def verify_tallies(pools: Sequence[Pool]) -> VerificationResult:
    """Recount the votes in these pools in one consistent view of the database, and return the result.

    Call this outside of a transaction. Raises TallyMismatch at the first difference.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return VerificationResult(sum(_check_pool(pool) for pool in pools), len(pools), Outbox.objects.count())


def _check_pool(pool: Pool) -> int:
    stored = _load_tallies(pool)
    recounted = _recount_votes(pool)
    for key in sorted(stored.keys() | recounted.keys()):
        if stored[key] != recounted[key]:
            category, low, high, outcome = key
            first, second = (Contestant.objects.get(pk=key).slug for key in (low, high))
            raise TallyMismatch(
                f"{pool.slug}/{category}, {first} against {second}: "
                f"the tally has {stored[key]} {outcome}, but the votes add up to {recounted[key]}"
            )
    return len({(category, low, high) for category, low, high, _ in stored})


def _load_tallies(pool: Pool) -> Counter[TallyKey]:
    tallies = Tally.objects.filter(board__pool=pool, board__style_control=False)
    counts: Counter[TallyKey] = Counter()
    columns = OUTCOMES + LOST_FIELDS
    for category, low, high, *numbers in tallies.values_list(
        "board__category__slug", "contestant_a", "contestant_b", *columns
    ):
        counts.update({(category, low, high, column): n for column, n in zip(columns, numbers, strict=True)})
    return counts


def _recount_votes(pool: Pool) -> Counter[TallyKey]:
    counts: Counter[TallyKey] = Counter()
    rows = VoteWeight.objects.filter(vote__pool=pool)
    weights = {row.vote_id: 0 if row.excluded else row.filter_weight for row in rows}  # in units of 1/256
    waiting = Exists(Outbox.objects.filter(vote=OuterRef("pk")))
    votes = Vote.objects.filter(~waiting, pool=pool, counted=True)
    votes = votes.only(
        "contestant_a", "contestant_b", "winner", "multiplicity", "categories"
    )  # without the large fields
    for vote in votes.iterator(chunk_size=BATCH_SIZE):
        first_is_a = vote.contestant_a_id < vote.contestant_b_id
        low, high = sorted((vote.contestant_a_id, vote.contestant_b_id))
        for category in _list_categories(vote):
            for outcome in _list_outcomes(vote.winner, first_is_a=first_is_a):
                counts[category, low, high, outcome] += vote.multiplicity
                weight = weights.get(vote.pk, FULL_WEIGHT)
                if outcome != "both_bad" and weight < FULL_WEIGHT:
                    lost = FULL_WEIGHT - weight
                    lost_square = FULL_WEIGHT**2 - weight**2
                    counts[category, low, high, f"lost_{outcome}"] += vote.multiplicity * lost
                    counts[category, low, high, f"lost_squared_{outcome}"] += vote.multiplicity * lost_square
    return counts


def _list_categories(vote: Vote) -> set[str]:
    categories = {OVERALL_CATEGORY, *vote.categories}
    if vote.winner in (Vote.Winner.A, Vote.Winner.B):
        categories.add(DECISIVE_CATEGORY)
    return categories


def _list_outcomes(winner: str, *, first_is_a: bool) -> list[str]:
    if winner == Vote.Winner.BOTH_BAD:
        return ["ties", "both_bad"]
    if winner == Vote.Winner.TIE:
        return ["ties"]
    return ["wins" if (winner == Vote.Winner.A) == first_is_a else "losses"]
