"""Records the calls to endpoints for battles and single answers, and aggregates them by day.

Probes (see `arena.endpoints.circuit_breaker`) are not included.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from arena.endpoints import circuit_breaker
from arena.models import IS_ENABLED, LIVE_POOL, Answer, Endpoint, EndpointCall

CALL_RETENTION = timedelta(days=3)
MAX_FAILURES_PER_VOTER = 3
MAX_FAILURES_PER_NETWORK = 12  # networks need a limit too, because anyone can delete their cookie
# An alarm (`Endpoint.fails_in_battles`) warns operators of a model that passes its probes but has failed in more than
# half of its blind battles in the live pool over the last 24 hours.
ALARM_MIN_BATTLES = 20
ALARM_MIN_VOTERS = 10
FAILS_IN_BATTLES = IS_ENABLED & Q(endpoint__failed_probes=0, endpoint__fails_in_battles=True)  # of contestants
# Parameters: one list for each field of `CallRecord`.
RECORD_CALLS_SQL = """
    INSERT INTO arena_endpointcall (endpoint_id, battle, answer, failure, status, detail, first_token_s, tokens_per_s)
    SELECT * FROM unnest(%(endpoint_id)s::bigint[], %(battle)s::uuid[], %(answer)s::bigint[], %(failure)s::text[],
        %(status)s::smallint[], %(detail)s::text[], %(first_token_s)s::float[], %(tokens_per_s)s::float[])"""
_COUNT_BY_REASON = "'{0}', nullif(count(*) FILTER (WHERE failure = '{0}'), 0)"
_FAILURE_COUNTS = ", ".join(map(_COUNT_BY_REASON.format, Answer.Failure.values))
_ENDPOINT_FAILURES = ", ".join(f"'{failure.value}'" for failure in sorted(Answer.CAUSED_BY_ENDPOINT))
# Public failure rates use only these battles, because a voter who names the models can make one of them fail.
_PUBLIC_BATTLE = f"battle.among IS NULL AND battle.pool_id = {LIVE_POOL}"
# max_per_voter, max_per_network: how many failures of a voter or network count toward public failure rates; null for no
# limit
ROLL_UP_SQL = f"""
    -- the day's calls; the voter and network are null unless the battle is public
    WITH calls AS (
        SELECT call.*, battle.voter_id AS voter, nullif(battle.network, '') AS network FROM arena_endpointcall call
        LEFT JOIN arena_battle battle ON battle.id = call.battle AND {_PUBLIC_BATTLE}
        WHERE call.created_at >= %(begin)s AND call.created_at < %(end)s
    ),
    -- at most max_per_voter failures of a voter count for each endpoint
    by_voter AS (
        SELECT endpoint_id, voter, min(network) AS network, count(*) FILTER (WHERE failure = '') AS answers,
            least(count(*) FILTER (WHERE failure IN ({_ENDPOINT_FAILURES})), %(max_per_voter)s) AS failures
        FROM calls WHERE voter IS NOT NULL GROUP BY endpoint_id, voter
    ),
    -- at most max_per_network failures of a network count for each endpoint; voters without a stored network count
    -- separately
    by_network AS (
        SELECT endpoint_id, sum(answers) AS answers, least(sum(failures), %(max_per_network)s) AS failures
        FROM by_voter GROUP BY endpoint_id, coalesce(network, voter::text)
    ),
    -- the answers and failures for the public failure rate
    public AS (
        SELECT endpoint_id, sum(answers) AS answers, sum(failures) AS failures FROM by_network GROUP BY endpoint_id
    ),
    -- all calls of the day, including those of battles with named models
    day_totals AS (
        SELECT endpoint_id, count(*) FILTER (WHERE failure = '') AS answers,
            jsonb_strip_nulls(jsonb_build_object({_FAILURE_COUNTS})) AS failures,
            percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY first_token_s) FILTER (WHERE failure = '')
                AS first_token,
            percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY tokens_per_s) FILTER (WHERE failure = '')
                AS speed
        FROM calls GROUP BY endpoint_id
    )
    INSERT INTO arena_endpointday (endpoint_id, day, answers, failures, public_answers, public_failures,
        first_token_p50, first_token_p95, tokens_per_s_p50, tokens_per_s_p95)
    SELECT day_totals.endpoint_id, %(day)s, day_totals.answers, day_totals.failures, coalesce(public.answers, 0),
        coalesce(public.failures, 0), first_token[1], first_token[2], speed[1], speed[2]
    FROM day_totals LEFT JOIN public ON public.endpoint_id = day_totals.endpoint_id
    ON CONFLICT (endpoint_id, day) DO UPDATE SET answers = excluded.answers, failures = excluded.failures,
        public_answers = excluded.public_answers, public_failures = excluded.public_failures,
        first_token_p50 = excluded.first_token_p50, first_token_p95 = excluded.first_token_p95,
        tokens_per_s_p50 = excluded.tokens_per_s_p50, tokens_per_s_p95 = excluded.tokens_per_s_p95
"""  # noqa: S608  # only constants are interpolated
# An endpoint with fewer battles or voters than the minimum has no alarm.
UPDATE_ALARMS_SQL = f"""
    -- the public battles of the last 24 hours for each endpoint, and whether all of its calls in the battle failed
    WITH battles AS (
        SELECT call.endpoint_id, battle.voter_id, bool_and(call.failure <> '') AS failed FROM arena_endpointcall call
        JOIN arena_battle battle ON battle.id = call.battle AND {_PUBLIC_BATTLE}
        WHERE call.created_at > now() - interval '1 day' AND call.failure <> '{Answer.Failure.STOPPED.value}'
        GROUP BY call.endpoint_id, battle.id
    ),
    -- the endpoints with an alarm
    failing AS (
        SELECT endpoint_id FROM battles GROUP BY endpoint_id
        HAVING count(*) >= %(min_battles)s AND count(DISTINCT voter_id) >= %(min_voters)s
            AND 2 * count(*) FILTER (WHERE failed) > count(*)
    ),
    -- all endpoints, and whether each has an alarm
    alarm_states AS (
        SELECT endpoint.id, failing.endpoint_id IS NOT NULL AS fails
        FROM arena_endpoint endpoint LEFT JOIN failing ON failing.endpoint_id = endpoint.id
    )
    UPDATE arena_endpoint SET fails_in_battles = fails FROM alarm_states
    WHERE arena_endpoint.id = alarm_states.id AND fails_in_battles <> fails
"""  # noqa: S608  # only constants are interpolated


@dataclass(frozen=True)
class CallRecord:
    """One call to an endpoint.

    battle: the battle, or None for a single answer
    failure: the reason, or "" if the model answered
    status: the HTTP status of the failure, if there was one
    detail: the provider's words for operators, or "" if they could quote the question
    first_token_s: seconds until the first token, which can be a reasoning token
    tokens_per_s: tokens per second after the first token
    """

    endpoint_id: int
    battle: str | None
    answer: int
    failure: str = ""
    status: int | None = None
    detail: str = ""
    first_token_s: float | None = None
    tokens_per_s: float | None = None


def record_calls(calls: Sequence[CallRecord]) -> list[None]:
    """Store calls, and request a probe for each endpoint that failed before its first token.

    Failures after the first token do not request a probe. The probe would pass, because it ends at the first token.
    Return one None per call, as the database batcher requires.
    """
    columns = {field.name: [getattr(call, field.name) for call in calls] for field in fields(CallRecord)}
    with connection.cursor() as cursor:
        cursor.execute(RECORD_CALLS_SQL, columns)
    failed_endpoints = {call.endpoint_id for call in calls if call.failure and call.first_token_s is None}
    if failed_endpoints:
        circuit_breaker.request_probes(failed_endpoints)
    return [None] * len(calls)


def list_due_days(now: datetime) -> list[date]:
    """Return the days (UTC) to aggregate now, which are today and, in the first hour of the day, yesterday."""
    utc_now = now.astimezone(UTC)
    today = utc_now.date()
    return [today] if utc_now.hour else [today - timedelta(days=1), today]


def roll_up_day(day: date) -> int:
    """Aggregate one day's calls (UTC), update the alarms for the last 24 hours, and delete old calls.

    Repeated runs for the same day replace its statistics. Calls of all days that are older than `CALL_RETENTION` are
    deleted, and the providers' words about probes as old as that. Return the number of endpoints that were called on
    that day.
    """
    begin = datetime.combine(day, time(), UTC)
    # If battles have no limit per address, the operator trusts all networks.
    max_per_network = MAX_FAILURES_PER_NETWORK if settings.ENVIRONMENT.arena_battles_per_hour_address else None
    limits = {"max_per_voter": MAX_FAILURES_PER_VOTER, "max_per_network": max_per_network}
    with connection.cursor() as cursor:
        cursor.execute(ROLL_UP_SQL, {"day": day, "begin": begin, "end": begin + timedelta(days=1), **limits})
        endpoint_count: int = cursor.rowcount
        cursor.execute(UPDATE_ALARMS_SQL, {"min_battles": ALARM_MIN_BATTLES, "min_voters": ALARM_MIN_VOTERS})
    oldest = timezone.now() - CALL_RETENTION
    EndpointCall.objects.filter(created_at__lt=oldest).delete()
    Endpoint.objects.filter(probed_at__lt=oldest).exclude(probe_detail="").update(probe_detail="")
    return endpoint_count
