"""Records every call that a battle makes to an endpoint, and aggregates the calls by day.

Probes (see `arena.endpoints.circuit_breaker`) are not included.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from arena.endpoints import circuit_breaker
from arena.models import LIVE_POOL, Answer, Battle, EndpointCall

CALL_RETENTION = timedelta(days=3)
MAX_FAILURES_PER_VOTER = 3
MAX_FAILURES_PER_NETWORK = 12  # networks need a limit too, because anyone can delete their cookie
# Operators are warned about a model that fails in more than half of a day's battles while its probes pass.
ALARM_MIN_BATTLES = 20
ALARM_MIN_VOTERS = 10
FAILS_IN_BATTLES = Q(enabled=True, failed_probes=0, fails_in_battles=True)
COUNT_BY_REASON_SQL = "'{0}', nullif(count(*) FILTER (WHERE failure = '{0}'), 0)"
FAILURE_COUNTS_SQL = ", ".join(map(COUNT_BY_REASON_SQL.format, Answer.Failure.values))
ENDPOINT_FAILURES_SQL = ", ".join(f"'{failure.value}'" for failure in sorted(Answer.OF_ENDPOINT))
# Public failure rates use only these battles, because a voter who names the models can make one of them fail.
PUBLIC_BATTLE_SQL = f"battle.mode = '{Battle.Mode.ANONYMOUS.value}' AND battle.pool = '{LIVE_POOL}'"
ROLL_UP_SQL = f"""
    WITH calls AS (
        SELECT call.*, battle.voter_id AS voter, nullif(battle.network, '') AS network FROM arena_endpointcall call
        LEFT JOIN arena_battle battle ON battle.id = call.battle AND {PUBLIC_BATTLE_SQL}
        WHERE call.created_at >= %(begin)s AND call.created_at < %(end)s
    ), of_voters AS (
        SELECT endpoint_id, voter, min(network) AS network, count(*) FILTER (WHERE failure = '') AS answers,
            least(count(*) FILTER (WHERE failure IN ({ENDPOINT_FAILURES_SQL})), {MAX_FAILURES_PER_VOTER}) AS failures
        FROM calls WHERE voter IS NOT NULL GROUP BY endpoint_id, voter
    ), of_networks AS (
        SELECT endpoint_id, sum(answers) AS answers, least(sum(failures), %(max_per_network)s) AS failures
        FROM of_voters GROUP BY endpoint_id, coalesce(network, voter::text)
    ), public AS (
        SELECT endpoint_id, sum(answers) AS answers, sum(failures) AS failures FROM of_networks GROUP BY endpoint_id
    ), of_day AS (
        SELECT endpoint_id, count(*) FILTER (WHERE failure = '') AS answers,
            jsonb_strip_nulls(jsonb_build_object({FAILURE_COUNTS_SQL})) AS failures,
            percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY first_token_s) FILTER (WHERE failure = '')
                AS first_token,
            percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY tokens_per_s) FILTER (WHERE failure = '')
                AS speed
        FROM calls GROUP BY endpoint_id
    )
    INSERT INTO arena_endpointday (endpoint_id, day, answers, failures, public_answers, public_failures,
        first_token_p50, first_token_p95, tokens_per_s_p50, tokens_per_s_p95)
    SELECT of_day.endpoint_id, %(day)s, of_day.answers, of_day.failures, coalesce(public.answers, 0),
        coalesce(public.failures, 0), first_token[1], first_token[2], speed[1], speed[2]
    FROM of_day LEFT JOIN public ON public.endpoint_id = of_day.endpoint_id
    ON CONFLICT (endpoint_id, day) DO UPDATE SET answers = excluded.answers, failures = excluded.failures,
        public_answers = excluded.public_answers, public_failures = excluded.public_failures,
        first_token_p50 = excluded.first_token_p50, first_token_p95 = excluded.first_token_p95,
        tokens_per_s_p50 = excluded.tokens_per_s_p50, tokens_per_s_p95 = excluded.tokens_per_s_p95
"""  # noqa: S608  # our own words
UPDATE_ALARMS_SQL = f"""
    WITH battles AS (
        SELECT call.endpoint_id, battle.voter_id, bool_and(call.failure <> '') AS failed FROM arena_endpointcall call
        JOIN arena_battle battle ON battle.id = call.battle AND {PUBLIC_BATTLE_SQL}
        WHERE call.created_at > now() - interval '1 day' AND call.failure <> '{Answer.Failure.STOPPED.value}'
        GROUP BY call.endpoint_id, battle.id
    ), failing AS (
        SELECT endpoint_id FROM battles GROUP BY endpoint_id
        HAVING count(*) >= {ALARM_MIN_BATTLES} AND count(DISTINCT voter_id) >= {ALARM_MIN_VOTERS}
            AND 2 * count(*) FILTER (WHERE failed) > count(*)
    ), now_failing AS (
        SELECT endpoint.id, failing.endpoint_id IS NOT NULL AS fails
        FROM arena_endpoint endpoint LEFT JOIN failing ON failing.endpoint_id = endpoint.id
    )
    UPDATE arena_endpoint SET fails_in_battles = fails FROM now_failing
    WHERE arena_endpoint.id = now_failing.id AND fails_in_battles <> fails
"""  # noqa: S608  # our own words


@dataclass(frozen=True)
class CallRecord:
    """One call to an endpoint.

    failure: the reason, or "" if the model answered
    first_token_s: seconds until the first token, which can be a reasoning token
    tokens_per_s: tokens per second after the first token
    """

    endpoint_id: int
    battle: str
    failure: str = ""
    first_token_s: float | None = None
    tokens_per_s: float | None = None


def record_calls(calls: Sequence[CallRecord]) -> list[None]:
    """Store calls, and request a probe for each endpoint that failed before its first token.

    Failures after the first token do not request a probe. It would pass, because a probe ends at its first token.
    """
    EndpointCall.objects.bulk_create([EndpointCall(**vars(call)) for call in calls])
    failed_endpoints = {call.endpoint_id for call in calls if call.failure and call.first_token_s is None}
    if failed_endpoints:
        circuit_breaker.request_probes(failed_endpoints)
    return [None] * len(calls)


def get_max_network_failures() -> int | None:
    """Return the maximum number of failures per network, model, and day, or None for no limit.

    There is no limit if addresses have no limit on battles. SQL's `least()` ignores nulls, so None works there.
    """
    return MAX_FAILURES_PER_NETWORK if settings.ENVIRONMENT.arena_battles_per_hour_address else None


def list_due_days(now: datetime) -> list[date]:
    """Return the days (UTC) to aggregate now, which are today and, in the first hour of the day, yesterday."""
    utc_now = now.astimezone(UTC)
    today = utc_now.date()
    return [today] if utc_now.hour else [today - timedelta(days=1), today]


def roll_up_day(day: date) -> int:
    """Aggregate one day's calls (UTC), and update the alarms for the last 24 hours.

    Repeated runs for the same day replace its statistics. Return the number of endpoints that were called on that day.
    """
    begin = datetime.combine(day, time(), UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            ROLL_UP_SQL,
            {
                "day": day,
                "begin": begin,
                "end": begin + timedelta(days=1),
                "max_per_network": get_max_network_failures(),
            },
        )
        endpoints: int = cursor.rowcount
        cursor.execute(UPDATE_ALARMS_SQL)
    EndpointCall.objects.filter(created_at__lt=timezone.now() - CALL_RETENTION).delete()
    return endpoints
