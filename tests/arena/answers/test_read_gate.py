"""The gate at which answers wait until they may read."""

import asyncio

from arena.answers.read_gate import ReadGate


async def test_open_lets_all_through_who_wait_and_nobody_after_them():
    gate, through = ReadGate(), []

    async def pass_through(name):
        await gate.wait()
        through.append(name)

    tasks = [asyncio.create_task(pass_through(name)) for name in "ab"]
    await asyncio.sleep(0)
    assert (gate.is_empty(), through) == (False, [])

    assert gate.open()
    late = asyncio.create_task(pass_through("late"))
    await asyncio.gather(*tasks)
    assert through == ["a", "b"]
    assert not late.done()

    assert gate.open()
    await late
    assert gate.is_empty()


async def test_open_passes_over_an_answer_that_was_canceled():
    gate = ReadGate()
    canceled, other = asyncio.create_task(gate.wait()), asyncio.create_task(gate.wait())
    await asyncio.sleep(0)
    canceled.cancel()
    await asyncio.sleep(0)

    assert gate.open()
    await other
    assert canceled.cancelled()


def test_open_says_that_nobody_waited():
    assert not ReadGate().open()
