"""Measured speed of models, log entries about their failures, and the gate at which answers wait to read."""

import asyncio

import pytest

from arena.answers.answering import ReadGate, format_log_detail, measure_call
from arena.answers.live_turn import LiveSide
from arena.endpoints.backends.protocol import Action, BackendError, Usage
from arena.endpoints.backends.provider_errors import build_status_error, convert_exception, finalize_error
from tests.arena.answers.turns import side_job

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
    called = measure_call(of, ASKED)

    assert (called.endpoint_id, called.failure, called.first_token_s) == (1, "", FIRST - ASKED)
    assert called.tokens_per_s == speed


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (build_status_error(400, "Why?"), "rejected, status 400"),
        (build_status_error(400, "Your API key is wrong. Why?"), "unavailable, status 400"),
        (build_status_error(400, "prompt is too long: Why?"), "too_long, status 400"),
        (build_status_error(500, "exceeds the available context size: Why?"), "too_long, status 500"),
        (build_status_error(403, '{"flagged_input": "Why?"}'), "refused, status 403"),
        (build_status_error(409, "Why?"), "unavailable, status 409"),
        (BackendError(Action.GIVE_UP, "refused", "refusal: Why?"), "refused"),
        (build_status_error(401, "no such key"), "unavailable, status 401: no such key"),
        (build_status_error(403, "billing is off"), "unavailable, status 403: billing is off"),
        (build_status_error(404, "no such model"), "unavailable, status 404: no such model"),
        (build_status_error(429, "slow down"), "unavailable, status 429: slow down"),
        (build_status_error(503, "overloaded"), "unavailable, status 503: overloaded"),
        (convert_exception(TimeoutError("no first token")), "timeout, TimeoutError: no first token"),
    ],
)
def test_log_words_quote_a_provider_only_where_no_question_can_have_caused_the_failure(error, words):
    assert format_log_detail(finalize_error(error, has_begun=False, api_key="")) == words


async def test_gate_wakes_only_the_current_waiters():
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


async def test_gate_skips_canceled_waiters():
    gate = ReadGate()
    canceled, other = asyncio.create_task(gate.wait()), asyncio.create_task(gate.wait())
    await asyncio.sleep(0)
    canceled.cancel()
    await asyncio.sleep(0)

    assert gate.open()
    await other
    assert canceled.cancelled()


async def test_gate_ends_once_someone_waits_and_starts_again_after_open():
    gate = ReadGate()
    for _ in range(2):
        occupied = asyncio.create_task(gate.wait_until_occupied())
        await asyncio.sleep(0)
        assert not occupied.done()

        waiter = asyncio.create_task(gate.wait())
        await occupied
        gate.open()
        await waiter
