import pytest


@pytest.fixture(autouse=True)
def plain_static_files(settings):
    """These tests need no collected files."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
