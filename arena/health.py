"""How endpoints do: every call is recorded, failures in a row take an endpoint out of the draw for a while."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection
from django.utils import timezone

from arena.models import Answer, Call, Endpoint

OPENS_AFTER = 5
OPEN_S = 30
CALLS_KEPT = timedelta(days=3)
ITS_FAULT = (Answer.Failure.TIMEOUT, Answer.Failure.UNAVAILABLE)
BY_REASON = "'{0}', nullif(count(*) FILTER (WHERE failure = '{0}'), 0)"
FAILURES = ", ".join(map(BY_REASON.format, Answer.Failure.values))
SUM_UP = f"""
    INSERT INTO arena_endpointday (endpoint_id, day, answers, failures,
        first_token_p50, first_token_p95, tokens_per_s_p50, tokens_per_s_p95)
    SELECT endpoint_id, %(day)s, answers, failures, first_token[1], first_token[2], speed[1], speed[2] FROM (
        SELECT endpoint_id, count(*) FILTER (WHERE failure = '') AS answers,
            jsonb_strip_nulls(jsonb_build_object({FAILURES})) AS failures,
            percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY first_token_s) AS first_token,
            percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY tokens_per_s) AS speed
        FROM arena_call WHERE created_at >= %(begin)s AND created_at < %(end)s GROUP BY endpoint_id
    ) AS of_day
    ON CONFLICT (endpoint_id, day) DO UPDATE SET answers = excluded.answers, failures = excluded.failures,
        first_token_p50 = excluded.first_token_p50, first_token_p95 = excluded.first_token_p95,
        tokens_per_s_p50 = excluded.tokens_per_s_p50, tokens_per_s_p95 = excluded.tokens_per_s_p95
"""  # noqa: S608  # our own words


@dataclass(frozen=True)
class Called:
    """One attempt: `failure` is empty for an answer; seconds to its first token, a thought or not, and tokens a
    second after it."""

    endpoint_id: int
    failure: str = ""
    first_token_s: float | None = None
    tokens_per_s: float | None = None


def record(calls: Sequence[Called]) -> list[None]:
    """Keep the calls, and open or close the circuit of their endpoints.

    Five failures in a row take an endpoint out for 30 s; after that it is drawn again, and the next failure takes
    it out again at once. A refusal or a prompt that is too long is no fault of the endpoint.
    """
    Call.objects.bulk_create([Call(**vars(call)) for call in calls])
    for call in sorted(calls, key=lambda call: call.endpoint_id):
        if not call.failure:
            Endpoint.objects.filter(id=call.endpoint_id, failures__gt=0).update(failures=0, closed_until=None)
        elif call.failure in ITS_FAULT:
            _failed(call.endpoint_id)
    return [None] * len(calls)


def _failed(endpoint_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE arena_endpoint SET failures = failures + 1,
                closed_until = CASE WHEN failures + 1 >= %s THEN now() + %s * interval '1 s' ELSE closed_until END
            WHERE id = %s""",
            [OPENS_AFTER, OPEN_S, endpoint_id],
        )


def due(now: datetime) -> list[date]:
    """The days (UTC) to be summed up now: today, and in its first hour yesterday to its end."""
    today = now.astimezone(UTC).date()
    return [today] if now.astimezone(UTC).hour else [today - timedelta(days=1), today]


def roll_up(day: date) -> int:
    """Sum up one day (UTC) for every endpoint that was called; may be repeated. Gives how many endpoints."""
    begin = datetime.combine(day, time(), UTC)
    with connection.cursor() as cursor:
        cursor.execute(SUM_UP, {"day": day, "begin": begin, "end": begin + timedelta(days=1)})
        endpoints: int = cursor.rowcount
    Call.objects.filter(created_at__lt=timezone.now() - CALLS_KEPT).delete()
    return endpoints
