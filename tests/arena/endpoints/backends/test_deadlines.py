import asyncio
import time

import aiohttp
import pytest
import uvloop
from aiohttp.base_protocol import BaseProtocol
from hypothesis import given
from hypothesis import strategies as st

from arena.endpoints.backends.deadlines import GRACE_S, Deadline, TextBudget
from arena.endpoints.backends.protocol import Timeouts


def create_reader() -> aiohttp.StreamReader:
    loop = asyncio.get_running_loop()
    protocol = BaseProtocol(loop)
    protocol.connection_made(asyncio.Transport())
    return aiohttp.StreamReader(protocol, 2**16, loop=loop)


async def test_deadline_passes_other_timeouts_on():
    async def fail() -> None:
        raise TimeoutError("someone else's")

    with pytest.raises(TimeoutError, match="someone else's"):
        await Deadline(Timeouts()).wait_for(fail())


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_text_that_waited_for_a_slow_consumer_is_read_after_the_deadline(run):
    async def read_late() -> list[bytes]:
        deadline, content = Deadline(Timeouts(first_token=0.02, between_tokens=0.02)), create_reader()
        texts = []
        for text in (b"a", b"b", b"c"):
            content.feed_data(text)
            time.sleep(0.05)  # the consumer blocks the loop
            texts.append(await deadline.read(content))
        deadline.cancel()
        return texts

    assert run(read_late()) == [b"a", b"b", b"c"]


async def test_deadline_waits_shortly_after_the_end():
    deadline = Deadline(Timeouts())
    deadline.record_progress(has_token=True, is_complete=True)
    deadline.record_progress(has_token=True, is_complete=True)
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        await deadline.read(create_reader())
    assert time.monotonic() - start < GRACE_S + 1


async def test_deadline_leaves_no_timer_behind():
    deadline, content = Deadline(Timeouts(first_token=0.05)), create_reader()
    content.feed_data(b"x")
    await deadline.read(content)
    deadline.cancel()
    await asyncio.sleep(0.1)
    assert content.exception() is None


@given(st.lists(st.text()), st.integers(0, 60))
def test_budget_cuts_between_characters_at_its_size(pieces, size):
    budget = TextBudget(size)
    taken = "".join(budget.take(piece) for piece in pieces)
    whole = "".join(pieces)
    assert whole.startswith(taken)
    assert len(taken.encode()) <= size
    if len(whole.encode()) < size:
        assert taken == whole
        assert not budget.is_spent
    if taken != whole:
        assert budget.is_spent


def test_budget_once_cut_takes_nothing_more():
    budget = TextBudget(5)
    assert [budget.take("abc🙂"), budget.take("d"), budget.is_spent] == ["abc", "", True]
