import pytest

from ratings import kept


@pytest.fixture(autouse=True)
def nothing_kept():
    """The next test's database is another one, though its revisions may be the same."""
    kept.forget()
    yield
    kept.forget()
