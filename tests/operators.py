"""Fixtures for operators: an account, and a browser that is logged in to the admin."""

import pytest
from django.contrib.auth.models import User

PASSWORD = "a long pass phrase"


@pytest.fixture
def operator(db):
    return User.objects.create_superuser("operator", password=PASSWORD)


@pytest.fixture
def admin(client, operator):
    """Return a browser in which the operator is logged in."""
    client.force_login(operator)
    return client
