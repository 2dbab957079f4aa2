"""All processes count login attempts together, and logins work while Redis is down."""

import pytest
from django.conf import settings as all_settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from core.storage.redis_clients import get_redis_client as valkey
from core.storage.redis_clients import redis_circuit

pytestmark = pytest.mark.django_db
PASSWORD = "a long way home 7"
CACHES = all_settings.CACHES
TRIES = 5  # allauth's limit per name in five minutes


@pytest.fixture(autouse=True)
def plain(settings):
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    User.objects.create_user("alice", password=PASSWORD)
    cache.clear()


@pytest.fixture
def away(settings, tmp_path):
    """A cache whose Redis server does not exist."""
    here = settings.CACHES
    settings.CACHES = {"default": {**here["default"], "LOCATION": f"unix://{tmp_path}/nobody.sock"}}
    cache.local.clear()


def log_in(password):
    return Client().post("/accounts/login/", {"login": "alice", "password": password})


def test_attempts_are_counted_in_redis():
    before = set(valkey().keys("attempts:*"))

    log_in("wrong")

    [*new] = set(valkey().keys("attempts:*")) - before
    assert new
    for key in new:
        assert valkey().ttl(key) > 0
        assert valkey().get(key).startswith(b"[")  # plain JSON, not a pickle


def test_clearing_leaves_all_else_in_redis_alone():
    valkey().set("battle:of-this-test", "x", ex=60)
    log_in("wrong")

    cache.clear()

    assert valkey().keys("attempts:*") == []
    assert valkey().get("battle:of-this-test") == b"x"


def test_password_cannot_be_guessed_without_end():
    for _ in range(TRIES):
        assert log_in("wrong").status_code == 200

    answer = log_in(PASSWORD)

    assert "Too many" in answer.content.decode()
    assert "sessionid" not in answer.cookies


def test_login_works_while_redis_is_away(away, caplog):
    assert log_in(PASSWORD).status_code == 302
    assert caplog.text.count("Redis is down") == 1


def test_attempts_are_counted_in_this_process_while_redis_is_away(away):
    for _ in range(TRIES):
        log_in("wrong")

    assert "Too many" in log_in(PASSWORD).content.decode()


def test_redis_is_asked_again_after_a_while(away, settings):
    log_in("wrong")
    settings.CACHES = CACHES
    redis_circuit.retry_at = 0.0

    log_in("wrong")

    assert valkey().keys("attempts:*")
