"""Figures for Prometheus. None is of a single model: a count that moves with an open battle would tell of it."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import Error, connection
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from arena.models import Answer, Battle, Endpoint
from config import health
from ratings import snapshots
from ratings.models import Board, Outbox

OPEN = (Battle.State.ANSWERING, Battle.State.READY)
UNDER_WAY = (Answer.State.QUEUED, Answer.State.RUNNING)


def metrics(request: HttpRequest) -> HttpResponse:
    """Of the service as it is in the database, and of this web process; a part that is away is said to be."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    registry.register(_Service())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Service(Collector):
    def collect(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("arena_up", "Whether a part that the service needs can be reached", labels=["part"])
        figures: list[Metric] = []
        try:
            figures += [*_battles(), *_boards()]
        except Error:
            connection.close()
        up.add_metric(["database"], bool(figures))
        up.add_metric(["broker"], health.broker_answers())
        return [up, *figures]


def _battles() -> Iterator[Metric]:
    open_ones, answers = (Battle.objects.filter(state__in=OPEN), Answer.objects.filter(state__in=UNDER_WAY))
    yield _by_state("arena_battles_open", "Battles that are not over", open_ones, OPEN)
    yield _by_state("arena_answers_under_way", "Answers that wait or are being written", answers, UNDER_WAY)
    enabled = Endpoint.objects.filter(enabled=True).count()
    yield GaugeMetricFamily("arena_endpoints_enabled", "Endpoints that may be drawn", value=enabled)


def _boards() -> Iterator[Metric]:
    waiting = Outbox.objects.count()
    boards = Board.objects.aggregate(behind=Count("pk", Q(behind=True)), failed=Count("failed_at"))
    yield GaugeMetricFamily("arena_votes_waiting", "Votes that are in no board yet", value=waiting)
    yield GaugeMetricFamily("arena_boards_behind", "Boards that wait to be published", value=boards["behind"])
    words = "Boards that could not be fitted, or weigh no pairs, and are tried again every minute"
    yield GaugeMetricFamily("arena_boards_failed", words, value=boards["failed"])
    votes = GaugeMetricFamily("arena_board_votes", "Votes in the newest board of a pool", labels=["pool"])
    age = GaugeMetricFamily("arena_board_age_seconds", "Since the newest board of a pool was computed", labels=["pool"])
    now = timezone.now()
    for snapshot in snapshots.newest_of_pools():
        pool = [snapshot.board.pool.slug]
        if snapshot.votes is not None:  # else somebody else's board, which only ever grows older
            votes.add_metric(pool, snapshot.votes)
            age.add_metric(pool, (now - snapshot.computed_at).total_seconds())
    yield from (votes, age)


def _by_state(name: str, about: str, rows: QuerySet[Any], states: Iterable[str]) -> Metric:
    counted = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    family = GaugeMetricFamily(name, about, labels=["state"])
    for state in states:
        family.add_metric([state], counted.get(state, 0))
    return family
