"""Fixtures and settings for all tests."""

import asyncio
import gc
import signal
from dataclasses import replace

import hypothesis
import pytest
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase, override_settings
from kombu import pools

import config.urls  # noqa: F401  # registers the admin pages
from arena.answers.announcements import EVENT_STREAM
from arena.identity import hash_key, network_hashes, voters
from config.celery import app
from core.storage import redis_clients
from core.storage.redis_clients import get_redis_client, redis_circuit
from tests import factories
from tests.empty_tables import empty_tables
from tests.operators import admin, operator
from tests.purity import (
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_ignore_collect,
    pytest_runtest_teardown,
    switch_services,
)
from tests.sharing import pytest_xdist_make_scheduler
from tests.skip_guard import pytest_make_collect_report, pytest_runtest_makereport
from tests.valkey_server import own_redis

# A shell makes background processes ignore Ctrl-C. Restore the default, because processes started by tests inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)
# The short profile tries the same examples each time. Neither has a deadline, because the machine might be busy.
hypothesis.settings.register_profile("short", deadline=None, max_examples=30, derandomize=True)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=600)
hypothesis.settings.load_profile("short")

# On a busy machine, Valkey can take longer than a request waits for it. The limits would then be counted without it.
redis_clients.TIMEOUT_S = 10.0

# Transactional tests call this at their end.
TransactionTestCase._fixture_teardown = empty_tables

# Test collection creates many objects that stay alive.
gc.disable()

HASH_KEY = hash_key._key = b"of the installation under test. "


# Plugins add these fixtures to every test, for features that our tests do not use.
UNUSED_FIXTURES = {
    "_dj_autoclear_mailbox",
    "_django_clear_site_cache",
    "_django_isolate_apps",
    "_django_set_urlconf",
    "_django_setup_unittest",
    "_fail_for_invalid_template_variable",
    "_live_server_helper",
    "_template_string_if_invalid_marker",
    "event_loop_policy",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Drop the unused fixtures, which together cost each test nearly 1 ms."""
    names = session._fixturemanager._node_autousenames[session]
    names[:] = [name for name in names if name not in UNUSED_FIXTURES]


def pytest_collection_finish() -> None:
    """Freeze the loaded objects. Otherwise, each of many full collections would scan thousands of tests."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def settings_of_tests():
    """Override settings for all tests. This is done once, because each override resets Django's caches."""
    # All test requests come from one address. Tests of these limits set their own values.
    none = {"arena_battles_per_hour": 0, "arena_battles_per_hour_address": 0}
    # Render pages without collecting static files first.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(
        ENVIRONMENT=replace(settings.ENVIRONMENT, **none),
        # Use a fast password hasher, because a secure one takes a fifth of a second per account.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        STORAGES={**settings.STORAGES, "staticfiles": plain},
    ):
        yield


# A hook rather than a fixture, which would cost each test about 0.1 ms.
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Start each test with a loaded hash key and no loaded salts. Tests of loading change this themselves."""
    hash_key._key = HASH_KEY
    network_hashes._salts.clear()
    redis_circuit.is_down, redis_circuit.retry_at = False, 0.0
    switch_services(item)


@pytest.fixture
def two_models():
    return [factories.fighter() for _ in range(2)]


@pytest.fixture
def me(client):
    """Return a voter, and a client with the voter's cookie."""
    voter = factories.voter()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(voter.pk))
    return voter


@pytest.fixture
def valkey():
    """Request access to the real Valkey, without the events that other tests have announced."""
    client = get_redis_client()
    client.delete(EVENT_STREAM)
    return client


@pytest.fixture
def in_database():
    """Run ORM code from an event loop, in a thread that releases its connection."""

    def run(work, *arguments):
        def in_thread():
            try:
                return work(*arguments)
            finally:
                connections.close_all()

        return asyncio.to_thread(in_thread)

    return run


@pytest.fixture
def celery_without_broker():
    """Run the test while Celery's broker does not answer."""
    address = app.conf.broker_url
    for address_now in ("redis+socket:///nobody/is/here.sock", address):
        app.conf.broker_url = address_now
        app.amqp._producer_pool = app._pool = None
        pools.reset()
        if address_now != address:
            yield


__all__ = [
    "admin",
    "operator",
    "own_redis",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_ignore_collect",
    "pytest_make_collect_report",
    "pytest_runtest_makereport",
    "pytest_runtest_teardown",
    "pytest_xdist_make_scheduler",
]
