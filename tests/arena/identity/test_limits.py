"""The table of limits: each row as docs/reference/limits.md says it, and what applies while Redis is down."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.contrib.auth.models import User

from arena.identity import api_keys, quotas
from arena.identity.limits import LIMITS, OpenSlots, Rate, Slots
from core.http import rate_limit
from core.http.errors import RequestError
from core.storage.shared_slots import SharedSlots

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("uncharged")]
# The maximum per voter (0 if only addresses are limited), per address, and the most that a voter and an address get at
# once.
ROWS = {
    "battle": (60, 300, 60, 60),
    "turn": (300, 1500, 60, 60),
    "submission": (20, 100, 20, 60),
    "read": (36_000, 360_000, 600, 6000),
    "write": (36_000, 360_000, 600, 6000),
    "file": (60, 600, 60, 600),
    "work": (0, 72_000, 0, 600),
    "account": (0, 5, 0, 5),
    "running": (4, 40, 4, 40),
    "battles": (6, 60, 6, 60),
    "boards": (0, 60, 0, 60),
    "downloads": (0, 2, 0, 2),
}
NETWORKS = [("2001:db8::1", (1, 2, 4)), ("192.0.2.7", (1, 4)), ("unknown", (1,))]


@pytest.fixture
def defaults(allow):
    allow(each=60, together=300)


@pytest.fixture
def request_from(rf, defaults):
    def build(address="192.0.2.7", key=None):
        request = rf.get("/", REMOTE_ADDR=address)
        request.voter_id = uuid4()
        request.api_key = key
        return request

    return build


def list_maximums(name, request):
    return list(quotas.list_maximums(name, request).values())


def test_all_rows_are_tested():
    assert ROWS.keys() == LIMITS.keys()


@pytest.mark.parametrize(("address", "factors"), NETWORKS)
@pytest.mark.parametrize("name", ROWS)
def test_voter_address_and_networks_have_their_maximum(request_from, name, address, factors):
    per_voter, per_address, voter_burst, address_burst = ROWS[name]
    request = request_from(address)
    maximums = [per_voter] * bool(per_voter) + [per_address * factor for factor in factors]

    assert list_maximums(name, request) == maximums
    if isinstance(LIMITS[name], Rate):
        has_fixed_burst = not LIMITS[name].burst_s
        bursts = [min(60, address_burst * factor) if has_fixed_burst else address_burst * factor for factor in factors]
        capacities = [bucket.capacity for bucket in quotas.build_buckets(name, request)]
        assert capacities == [voter_burst] * bool(per_voter) + bursts


@pytest.mark.parametrize("name", ROWS)
def test_key_of_an_operator_is_charged_alone(request_from, name):
    per_voter, per_address, *_ = ROWS[name]
    key, _ = api_keys.create_key("a", ["battle"])

    assert list_maximums(name, request_from(key=key)) == [per_voter or per_address]


@pytest.mark.parametrize("name", ROWS)
def test_keys_of_an_account_share_a_maximum_and_are_charged_to_their_address(request_from, name):
    alice = User.objects.create_user("alice")
    keys = [api_keys.create_key(f"key {number}", ["battle"], user=alice)[0] for number in range(2)]
    first, second = (quotas.list_maximums(name, request_from(key=key)) for key in keys)

    assert first == second
    assert list(first.values()) == list_maximums(name, request_from())


@pytest.mark.parametrize("name", ROWS)
def test_zero_in_the_settings_lifts_limits(request_from, allow, name):
    per_voter, per_address, *_ = ROWS[name]
    request = request_from("unknown")

    allow(each=60)
    own_settings = {"boards": [60], "downloads": [2]}
    assert list_maximums(name, request) == own_settings.get(name, [per_voter] * bool(per_voter))
    allow(together=300)
    own_settings = {"battles": [6, 60]}
    assert list_maximums(name, request) == own_settings.get(name, [per_address])


@pytest.fixture
def redis_down(nobody, monkeypatch):
    monkeypatch.setattr(rate_limit, "_local_buckets", rate_limit._LocalBuckets())


def count_admitted(name, request, monkeypatch):
    """Return how many actions the limit admits at once, at most ten."""
    row = replace(LIMITS[name], per_voter=8, per_address=0)
    monkeypatch.setitem(LIMITS, name, row)
    slots = SharedSlots(f"test {uuid4()}")
    opened = []

    def is_admitted():
        if isinstance(row, Rate):
            return not rate_limit.charge_buckets(quotas.build_buckets(name, request))
        if isinstance(row, Slots):
            maximums = quotas.list_maximums(name, request)
            quotas.reserve_battle({f"{name}:{client}": maximum for client, maximum in maximums.items()}, uuid4())
            return True
        opened.append(slots.acquire(quotas.list_maximums(name, request)))
        return opened[-1] is not None

    admitted = 0
    for _ in range(10):
        try:
            admitted += is_admitted()
        except RequestError:
            break
    return admitted


@pytest.mark.parametrize("name", ROWS)
def test_limit_holds(request_from, monkeypatch, name):
    if isinstance(LIMITS[name], Rate):
        monkeypatch.setitem(LIMITS, name, replace(LIMITS[name], burst_s=3600))
    assert count_admitted(name, request_from(), monkeypatch) == 8


@pytest.mark.parametrize("name", ROWS)
def test_fallback_applies_while_redis_is_down(redis_down, request_from, monkeypatch, caplog, name):
    if isinstance(LIMITS[name], Rate):
        monkeypatch.setitem(LIMITS, name, replace(LIMITS[name], burst_s=3600))
    admitted = {Rate: 2, OpenSlots: 8, Slots: 10}[type(LIMITS[name])]

    assert count_admitted(name, request_from(), monkeypatch) == admitted
    # A thread of another test's slots can be the first to notice.
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    assert sum("Redis is down" in record.getMessage() for record in records) == 1
