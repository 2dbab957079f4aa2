"""Tests that the service survives many concurrent requests from one address without a cookie."""

import http.client
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from tests.processes import eventually
from tests.system.person import Person
from tests.system.service import Service

BURST = 75
MOST = 60  # ten times ARENA_STREAMS_PER_VOTER


def burst(service: Service, path: str) -> list[int]:
    with ThreadPoolExecutor(BURST) as pool:
        return list(pool.map(lambda _: Person(service.port).get(path).status, range(BURST)))


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
def test_figures_for_machines_may_be_asked_for_in_bursts(service: Service, path: str) -> None:
    assert eventually(lambda: Person(service.port).get(path).status == 200)

    statuses = [status for _ in range(2) for status in burst(service, path)]

    assert set(statuses) == {200}
    assert Person(service.port).get("/models/").status == 200


def test_boards_are_followed_by_so_many_of_one_address_and_no_more(service: Service) -> None:
    def follow() -> int:
        connection = stack.enter_context(closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)))
        connection.request("GET", "/api/v1/leaderboard/events")
        return connection.getresponse().status

    with ExitStack() as stack:
        assert eventually(lambda: follow() == 200)
        statuses = Counter(follow() for _ in range(BURST))
        assert statuses.keys() == {200, 429}
        assert statuses[200] < MOST  # fewer if pages of other tests are still open
        assert Person(service.port).get("/models/").status == 200
    with ExitStack() as stack:
        assert eventually(lambda: follow() == 200)
