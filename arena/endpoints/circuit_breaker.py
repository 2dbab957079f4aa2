"""The circuit breaker of endpoints. Our own probes decide which endpoints are in the draw; visitors cannot.

A visitor's call that fails before its first token, reasoning or not, only requests a probe: an answers worker sends the
endpoint one short question, at most every 30 s. Two failed probes in a row take the endpoint out of the draw, and one
healthy probe brings it back. While the last probe failed, the next one is sent without a request. The state is stored
in the row of the endpoint, and a worker claims a probe by one conditional UPDATE, so only one of many workers sends it.

An answer, an empty answer or a refusal is healthy: the endpoint is up. A rate limit (429) shows that the endpoint is
up, but not that it answers. It brings the endpoint back into the draw, because visitors can cause rate limits and could
otherwise keep a model out, but the next failed probe takes it out again. That probe waits as long as the rate limit
says: at most an hour, or five minutes after a failed probe. A 429 counts as a failure if its text is about an account
without money.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Least, Now

from arena.endpoints.probe import ProbeResult
from arena.models import Answer, Endpoint

FAILED_PROBES_LIMIT = 2
PROBE_INTERVAL_S = 30
MAX_RETRY_DELAY_S = 3600
MAX_RETRY_DELAY_AFTER_FAILURE_S = 300  # if the last probe other than a rate limit failed
# How long a probe may wait for a slot: twice as long as answers, so that it always reaches the head of the queue.
PROBE_SLOT_TIMEOUT_S = 120
IN_DRAW = Q(enabled=True, failed_probes__lt=FAILED_PROBES_LIMIT)
HEALTHY_OUTCOMES = frozenset({"", Answer.Failure.EMPTY, Answer.Failure.REFUSED})


@dataclass(frozen=True)
class ClaimedProbe:
    """A probe that this worker alone may send until `claimed_until`; later another worker may claim it."""

    endpoint: Endpoint
    claimed_until: datetime


@dataclass(frozen=True)
class ProbeReport:
    """The result of a claimed probe; None if it was not sent because no slot became free."""

    probe: ClaimedProbe
    result: ProbeResult | None


def request_probes(endpoint_ids: Iterable[int]) -> None:
    """Request a probe of endpoints to which calls failed before their first token."""
    with connection.cursor() as cursor:
        # Locked rows are skipped: another worker is claiming, recording or requesting their probe.
        cursor.execute(
            """
            UPDATE arena_endpoint SET probe_wanted = true WHERE id IN (
                SELECT id FROM arena_endpoint WHERE id = ANY(%s) AND NOT probe_wanted FOR NO KEY UPDATE SKIP LOCKED)""",
            [list(endpoint_ids)],
        )


def claim_probes() -> list[ClaimedProbe]:
    """Claim the probes that are due. Probes that another worker has claimed are not among them."""
    claim_s = PROBE_SLOT_TIMEOUT_S + settings.ENVIRONMENT.arena_first_token_timeout_s
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE arena_endpoint SET probe_wanted = false,
                probe_after = statement_timestamp() + (coalesce(first_token_timeout_s, 0) + %s) * interval '1 s'
            WHERE id IN (
                SELECT id FROM arena_endpoint WHERE enabled AND (probe_wanted OR failed_probes > 0)
                    AND probe_after <= statement_timestamp() FOR NO KEY UPDATE SKIP LOCKED)
            RETURNING id, probe_after""",
            [claim_s],
        )
        claim_ends = dict(cursor.fetchall())
    if not claim_ends:
        return []
    endpoints = Endpoint.objects.filter(pk__in=claim_ends)
    return [ClaimedProbe(endpoint, claim_ends[endpoint.pk]) for endpoint in endpoints]


def record_probes(reports: Iterable[ProbeReport]) -> None:
    """Store the results of probes. A result changes nothing if its probe has been claimed again since."""
    for report in sorted(reports, key=lambda report: report.probe.endpoint.pk):
        _record_probe(report.probe, report.result)


def _record_probe(probe: ClaimedProbe, result: ProbeResult | None) -> None:
    claimed = Endpoint.objects.filter(pk=probe.endpoint.pk, probe_after=probe.claimed_until)
    if result is None:  # The request is still open.
        claimed.update(probe_wanted=True, probe_after=_compute_probe_time())
    elif result.retry_after_s is not None:
        max_delay_s = MAX_RETRY_DELAY_AFTER_FAILURE_S if probe.endpoint.failed_probes else MAX_RETRY_DELAY_S
        claimed.update(
            failed_probes=Least("failed_probes", FAILED_PROBES_LIMIT - 1),
            probe_wanted=True,
            probe_after=_compute_probe_time(min(result.retry_after_s, max_delay_s)),
        )
    elif result.failure in HEALTHY_OUTCOMES:
        claimed.update(failed_probes=0, probe_after=_compute_probe_time())
    else:
        claimed.update(failed_probes=F("failed_probes") + 1, probe_after=_compute_probe_time())


def _compute_probe_time(delay_s: float = 0) -> Any:
    """The time of the next probe as an SQL expression: after the delay, but not before PROBE_INTERVAL_S."""
    return Now() + timedelta(seconds=max(delay_s, PROBE_INTERVAL_S))
