import pytest
from django.contrib.auth.models import User
from django.core.cache import cache

PASSWORD = "a long pass phrase"


@pytest.fixture(autouse=True)
def plain(settings):
    """These tests need no collected files, and no test counts the attempts of the one before."""
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": static}
    cache.clear()


@pytest.fixture
def operator(db):
    return User.objects.create_superuser("operator", password=PASSWORD)


@pytest.fixture
def admin(client, operator):
    """A browser in which the operator is logged in."""
    client.force_login(operator)
    return client
