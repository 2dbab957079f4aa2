"""Probes work with an IP address as host. All other requests need an allowed host."""

import pytest

pytestmark = pytest.mark.django_db
OF_POD = {"Host": "10.42.0.17:8000"}
PROBES = {"/healthz": 200, "/readyz": 503, "/metrics": 200}  # no worker is running


@pytest.fixture(autouse=True)
def public_host(settings):
    settings.ALLOWED_HOSTS = ["arena.example.org"]


@pytest.mark.parametrize("path", PROBES)
def test_probe_is_answered_by_address(client, path):
    answer = client.get(path, headers=OF_POD)

    assert answer.status_code == PROBES[path]
    assert not answer.cookies
    assert client.head(path, headers=OF_POD).status_code == PROBES[path]


@pytest.mark.parametrize("path", ["/", "/healthz/", "/healthzx", "//healthz", "/metrics/x", "/api/v1/", "/x/readyz"])
def test_nothing_else_is_answered_to_another_host(client, path):
    assert client.get(path, headers=OF_POD).status_code == 400


@pytest.mark.parametrize("path", PROBES)
def test_probe_can_only_be_read(client, path):
    assert client.post(path, headers=OF_POD).status_code == 405
