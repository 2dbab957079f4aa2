"""The days that a source can speak of."""

from datetime import UTC, datetime, timedelta

import pytest

from catalog.days import in_future


@pytest.mark.parametrize(("days", "expected"), [(-1, False), (0, False), (1, False), (2, True), (400, True)])
def test_tomorrow_has_come_somewhere(days, expected):
    assert in_future(datetime.now(UTC).date() + timedelta(days=days)) is expected
