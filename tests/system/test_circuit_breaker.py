"""Tests that visitors' requests affect neither the draw nor a model's public failure rate."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import cycle, islice

import psutil

from tests.system.person import CUT, Person
from tests.system.service import ROOT, Service
from tests.system.zoo import BY_QUESTION

REQUESTS = 100
HUSH = "Please hush, all of you."
# Five people in two networks.
ATTACKERS = ("203.0.113.5", "203.0.113.5", "203.0.113.77", "198.51.100.1", "198.51.100.200")
MOST_OF_A_VOTER = 3
ROLL_UP = "from arena.tasks import roll_up; roll_up()"
RATES = """
    SELECT m.slug, sum(d.public_failures) FROM arena_endpointday d JOIN arena_endpoint e ON e.id = d.endpoint_id
    JOIN arena_contestant m ON m.endpoint_id = e.id WHERE m.slug = ANY(%s) GROUP BY 1"""
DRAWN = """
    SELECT count(*) FROM arena_battle b JOIN arena_contestant m ON m.id IN (b.contestant_a_id, b.contestant_b_id)
    WHERE b.id = ANY(%s::uuid[]) AND m.slug = %s"""


def attack(person: Person, number: int) -> None:
    """Run a battle in which the question makes a model fail or the voter stops it: side by side, among named
    models, or blind.
    """
    name = list(BY_QUESTION)[number // 3 % len(BY_QUESTION)]
    ways = (("side_by_side", (name, "good")), ("anonymous", (name, "good", "spare")), ("anonymous", ()))
    mode, models = ways[number % len(ways)]
    battle = person.start(HUSH, *models, mode=mode)
    if number % 7 == 0:
        person.act(battle, "stop")
    with suppress(*CUT):
        next(event for event in person.events(battle["events_url"]) if event.name in ("ready", "void"))


def is_drawn(zoo: Service, name: str) -> bool:
    """Return True if the model takes part in any of a new visitor's battles between three models."""
    stranger = Person(zoo.port, address="192.0.2.1")
    begun = [stranger.start("Why?", name, "good", "spare")["id"] for _ in range(12)]
    return zoo.query(DRAWN, begun, name) != [(0,)]


def public_failures(zoo: Service) -> dict[str, int]:
    """Aggregate now, and return the public failures of each model that fails because of the question."""
    env = psutil.Process(zoo.pid("worker", "answers")).environ()
    subprocess.run([sys.executable, "manage.py", "shell", "-c", ROLL_UP], cwd=ROOT, env=env, check=True)
    return dict.fromkeys(BY_QUESTION, 0) | {str(slug): int(number) for slug, number in zoo.query(RATES, [*BY_QUESTION])}


def test_visitors_change_neither_who_is_drawn_nor_the_public_failure_rates(zoo: Service) -> None:
    before = public_failures(zoo)
    people = [Person(zoo.port, address=address) for address in ATTACKERS]
    for person in people:
        person.get("/")

    with ThreadPoolExecutor(24) as pool:
        list(pool.map(attack, islice(cycle(people), REQUESTS), range(REQUESTS)))

    assert [name for name in BY_QUESTION if not is_drawn(zoo, name)] == []
    after = public_failures(zoo)
    grown = {name: after[name] - before[name] for name in BY_QUESTION}
    assert (grown["picky-empty"], grown["picky-error-400"]) == (0, 0)
    assert max(grown.values()) <= MOST_OF_A_VOTER * len(people)
