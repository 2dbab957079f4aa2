"""Tests conversations: follow-up questions, stop, modes, named models, and expiry."""

import subprocess
import sys
import time
from typing import Any

import psutil
import pytest

from tests.fake_provider import expected_text
from tests.processes import eventually
from tests.system.load import asked, shown
from tests.system.person import Event, Person
from tests.system.service import ROOT, Service
from tests.system.zoo import GOOD, MODELS, SLOW

BODIES = {"turns": {"prompt": "More?"}, "vote": {"winner": "a"}}


@pytest.fixture
def person(zoo: Service) -> Person:
    return Person(zoo.port)


def stored(battle: dict[str, Any], turn: int = 1) -> dict[str, str]:
    return {answer["side"]: answer["text"] for answer in battle["turns"][turn - 1]["answers"]}


def counted(zoo: Service, battle: dict[str, Any]) -> tuple[Any, ...]:
    (row,) = zoo.query("SELECT counted, reason FROM arena_vote WHERE battle_id = %s", battle["id"])
    return row


def named(battle: dict[str, Any]) -> dict[str, str]:
    """After the vote, map each side to its model's name on the fake provider."""
    return {model["side"]: MODELS[model["slug"]] for model in battle["models"]}


def begin(person: Person, *models: str, prompt: str = "Begin.", mode: str = "anonymous") -> tuple[Any, list[Event]]:
    """Start a battle and wait until both sides show some text."""
    battle, seen = person.start(prompt, *models, mode=mode), []
    for event in person.events(battle["events_url"]):
        seen.append(event)
        if all(shown(seen).values()):
            return battle, seen
    raise AssertionError(seen)


def test_next_turn_is_asked_with_each_sides_own_history(person: Person, provider: str) -> None:
    prompts = ["What is a history of one's own?", "And whose was it?"]
    battle = person.fight(prompts[0], *GOOD)
    first = person.until(battle["events_url"], "ready")
    answer = person.act(battle, "turns", prompt=prompts[1])
    assert (answer.status, answer.json["state"]) == (201, "answering")
    events = person.until(battle["events_url"], "ready", last_id=first[-1].id)
    assert {event.data.get("turn") for event in events} == {2, None}
    voted = person.vote(battle, "a").json
    requests = [entry for entry in asked(provider) if entry["messages"][-1]["content"] == prompts[1]]
    for side, model in named(voted).items():
        said = [expected_text(model, prompt) for prompt in prompts]
        assert [stored(voted, turn)[side] for turn in (1, 2)] == said
        (request,) = (entry for entry in requests if entry["model"] == model)
        assert [message["content"] for message in request["messages"]] == [prompts[0], said[0], prompts[1]]
    assert len({request["system"] for request in requests}) == 1


def test_stop_ends_both_sides_where_the_reader_is(zoo: Service, person: Person) -> None:
    battle, seen = begin(person, *SLOW)
    assert person.act(battle, "stop").status == 200
    asked_at = time.monotonic()
    seen += person.until(battle["events_url"], "ready", last_id=seen[-1].id)
    assert time.monotonic() - asked_at < 2
    vote = person.vote(battle, "a")
    assert vote.status == 201
    texts = stored(vote.json)
    assert texts == shown(seen)
    for side, model in named(vote.json).items():
        whole = expected_text(model, "Begin.")
        assert whole.startswith(texts[side])
        assert 0 < len(texts[side]) < len(whole)
    assert counted(zoo, battle) == (False, "named_models")


def test_side_by_side_is_in_the_order_asked_for_unpaced_and_not_counted(zoo: Service, person: Person) -> None:
    battle = person.start("Who is quicker?", "slow", "quick", mode="side_by_side")
    events = person.until(battle["events_url"], "ready")
    names = [event.name if event.name != "delta" else "" for event in events]
    assert [event.data["side"] for event in events if event.name == "done"] == ["b", "a"]
    assert "" in names[names.index("done") :]  # the slow side continues
    vote = person.vote(battle, "b").json
    assert named(vote) == {"a": MODELS["slow"], "b": MODELS["quick"]}
    assert counted(zoo, battle) == (False, "side_by_side")


def test_battle_among_named_models_is_blind_and_not_counted(zoo: Service, person: Person) -> None:
    battle = person.fight("Who is best among these?", "good", "spare", "thistle")
    assert (battle["pool"], battle["models"]) == (None, None)
    assert set(named(person.vote(battle, "a").json).values()) <= {MODELS[name] for name in ("good", "spare", "thistle")}
    assert counted(zoo, battle) == (False, "named_models")


def expire(zoo: Service) -> None:
    """Ask a worker to run the expiry task, which beat requests every ten minutes."""
    environment = psutil.Process(zoo.pid("beat")).environ()
    call = [sys.executable, "-m", "celery", "-A", "config", "call", "arena.expire"]
    subprocess.run(call, cwd=ROOT, env=environment, check=True, capture_output=True)


def test_idle_battle_expires_and_never_reveals(zoo: Service, person: Person) -> None:
    old, young = person.fight("Yesterday's question.", *GOOD), person.fight("Today's question.", *GOOD)
    past = "SET created_at = now() - interval '24 hours 1 minute' WHERE"
    zoo.query(f"UPDATE arena_turn {past} battle_id = %s RETURNING 1", old["id"])  # the arena's own text
    zoo.query(f"UPDATE arena_battle {past} id = %s RETURNING 1", old["id"])
    expire(zoo)
    assert eventually(lambda: person.look(old)["state"] == "expired")
    assert person.look(young)["state"] == "ready"
    for action in ("vote", "turns", "retry", "stop"):
        assert person.act(old, action, **BODIES.get(action, {})).status == 409
    assert [event.name for event in person.events(old["events_url"])][-1] == "void"
    shown_now = person.get(f"/api/v1/battles/{old['id']}/").raw + person.get(f"/battles/{old['id']}/").raw
    assert person.look(old)["models"] is None
    assert not [slug for slug in GOOD if f"Model {slug.title()}".encode() in shown_now]
