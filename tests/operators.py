"""Operators of the admin in tests: an account, and a browser in which it is logged in."""

import pytest
from django.contrib.auth.models import User

PASSWORD = "a long pass phrase"


@pytest.fixture
def operator(db):
    return User.objects.create_superuser("operator", password=PASSWORD)


@pytest.fixture
def admin(client, operator):
    """A browser in which the operator is logged in."""
    client.force_login(operator)
    return client
