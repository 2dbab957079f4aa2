"""Two web processes on one port, and two answers workers: they share limits, and each can take over for the other."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import psutil
import pytest

from core.storage.shared_slots import OPEN_SLOT_TTL_S
from tests.fake_provider import expected_text
from tests.processes import alive, eventually
from tests.system.conftest import BATTLES_PER_HOUR, BRIEF, STEADY
from tests.system.load import Crowd, check, shown
from tests.system.person import Event, Person, Refused
from tests.system.service import Service

GOES_ON_WITHIN_S = 15
PEOPLE = 3
VOTERS = 8


@pytest.fixture
def web(pair: Service) -> list[int]:
    """Return the two processes once both serve. The service is ready as soon as the first one serves."""
    assert eventually(lambda: len(pair.pids("uvicorn")) == 2)
    pids = pair.pids("uvicorn")
    for pid in pids:
        with alone(pair, pid):
            assert eventually(lambda: Person(pair.port).get("/healthz").status == 200)
    return pids


@contextmanager
def alone(pair: Service, pid: int) -> Iterator[None]:
    """Let only this web process accept connections. The block must end before the slots of the other expire."""
    others = [psutil.Process(other) for other in pair.pids("uvicorn") if other != pid]
    for other in others:
        other.suspend()
    try:
        yield
    finally:
        for other in others:
            other.resume()


def open_stream(pair: Service, pid: int, person: Person, battle: dict[str, Any]) -> Iterator[Event]:
    """Return a stream from this web process that has sent its first event. Raises Refused."""
    stream = person.events(str(battle["events_url"]))
    with alone(pair, pid):
        next(stream)
    return stream


def is_refused(pair: Service, pid: int, person: Person, battle: dict[str, Any]) -> bool:
    with pytest.raises(Refused) as refused:
        open_stream(pair, pid, person, battle)
    return bool(refused.value.answer.json["error"]["code"] == "too_many_streams")


def try_stream(person: Person, battle: dict[str, Any]) -> Iterator[Event] | None:
    """Return a stream from any web process, or None if it is refused."""
    stream = person.events(str(battle["events_url"]))
    try:
        next(stream)
    except Refused:
        return None
    return stream


def test_battles_of_an_hour_are_counted_for_both(pair: Service, web: list[int]) -> None:
    person = Person(pair.port)
    for number in range(BATTLES_PER_HOUR):
        with alone(pair, web[number % 2]):
            person.fight(f"Counted number {number}", *BRIEF)
    for pid in web:
        with alone(pair, pid):
            answer = person.post("/api/v1/battles/", {"prompt": "One too many"})
        assert (answer.status, answer.json["error"]["code"]) == (429, "too_many_requests")


def test_killed_process_gives_its_slots_up_and_the_other_one_takes_over(pair: Service, web: list[int]) -> None:
    prompt = "What goes on elsewhere?"
    killed, other = web
    with Crowd(pair, PEOPLE, name="one of two") as crowd, ExitStack() as stack:
        person = Person(pair.port)
        battle = person.start(prompt, *STEADY)
        streams = [open_stream(pair, pid, person, battle) for pid in (killed, other) for _ in range(3)]
        for stream in streams:
            stack.callback(stream.close)
        assert all(is_refused(pair, pid, person, battle) for pid in web)
        pair.process.send_signal(signal.SIGSTOP)  # so that the process is not restarted in the meantime
        stack.callback(pair.process.send_signal, signal.SIGCONT)
        os.kill(killed, signal.SIGKILL)
        before = time.monotonic()
        opened: list[Iterator[Event] | None] = []
        seen: list[Event] = []
        person.through(str(battle["events_url"]), "ready", seen=seen)
        assert time.monotonic() - before < OPEN_SLOT_TTL_S + GOES_ON_WITHIN_S
        for _ in range(3):
            assert eventually(lambda: opened.append(try_stream(person, battle)) or opened[-1], GOES_ON_WITHIN_S)
        assert is_refused(pair, other, person, battle)
    models = person.vote(battle, "tie").json["models"]
    assert shown(seen) == {model["side"]: expected_text(STEADY[model["slug"]], prompt) for model in models}
    assert eventually(lambda: len(pair.pids("uvicorn")) == 2 and not alive(killed))
    check(pair, crowd.log)


def delete_all(person: Person) -> int:
    """Delete all of the voter's data, as the page does. Return the status of the response."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Person(person.port, dict(person.cookies)).post("/battles/delete/", b"", **headers).status


def fight_and_open_page(pair: Service, number: int) -> tuple[Person, dict[str, Any]]:
    person = Person(pair.port)
    battle = person.fight(f"Deleted number {number}", *BRIEF)
    person.get("/battles/")  # for the token of its forms
    return person, battle


def test_vote_of_a_deleted_voter_is_refused_by_the_other_process(pair: Service, web: list[int]) -> None:
    person, battle = fight_and_open_page(pair, 0)
    with alone(pair, web[0]):
        assert delete_all(person) == 302
    with alone(pair, web[1]):
        answer = person.vote(battle, "a")
    assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")


def test_voters_who_are_deleted_while_they_vote_have_voted_or_not(pair: Service, web: list[int]) -> None:
    count = "SELECT count(*) FROM arena_vote WHERE source <> 'import'"
    (before,) = pair.query(count)[0]
    with ThreadPoolExecutor(2 * VOTERS) as pool:
        voters = list(pool.map(lambda number: fight_and_open_page(pair, number), range(VOTERS)))
        votes = [pool.submit(person.vote, battle, "b") for person, battle in voters]
        deletions = list(pool.map(lambda voter: delete_all(voter[0]), voters))
    statuses = Counter(vote.result().status for vote in votes)
    assert deletions == [302] * VOTERS
    assert set(statuses) <= {201, 404, 409}
    assert pair.query(count)[0][0] - before == statuses[201]
    assert not pair.query("SELECT 1 FROM arena_turn WHERE prompt LIKE 'Deleted number %%'")
