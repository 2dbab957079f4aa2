import pytest

from ratings import board_content, board_facts, kept, method_counts, pages, published
from tests.ratings.published import three_boards


@pytest.fixture(autouse=True)
def nothing_kept():
    """The next test's database is another one, though its revisions may be the same."""
    kept.forget()
    yield
    kept.forget()


@pytest.fixture(autouse=True)
def nothing_lately():
    """A test sees what it has just published and stored; what is kept lately has tests of its own."""
    for recent in (published.newest, board_facts.kept):
        recent.seconds = 0.0
    for recent in (published.kept, published.newest, board_facts.kept, board_content.kept, pages.frames):
        recent.forget()
    yield
    published.newest.seconds, board_facts.kept.seconds = published.SAME_S, board_facts.SAME_S


@pytest.fixture
def at_once(monkeypatch):
    """No round of counting waits for the one before."""
    monkeypatch.setattr(method_counts, "_not_before", 0.0)


@pytest.fixture
def week():
    """Three boards: of ten days ago, of two days ago with a turn of fortune, and of an hour ago with a newcomer."""
    return three_boards()
