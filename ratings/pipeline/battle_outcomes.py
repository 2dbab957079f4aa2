"""Counts of each model's blind battles: draws, replacements and their reasons, refusals, and void battles.

A model that fails before its first word does not lose the battle, so its rating does not reflect such failures. These
counts do.

Only finished battles count, because a failure in an open battle would reveal which model has just failed. For each
model, day, and kind of failure, at most three failures per voter are counted, and at most twelve per network while
the network's hash is stored. Otherwise, one person could inflate a model's count by repeating questions that make it
fail.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from arena.endpoints.call_stats import MAX_FAILURES_PER_VOTER, get_max_network_failures
from arena.judging import vote_rules
from arena.models import Answer, Battle
from catalog.models import LanguageModel
from ratings.models import PUBLIC_DELAY

FINISHED_STATES = (Battle.State.VOTED, Battle.State.SKIPPED, Battle.State.EXPIRED)
NON_MODEL_FAILURES = (Answer.Failure.STOPPED, Answer.Failure.BUSY)
COUNT_SQL = """
WITH ended AS (
    SELECT id, voter_id AS voter, nullif(network, '') AS network, date(created_at AT TIME ZONE 'UTC') AS day,
        model_a_id, model_b_id, replaced
    FROM arena_battle WHERE mode = %(blind)s AND pool = %(pool)s AND state = ANY(%(finished)s)
), replacements AS (
    SELECT voter, network, day, (each->>'model')::bigint AS model, each->>'reason' AS reason
    FROM ended, jsonb_array_elements(replaced) AS each
), failed AS (
    SELECT voter, network, day, answer.model_id AS model, bool_or(answer.failure = %(refused)s) AS refused,
        bool_or(turn.number = 1) AS void
    FROM arena_answer answer JOIN arena_turn turn ON turn.id = answer.turn_id JOIN ended ON ended.id = turn.battle_id
    WHERE answer.state = 'failed' AND NOT answer.failure = ANY(%(not_by_model)s) GROUP BY ended.id, 1, 2, 3, 4
), failures AS (
    SELECT model, 'replaced' AS outcome, reason, voter, network, day FROM replacements
    UNION ALL SELECT model, 'refused', '', voter, network, day FROM failed WHERE refused
    UNION ALL SELECT model, 'void', '', voter, network, day FROM failed WHERE void
), per_voter AS (  -- count at most `max_per_voter` failures per voter
    SELECT model, outcome, reason, voter, day, min(network) AS network,
        least(count(*), %(max_per_voter)s) AS battles
    FROM failures GROUP BY model, outcome, reason, voter, day
), per_network AS (  -- then at most `max_per_network` failures per network
    SELECT model, outcome, reason, least(sum(battles), %(max_per_network)s) AS battles FROM per_voter
    GROUP BY model, outcome, reason, day, coalesce(network, voter::text)
)
SELECT model, outcome, reason, sum(battles)::bigint FROM per_network GROUP BY 1, 2, 3
UNION ALL SELECT model, 'drawn', '', count(*) FROM (
    SELECT model_a_id AS model FROM ended UNION ALL SELECT model_b_id FROM ended
    UNION ALL SELECT model FROM replacements
) AS drawn GROUP BY 1"""
# If a model refuses questions that it would answer badly, the votes that it avoids make its rating too high. Publishing
# the number of one-sided votes makes this visible.
ONE_SIDED_SQL = """
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
FAILURE_LABELS: dict[str, str | Promise] = {
    Answer.Failure.TIMEOUT: _("timeout"),
    Answer.Failure.UNAVAILABLE: _("unavailable or interrupted"),
    Answer.Failure.EMPTY: _("empty answer"),
    Answer.Failure.TOO_LONG: _("question too long"),
    Answer.Failure.REJECTED: _("request rejected by the provider"),
    Answer.Failure.BUSY: _("too many requests"),
}


@dataclass(frozen=True)
class ReplacementCount:
    """The number of battles in which a model was replaced for one reason.

    reason: the stored name of the reason.
    words: the text that the page shows for it.
    """

    reason: str
    words: str | Promise
    battles: int


@dataclass(frozen=True)
class ModelBattleCounts:
    """Counts of one model's battles.

    drawn: battles for which the model was drawn, including those in which it was replaced.
    refused: battles in which the model or its provider refused to answer.
    void: battles in which the model gave no first answer and was not replaced, so nobody could vote.
    one_sided: votes that do not count because a question made only this model fail.
    """

    slug: str
    name: str
    drawn: int
    replaced: list[ReplacementCount]
    refused: int
    void: int
    one_sided: int

    @property
    def times_replaced(self) -> int:
        return sum(replacement.battles for replacement in self.replaced)


def count_outcomes(pool: str, slugs: Mapping[int, str]) -> dict[str, dict[str, Any]]:
    """Return each model's counts, by slug, in the stored format.

    The keys are "drawn", "replaced" (reason → number of battles), "refused", "void", and "one_sided". Votes that do not
    count are excluded until they are a day old, as in the public record.
    """
    outcomes: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"drawn": 0, "replaced": {}, "refused": 0, "void": 0, "one_sided": 0}
    )
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT_SQL,
            {
                "pool": pool,
                "blind": Battle.Mode.ANONYMOUS,
                "finished": list(FINISHED_STATES),
                "refused": Answer.Failure.REFUSED,
                "not_by_model": list(NON_MODEL_FAILURES),
                "max_per_voter": MAX_FAILURES_PER_VOTER,
                "max_per_network": get_max_network_failures(),
            },
        )
        rows = cursor.fetchall()
    for model, outcome, reason, number in rows:
        if model not in slugs:
            continue
        if outcome == "replaced":
            outcomes[slugs[model]]["replaced"][reason] = number
        else:
            outcomes[slugs[model]][outcome] = number
    for model, number in count_one_sided_votes(pool, timezone.now() - PUBLIC_DELAY).items():
        if model in slugs:
            outcomes[slugs[model]]["one_sided"] = number
    return outcomes


def count_one_sided_votes(pool: str, until: datetime) -> dict[int, int]:
    """Return model key → number of votes in the pool that do not count because a question made only that model fail.

    Votes after `until` are excluded. Deleted battles cannot be counted.
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
        cursor.execute(ONE_SIDED_SQL, values)
        return dict(cursor.fetchall())


def parse_outcomes(
    stored: Mapping[str, Mapping[str, Any]], models: Mapping[str, LanguageModel]
) -> list[ModelBattleCounts]:
    """Return records from the stored result of `count_outcomes`, highest share of failed battles first."""
    records = [
        ModelBattleCounts(
            slug=slug,
            name=models[slug].name,
            drawn=counts["drawn"],
            replaced=[
                ReplacementCount(reason, FAILURE_LABELS.get(reason, reason), number)
                for reason, number in sorted(counts["replaced"].items(), key=lambda item: -item[1])
            ],
            refused=counts["refused"],
            void=counts["void"],
            one_sided=counts["one_sided"],
        )
        for slug, counts in stored.items()
        if slug in models
    ]
    return sorted(records, key=lambda record: (-(record.times_replaced + record.void) / record.drawn, record.slug))
