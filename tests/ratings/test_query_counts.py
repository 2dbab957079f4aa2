"""Pages and calls ask the database as often for many models, boards, and scores as for few."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from arena.models import EndpointDay
from catalog.facts.claims import record_claims
from catalog.facts.fields import Claim
from catalog.models import Benchmark, Fact, Price, Score
from ratings.pipeline import board_refresh, pool_figures
from tests import factories
from tests.ratings.board_history import ago, met, published
from tests.ratings.conftest import CACHES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ours", "at_once")]
API = "/api/v1/"
# Address → the largest number of queries. Models m0 and m1 are in every world.
MAXIMUMS = {
    "/leaderboard/?rows=all": 15,
    "/leaderboard/?pin=m0&pin=m1": 15,
    "/leaderboard/plots/?top=all": 16,
    "/history/": 15,
    "/method/": 12,
    "/models/": 10,
    "/models/m0/": 30,
    "/benchmarks/": 15,
    "/benchmarks/b0/disagreement/": 15,
    "/choose/": 120,  # the boards of all tasks, which are usually cached
    "/choose/?task=coding": 20,
    "/choose/decision/?task=coding": 15,
    f"{API}leaderboard/": 3,
    f"{API}leaderboard/frontier/": 5,
    f"{API}leaderboard/frontier/?against=speed": 5,
    f"{API}leaderboard/history/": 8,
    f"{API}leaderboard/method/": 10,
    f"{API}leaderboard/moved/": 6,
    f"{API}leaderboard/pairwise/": 6,
    f"{API}benchmarks/b0/disagreement/": 12,
    f"{API}models/m0/": 20,
    f"{API}pools/": 2,
    f"{API}shortlist/?task=coding": 16,
}


def grow(size):
    """Add models with votes, prices, speeds, facts, and scores, and pools, categories, and benchmarks."""
    today = timezone.now().date()
    models = [factories.model(f"m{number}", context_window=8000) for number in range(size)]
    for model in models:
        if not model.contestants.filter(endpoint__isnull=False).exists():
            endpoint = factories.endpoint(model)
            figures = {"answers": 10, "first_token_p50": 0.5, "tokens_per_s_p50": 50}
            EndpointDay.objects.create(endpoint=endpoint, day=today - timedelta(days=3), **figures)
            Price.objects.create(model=model, input=1, output=1, source="list", as_of=date(2026, 1, 1))
        record_claims({model.pk: [Claim("tools", True, f"source {size}", date(2026, 1, 2))]}, Fact.Origin.SHIPPED)
    for number in range(size // 4):
        pool = factories.pool(f"pool-{number}", kind="import").slug
        factories.cast(*models[:2], pool=pool)
        benchmark, _ = Benchmark.objects.get_or_create(slug=f"b{number}", defaults={"name": "B"})
        known = {"task": "t", "metric": "acc", "measured_by": "us", "source": "s", "run": f"r{size}", "value": 0.5}
        Score.objects.bulk_create(
            (Score(model=model, benchmark=benchmark, **known) for model in models), ignore_conflicts=True
        )
    categories = ["coding", *(f"category-{number}" for number in range(size // 4))]
    for when in ({"days": 2}, {"hours": 1}):
        for one, other in pairwise(models):
            met(one, other, 1, 1, categories=categories)
        published(at=ago(**when))
    while board_refresh.refresh_style_board():
        pass
    pool_figures.update_pool_figures()


def count(client, address):
    for cache in CACHES[:2]:
        cache.clear()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(address).status_code == 200, address
    return len(queries)


def test_number_of_queries_does_not_depend_on_how_much_there_is(client):
    grow(5)
    few = {address: count(client, address) for address in MAXIMUMS}
    grow(12)
    assert {address: count(client, address) for address in MAXIMUMS} == few
    assert {address: number for address, number in few.items() if number > MAXIMUMS[address]} == {}
