import pytest

from ratings import kept


@pytest.fixture(autouse=True)
def nothing_kept():
    """The next test's database is another one, though its revisions may be the same."""
    kept.forget()
    yield
    kept.forget()


@pytest.fixture(autouse=True)
def plain_static_files(settings):
    """These tests need no collected files."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
