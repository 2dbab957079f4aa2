"""Are the tallies what the votes say? Counted vote by vote, by another path than the one that made them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from arena.models import Vote
from catalog.models import LanguageModel
from ratings.models import DECISIVE_CATEGORY, OVERALL_CATEGORY, Outbox, Pool, Tally

BATCH_SIZE = 50_000
OUTCOMES = ("wins", "losses", "ties", "both_bad")
TallyKey = tuple[str, int, int, str]  # category, smaller and larger model key, outcome


class TallyMismatch(ValueError):
    """The first difference, in a sentence."""


@dataclass(frozen=True)
class VerificationResult:
    tallies: int
    pools: int
    waiting: int

    def __str__(self) -> str:
        return f"{self.tallies} tallies in {self.pools} pools are as the votes say; {self.waiting} votes wait"


def verify_tallies(pools: Sequence[Pool]) -> VerificationResult:
    """Recount these pools as they are at one moment; not within a transaction. Raises Differs."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return VerificationResult(sum(_check_pool(pool) for pool in pools), len(pools), Outbox.objects.count())


def _check_pool(pool: Pool) -> int:
    kept, recounted = _load_tallies(pool), _recount_votes(pool)
    for key in sorted(kept.keys() | recounted.keys()):
        if kept[key] != recounted[key]:
            category, low, high, outcome = key
            first, second = (LanguageModel.objects.get(pk=model).slug for model in (low, high))
            raise TallyMismatch(
                f"{pool.slug}/{category}, {first} against {second}: "
                f"the tally has {kept[key]} {outcome}, the votes say {recounted[key]}"
            )
    return len({key[:3] for key in kept})


def _load_tallies(pool: Pool) -> Counter[TallyKey]:
    tallies = Tally.objects.filter(board__pool=pool, board__style_control=False)
    counts: Counter[TallyKey] = Counter()
    for category, low, high, *numbers in tallies.values_list("board__category__slug", "model_a", "model_b", *OUTCOMES):
        counts.update({(category, low, high, outcome): n for outcome, n in zip(OUTCOMES, numbers, strict=True)})
    return counts


def _recount_votes(pool: Pool) -> Counter[TallyKey]:
    counts: Counter[TallyKey] = Counter()
    for vote in _iter_folded_votes(pool):
        first_is_a = vote.model_a_id < vote.model_b_id
        low, high = (vote.model_a_id, vote.model_b_id) if first_is_a else (vote.model_b_id, vote.model_a_id)
        decided = {DECISIVE_CATEGORY} if vote.winner in (Vote.Winner.A, Vote.Winner.B) else set()
        for category in {OVERALL_CATEGORY} if pool.is_set else {OVERALL_CATEGORY, *decided, *vote.categories}:
            for outcome in _list_outcomes(vote.winner, first_is_a=first_is_a):
                counts[category, low, high, outcome] += vote.multiplicity
    return counts


def _list_outcomes(winner: str, *, first_is_a: bool) -> list[str]:
    if winner == Vote.Winner.BOTH_BAD:
        return ["ties", "both_bad"]
    if winner == Vote.Winner.TIE:
        return ["ties"]
    return ["wins" if (winner == Vote.Winner.A) == first_is_a else "losses"]


def _iter_folded_votes(pool: Pool) -> Iterator[Vote]:
    """The counted votes that are in the tallies, without what is long."""
    waiting = Exists(Outbox.objects.filter(vote=OuterRef("pk")))
    votes = Vote.objects.filter(~waiting, pool=pool.slug, counted=True).order_by("pk")
    votes = votes.only("model_a", "model_b", "winner", "multiplicity", "categories")
    last = 0
    while batch := list(votes.filter(pk__gt=last)[:BATCH_SIZE]):
        yield from batch
        last = batch[-1].pk
