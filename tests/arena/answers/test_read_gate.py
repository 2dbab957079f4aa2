"""The gate at which answers wait until they may read."""

import asyncio

from arena.answers.read_gate import ReadGate


async def test_open_wakes_only_the_current_waiters():
    gate, through = ReadGate(), []

    async def pass_through(name):
        await gate.wait()
        through.append(name)

    tasks = [asyncio.create_task(pass_through(name)) for name in "ab"]
    await asyncio.sleep(0)
    await gate.wait_until_occupied()
    assert through == []

    assert gate.open()
    late = asyncio.create_task(pass_through("late"))
    await asyncio.gather(*tasks)
    assert through == ["a", "b"]
    assert not late.done()

    assert gate.open()
    await late
    assert through == ["a", "b", "late"]
    assert not gate.open()


async def test_open_skips_canceled_waiters():
    gate = ReadGate()
    canceled, other = asyncio.create_task(gate.wait()), asyncio.create_task(gate.wait())
    await asyncio.sleep(0)
    canceled.cancel()
    await asyncio.sleep(0)

    assert gate.open()
    await other
    assert canceled.cancelled()


async def test_wait_until_occupied_ends_once_someone_waits_and_starts_again_after_open():
    gate = ReadGate()
    for _ in range(2):
        occupied = asyncio.create_task(gate.wait_until_occupied())
        await asyncio.sleep(0)
        assert not occupied.done()

        waiter = asyncio.create_task(gate.wait())
        await occupied
        gate.open()
        await waiter


def test_open_returns_false_without_waiters():
    assert not ReadGate().open()
