"""How endpoints do: every call is recorded, failures in a row take an endpoint out of the draw for a while."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from statistics import quantiles

from django.db import connection
from django.utils import timezone

from arena.models import Answer, Call, Endpoint, EndpointDay

OPENS_AFTER = 5
OPEN_S = 30
CALLS_KEPT = timedelta(days=3)
PERCENTILES = ("first_token_p50", "first_token_p95", "tokens_per_s_p50", "tokens_per_s_p95")
ITS_FAULT = (Answer.Failure.TIMEOUT, Answer.Failure.UNAVAILABLE)


@dataclass(frozen=True)
class Called:
    """One attempt: `failure` is empty for an answer; seconds to its first token, and tokens a second after it."""

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


def roll_up(day: date) -> int:
    """Sum up one day (UTC) for every endpoint that was called; may be repeated. Gives how many endpoints."""
    calls = Call.objects.filter(created_at__date=day).order_by("endpoint_id")
    rows = [_day(endpoint, day, list(group)) for endpoint, group in groupby(calls, lambda call: call.endpoint_id)]
    EndpointDay.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["endpoint", "day"],
        update_fields=["answers", "failures", *PERCENTILES],
    )
    Call.objects.filter(created_at__lt=timezone.now() - CALLS_KEPT).delete()
    return len(rows)


def _day(endpoint: int, day: date, calls: list[Call]) -> EndpointDay:
    first = _middle_and_high([call.first_token_s for call in calls])
    speed = _middle_and_high([call.tokens_per_s for call in calls])
    return EndpointDay(
        endpoint_id=endpoint,
        day=day,
        answers=sum(not call.failure for call in calls),
        failures=Counter(call.failure for call in calls if call.failure),
        first_token_p50=first[0],
        first_token_p95=first[1],
        tokens_per_s_p50=speed[0],
        tokens_per_s_p95=speed[1],
    )


def _middle_and_high(values: list[float | None]) -> tuple[float | None, float | None]:
    """The 50th and the 95th percentile of what is known."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return (known[0], known[0]) if known else (None, None)
    cuts = quantiles(known, n=20, method="inclusive")
    return cuts[9], cuts[18]
