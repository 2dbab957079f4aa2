"""Each task goes to its own queue and to no other."""

import pytest

from arena.answers.tasks import answer_turn
from ratings.tasks import refresh


@pytest.mark.parametrize(("task", "lengths"), [(answer_turn, (1, 0)), (refresh, (0, 1))])
def test_message_reaches_one_queue(valkey, task, lengths):
    for each in (answer_turn, refresh):  # the first message of each declares its queue
        each.apply_async((1,))
    valkey.delete("answers", "ratings")

    task.apply_async((1,))

    assert (valkey.llen("answers"), valkey.llen("ratings")) == lengths
