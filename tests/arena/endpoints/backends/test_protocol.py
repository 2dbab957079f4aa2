import dataclasses

import pytest

from arena.endpoints.backends.protocol import Action, BackendError, Delta, Message, Request
from arena.endpoints.backends.registry import BACKENDS
from tests.fake_provider import wire

REQUEST = Request("https://example.com/v1", "m", (Message("user", "Hi"),), api_key="sk-canary")


def test_backends_cover_every_kind():
    assert set(BACKENDS) == {*(each.name for each in wire.FORMATS), "echo", "eliza"}


def test_request_repr_hides_the_key():
    assert "canary" not in repr(REQUEST)


@pytest.mark.parametrize(("value", "name"), [(REQUEST, "model"), (Delta("x"), "text")])
def test_values_are_frozen(value, name):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, "other")


def test_backend_error_str_leaves_out_the_detail():
    error = BackendError(Action.RETRY, "unavailable", "the provider said something")
    assert "provider" not in f"{error!s}{error!r}"
    assert error.detail == "the provider said something"
