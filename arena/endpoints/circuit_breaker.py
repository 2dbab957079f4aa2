"""Which endpoints are in the draw. Probes of the arena's own decide that, and nothing that a visitor sends.

A call of a visitor that fails before its first token only asks for a probe: an answers worker sends the endpoint one
short question, at most every 30 s. Two failed probes in a row take the endpoint out of the draw, one good probe brings
it back; as long as the last one failed, the next one needs nobody to ask for it. The row of the endpoint holds all of
this, and a worker claims a probe by one conditional UPDATE, so that of many workers one sends it.

Good is an answer, an empty one or a refusal too: an endpoint that sends one of these is up. A rate limit (429) shows
that it is up, and not that it answers. It brings an endpoint back into the draw, since visitors can bring it about and
could keep a model out, but the next failed probe takes it out again. That probe waits as long as the rate limit says,
an hour at most, or five minutes after a failed probe. A 429 counts as failed where its words are those for an account
without money.
"""

from collections.abc import Iterable, Sequence
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
LONGEST_DOUBT_S = 300  # instead, where the last probe that was no rate limit failed
# How long a probe may wait for a place: twice as long as answers, so that it comes first in the queue in any case.
PROBE_SLOT_TIMEOUT_S = 120
IN_DRAW = Q(enabled=True, failed_probes__lt=FAILED_PROBES_LIMIT)
HEALTHY_OUTCOMES = frozenset({"", Answer.Failure.EMPTY, Answer.Failure.REFUSED})


@dataclass(frozen=True)
class ClaimedProbe:
    """A probe that this worker has claimed until `until`; afterwards another one may."""

    endpoint: Endpoint
    until: datetime


@dataclass(frozen=True)
class ProbeReport:
    """How a probe went; None if it was not sent, for no place became free."""

    due: ClaimedProbe
    outcome: ProbeResult | None


def request_probes(endpoint_ids: Iterable[int]) -> None:
    """Request a probe of endpoints to which calls failed before their first token."""
    with connection.cursor() as cursor:
        # A row that is locked is being probed, or asked for by another worker.
        cursor.execute(
            """
            UPDATE arena_endpoint SET probe_wanted = true WHERE id IN (
                SELECT id FROM arena_endpoint WHERE id = ANY(%s) AND NOT probe_wanted FOR NO KEY UPDATE SKIP LOCKED)""",
            [list(endpoint_ids)],
        )


def claim_probes(requests: Sequence[None]) -> list[list[ClaimedProbe]]:
    """Claim the probes that are due, all of them for the first of the requests."""
    patience = PROBE_SLOT_TIMEOUT_S + settings.ENVIRONMENT.arena_first_token_timeout_s
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE arena_endpoint SET probe_wanted = false,
                probe_after = statement_timestamp() + (coalesce(first_token_timeout_s, 0) + %s) * interval '1 s'
            WHERE id IN (
                SELECT id FROM arena_endpoint WHERE enabled AND (probe_wanted OR failed_probes > 0)
                    AND probe_after <= statement_timestamp() FOR NO KEY UPDATE SKIP LOCKED)
            RETURNING id, probe_after""",
            [patience],
        )
        until = dict(cursor.fetchall())
    claimed = [ClaimedProbe(endpoint, until[endpoint.pk]) for endpoint in Endpoint.objects.filter(pk__in=until)]
    return [claimed if number == 0 else [] for number in range(len(requests))]


def record_probes(sent: Sequence[ProbeReport]) -> list[None]:
    """Note how probes went. One that was claimed anew meanwhile changes nothing."""
    for each in sorted(sent, key=lambda each: each.due.endpoint.pk):
        _record_probe(each.due, each.outcome)
    return [None] * len(sent)


def _record_probe(due: ClaimedProbe, outcome: ProbeResult | None) -> None:
    held = Endpoint.objects.filter(pk=due.endpoint.pk, probe_after=due.until)
    if outcome is None:  # nobody has learnt yet what was asked
        held.update(probe_wanted=True, probe_after=_compute_probe_time())
    elif outcome.retry_after_s is not None:
        longest = LONGEST_DOUBT_S if due.endpoint.failed_probes else MAX_RETRY_DELAY_S
        held.update(
            failed_probes=Least("failed_probes", FAILED_PROBES_LIMIT - 1),
            probe_wanted=True,
            probe_after=_compute_probe_time(min(outcome.retry_after_s, longest)),
        )
    elif outcome.failure in HEALTHY_OUTCOMES:
        held.update(failed_probes=0, probe_after=_compute_probe_time())
    else:
        held.update(failed_probes=F("failed_probes") + 1, probe_after=_compute_probe_time())


def _compute_probe_time(wait_s: float = 0) -> Any:
    return Now() + timedelta(seconds=max(wait_s, PROBE_INTERVAL_S))
