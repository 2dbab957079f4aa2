"""Many requests at once, from one address and without a cookie: whatever they get, the service is there afterwards."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.processes import eventually
from tests.system.person import Person
from tests.system.service import Service

BURST = 75


def burst(service: Service, path: str) -> list[int]:
    with ThreadPoolExecutor(BURST) as pool:
        return list(pool.map(lambda _: Person(service.port).get(path).status, range(BURST)))


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
def test_figures_for_machines_may_be_asked_for_in_bursts(service: Service, path: str) -> None:
    assert eventually(lambda: Person(service.port).get(path).status == 200)

    statuses = [status for _ in range(2) for status in burst(service, path)]

    assert set(statuses) == {200}
    assert Person(service.port).get("/models/").status == 200
