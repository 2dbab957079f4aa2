"""Quotas of pages: cached pages are free, others are charged to the network by their processor time."""

import time
from dataclasses import replace
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import AsyncClient, Client

from arena.identity import api_keys, quotas, voters
from arena.identity.limits import LIMITS
from core.http import rate_limit
from tests import factories as common
from tests.arena import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("uncharged")]
HERE = "192.0.2.7"
BURST_UNITS = 600


@pytest.fixture
def slow(monkeypatch):
    """Return a function that sets the hourly units of work, all of which are available at once."""

    def set_units(units):
        monkeypatch.setitem(LIMITS, "work", replace(LIMITS["work"], per_address=units, burst_s=3600))

    return set_units


def get(client, address, where=HERE, **headers):
    return client.get(address, REMOTE_ADDR=where, headers=headers)


def build_request(rf, where=HERE, path="/"):
    request = rf.get(path, REMOTE_ADDR=where)
    request.voter_id = uuid4()
    return request


def spend(rf, units, where=HERE):
    """Charge so many units of work to this address."""
    rate_limit.charge_buckets(quotas.build_buckets("work", build_request(rf, where)), units, overdraw=True)


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
def test_flood_of_pages_is_refused(rf, client, catalogue, allow, slow, address):
    """Otherwise three tabs in a loop block the process that also forwards all streams."""
    slow(BURST_UNITS)  # the refill is this slow on any machine
    allow(each=60, together=300)
    spend(rf, BURST_UNITS)

    read, refused = read_until_refused(client, address)

    assert 1 <= read < 50
    assert int(refused.headers["Retry-After"]) >= 1
    reason = "You or other people on your network sent too many requests at once. Try again in"
    assert reason in refused.content.decode()
    assert get(Client(), address).status_code == 429
    assert get(client, address, where="198.51.100.1").status_code == 200


def test_line_of_ipv6_has_no_more_passwords_hashed_than_its_share_of_work(allow, slow, settings):
    """With ten attempts per minute and network, or three seconds, a hundred networks would take five processors."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    slow(1)
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


def busy(request):
    """A page that takes the requested time."""
    end = time.thread_time() + float(request.GET["s"])
    while time.thread_time() < end:
        pass
    return HttpResponse()


def serve(request, view):
    middleware = quotas.WorkMiddleware(view)
    return middleware.process_view(request, view) or middleware(request)


def test_cheap_page_is_free_and_a_dear_one_costs_its_work(rf, allow, valkey):
    allow(together=300)

    for _ in range(20):
        serve(build_request(rf, path="/busy/?s=0"), busy)
    assert not valkey.keys("limit:work:*")
    serve(build_request(rf, path="/busy/?s=0.05"), busy)

    left = [valkey.pttl(key) / 1000 for key in valkey.keys("limit:work:*")]
    assert 0.05 / 0.2 - 0.1 < max(left) < 0.5  # seconds until the refill of a fifth of a process suffices


@pytest.mark.django_db(transaction=True)
async def test_page_is_charged_by_the_thread_that_renders_it(allow, valkey, monkeypatch):
    monkeypatch.setattr(quotas, "WORK_UNIT_S", 0.004)  # less than the page takes, and more than all middleware
    allow(together=300)

    assert (await AsyncClient().get("/api/docs/")).status_code == 200
    assert valkey.keys("limit:work:*")


def test_work_that_fails_is_charged_too(rf, allow, valkey):
    allow(together=300)

    def fail(request):
        busy(request)
        raise LookupError

    with pytest.raises(LookupError):
        serve(build_request(rf, path="/fail/?s=0.02"), fail)

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


@pytest.mark.parametrize(("path", "is_refused"), [("/", True), ("/files/", False), ("/admin/", False)])
def test_files_run_in_the_loop_and_are_left_alone_as_the_admin_is(rf, allow, path, is_refused):
    async def stream(request):
        raise NotImplementedError

    allow(together=300)
    exhaust(rf)

    answer = quotas.WorkMiddleware(busy).process_view(build_request(rf, path=path), stream if "f" in path else busy)

    assert (answer is not None) is is_refused


@pytest.mark.django_db(transaction=True)
async def test_opening_a_stream_is_charged_for_its_work(rf, in_database, allow):
    """Eleven requests a second for battles with long answers kept two processes busy."""
    allow(together=300)
    battle = await in_database(factories.battle)
    exhaust(rf, "127.0.0.1")
    client = AsyncClient()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(battle.voter_id))

    answer = await client.get(f"/api/v1/battles/{battle.pk}/events")

    assert answer.status_code == 429


@pytest.mark.parametrize("where", ["/benchmarks/submit/", "/api/v1/submissions/"])
def test_submissions_are_charged_for_their_work(rf, client, allow, where):
    """Sixteen files of 200 kB kept all other pages waiting for 40 s."""
    allow(each=60, together=300)
    exhaust(rf)
    options = {"REMOTE_ADDR": HERE}
    if where.startswith("/api"):
        answer = client.post(where, {"file": "{}"}, content_type="application/json", **options)
    else:
        answer = client.post(where, {"file": SimpleUploadedFile("results.json", b"{}")}, **options)

    assert answer.status_code == 429
    assert "sent too many requests at once" in answer.content.decode()
