"""Prometheus metrics. No metric is per model, because a change could reveal the models in an open battle."""

import ipaddress
import os
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from arena.endpoints import circuit_breaker
from arena.endpoints.call_stats import FAILS_IN_BATTLES
from arena.models import IS_ENABLED, Answer, Battle, Contestant
from config.monitoring import health
from ratings.boards import snapshots
from ratings.models import Board, Outbox

OPEN_STATES = (Battle.State.ANSWERING, Battle.State.READY)
ENDPOINT_GAUGES = (
    ("arena_endpoints_enabled", "Enabled endpoints", IS_ENABLED),
    (
        "arena_endpoints_in_draw",
        "Enabled endpoints that have not failed their last two probes",
        circuit_breaker.IN_DRAW,
    ),
    ("arena_endpoints_failing", "Enabled endpoints whose probes pass although most battles fail", FAILS_IN_BATTLES),
)
UNFINISHED_STATES = (Answer.State.QUEUED, Answer.State.RUNNING)
PRIVATE_NETWORKS = [
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10")
]
BEARER_CHALLENGE = {"WWW-Authenticate": "Bearer"}
PROXY_HEADERS = ("X-Forwarded-For", "Forwarded")
FORBIDDEN_MESSAGE = "To read the metrics from here, set ARENA_METRICS_TOKEN and send it as a bearer token.\n"


def report_metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics, at most `health.CACHE_S` seconds old.

    The status is 401 if the token is missing or wrong, 403 if no token is set and the client is not in a private
    network, and 503 after a timeout.
    """
    token = settings.ENVIRONMENT.arena_metrics_token
    if token and not _has_token(request, token):
        return HttpResponse(
            "Send the value of ARENA_METRICS_TOKEN as a bearer token.\n", "text/plain", 401, headers=BEARER_CHALLENGE
        )
    if not token and not _is_private_client(request):
        return HttpResponse(FORBIDDEN_MESSAGE, "text/plain", 403)
    try:
        return HttpResponse(_shared_metrics.get(), CONTENT_TYPE_LATEST)
    except TimeoutError:
        return HttpResponse("The database did not answer in time. Try again.\n", "text/plain", 503)


def _has_token(request: HttpRequest, token: str) -> bool:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and constant_time_compare(credentials.strip(), token)


def _is_private_client(request: HttpRequest) -> bool:
    """Return True for a direct request from this machine or a private network."""
    if any(header in request.headers for header in PROXY_HEADERS):
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any((mapped or address) in network for network in PRIVATE_NETWORKS)


def render_metrics() -> bytes:
    """Render the metrics of the service and of this web process. `arena_up` shows which parts are down."""
    registry = CollectorRegistry()
    registry.register(_WebProcessCollector())
    registry.register(_ServiceCollector())
    return generate_latest(registry)


_shared_metrics = health.SharedResult(render_metrics)


class _WebProcessCollector(Collector):
    """The `process_` metrics, labeled with the process ID, because the next request can reach another web process."""

    def collect(self) -> Iterable[Metric]:
        labels = {"pid": str(os.getpid())}
        for metric in ProcessCollector(registry=None).collect():
            metric.samples = [sample._replace(labels=labels) for sample in metric.samples]
            yield metric


class _ServiceCollector(Collector):
    def collect(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("arena_up", "1 if this part of the service can be reached, else 0", labels=["part"])
        metrics: list[Metric] = []
        try:
            metrics += [*_collect_battles(), *_collect_boards()]
        except Error:
            connection.close()
        up.add_metric(["database"], bool(metrics))
        up.add_metric(["broker"], health.is_broker_alive())
        up.add_metric(["beat"], health.is_beat_alive())
        return [up, *metrics]


def _collect_battles() -> Iterator[Metric]:
    battles = Battle.objects.filter(state__in=OPEN_STATES)
    yield _count_by_state("arena_battles_open", "Battles that have not ended", battles, OPEN_STATES)
    answers = Answer.objects.filter(state__in=UNFINISHED_STATES, turn__isnull=False)  # others can wait long
    description = "Answers in battles that are queued or running"
    yield _count_by_state("arena_answers_under_way", description, answers, UNFINISHED_STATES)
    aggregates = {name: Count("endpoint", filter=condition, distinct=True) for name, _, condition in ENDPOINT_GAUGES}
    counts = Contestant.objects.aggregate(**aggregates)
    for name, description, _ in ENDPOINT_GAUGES:
        yield GaugeMetricFamily(name, description, value=counts[name])


def _collect_boards() -> Iterator[Metric]:
    waiting = Outbox.objects.count()
    boards = Board.objects.aggregate(behind=Count("pk", Q(behind=True)), failed=Count("failed_at"))
    yield GaugeMetricFamily("arena_votes_waiting", "Votes that are not yet counted on any board", value=waiting)
    yield GaugeMetricFamily("arena_boards_behind", "Boards waiting to be published", value=boards["behind"])
    description = "Boards that could not be fitted and are retried every minute"
    yield GaugeMetricFamily("arena_boards_failed", description, value=boards["failed"])
    votes = GaugeMetricFamily("arena_board_votes", "Votes in the newest board of a pool", labels=["pool"])
    age = GaugeMetricFamily(
        "arena_board_age_seconds", "Seconds since a pool's newest board was computed", labels=["pool"]
    )
    now = timezone.now()
    for snapshot in snapshots.list_newest_snapshots():
        pool = [snapshot.board.pool.slug]
        if snapshot.votes is not None:  # reference boards have no votes and are not recomputed
            votes.add_metric(pool, snapshot.votes)
            age.add_metric(pool, (now - snapshot.computed_at).total_seconds())
    yield from (votes, age)


def _count_by_state(name: str, description: str, rows: QuerySet[Any], states: Iterable[str]) -> Metric:
    counts = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    family = GaugeMetricFamily(name, description, labels=["state"])
    for state in states:
        family.add_metric([state], counts.get(state, 0))
    return family
