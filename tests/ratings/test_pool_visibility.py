"""Walks through all addresses with a pool that only some people may see. For all others, there is no such pool.

Each name of the pool and of its category occurs nowhere else.
"""

import re

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission, User
from django.test import Client

from arena.identity import api_keys
from arena.models import Contestant, Pool, Voter
from catalog.models import Benchmark, Score
from config.monitoring import prometheus
from ratings.models import Category
from ratings.pipeline import board_refresh, pool_figures
from tests import factories
from tests.ratings.conftest import SHORT_LIVED
from tests.service_urls import addresses, below

pytestmark = pytest.mark.django_db
SECRET, CATEGORY = "quokka-secret", "quokka-category"
UNKNOWN, UNKNOWN_CATEGORY = "wombat-secret", "wombat-category"
MARK = re.compile(rb"quokka\W?\w*", re.IGNORECASE)
# What a request cannot repeat: tokens of forms, and the time of a page.
CHANGING = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": ?"\w+"|X-CSRFToken&quot;: &quot;\w+')
FILE = "/api/v1/votes.jsonl"  # its threads have connections of their own
READABLE = sorted({*addresses()} - {*below("/admin/")} - {"/api/v1/leaderboard/events", FILE})
OF_A_POOL = (
    "/leaderboard/", "/leaderboard/plots/", "/history/", "/method/", "/models/x/", "/benchmarks/x/disagreement/",
    "/choose/",
    *(f"/api/v1/{call}" for call in (
        "leaderboard/", "leaderboard/pairwise/", "leaderboard/history/", "leaderboard/moved/", "leaderboard/method/",
        "leaderboard/certificate/", "leaderboard/frontier/", "models/x/", "benchmarks/x/disagreement/", "shortlist/",
        "votes/",
    )),
)  # fmt: skip
LISTS = ("/leaderboard/", "/models/x/", "/api/v1/models/x/", "/api/v1/pools/", "/api/v1/categories/")
# The form of the choice reports a name that does not exist as an error of its field.
REFUSALS = {"/choose/": 400}
MAY_NOT = ("stranger", "someone", "key", "key of an operator")
MAY = ("owner", "viewer", "key of a viewer", "operator")


@pytest.fixture
def secret(at_once):
    """A pool with two rated models, which are rated on the live board too, and with a category of its own."""
    owner, viewer = (User.objects.create_user(name, password="quiet 7 island") for name in ("owner", "viewer"))
    pool = factories.pool(
        SECRET, name="Quokka votes", kind="import", provenance="Quokka island", owner=Voter.objects.create(user=owner)
    )
    pool.viewers.add(viewer)
    pair = [factories.fighter(slug) for slug in ("x", "y")]
    for number in range(12):
        winner = ("a", "b", "tie")[number % 3]
        factories.cast(*pair, winner, voter=factories.voter_id(number), created_at=factories.LONG_AGO)
        factories.cast(
            *pair, winner, voter=factories.voter_id(number), pool=SECRET, categories=[CATEGORY], source="import",
            created_at=factories.LONG_AGO, reasons={"a": ["clear"]},
        )  # fmt: skip
    own = Contestant.objects.create(slug="quokka-model", name="Quokka model", pool=pool)
    for winner in ("a", "b"):
        factories.cast(own, pair[0], winner, pool=SECRET, source="import", created_at=factories.LONG_AGO)
    benchmark = Benchmark.objects.create(slug="x", name="X", category="coding", tasks=["x"])
    for contestant in pair:
        Score.objects.create(benchmark=benchmark, model=contestant.model, value=0.75, task="x", metric="acc", run="r")
    board_refresh.refresh()
    pool_figures.update_pool_figures()
    return pool


def hide(pool, visibility="invited"):
    Pool.objects.filter(pk=pool.pk).update(visibility=visibility)


def connect(who):
    """Return the client of one of those in `MAY` and `MAY_NOT`."""
    client = Client()
    of_key, _, account = who.rpartition(" of a")
    account = {"key": "", "stranger": "", "n operator": "operator"}.get(account.strip(), account.strip())
    user = account and User.objects.get_or_create(username=account, defaults={"is_staff": account == "operator"})[0]
    if user and account == "operator":
        User.objects.filter(pk=user.pk).update(is_superuser=True)
    if who.startswith("key"):
        _, key = api_keys.create_key("x", ["read"], user=user or None)
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    elif user:
        client.force_login(user)
    return client


async def collect(parts):
    return b"".join([part async for part in parts])


def read(client, address, query, headers=None):
    """Return the status, the headers, and the body."""
    answer = client.get(address, query, headers=headers)
    if not answer.streaming:
        body = answer.content
    elif answer.is_async:
        body = async_to_sync(collect)(answer.streaming_content)
    else:
        body = b"".join(answer.streaming_content)
    headers = str(dict(answer.headers)).encode()
    return answer.status_code, headers + CHANGING.sub(b"", body)


def without_names(sent):
    for name in (SECRET, UNKNOWN, CATEGORY, UNKNOWN_CATEGORY):
        sent = sent.replace(name.encode(), b"that")
    return re.sub(rb"'Content-Length': '\d+'|ETag': '\S+'", b"", sent)


@pytest.mark.parametrize("address", OF_A_POOL)
def test_pool_for_everyone_is_found_by_a_stranger(secret, address):
    """What the other tests look for can be found."""
    assert address in READABLE
    status, sent = read(connect("stranger"), address, {"pool": SECRET})
    assert (status, b"quokka" in sent.lower()) == (200, True)


@pytest.mark.parametrize("address", LISTS)
def test_lists_name_a_pool_for_everyone(secret, address):
    assert MARK.search(read(connect("stranger"), address, {})[1])


@pytest.mark.parametrize(
    ("visibility", "who"),
    [*(("invited", who) for who in MAY_NOT), *(("operators", who) for who in MAY if who != "operator")],
)
def test_pool_is_not_there_for_those_who_may_not_see_it(secret, visibility, who):
    hide(secret, visibility)
    client = connect(who)
    for address in READABLE:
        for query in ({}, {"pool": SECRET, "category": CATEGORY}):
            assert not MARK.findall(without_names(read(client, address, query)[1])), (address, query)
    for address in OF_A_POOL:
        for hidden, unknown in (
            ({"pool": SECRET}, {"pool": UNKNOWN}),
            ({"category": CATEGORY}, {"category": UNKNOWN_CATEGORY}),
            ({"pool": SECRET, "category": CATEGORY}, {"pool": UNKNOWN, "category": UNKNOWN_CATEGORY}),
        ):
            found, expected = (read(client, address, query) for query in (hidden, unknown))
            assert found[0] == expected[0], (address, hidden)
            assert without_names(found[1]) == without_names(expected[1]), (address, hidden)
        assert read(client, address, {"pool": SECRET})[0] == REFUSALS.get(address, 404), address


@pytest.mark.parametrize("who", ["stranger", "someone"])
def test_other_forms_of_an_answer_are_not_there_either(secret, who):
    """Parts of pages, files, other methods, and what a browser has stored since the pool was for everyone."""
    client = connect(who)
    tags = {address: client.get(address, {"pool": SECRET}).headers.get("ETag", "") for address in OF_A_POOL}
    assert tags["/api/v1/leaderboard/"]
    hide(secret)
    for address, tag in tags.items():
        for query, headers in (
            ({"format": "csv"}, {}), ({"style_control": "on"}, {}), ({"method": "elo"}, {}),
            ({}, {"Accept": "text/csv"}), ({}, {"HX-Request": "true"}), ({}, {"If-None-Match": tag}),
        ):  # fmt: skip
            hidden, unknown = (read(client, address, {"pool": pool, **query}, headers) for pool in (SECRET, UNKNOWN))
            assert hidden[0] == unknown[0], (address, query, headers)
            assert without_names(hidden[1]) == without_names(unknown[1]), (address, query, headers)


def test_names_of_a_pool_are_not_told_to_those_who_ask_for_them(secret):
    hide(secret)
    for address, name in (
        ("/leaderboard/", "pin"), ("/choose/", "find"), ("/choose/", "among"), ("/models/", "q"), ("/", "model_a"),
        ("/api/v1/leaderboard/pairwise/", "models"), ("/api/v1/leaderboard/history/", "model"),
        ("/api/v1/shortlist/", "find"), ("/leaderboard/plots/", "pin"), ("/choose/decision/", "chosen"),
    ):  # fmt: skip
        for who in ("stranger", "someone"):
            answers = [read(connect(who), address, {name: slug}) for slug in ("quokka-model", "wombat-model")]
            assert answers[0][0] == answers[1][0], address
            assert not MARK.findall(answers[0][1].replace(b"quokka-model", b"")), address


@pytest.mark.parametrize(("field", "name"), [("slug", "overall"), ("category", "live")])
def test_pool_and_category_can_have_the_names_of_each_others_defaults(secret, field, name):
    if field == "slug":
        Pool.objects.filter(pk=secret.pk).update(slug=name)
    else:
        Category.objects.filter(slug=CATEGORY).update(slug=name)
    query = {"pool" if field == "slug" else "category": name}
    assert read(connect("stranger"), "/api/v1/leaderboard/", query)[0] == 200
    hide(secret)
    assert read(connect("stranger"), "/api/v1/leaderboard/", query)[0] == 404


def test_operator_is_who_may_see_pools_in_the_admin(secret):
    """Others may be staff for other pages."""
    hide(secret)
    helper = User.objects.create_user("helper", password="quiet 7 island", is_staff=True)
    client = Client()
    client.force_login(helper)
    assert read(client, "/leaderboard/", {"pool": SECRET})[0] == 404
    helper.user_permissions.add(Permission.objects.get(codename="view_pool"))
    assert read(client, "/leaderboard/", {"pool": SECRET})[0] == 200


def test_shared_caches_store_no_board_for_those_who_can_see_more(secret):
    hide(secret)
    for who, directives in (("stranger", "no-cache"), ("viewer", "private, no-cache")):
        assert connect(who).get("/api/v1/leaderboard/").headers["Cache-Control"] == directives


@pytest.mark.parametrize("start", ["/models/", "/api/v1/models/"])
def test_contestant_of_a_pool_is_shown_in_it_alone(secret, start):
    """Its page is there with the pool, for those who may see it."""
    for visibility, who, status in (
        ("everyone", "stranger", 200), ("invited", "stranger", 404), ("invited", "someone", 404),
        ("invited", "operator", 200), ("invited", "key of a viewer" if "api" in start else "viewer", 200),
    ):  # fmt: skip
        hide(secret, visibility)
        client = connect(who)
        assert read(client, f"{start}quokka-model/", {"pool": SECRET})[0] == status, (visibility, who)
        for query in ({}, {"pool": "live"}):
            assert read(client, f"{start}quokka-model/", query)[0] == 404, (visibility, who)


@pytest.mark.parametrize("who", MAY)
def test_pool_is_there_for_those_who_may_see_it(secret, who):
    hide(secret)
    client = connect(who)
    part = "/api/" if who.startswith("key") else "/"  # keys are for calls alone
    for address in filter(lambda address: address.startswith(part), OF_A_POOL):
        status, sent = read(client, address, {"pool": SECRET})
        assert (status, b"quokka" in sent.lower()) == (200, True), address
    for address in filter(lambda address: address.startswith(part), LISTS):
        assert MARK.search(read(client, address, {})[1]), address


def test_pool_for_operators_is_there_for_them(secret):
    hide(secret, "operators")
    assert read(connect("operator"), "/leaderboard/", {"pool": SECRET})[0] == 200


@pytest.mark.django_db(transaction=True)
def test_file_of_votes_is_there_for_those_who_may_see_the_pool(secret):
    query = {"pool": SECRET}
    assert read(connect("stranger"), FILE, query)[0] == 200
    hide(secret)
    for who in MAY:
        status, sent = read(connect(who), FILE, query)
        assert (status, sent.count(b"model_a")) == (200, 14 + 5), who  # five of them were won by model_a
    for who in MAY_NOT:
        client = connect(who)
        hidden, unknown = (read(client, FILE, {"pool": pool}) for pool in (SECRET, UNKNOWN))
        assert hidden[0] == unknown[0] == 404
        assert without_names(hidden[1]) == without_names(unknown[1])


def test_pages_that_were_cached_for_one_reader_are_not_shown_to_another(secret):
    hide(secret)
    for cache in SHORT_LIVED:
        cache.seconds = 60.0
    first = {who: read(connect(who), "/leaderboard/", {})[1] for who in ("owner", "stranger", "operator", "someone")}
    again = {who: read(connect(who), "/leaderboard/", {})[1] for who in ("someone", "operator", "stranger", "owner")}
    for shown in (first, again):
        assert {who for who, sent in shown.items() if MARK.search(sent)} == {"owner", "operator"}


def test_metrics_name_pools_for_everyone_alone(secret):
    def list_pools():
        metrics = {metric.name: metric for metric in prometheus._collect_boards()}
        return {sample.labels["pool"] for sample in metrics["arena_board_votes"].samples}

    assert list_pools() == {"live", SECRET}
    hide(secret)
    assert list_pools() == {"live"}
