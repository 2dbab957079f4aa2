import pytest

from ratings.boards import model_facts, snapshot_cache
from ratings.pipeline import pool_figures, pool_state
from ratings.web.leaderboard import fragments, views
from tests.ratings.board_history import three_boards


@pytest.fixture(autouse=True)
def nothing_kept():
    """Clear cached pool states: the next test has another database, but its revisions may be the same."""
    pool_state.clear_pool_states()
    yield
    pool_state.clear_pool_states()


@pytest.fixture(autouse=True)
def nothing_lately():
    """Disable short-lived caches, so that a test sees new data at once; the caches have tests of their own."""
    for recent in (snapshot_cache.newest_id_cache, model_facts.context_cache):
        recent.seconds = 0.0
    for recent in (
        snapshot_cache.board_cache,
        snapshot_cache.newest_id_cache,
        model_facts.context_cache,
        fragments.fragment_cache,
        views.frame_cache,
    ):
        recent.clear()
    yield
    snapshot_cache.newest_id_cache.seconds, model_facts.context_cache.seconds = (
        snapshot_cache.NEWEST_CACHE_SECONDS,
        model_facts.CACHE_SECONDS,
    )


@pytest.fixture
def at_once(monkeypatch):
    """A round of figures does not wait for the previous one."""
    monkeypatch.setattr(pool_figures, "_next_round_at", 0.0)


@pytest.fixture
def week():
    """Boards of ten days ago, of two days ago with another leader, and of an hour ago with a newcomer."""
    return three_boards()
