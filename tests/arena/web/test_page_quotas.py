"""Quotas of pages: cached pages are free, others are charged to the network by their processor time."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import path

from arena.identity import api_keys, quotas
from arena.web import page_quotas
from arena.web.page_quotas import BURST_UNITS, UNITS_PER_HOUR, charge_reads
from core.http import rate_limit
from tests import factories as common

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("uncharged")]
HERE = "192.0.2.7"


def get(client, address, where=HERE, **headers):
    return client.get(address, REMOTE_ADDR=where, headers=headers)


def spend(rf, units, where=HERE):
    """Charge so many units of work to this address."""
    rate_limit.overdraw_buckets(page_quotas._build_buckets(rf.get("/", REMOTE_ADDR=where)), units)


def exhaust(rf, where=HERE):
    """Charge so much that this address must wait half a minute."""
    for _ in range(2):
        spend(rf, BURST_UNITS, where)


def read_until_refused(client, address):
    """Number of successful reads before the first refusal, at most fifty."""
    for number in range(50):
        answer = get(client, address)
        if answer.status_code == 429:
            return number, answer
    return 50, answer


@pytest.fixture
def catalogue():
    for model in common.models(60):
        common.endpoint(model)


PAGES = ("/models/", "/choose/?task=coding", "/api/v1/shortlist/?task=coding", "/api/v1/models/?page_size=100")


@pytest.mark.parametrize("address", PAGES)
def test_flood_of_pages_is_refused(rf, client, catalogue, allow, monkeypatch, address):
    """Otherwise three tabs in a loop block the process that also forwards all streams."""
    monkeypatch.setattr(page_quotas, "UNITS_PER_HOUR", BURST_UNITS)  # the refill is this slow on any machine
    allow(each=60, together=300)
    spend(rf, BURST_UNITS)

    read, refused = read_until_refused(client, address)

    assert 1 <= read < 50
    assert int(refused.headers["Retry-After"]) >= 1
    reason = "You or other people on your network sent too many requests at once. Try again in"
    assert reason in refused.content.decode()
    assert get(Client(), address).status_code == 429
    assert get(client, address, where="198.51.100.1").status_code == 200


def test_line_of_ipv6_has_no_more_passwords_hashed_than_its_share_of_work(allow, monkeypatch, settings):
    """With ten attempts per minute and network, or three seconds, a hundred networks would take five processors."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    monkeypatch.setattr(page_quotas, "UNITS_PER_HOUR", 1)
    monkeypatch.setattr(page_quotas, "BURST_UNITS", 2)
    allow(together=300)

    answers = [
        Client().post("/accounts/login/", {"login": "alice", "password": "x"}, REMOTE_ADDR=f"2001:db8:0:{n:x}::1")
        for n in range(12)
    ]

    assert [answer.status_code for answer in answers][-1] == 429
    assert "You or other people on your network sent too many requests at once." in answers[-1].content.decode()


@pytest.mark.parametrize(
    ("address", "neighbor", "status"),
    [
        ("192.0.2.7", "192.0.2.9", 200),
        ("2001:db8::1", "2001:db8::2", 429),
        ("2001:db8::1", "2001:db8:0:1::1", 200),
    ],
)
def test_neighbor_in_the_network_still_reads(rf, client, allow, address, neighbor, status):
    allow(together=300)
    exhaust(rf, address)

    assert get(client, "/scaling/", where=address).status_code == 429
    assert get(client, "/scaling/", where=neighbor).status_code == status


def test_network_has_four_times_as_much_in_an_hour(rf, client, allow):
    allow(together=300)
    buckets = page_quotas._build_buckets(rf.get("/", REMOTE_ADDR=HERE))

    assert [bucket.per_hour for bucket in buckets] == [UNITS_PER_HOUR, 4 * UNITS_PER_HOUR]
    assert UNITS_PER_HOUR * page_quotas.UNIT_S == 3600 / 5


def busy(request):
    """A page that takes the requested time."""
    end = page_quotas.time.thread_time() + float(request.GET["s"])
    while page_quotas.time.thread_time() < end:
        pass
    return page_quotas.build_error_response(quotas.quota_error(1))


def test_cheap_page_is_free_and_a_dear_one_costs_its_work(rf, allow, valkey):
    allow(together=300)
    [pattern] = charge_reads([path("busy/", busy)])

    for _ in range(20):
        pattern.callback(rf.get("/busy/?s=0"))
    assert not valkey.keys("limit:work:*")
    pattern.callback(rf.get("/busy/?s=0.05"))

    left = [valkey.pttl(key) / 1000 for key in valkey.keys("limit:work:*")]
    assert 0.05 / 0.2 - 0.1 < max(left) < 0.5  # seconds until the refill of a fifth of a process suffices


def test_work_that_fails_is_charged_too(rf, allow, valkey):
    allow(together=300)

    def fail(request):
        busy(request)
        raise LookupError

    [pattern] = charge_reads([path("fail/", fail)])
    with pytest.raises(LookupError):
        pattern.callback(rf.get("/fail/?s=0.02"))

    assert valkey.keys("limit:work:*")


def test_writing_is_not_charged_as_reading(rf, client, two_models, allow):
    allow(together=300)
    exhaust(rf)

    assert get(client, "/").status_code == 429
    assert client.post("/", {"prompt": "Why?"}, REMOTE_ADDR=HERE).status_code == 302


def test_keys_and_members_are_charged_alone(rf, allow):
    allow(each=60, together=300)
    exhaust(rf)
    allow(each=60, together=300, arena_login="required")
    key = api_keys.create_key("a", ["read"])[1]
    member = Client()
    member.force_login(User.objects.create_user("alice"))

    assert get(Client(), "/api/v1/models/", Authorization=f"Bearer {key}").status_code == 200
    assert get(member, "/scaling/").status_code == 200
    assert get(Client(), "/accounts/login/").status_code == 429


def test_zero_lifts_it(rf, client, allow, valkey):
    allow(each=60)
    exhaust(rf)

    assert get(client, "/scaling/").status_code == 200
    assert not valkey.keys("limit:work:*")


def test_streams_and_files_run_in_the_loop_and_are_left_alone():
    async def stream(request):
        raise NotImplementedError

    assert charge_reads([path("x", stream)])[0].callback is stream
