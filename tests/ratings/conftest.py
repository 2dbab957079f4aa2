import pytest

from ratings.boards import board_selection, model_facts, pair_tables, snapshot_cache
from ratings.boards.board_selection import DefaultBoard
from ratings.choice import candidates, model_choice
from ratings.pipeline import pool_figures, pool_state
from ratings.web.leaderboard import fragments, views
from ratings.web.models import table_views
from tests.ratings.board_history import three_boards

CACHES = (
    snapshot_cache.board_cache,
    snapshot_cache.newest_id_cache,
    board_selection.default_board_cache,
    model_facts.context_cache,
    fragments.fragment_cache,
    views.frame_cache,
    candidates.facts_cache,
    model_choice.task_picks_cache,
    table_views.coverage_cache,
)
# Cache → the seconds for which it stores a value outside these tests.
SHORT_LIVED = {
    cache: cache.seconds
    for cache in (
        snapshot_cache.newest_id_cache,
        board_selection.default_board_cache,
        model_facts.context_cache,
        candidates.facts_cache,
        model_choice.task_picks_cache,
        table_views.coverage_cache,
    )
}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Disable short-lived caches, so that a test sees new data immediately. The caches have tests of their own.

    Clear cached pool states, because the next test has another database whose revisions might be the same, and forget
    the tables that other tests would have written later.
    """
    for cache in SHORT_LIVED:
        cache.seconds = 0.0
    for cache in CACHES:
        cache.clear()
    pool_state.clear_pool_states()
    pair_tables._pending_tables.clear()
    pair_tables._last_large_writes.clear()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Restore the caches for tests in other folders."""
    for cache, seconds in SHORT_LIVED.items():
        cache.seconds = seconds
    pool_state.clear_pool_states()


@pytest.fixture
def ours():
    """Cache that this arena's own board is the default one, as a second request would find it."""
    board_selection.default_board_cache.seconds = 60.0
    board_selection.default_board_cache.store(None, DefaultBoard("live"))


@pytest.fixture
def at_once(monkeypatch):
    """Compute figures immediately, without waiting after the previous round."""
    monkeypatch.setattr(pool_figures, "_next_round_at", 0.0)


@pytest.fixture
def week():
    """Publish boards from ten days ago, two days ago (another leader), and an hour ago (a newcomer)."""
    return three_boards()
