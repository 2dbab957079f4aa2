"""Kills and stops processes of the service under load, and checks that no confirmed action is lost."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psutil
import psycopg
import pytest

from tests.fake_provider import expected_text
from tests.processes import eventually
from tests.system.conftest import models_file
from tests.system.load import Crowd, Log, calls, check, shown
from tests.system.person import Event, Person
from tests.system.service import Service, running

MODELS = {f"falling-{n}": f"falling-{n}/steady-50-len-80" for n in (1, 2, 3)}
LATE = {f"late-{n}": f"late-{n}/ttft-1.5-steady-50-len-20" for n in (1, 2)}
FROZEN = {f"frozen-{n}": f"frozen-{n}/steady-20-len-30" for n in (1, 2)}
COLD = (FROZEN, LATE)
SLOW = {f"slow-{n}": f"slow-{n}/steady-1-len-200" for n in (1, 2)}
UPSTREAM = MODELS | FROZEN | LATE | SLOW
NO_LIMITS = {"ARENA_BATTLES_PER_HOUR": "0", "ARENA_BATTLES_PER_HOUR_ADDRESS": "0"}
PAGES = ("/", "/leaderboard/", "/api/v1/battles/", "/api/v1/leaderboard/")
SECOND = "UPDATE arena_endpoint SET upstream_id = 'second/' || upstream_id WHERE upstream_id !~ '^falling' RETURNING 1"
SWITCH = "UPDATE arena_contestant SET enabled = %s WHERE slug ~ '^slow' RETURNING 1"
FROZEN_S = 30
MAY_WRITE_S = 3
GOES_ON_WITHIN_S = 15
PEOPLE = 6
BUSY = 250
HELD = "SELECT count(DISTINCT turn_id) FROM arena_answer WHERE state = 'running' AND attempt = %s"


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[Service]:
    """A separate service, because these tests would disturb others."""
    folder = tmp_path_factory.mktemp("victim")
    file = models_file(folder / "models.toml", provider, UPSTREAM)
    with running(folder / "data", "--no-local-models", "--models", str(file), **NO_LIMITS) as up:
        up.query(SWITCH, False)
        yield up


@contextmanager
def unattended(service: Service) -> Iterator[None]:
    """Keep the supervisor from restarting processes that die in this block."""
    service.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        service.process.send_signal(signal.SIGCONT)


@contextmanager
def frozen(service: Service) -> Iterator[psutil.Process]:
    """Freeze the answers worker. A second worker uses different upstream names, which identifies its requests."""
    worker = psutil.Process(service.pid("worker", "answers"))
    worker.suspend()
    service.query(SECOND)
    try:
        yield worker
    finally:
        worker.resume()


def postmaster(service: Service) -> int:
    return int((service.data / "postgres" / "postmaster.pid").read_text().split()[0])


def reachable(service: Service) -> bool:
    try:
        return bool(service.query("SELECT 1"))
    except psycopg.OperationalError:
        return False


def texts(service: Service, battle: str) -> list[tuple[Any, ...]]:
    text = "SELECT text FROM arena_answer a JOIN arena_turn t ON t.id = a.turn_id WHERE t.battle_id = %s AND text > ''"
    return service.query(text, battle)


def begin(service: Service, prompt: str, *models: str) -> tuple[Person, dict[str, object], list[Event]]:
    """Start a battle and wait until its answers begin to show."""
    person = Person(service.port)
    battle = person.start(prompt, *models)
    return person, battle, person.until(str(battle["events_url"]), "delta")


def test_battles_go_on_after_the_worker_is_killed(victim: Service, provider: str) -> None:
    prompts = [f"What falls number {n} times?" for n in range(10)]
    log = Log()
    with ThreadPoolExecutor(len(prompts)) as pool:
        begun = list(pool.map(lambda prompt: begin(victim, prompt, *MODELS), prompts))
        os.kill(victim.pid("worker", "answers"), signal.SIGKILL)
        killed = time.monotonic()
        ends = list(pool.map(lambda each: each[0].through(str(each[1]["events_url"]), "ready", seen=each[2]), begun))
    assert time.monotonic() - killed <= GOES_ON_WITHIN_S
    for prompt, (person, battle, _), seen in zip(prompts, begun, ends, strict=True):
        log.battles[str(battle["id"])] = prompt
        log.texts[str(battle["id"])] = shown(seen)
        assert person.vote(battle, "a").status == 201
        log.votes[str(battle["id"])] = "a"
    check(victim, log)
    made = calls(provider)
    assert all(made[model, prompt] <= 2 for model in MODELS.values() for prompt in prompts)
    assert sum(made[model, prompt] for model in MODELS.values() for prompt in prompts) > 2 * len(prompts)


@contextmanager
def slow_models(service: Service) -> Iterator[None]:
    """Enable models that are still writing while a test runs."""
    service.query(SWITCH, True)
    try:
        yield
    finally:
        service.query(SWITCH, False)


def held(service: Service, attempt: int) -> int:
    """Return the number of turns with an answer that a worker owns in this attempt."""
    return int(service.query(HELD, attempt)[0][0])


def test_busy_worker_that_is_killed_is_relieved_in_time(victim: Service) -> None:
    people = [Person(victim.port) for _ in range(10)]

    def start(number: int) -> dict[str, object]:
        return people[number % len(people)].start(f"What is so slow {number} times?", *SLOW, mode="side_by_side")

    with ThreadPoolExecutor(len(people)) as pool, unattended(victim), slow_models(victim):
        for _ in pool.map(start, range(BUSY)):
            pass
        assert eventually(lambda: held(victim, 1) == BUSY, 20)
        with victim.another({"answers@%h": "second@%h"}, "worker", "answers"):
            os.kill(victim.pid("worker", "answers"), signal.SIGKILL)
            killed = time.monotonic()
            assert eventually(lambda: held(victim, 2) == BUSY, 2 * GOES_ON_WITHIN_S)
            assert time.monotonic() - killed <= GOES_ON_WITHIN_S
            victim.query("UPDATE arena_battle SET stopped = true WHERE state = 'answering' RETURNING 1")
            assert eventually(lambda: not victim.query("SELECT 1 FROM arena_battle WHERE state = 'answering'"), 10)


def test_frozen_valkey_delays_no_start_by_a_second(victim: Service) -> None:
    people = [Person(victim.port) for _ in range(4)]
    for person in people:
        person.start("What was before the frost?", *MODELS)
    valkey = psutil.Process(victim.pid("valkey-server"))
    valkey.suspend()
    try:
        for number in range(8):
            started = time.monotonic()
            battle = people[number % 4].start(f"What is frozen {number} times?", *MODELS)
            assert time.monotonic() - started < 1
    finally:
        valkey.resume()
    people[3].until(str(battle["events_url"]), "ready")


def test_losing_valkey_stops_no_battle_and_no_vote(victim: Service) -> None:
    with ThreadPoolExecutor(8) as pool, Crowd(victim, PEOPLE, name="without valkey") as crowd:
        voters = [Person(victim.port) for _ in range(8)]
        ready = list(pool.map(lambda n: voters[n].fight(f"Ready before the loss {n}"), range(8)))
        with unattended(victim):
            os.kill(victim.pid("valkey-server"), signal.SIGKILL)
            began = time.monotonic()
            votes = list(pool.map(lambda n: voters[n].vote(ready[n], "tie"), range(8)))
            waited = time.monotonic() - began
            started = voters[0].start("Asked while Valkey is away.", *MODELS)
            time.sleep(1)
        late = voters[0].through(str(started["events_url"]), "ready")
    assert [vote.status for vote in votes] == [201] * 8
    assert waited < 5
    crowd.log.battles[str(started["id"])] = "Asked while Valkey is away."
    crowd.log.texts[str(started["id"])] = shown(late)
    assert len(crowd.log.votes) >= PEOPLE
    assert not crowd.log.refusals
    check(victim, crowd.log)


def test_database_that_was_stopped_is_found_again(victim: Service) -> None:
    with ThreadPoolExecutor(10) as pool, Crowd(victim, PEOPLE, name="without postgres") as crowd:
        assert eventually(lambda: crowd.log.votes, 20)
        person, battle, _ = begin(victim, "Is it there again?", *MODELS)
        with unattended(victim):
            os.kill(postmaster(victim), signal.SIGQUIT)
            assert eventually(lambda: not reachable(victim), 5)
            asking = pool.submit(person.post, "/api/v1/battles/", {"prompt": "Is anyone there?"})
            away = [
                *pool.map(person.get, (*PAGES, str(battle["events_url"]), f"/battles/{battle['id']}/")),
                asking.result(),
            ]
        assert eventually(lambda: reachable(victim), 20)
        back = time.monotonic()
        before = set(crowd.log.votes)
        assert eventually(lambda: len(crowd.log.votes.keys() - before) >= PEOPLE, 30)
        assert time.monotonic() - back <= GOES_ON_WITHIN_S
    assert [(answer.status, answer.headers.get("retry-after")) for answer in away] == [(503, "3")] * len(away)
    assert crowd.log.refusals.keys() <= {503}
    check(victim, crowd.log)


def test_late_result_of_a_frozen_worker_is_discarded(victim: Service) -> None:
    prompts = {"in mid-stream": "What thaws?", "before the first word": "What has not begun?"}
    people = {when: Person(victim.port) for when in prompts}
    battles = {when: people[when].start(prompts[when], *models) for when, models in zip(prompts, COLD, strict=True)}
    mid, before = prompts
    seen = {mid: people[mid].until(battles[mid]["events_url"], "delta"), before: []}
    assert not texts(victim, battles[before]["id"])
    with (
        frozen(victim) as worker,
        victim.another({"answers@%h": "second@%h"}, "worker", "answers"),
        ThreadPoolExecutor(2) as pool,
        Crowd(victim, PEOPLE, *MODELS, name="second worker") as crowd,
    ):
        urls = {when: battle["events_url"] for when, battle in battles.items()}
        reading = [pool.submit(people[when].through, urls[when], "voted", seen=seen[when]) for when in prompts]
        time.sleep(FROZEN_S)
        assert all(people[when].look(battles[when])["state"] == "ready" for when in prompts)
        worker.resume()
        time.sleep(MAY_WRITE_S)
        voted = {when: people[when].vote(battles[when], "b").json for when in prompts}
        for each in reading:
            each.result()
    for when, battle in voted.items():
        says = {m["side"]: expected_text(f"second/{UPSTREAM[m['slug']]}", prompts[when]) for m in battle["models"]}
        assert {a["side"]: a["text"] for a in battle["turns"][0]["answers"]} == says
        assert shown(seen[when]) == says
    check(victim, crowd.log)


def test_stream_goes_on_after_all_web_processes_are_killed(victim: Service) -> None:
    with Crowd(victim, PEOPLE, name="without web") as crowd:
        person, battle, seen = begin(victim, "What spins a web?", *FROZEN)
        for web in victim.pids("uvicorn"):
            os.kill(web, signal.SIGKILL)
        person.through(str(battle["events_url"]), "ready", seen=seen)
        before = set(crowd.log.votes)
        assert eventually(lambda: len(crowd.log.votes.keys() - before) >= PEOPLE, 20)
    answers = person.look(battle)["turns"][0]["answers"]
    assert shown(seen) == {answer["side"]: answer["text"] for answer in answers}
    assert len({event.id for event in seen}) == len(seen)
    assert not [event for event in seen if event.name == "reset"]
    check(victim, crowd.log)
