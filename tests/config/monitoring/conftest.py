import pytest

from core.storage import redis_clients


@pytest.fixture
def broker_away(settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    redis_clients.get_redis_client.cache_clear()
    yield
    redis_clients.get_redis_client.cache_clear()
