"""Tests access and rate limits with many concurrent requests against the whole service."""

import http.client
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg
import pytest

from tests.processes import eventually
from tests.system.conftest import BATTLES_PER_HOUR, BRIEF
from tests.system.person import Answer, Person
from tests.system.service import Service

CALL = "/api/v1/battles/"
UNKNOWN = "0c0ffee0-1111-4222-8333-444455556666"


def make_key(service: Service, *scopes: str) -> str:
    return service.manage("create_api_key", "canary", "--scope", *scopes).split()[-1]


def at_once(count: int, work: Callable[[], Answer]) -> list[Answer]:
    ready = threading.Barrier(count)

    def run(_: int) -> Answer:
        ready.wait(timeout=30)
        return work()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def new_person(service: Service) -> Person:
    person = Person(service.port)
    assert person.get("/").status == 200
    return person


def ask_until_refused(person: Person) -> tuple[list[dict[str, Any]], list[Answer]]:
    """Send bursts of sixty questions until one is rejected. Return the battles, and the responses of the last burst."""
    started: list[dict[str, Any]] = []
    for _ in range(BATTLES_PER_HOUR):
        answers = at_once(60, lambda: person.post(CALL, {"prompt": "Why?", "models": [*BRIEF]}))
        new = [answer.json for answer in answers if answer.status == 201]
        if not new:
            break
        for battle in new:
            assert eventually(lambda battle=battle: person.look(battle)["state"] == "ready", within=60)
        started += new
    return started, answers


def vote_within_limits(person: Person, battle: dict[str, Any]) -> Answer:
    """Vote, and retry while the voter's requests per minute are used up. Return the response."""
    answers: list[Answer] = []

    def vote() -> bool:
        answers.append(person.vote(battle, "a"))
        return answers[-1].status != 429

    assert eventually(vote, within=60)
    return answers[-1]


def test_of_sixty_at_once_no_more_start_a_battle_than_may_and_fifty_votes_at_once_are_one(pair: Service) -> None:
    person = new_person(pair)

    started, refused = ask_until_refused(person)

    assert len(started) == BATTLES_PER_HOUR
    assert {answer.json["error"]["code"] for answer in refused} == {"too_many_requests"}
    assert all(1 <= int(answer.headers["retry-after"]) <= 180 for answer in refused)
    for battle in started[:2]:
        votes = at_once(50, lambda battle=battle: vote_within_limits(person, battle))
        assert sorted(vote.status for vote in votes) == [201] + [409] * 49
        assert {vote.json["error"]["vote"]["winner"] for vote in votes if vote.status == 409} == {"a"}
    voted = [battle["id"] for battle in started]
    assert pair.query("SELECT count(*) FROM arena_vote WHERE battle_id::text = ANY(%s)", voted) == [(2,)]


def test_same_request_at_once_is_one_battle(pair: Service) -> None:
    person = new_person(pair)

    answers = at_once(12, lambda: person.post(CALL, {"prompt": "Once?"}, Idempotency_Key="one"))

    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert len(person.get(CALL).json["results"]) == 1


def test_program_fights_and_judges_with_its_key_alone(pair: Service) -> None:
    secret = make_key(pair, "read", "battle", "vote")
    headers = {"Authorization": f"Bearer {secret}"}

    def call(method: str, path: str, body: Any = None) -> Answer:
        return Person(pair.port).call(method, path, body, **headers)

    battle = call("POST", CALL, {"prompt": "Why?"}).json
    path = f"{CALL}{battle['id']}/"
    assert eventually(lambda: call("GET", path).json["state"] == "ready", within=30)
    verdict = call("POST", f"{path}vote/", {"winner": "tie"})

    assert (verdict.status, verdict.json["pool"]) == (201, "api")
    stored = "SELECT slug, source FROM arena_vote JOIN arena_pool AS pool ON pool.id = pool_id WHERE battle_id = %s"
    assert pair.query(stored, battle["id"]) == [("api", "api")]
    assert eventually(lambda: call("GET", "/api/v1/leaderboard/?pool=api").json["votes"] == 1)
    assert Person(pair.port).get(path).status == 404


def test_errors_for_one_key_at_once_do_not_wait_for_each_other(pair: Service) -> None:
    """Django logs each error in a thread while the request still holds its database connection."""
    headers = {"Authorization": f"Bearer {make_key(pair, 'read', 'battle', 'vote')}"}
    person = Person(pair.port)
    battle = person.post(CALL, {"prompt": "Who is first?"}, **headers).json
    path = f"{CALL}{battle['id']}/"
    assert eventually(lambda: person.get(path, **headers).json["state"] == "ready")

    votes = at_once(50, lambda: person.post(f"{path}vote/", {"winner": "b"}, **headers))
    missing = at_once(50, lambda: person.get(f"{CALL}{UNKNOWN}/", **headers))

    assert sorted(vote.status for vote in votes) == [201] + [409] * 49
    assert {answer.status for answer in missing} == {404}


def test_key_is_in_no_log_and_in_no_table(pair: Service) -> None:
    secret = make_key(pair, "read")
    for path in (CALL, "/api/v1/nothing/", "/api/v1/leaderboard/?at=x", "/"):
        for key in (secret, secret + "x"):
            Person(pair.port).get(path, Authorization=f"Bearer {key}")
    Person(pair.port).post(CALL, {"prompt": "?"}, Authorization=f"Bearer {secret}")
    canary = secret[12:]

    logs = [path for path in (pair.data / "log").iterdir() if canary in path.read_text(errors="replace")]
    tables = [name for [name] in pair.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    told = [
        name
        for name in tables
        if pair.query(f'SELECT 1 FROM "{name}" AS whole WHERE whole::text LIKE %s LIMIT 1', f"%{canary}%")  # noqa: S608
    ]

    assert (logs, told) == ([], [])
    assert "arena_apikey" in tables


@pytest.mark.parametrize("announced", [True, False])
def test_body_that_is_too_large_is_refused(pair: Service, announced: bool) -> None:
    body = json.dumps({"prompt": "x" * 3_000_000}).encode()
    with closing(http.client.HTTPConnection("127.0.0.1", pair.port, timeout=30)) as connection:
        connection.request("POST", CALL, body if announced else iter([body]), {"Content-Type": "application/json"})
        response = connection.getresponse()
        said = json.loads(response.read())

    assert (response.status, said["error"]["code"]) == (413, "too_large")


def test_page_of_another_host_reads_the_board(pair: Service) -> None:
    answer = Person(pair.port).get("/api/v1/leaderboard/", Origin="https://notebook.example")

    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")


def test_request_does_not_wait_for_the_database_for_ever(pair: Service) -> None:
    held = psycopg.connect(f"postgresql://arena@/arena?host={pair.data}/run/postgres")
    with closing(held):
        held.execute("LOCK TABLE catalog_benchmark")
        waiting = Person(pair.port).get("/api/v1/benchmarks/")

    assert (waiting.status, waiting.json["error"]["code"]) == (503, "unavailable")
    assert Person(pair.port).get("/api/v1/benchmarks/").status == 200
