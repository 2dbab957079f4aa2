"""Pages and calls about one voter are never stored, whatever they say."""

import pytest

from tests.arena import factories
from tests.service_urls import FILLED, below

PRIVATE = below(
    "/battles/", "/ready/", "/benchmarks/submi", "/api/v1/battles/", "/api/v1/ready/", "/api/v1/submissions/",
    f"/b/{FILLED['uuid']}/vote/",
)  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("address", [*PRIVATE, "/accounts/", f"/b/{FILLED['uuid']}/"])
def test_what_is_for_one_voter_is_never_stored(client, me, address):
    own = address.replace(FILLED["uuid"], str(factories.battle(voter=me).pk))
    for method in (client.get, client.head, client.post, client.put, client.options):
        for path in {address, own}:
            assert "no-store" in method(path).headers["Cache-Control"]
