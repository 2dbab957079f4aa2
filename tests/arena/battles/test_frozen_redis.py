"""A vote is stored and answered within seconds while Redis is frozen."""

import signal
import time

import pytest
from django.test import Client

from arena.identity import voters
from arena.models import Vote
from tests.arena import factories

pytestmark = pytest.mark.django_db(transaction=True)


def vote():
    """Return the status of a vote, and the seconds that it took."""
    battle = factories.battle()
    client = Client()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(battle.voter_id))
    started = time.monotonic()
    response = client.post(f"/battles/{battle.pk}/vote/", {"winner": "a"})
    return response.status_code, time.monotonic() - started


def test_votes_are_answered_while_redis_is_frozen(own_redis, allow):
    allow(each=60, together=300)
    assert vote()[0] == 302
    own_redis.send_signal(signal.SIGSTOP)

    results = [vote() for _ in range(4)]

    assert [status for status, _ in results] == [302] * 4
    assert max(seconds for _, seconds in results) < 2  # 0.8 s, and what the machine needs
    assert Vote.objects.count() == 5
