"""For all tests."""

import asyncio
import gc
import signal
from dataclasses import replace

import hypothesis
import pytest
from django.conf import settings
from django.db import connections
from django.test import override_settings
from kombu import pools

from arena.identity import hash_key, network_hashes, voters
from config.celery import app
from core.storage.redis_clients import get_redis_client
from tests import factories
from tests.operators import admin, operator
from tests.purity import (
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_ignore_collect,
    pytest_runtest_teardown,
    switch_services,
)
from tests.skip_guard import pytest_make_collect_report, pytest_runtest_makereport

# A shell starts what runs in the background deaf to Ctrl-C, and all that the tests start would be so too.
signal.signal(signal.SIGINT, signal.default_int_handler)
# A busy machine is no failure.
hypothesis.settings.register_profile("arena", deadline=None)
hypothesis.settings.load_profile("arena")

# Collecting makes many objects and no garbage.
gc.disable()

HASH_KEY = hash_key._key = b"of the installation under test. "


# Plugins give these to every test. They serve fixtures and markers that no test here uses.
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
    """Drop the unused fixtures: together they cost each test nearly 1 ms."""
    names = session._fixturemanager._node_autousenames[session]
    names[:] = [name for name in names if name not in UNUSED_FIXTURES]


def pytest_collection_finish() -> None:
    """Freeze the loaded objects: otherwise each of many full collections would scan thousands of tests."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def settings_of_tests():
    """Settings of all tests, set once: each change of a setting resets caches of Django."""
    # All tests come from one address; those that are about its limit set one.
    none = {"arena_battles_per_hour": 0, "arena_battles_per_hour_address": 0}
    # Pages are rendered without collecting their files first.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(
        ENVIRONMENT=replace(settings.ENVIRONMENT, **none),
        # A fifth of a second for each account is for those who guess.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        STORAGES={**settings.STORAGES, "staticfiles": plain},
    ):
        yield


# In a hook and not in a fixture, which costs each test about 0.1 ms.
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """The process has read its key of hashes already, and no salt; tests about that say otherwise, for themselves."""
    hash_key._key = HASH_KEY
    network_hashes._salts.clear()
    switch_services(item)


@pytest.fixture
def two_models():
    return [factories.endpoint().model for _ in range(2)]


@pytest.fixture
def me(client):
    """A voter, and the client that comes with that voter's cookie."""
    voter = factories.voter()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(voter.pk))
    return voter


@pytest.fixture
def valkey():
    """The real one; each battle has keys of its own there."""
    return get_redis_client()


@pytest.fixture
def in_database():
    """Run something with the ORM from within a loop, in a thread that gives its connection back."""

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
    """Celery as it is while nobody answers at the broker's address."""
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
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_ignore_collect",
    "pytest_make_collect_report",
    "pytest_runtest_makereport",
    "pytest_runtest_teardown",
]
