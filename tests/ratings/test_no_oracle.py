"""A voter whose votes have no weight sees what every other voter sees, apart from ids and times."""

import re
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone

from arena.identity import voters
from arena.models import Voter
from ratings.models import Exclusion, VoteWeight
from ratings.pipeline import board_refresh, pool_figures
from tests import factories
from tests.arena import factories as arena

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = (
    "/api/v1/battles/", "/api/v1/leaderboard/", "/api/v1/leaderboard/method/", "/api/v1/leaderboard/pairwise/",
    "/api/v1/votes/?pool=live", "/api/v1/votes.jsonl?pool=live", "/battles/", "/leaderboard/?pool=live",
    "/method/?pool=live", "/accounts/login/",
)  # fmt: skip
VARYING = re.compile(
    rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\d[T ][\d:.+Z]+|"
    rb"\d\d:\d\d(:\d\d)?|csrf\w*[^>]*value=\"\w+\"|\"\w{64}\"|from=[\w.-]+|'Content-Length': '\d+'"
)


def create_voter(models, *, flagged):
    """A client with its cookie and a battle to vote on. Its ten earlier votes have no weight if it is flagged."""
    voter = Voter.objects.create()
    for number in range(10):
        vote = factories.cast(
            *models, "ab"[number % 2], voter=voter.pk, created_at=timezone.now() - timedelta(hours=2 + number / 100)
        )
        if flagged:
            VoteWeight.objects.create(vote=vote, filter_weight=0, reason="voter", excluded=number == 3)
    client = Client()
    client.cookies["voter"] = voters.cookie_signer.sign(str(voter.pk))
    return client, arena.battle("ready", contestant_a=models[0], contestant_b=models[1], voter=voter)


def read_everything(client, battle):
    """Vote, and return the status, the headers, and the body of each response, without ids and times."""
    vote = client.post(f"/api/v1/battles/{battle.pk}/vote/", {"winner": "a"}, content_type="application/json")
    responses = [vote, client.get(f"/battles/{battle.pk}/"), client.get(f"/api/v1/battles/{battle.pk}/")]
    responses += [client.get(page) for page in PAGES]
    return [
        (response.status_code, VARYING.sub(b"", str(dict(response.headers)).encode()), VARYING.sub(b"", body(response)))
        for response in responses
    ]


def body(response):
    if not response.streaming:
        return response.content
    return async_to_sync(join_parts)(response.streaming_content) if response.is_async else b"".join(response)


async def join_parts(parts):
    return b"".join([part async for part in parts])


def test_flagged_voter_gets_the_same_answers_as_any_other():
    models = factories.contestants(2)
    for model in models:
        factories.endpoint(model)
    (flagged, first), (other, second) = (create_voter(models, flagged=flagged) for flagged in (True, False))
    Exclusion.objects.create(pool=factories.pool(), voter=first.voter_id, reason="a script", created_by="op")
    board_refresh.refresh()
    pool_figures.update_pool_figures()

    for of_flagged, of_other in zip(read_everything(flagged, first), read_everything(other, second), strict=True):
        assert of_flagged == of_other
        assert of_flagged[0] in (200, 201)
