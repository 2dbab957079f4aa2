"""The circuit breaker for endpoints. Only Arena's own probes remove an endpoint from the draw, never visitors' calls.

A visitor's call that fails before its first token only requests a probe. A worker then sends the endpoint one short
question, at most every 30 s. Two failed probes in a row remove the endpoint from the draw, and one healthy probe
restores it. After a failed probe, the next one is sent even if nobody requests it. The state is stored in the
endpoint's row, and a worker claims a probe with a conditional UPDATE, so each probe is sent by one worker only.

A probe is healthy if the endpoint sends an answer, an empty answer, or a refusal. A rate limit (429) also restores the
endpoint to the draw, because visitors can cause rate limits and must not keep a model out. The next failed probe
removes the endpoint again. After a 429 response, the next probe waits for the time that the response names, but at most
an hour, or at most five minutes if an earlier probe has failed since the last healthy one. A 429 response about an
unpaid account counts as a failure.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from django.conf import settings
from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Least, Now

from arena.models import IS_ENABLED, Answer, Contestant, Endpoint
from core.storage.database import fetch_rows

if TYPE_CHECKING:
    from arena.endpoints.probe import ProbeResult

FAILED_PROBES_LIMIT = 2
PROBE_INTERVAL_S = 30
MAX_RETRY_DELAY_S = 3600
MAX_RETRY_DELAY_AFTER_FAILURE_S = 300  # if a probe has failed since the last healthy one
# Probes wait for a slot twice as long as answers do, so a probe always reaches the head of its worker's queue.
PROBE_SLOT_TIMEOUT_S = 120
IN_DRAW = IS_ENABLED & Q(endpoint__failed_probes__lt=FAILED_PROBES_LIMIT)  # of contestants
# A claimed endpoint and the result of its probe, or None if the probe was not sent because no slot became free.
ProbeReport: TypeAlias = tuple[Endpoint, "ProbeResult | None"]
HEALTHY_OUTCOMES = frozenset({"", Answer.Failure.EMPTY, Answer.Failure.REFUSED})


def request_probes(endpoint_ids: Iterable[int]) -> None:
    """Request a probe for each endpoint."""
    with connection.cursor() as cursor:
        # Locked rows are skipped, because another worker is claiming, recording, or requesting their probe.
        cursor.execute(
            """
            UPDATE arena_endpoint SET probe_wanted = true WHERE id IN (
                SELECT id FROM arena_endpoint WHERE id = ANY(%s) AND NOT probe_wanted FOR NO KEY UPDATE SKIP LOCKED)""",
            [list(endpoint_ids)],
        )


def claim_probes(requests: Sequence[None]) -> list[list[Contestant]]:
    """Claim all probes that are due. Return the contestants to ask, whose endpoint's `probe_after` is the claim's end.

    The database batcher calls this once for several callers, with one None for each. The first caller gets all probes,
    and the others get none.
    """
    claim_duration_s = PROBE_SLOT_TIMEOUT_S + settings.ENVIRONMENT.arena_first_token_timeout_s
    endpoints = fetch_rows(
        """
        UPDATE arena_endpoint SET probe_wanted = false,
            probe_after = statement_timestamp() + (coalesce(first_token_timeout_s, 0) + %s) * interval '1 s'
        WHERE id IN (
            SELECT id FROM arena_endpoint endpoint WHERE (probe_wanted OR failed_probes > 0)
                AND EXISTS (
                    SELECT FROM arena_contestant WHERE endpoint_id = endpoint.id AND enabled AND retired_at IS NULL)
                AND probe_after <= statement_timestamp() FOR NO KEY UPDATE SKIP LOCKED)
        RETURNING id""",
        [claim_duration_s],
    )
    return [choose_contestants(key for (key,) in endpoints), *([] for _ in requests[1:])]


def choose_contestants(endpoints: Iterable[int]) -> list[Contestant]:
    """Return the contestant through which each endpoint is probed: an enabled one, and a plain one if there is one."""
    keys = list(endpoints)
    if not keys:
        return []
    contestants = Contestant.objects.filter(endpoint__in=keys).annotate(is_out=~IS_ENABLED).select_related("endpoint")
    return list(contestants.order_by("endpoint", "is_out", "-plain", "pk").distinct("endpoint"))


def record_probes(reports: Sequence[ProbeReport]) -> list[None]:
    """Store the results of probes. A result is ignored if its probe has been claimed again in the meantime."""
    for endpoint, result in sorted(reports, key=lambda report: report[0].pk):
        claimed_row = Endpoint.objects.filter(pk=endpoint.pk, probe_after=endpoint.probe_after)
        if result is None:
            claimed_row.update(probe_wanted=True, probe_after=_compute_probe_time())
        elif result.retry_after_s is not None:
            max_delay_s = MAX_RETRY_DELAY_AFTER_FAILURE_S if endpoint.failed_probes else MAX_RETRY_DELAY_S
            claimed_row.update(
                failed_probes=Least("failed_probes", FAILED_PROBES_LIMIT - 1),
                probe_wanted=True,
                probe_after=_compute_probe_time(min(result.retry_after_s, max_delay_s)),
                **build_outcome_fields(result),
            )
        else:
            failed_probes = 0 if result.failure in HEALTHY_OUTCOMES else F("failed_probes") + 1
            outcome = build_outcome_fields(result)
            claimed_row.update(failed_probes=failed_probes, probe_after=_compute_probe_time(), **outcome)
    return [None] * len(reports)


def build_outcome_fields(result: "ProbeResult") -> dict[str, Any]:
    """Return the values of the columns that tell operators about the newest probe. They do not affect the draw."""
    return {"probed_at": Now(), "probe_failure": result.failure, "probe_detail": result.detail}


def _compute_probe_time(delay_s: float = 0) -> Any:
    """Return the SQL expression for the earliest time of the next probe.

    This is after the delay, but no sooner than PROBE_INTERVAL_S from now.
    """
    return Now() + timedelta(seconds=max(delay_s, PROBE_INTERVAL_S))
