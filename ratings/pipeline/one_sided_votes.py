"""Counts of votes that do not count because a question made only one of the two models fail.

If a model refuses questions that it would answer badly, the lost votes make its rating too high. Publishing these
counts makes that visible.
"""

from datetime import datetime
from typing import Any

from django.db import connection

from arena.endpoints.call_stats import MAX_FAILURES_PER_VOTER, get_max_network_failures
from arena.judging import vote_rules
from arena.models import Answer

COUNT_SQL = """
WITH judged AS (
    SELECT vote.id, vote.voter, date(vote.created_at AT TIME ZONE 'UTC') AS day, battle.id AS battle,
        nullif(battle.network, '') AS network,
        CASE battle.one_sided WHEN 'a' THEN battle.model_a_id WHEN 'b' THEN battle.model_b_id END AS one_sided_model
    FROM arena_vote vote JOIN arena_battle battle ON battle.id = vote.battle_id
    WHERE vote.pool = %(pool)s AND vote.reason = %(one_sided)s AND vote.created_at <= %(until)s
), failed AS (
    SELECT id, voter, network, day, one_sided_model AS model FROM judged WHERE one_sided_model IS NOT NULL
    UNION SELECT judged.id, voter, network, day, answer.model_id FROM judged
        JOIN arena_turn turn ON turn.battle_id = judged.battle
        JOIN arena_answer answer ON answer.turn_id = turn.id WHERE answer.failure = ANY(%(by_question)s)
), per_voter AS (
    SELECT model, voter, day, min(network) AS network, least(count(*), %(max_per_voter)s) AS battles
    FROM failed GROUP BY model, voter, day
), per_network AS (
    SELECT model, least(sum(battles), %(max_per_network)s) AS battles
    FROM per_voter GROUP BY model, day, coalesce(network, voter::text)
)
SELECT model, sum(battles)::bigint FROM per_network GROUP BY model"""


def count_one_sided_votes(pool: str, until: datetime) -> dict[int, int]:
    """Return model key → number of votes in the pool that do not count because a question made only that model fail.

    Votes after `until` are left out. Deleted battles cannot be counted.
    """
    values: dict[str, Any] = {
        "pool": pool,
        "one_sided": vote_rules.ONE_SIDED,
        "by_question": sorted(Answer.CAUSED_BY_QUESTION),
        "max_per_voter": MAX_FAILURES_PER_VOTER,
        "max_per_network": get_max_network_failures(),
        "until": until,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT_SQL, values)
        return dict(cursor.fetchall())
