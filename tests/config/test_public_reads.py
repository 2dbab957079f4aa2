"""Responses that are the same for everyone set no cookies and do not vary by cookie."""

import re
from itertools import product

import pytest
from django.contrib.auth.models import User
from django.test import Client

from arena.identity import voters
from catalog.models import Benchmark
from ratings.pipeline import board_refresh
from tests import factories

pytestmark = pytest.mark.django_db
API = "/api/v1/"
PUBLIC = (
    "", "models/", "models/x/", "models/x/battles/", "pools/", "categories/", "leaderboard/", "leaderboard/pairwise/",
    "leaderboard/history/", "leaderboard/frontier/", "leaderboard/certificate/", "leaderboard/method/",
    "leaderboard/moved/", "votes/", "benchmarks/", "benchmarks/x/",
    "benchmarks/x/disagreement/", "shortlist/", "cost/?price_input=1&price_output=2&input_tokens=1M&output_tokens=1M",
    "scaling/?params=7B",
)  # fmt: skip


@pytest.fixture
def published():
    factories.cast(factories.model("x"), factories.model("y"))
    board_refresh.refresh()
    Benchmark.objects.create(slug="x", name="X")


@pytest.mark.parametrize("path", [*(API + path for path in PUBLIC), "/api/schema/"])
def test_public_answer_sets_no_cookie_and_varies_by_none(published, path):
    stranger, known = Client(), Client()
    known.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(factories.voter_id(1)))

    for client, method in product((stranger, known), ("get", "head", "options")):
        answer = getattr(client, method)(path)
        assert answer.status_code in (200, 405)  # of OPTIONS
        assert not answer.cookies
        assert "cookie" not in answer.headers.get("Vary", "").lower()


def test_every_public_call_is_tried():
    from arena.api.document import build_document

    paths = {re.sub(r"\{\w+\}", "x", path) for path in build_document()["paths"]}
    streamed = {f"{API}leaderboard/events", f"{API}votes.jsonl"}
    ours = {
        path
        for path in paths - streamed
        if not path.startswith((f"{API}battles/", f"{API}submissions/", f"{API}ready/"))
    }
    assert ours == {API + path.partition("?")[0] for path in PUBLIC}


@pytest.mark.parametrize("path", ["battles/", "submissions/", "nothing/", "leaderboard/?at=x"])
def test_reading_sets_no_cookie_whatever_comes_of_it(client, path):
    assert not client.get(API + path).cookies


@pytest.mark.parametrize("path", ["/", "/leaderboard/", "/api/docs/"])
def test_first_page_sets_both_cookies(client, path):
    assert set(client.get(path).cookies) == {voters.VOTER_COOKIE, "csrftoken"}


def test_answer_to_a_member_still_says_that_a_session_was_looked_at(client, published):
    client.force_login(User.objects.create_user("alice"))
    assert "Cookie" in client.get(f"{API}models/").headers["Vary"]
