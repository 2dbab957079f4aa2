import pytest

from arena import publishing


@pytest.fixture
def broker_away(settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    publishing.client.cache_clear()
    yield
    publishing.client.cache_clear()
