"""Records battles' calls to endpoints, and aggregates them by day.

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
from arena.endpoints.call_stats_sql import RECORD_CALLS_SQL, ROLL_UP_SQL, UPDATE_ALARMS_SQL
from arena.models import Endpoint, EndpointCall

CALL_RETENTION = timedelta(days=3)
MAX_FAILURES_PER_VOTER = 3
MAX_FAILURES_PER_NETWORK = 12  # networks need a limit too, because anyone can delete their cookie
# An alarm (`Endpoint.fails_in_battles`) warns operators of a model that passes its probes but has failed in more than
# half of its blind battles in the live pool over the last 24 hours.
ALARM_MIN_BATTLES = 20
ALARM_MIN_VOTERS = 10
FAILS_IN_BATTLES = Q(enabled=True, failed_probes=0, fails_in_battles=True)


@dataclass(frozen=True)
class CallRecord:
    """One call to an endpoint.

    failure: the reason, or "" if the model answered
    status: the HTTP status of the failure, if there was one
    detail: the provider's words for operators, or "" if they could quote the question
    first_token_s: seconds until the first token, which can be a reasoning token
    tokens_per_s: tokens per second after the first token
    """

    endpoint_id: int
    battle: str
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


def get_max_network_failures() -> int | None:
    """Return the maximum number of failures per network, model, and day, or None for no limit.

    There is no limit if battles have no per-address limit. SQL's `least()` ignores nulls, so None means no limit there.
    """
    return MAX_FAILURES_PER_NETWORK if settings.ENVIRONMENT.arena_battles_per_hour_address else None


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
    endpoint_count = _aggregate_day(day)
    _update_alarms()
    oldest = timezone.now() - CALL_RETENTION
    EndpointCall.objects.filter(created_at__lt=oldest).delete()
    Endpoint.objects.filter(probed_at__lt=oldest).exclude(probe_detail="").update(probe_detail="")
    return endpoint_count


def _aggregate_day(day: date) -> int:
    """Store one day's statistics. Return the number of endpoints that were called on that day."""
    begin = datetime.combine(day, time(), UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            ROLL_UP_SQL,
            {
                "day": day,
                "begin": begin,
                "end": begin + timedelta(days=1),
                "max_per_voter": MAX_FAILURES_PER_VOTER,
                "max_per_network": get_max_network_failures(),
            },
        )
        endpoint_count: int = cursor.rowcount
    return endpoint_count


def _update_alarms() -> None:
    with connection.cursor() as cursor:
        cursor.execute(UPDATE_ALARMS_SQL, {"min_battles": ALARM_MIN_BATTLES, "min_voters": ALARM_MIN_VOTERS})
