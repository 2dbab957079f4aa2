"""How quick a model was."""

import pytest

from arena.answering import measured
from arena.backends.protocol import Usage
from arena.live import LiveSide
from tests.arena.turns import side_job

ASKED, FIRST, LAST = 100.0, 103.0, 105.0


def side(tokens, reasoning=(), first_at=FIRST, last_at=LAST):
    return LiveSide(side_job(), tokens=tokens, reasoning=list(reasoning), first_at=first_at, last_at=last_at)


@pytest.mark.parametrize(
    ("of", "speed"),
    [
        pytest.param(side(Usage(7, 101)), 50.0, id="from the first part to the last"),
        pytest.param(side(Usage(7, 101, 60), ["Hm"]), 50.0, id="thoughts that came are output"),
        pytest.param(side(Usage(7, 101, 60)), 20.0, id="thoughts before the first part took none of the time"),
        pytest.param(side(None), None, id="not counted"),
        pytest.param(side(Usage(7, 101), last_at=FIRST), None, id="all at once"),
        pytest.param(side(Usage(7, 1)), None, id="one token"),
        pytest.param(side(Usage(7, 60, 60)), None, id="counts that make no sense"),
    ],
)
def test_measured_gives_the_speed_between_the_first_and_the_last_part(of, speed):
    called = measured(of, ASKED)

    assert (called.endpoint_id, called.failure, called.first_token_s) == (1, "", FIRST - ASKED)
    assert called.tokens_per_s == speed
