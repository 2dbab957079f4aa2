"""Simulated users who log every confirmed action, and a check that nothing is lost at the end."""

import itertools
import json
import random
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from tests.fake_provider import expected_text
from tests.processes import eventually
from tests.system.person import CUT, Answer, Event, Person, text_of
from tests.system.service import Service

WINNERS = ("a", "b", "tie", "both_bad")
PAUSE_S = 0.2
TROUBLE_S = 60


@dataclass
class Log:
    """Confirmed actions: battle IDs with prompts, and votes. `refusals` counts 503s, `cuts` counts requests without a
    response, and `surprises` has unexpected responses.
    """

    battles: dict[str, str] = field(default_factory=dict)
    votes: dict[str, str] = field(default_factory=dict)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    refusals: Counter[int] = field(default_factory=Counter)
    cuts: Counter[str] = field(default_factory=Counter)
    surprises: list[tuple[str, int, bytes]] = field(default_factory=list)


class Crowd:
    """Simulated users who run one battle after another until the block ends."""

    def __init__(self, service: Service, people: int, *models: str, name: str = "crowd") -> None:
        self.service, self.people, self.models, self.name = service, people, models, name
        self.log = Log()
        self._ending = threading.Event()
        self._pool = ThreadPoolExecutor(people)
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        self._lives = [self._pool.submit(self._live) for _ in range(self.people)]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Let all users finish their current battle."""
        self._ending.set()
        self._pool.shutdown()
        if error is None:
            for life in self._lives:
                life.result()

    def _live(self) -> None:
        person = Person(self.service.port)
        while not self._ending.is_set():
            prompt = f"{self.name}: question {next(self._numbers)}"
            body = {"prompt": prompt} | ({"models": list(self.models)} if self.models else {})
            battle = self._insist("start", lambda body=body: person.post("/api/v1/battles/", body), 201).json
            self.log.battles[battle["id"]] = prompt
            seen = person.through(battle["events_url"], "ready", "void")
            self.log.texts[battle["id"]] = {side: text_of(seen, side) for side in "ab"}
            self._vote(person, battle)

    def _vote(self, person: Person, battle: dict[str, Any]) -> None:
        """Vote until the vote is confirmed. If a response was lost, the vote might already be stored."""
        winner = random.choice(WINNERS)  # not used for security
        answer = self._insist("vote", lambda: person.vote(battle, winner), 201, 409)
        if answer.status == 409 and answer.json["error"].get("vote", {}).get("winner") != winner:
            self._surprise("vote", answer)
        else:
            self.log.votes[battle["id"]] = winner

    def _insist(self, what: str, call: Callable[[], Answer], *wanted: int) -> Answer:
        deadline = time.monotonic() + TROUBLE_S
        while time.monotonic() < deadline:
            try:
                answer = call()
            except CUT:
                self.log.cuts[what] += 1
            else:
                if answer.status in wanted:
                    return answer
                self.log.refusals[answer.status] += 1
                if answer.status != 503:
                    self._surprise(what, answer)
            time.sleep(PAUSE_S)
        raise AssertionError(f"{what} did not work for {TROUBLE_S} s")

    def _surprise(self, what: str, answer: Answer) -> None:
        self.log.surprises.append((what, answer.status, answer.body[:300]))


def asked(provider: str) -> list[dict[str, Any]]:
    """Return the requests to the fake provider, oldest first."""
    with urllib.request.urlopen(f"{provider}/log", timeout=30) as response:  # noqa: S310  # our own address
        entries: list[dict[str, Any]] = json.load(response)
        return entries


def calls(provider: str) -> Counter[tuple[str, str]]:
    """Count the requests for each model and prompt."""
    return Counter((entry["model"], entry["messages"][-1]["content"]) for entry in asked(provider))


def check(service: Service, log: Log) -> None:
    """Check that no confirmed action is lost or duplicated, no battle is stuck, and the boards contain all votes."""
    assert not log.surprises
    assert eventually(lambda: not service.query("SELECT 1 FROM arena_battle WHERE state = 'answering'"), TROUBLE_S)
    assert not service.query("SELECT 1 FROM arena_answer WHERE state IN ('queued', 'running') OR lease_until > now()")
    battles = dict(service.query("SELECT id::text, state FROM arena_battle"))
    assert log.battles.keys() <= battles.keys()
    votes = service.query("SELECT battle_id::text, winner FROM arena_vote WHERE source <> 'import'")
    assert log.votes.items() <= dict(votes).items()
    assert len(dict(votes)) == len(votes) == list(battles.values()).count("voted")
    assert eventually(lambda: counted(service) == tallied(service)), (counted(service), tallied(service))
    check_texts(service, log)


def check_texts(service: Service, log: Log) -> None:
    """Check that all answers are what the models wrote for this prompt, both in the database and for the reader."""
    rows = service.query(
        "SELECT t.battle_id::text, a.side, e.upstream_id, t.prompt, a.text FROM arena_answer a"
        " JOIN arena_turn t ON t.id = a.turn_id JOIN arena_contestant c ON c.id = a.contestant_id"
        " JOIN arena_endpoint e ON e.id = c.endpoint_id"
        " WHERE a.state = 'finished' AND NOT a.stopped AND t.battle_id::text = ANY(%s)",
        list(log.battles),
    )
    for battle, side, model, prompt, text in rows:
        assert text == expected_text(str(model), str(prompt)), (battle, side)
        assert log.texts.get(str(battle), {}).get(str(side), text) == text


def counted(service: Service) -> dict[object, object]:
    """Return the number of counted votes per pool."""
    return dict(
        service.query(
            "SELECT p.slug, sum(v.multiplicity)::int FROM arena_vote v JOIN arena_pool p ON p.id = v.pool_id"
            " WHERE v.counted GROUP BY p.slug"
        )
    )


def tallied(service: Service) -> dict[object, object]:
    """Return the number of votes on the overall board of each pool."""
    return dict(
        service.query(
            "SELECT p.slug, sum(t.wins + t.losses + t.ties)::int FROM ratings_tally t"
            " JOIN ratings_board b ON b.id = t.board_id JOIN arena_pool p ON p.id = b.pool_id"
            " JOIN ratings_category c ON c.id = b.category_id"
            " WHERE c.slug = 'overall' AND NOT b.style_control GROUP BY p.slug"
        )
    )


def shown(seen: list[Event]) -> dict[str, str]:
    return {side: text_of(seen, side) for side in "ab"}
