"""Batch operations of `arena.answers.db_batcher` for probes and call records."""

from collections.abc import Sequence

from arena.endpoints import call_stats, circuit_breaker
from arena.endpoints.call_stats import CallRecord
from arena.endpoints.circuit_breaker import ClaimedProbe, ProbeReport


def claim_probes(requests: Sequence[None]) -> list[list[ClaimedProbe]]:
    """Claim the probes that are due. The first request gets all of them."""
    return [circuit_breaker.claim_probes(), *([] for _ in requests[1:])]


def record_probes(reports: Sequence[ProbeReport]) -> list[None]:
    circuit_breaker.record_probes(reports)
    return [None] * len(reports)


def record_calls(calls: Sequence[CallRecord]) -> list[None]:
    call_stats.record_calls(calls)
    return [None] * len(calls)
