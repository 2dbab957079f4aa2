"""Alarms for operators about the votes of the last 24 hours. The public must not see them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from django.db.models import Count, Max
from django.utils import timezone

from arena.models import LIVE_POOL, Contestant, Vote
from core.storage.binary_copy import build_row_dtype
from ratings.pipeline.filter_run import load_rows, load_shares
from ratings.pipeline.vote_columns import IS_PERSON_SQL
from ratings.statistics.vote_filter.alarms import find_excesses

PERIOD = timedelta(days=1)
MAX_ALARMS = 5  # for new voters, and the same number for networks
# Network hashes are stored for longer than the period, and votes with a network hash are indexed by time.
RECENT_VOTES_SQL = f"""
WITH recent AS MATERIALIZED (
    SELECT id, contestant_a_id, contestant_b_id, draw_table_id, voter, network FROM arena_vote AS vote
    WHERE network <> '' AND created_at > %(start)s AND pool_id = %(pool)s AND counted AND draw_table_id IS NOT NULL
        AND {IS_PERSON_SQL}
        AND NOT EXISTS (SELECT FROM ratings_voteweight AS weight WHERE weight.vote_id = vote.id AND weight.excluded)
), earlier AS MATERIALIZED (
    SELECT voter FROM (SELECT DISTINCT voter FROM recent) AS voters WHERE EXISTS (
        SELECT FROM arena_battle AS battle WHERE battle.voter_id = voters.voter AND battle.created_at <= %(start)s
    )
)
SELECT id, contestant_a_id, contestant_b_id, draw_table_id, hashtextextended(network, 0),
    (voter NOT IN (SELECT voter FROM earlier))::int FROM recent WHERE voter IS NOT NULL"""  # noqa: S608  # our own constant
ROW_DTYPE = build_row_dtype(
    [("id", ">i8"), ("a", ">i8"), ("b", ">i8"), ("draw", ">i8"), ("network", ">i8"), ("is_new", ">i4")]
)


@dataclass(frozen=True)
class Alarm:
    """A model that is in more votes from new voters, or from one network, than the draw explains.

    votes: the number of votes from the new voters or the network.
    observed, expected: the number of these votes with the model, and the number that the draw explains.
    since: the start of the period.
    voter: the new voter with the most votes on the model, or None for a network.
    vote: the network's newest vote on the model, or None for new voters.
    """

    model: str
    votes: int
    observed: int
    expected: float
    since: datetime
    voter: UUID | None = None
    vote: int | None = None


def find_alarms() -> list[Alarm]:
    """Return the alarms about blind votes on this arena's own battles. Excluded votes do not raise alarms."""
    since = timezone.now() - PERIOD
    votes = load_rows(RECENT_VOTES_SQL, ROW_DTYPE, pool=LIVE_POOL, start=since)
    if not len(votes):
        return []
    models, positions = np.unique(np.concatenate((votes["a"], votes["b"])), return_inverse=True)
    tables, draw = np.unique(votes["draw"], return_inverse=True)
    shares = load_shares(tables.tolist(), models.tolist())
    a, b = positions[: len(votes)], positions[len(votes) :]
    networks = np.unique(votes["network"], return_inverse=True)[1]
    names = dict(Contestant.objects.filter(pk__in=models.tolist()).values_list("pk", "name"))
    alarms = []
    # Votes from new voters are in group 0. Votes from other voters get -1, so they are in no group.
    for group, is_network in ((votes["is_new"].astype(np.intp) - 1, False), (networks, True)):
        for excess in find_excesses(group, a, b, draw, shares)[:MAX_ALARMS]:
            model = int(models[excess.model])
            is_suspicious = (group == excess.group) & ((a == excess.model) | (b == excess.model))
            suspicious = votes["id"][is_suspicious].tolist()
            voter, vote = (None, max(suspicious)) if is_network else (_find_voter(suspicious), None)
            alarms.append(Alarm(names[model], excess.votes, excess.observed, excess.expected, since, voter, vote))
    return alarms


def _find_voter(votes: list[int]) -> UUID | None:
    """Return the voter with the most of these votes."""
    counts = Vote.objects.filter(pk__in=votes).values_list("voter").annotate(number=Count("pk"), newest=Max("pk"))
    voter: UUID = counts.order_by("-number", "-newest")[0][0]
    return voter
