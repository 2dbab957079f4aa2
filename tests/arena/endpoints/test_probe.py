"""Probes of endpoints, through their real backends."""

import pytest

from arena.endpoints import probe
from arena.endpoints.backends.protocol import Timeouts
from arena.endpoints.probe import ProbeResult
from tests import factories

pytestmark = pytest.mark.django_db
QUICK = Timeouts(connect=1, first_token=1, between_tokens=1, total=4)
KEY = "zkey-of-somebody"


@pytest.fixture
def contestant(provider, settings, monkeypatch):
    """Creates a contestant whose endpoint is a fake model with this behavior."""
    monkeypatch.setenv("Z_API_KEY", KEY)

    def make(behaviour, **fields):
        fields_of_provider = {
            "kind": "openai",
            "base_url": provider.base_url,
            "upstream_id": behaviour,
            "api_key_env": "Z_API_KEY",
        }
        return factories.fighter(**fields_of_provider | fields)

    return make


def test_probe_tells_how_quick_the_answer_was(contestant, provider):
    result = probe.measure_contestant(contestant("steady-200"), QUICK)
    assert result.failure == ""
    assert 0 < result.first_token_s < 1
    assert result.tokens > 1
    assert 20 < result.tokens_per_s < 400
    [request] = provider.requests("steady-200")
    assert probe.PROBE_PROMPT in str(request)


@pytest.mark.parametrize(("behaviour", "failure"), [("error-500", "unavailable"), ("hang-3", "timeout")])
def test_probe_tells_a_failure_in_our_words(contestant, behaviour, failure):
    assert probe.measure_contestant(contestant(behaviour), QUICK).failure == failure


def test_probe_of_a_forbidden_address_is_unavailable(contestant, settings):
    from dataclasses import replace

    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_allow_private_endpoints=())
    assert probe.measure_contestant(contestant("steady-201"), QUICK).failure == "unavailable"


def test_probe_without_its_key_asks_nobody(contestant, provider, monkeypatch):
    monkeypatch.delenv("Z_API_KEY")
    assert probe.measure_contestant(contestant("steady-202"), QUICK) == ProbeResult(probe.NO_KEY)
    assert provider.requests("steady-202") == []


def test_probe_needs_no_server_for_what_answers_here():
    result = probe.measure_contestant(factories.fighter(kind="eliza"), QUICK)
    assert result.failure == ""
    assert result.first_token_s > 0
