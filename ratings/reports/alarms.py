"""Alarms for operators about the votes of the last 24 hours. The public must not see them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from django.db.models import Count, Max
from django.utils import timezone

from arena.models import LIVE_POOL, Vote
from catalog.models import LanguageModel
from core.storage.binary_copy import build_row_dtype
from ratings.pipeline.filter_run import load_rows, load_shares
from ratings.statistics.vote_filter.alarms import find_excesses

PERIOD = timedelta(days=1)
MAX_ALARMS = 5  # for new voters, and the same number for networks
# Network hashes are stored for longer than the period, and battles with a network hash are indexed by time.
RECENT_VOTES_SQL = """
WITH recent AS MATERIALIZED (
    SELECT id, voter_id, network FROM arena_battle WHERE network <> '' AND created_at > %(start)s AND pool = %(pool)s
), earlier AS MATERIALIZED (
    SELECT voter_id FROM (SELECT DISTINCT voter_id FROM recent) AS voters WHERE EXISTS (
        SELECT FROM arena_battle AS battle WHERE battle.voter_id = voters.voter_id AND battle.created_at <= %(start)s
    )
)
SELECT vote.id, vote.model_a_id, vote.model_b_id, vote.draw_table_id, hashtextextended(recent.network, 0),
    (recent.voter_id NOT IN (SELECT voter_id FROM earlier))::int
FROM recent JOIN arena_vote AS vote ON vote.battle_id = recent.id
WHERE vote.counted AND vote.draw_table_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM ratings_voteweight AS weight WHERE weight.vote_id = vote.id AND weight.excluded)"""
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
    battle: the network's newest battle with the model, or None for new voters.
    """

    model: str
    votes: int
    observed: int
    expected: float
    since: datetime
    voter: UUID | None = None
    battle: UUID | None = None


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
    names = dict(LanguageModel.objects.filter(pk__in=models.tolist()).values_list("pk", "name"))
    alarms = []
    # Votes from new voters are in group 0. Votes from other voters get -1, so they are in no group.
    for group, is_network in ((votes["is_new"].astype(np.intp) - 1, False), (networks, True)):
        for excess in find_excesses(group, a, b, draw, shares)[:MAX_ALARMS]:
            model = int(models[excess.model])
            is_suspicious = (group == excess.group) & ((a == excess.model) | (b == excess.model))
            example = _find_example(votes["id"][is_suspicious].tolist(), "battle" if is_network else "voter")
            alarms.append(Alarm(names[model], excess.votes, excess.observed, excess.expected, since, **example))
    return alarms


def _find_example(votes: list[int], field: str) -> dict[str, UUID]:
    """Return the voter with the most of these votes, or the newest battle, as a field of an alarm."""
    counts = Vote.objects.filter(pk__in=votes).values_list(field).annotate(number=Count("pk"), newest=Max("pk"))
    return {field: counts.order_by("-number", "-newest")[0][0]}
