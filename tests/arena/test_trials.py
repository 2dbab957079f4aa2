"""One question to an endpoint, by its real backend."""

import pytest

from arena import trials
from arena.backends.protocol import Timeouts
from tests import factories
from tests.fake_provider import FakeProvider

pytestmark = pytest.mark.django_db
QUICK = Timeouts(connect=1, first_token=1, between_tokens=1, total=4)
KEY = "zkey-of-somebody"


@pytest.fixture(scope="module")
def provider():
    with FakeProvider() as fake:
        yield fake


@pytest.fixture
def endpoint(provider, settings, monkeypatch):
    """Of a fake model with this behaviour."""
    monkeypatch.setenv("Z_API_KEY", KEY)

    def make(behaviour, **fields):
        address = {
            "kind": "openai",
            "base_url": provider.base_url,
            "upstream_id": behaviour,
            "api_key_env": "Z_API_KEY",
        }
        return factories.endpoint(**address | fields)

    return make


def test_trial_tells_how_quick_the_answer_was(endpoint, provider):
    trial = trials.ask(endpoint("steady-200"), QUICK)
    assert trial.failure == ""
    assert 0 < trial.first_token_s < 1
    assert trial.tokens > 1
    assert 20 < trial.tokens_per_s < 400
    [asked] = provider.requests("steady-200")
    assert trials.PROMPT in str(asked)


@pytest.mark.parametrize(("behaviour", "failure"), [("error-500", "unavailable"), ("hang-3", "timeout")])
def test_trial_tells_a_failure_in_our_words(endpoint, behaviour, failure):
    assert trials.ask(endpoint(behaviour), QUICK) == trials.Trial(failure)


def test_trial_of_a_forbidden_address_is_unavailable(endpoint, settings):
    from dataclasses import replace

    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_allow_private_endpoints=())
    assert trials.ask(endpoint("steady-201"), QUICK).failure == "unavailable"


def test_trial_without_its_key_asks_nobody(endpoint, provider, monkeypatch):
    monkeypatch.delenv("Z_API_KEY")
    assert trials.ask(endpoint("steady-202"), QUICK) == trials.Trial(trials.NO_KEY)
    assert provider.requests("steady-202") == []


def test_trial_needs_no_server_for_what_answers_here():
    trial = trials.ask(factories.endpoint(kind="eliza"), QUICK)
    assert trial.failure == ""
    assert trial.first_token_s > 0
