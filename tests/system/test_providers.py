"""Tests all kinds of provider failures: what the voter sees, and what is stored."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest

from tests.fake_provider import expected_text
from tests.processes import eventually
from tests.system.load import shown
from tests.system.person import Answer, Event, Person
from tests.system.service import Service
from tests.system.zoo import (
    BEFORE_A_WORD,
    GOOD,
    IN_MID_STREAM,
    IN_TURN_TWO,
    LIMITS_S,
    MODELS,
    ODD_BUT_GOOD,
    QUICK,
    SLOW,
)

ENDS_WITHIN_S = LIMITS_S["answer"] + 5
REPLACED = [name for name in BEFORE_A_WORD if name != "filtered"]
PROMPT = "How long is a day?"
MIB = 2**20
CAP = 256 * 1024


@dataclass
class BattleOutcome:
    """A battle between a good and a bad model, as its voter saw it end."""

    person: Person
    battle: dict[str, Any]
    events: list[Event]
    took: float
    response: Answer
    sides: dict[str, str] = field(default_factory=dict)  # slug → side

    @property
    def ends(self) -> list[str]:
        return [event.name for event in self.events if event.name != "delta"]


def fight(zoo: Service, *models: str, prompt: str = PROMPT, mode: str = "anonymous") -> BattleOutcome:
    person = Person(zoo.port)
    began = time.monotonic()
    battle = person.start(prompt, *models, mode=mode)
    events = person.through(battle["events_url"], "ready", "void")
    took = time.monotonic() - began
    response = person.get(f"/api/v1/battles/{battle['id']}/")
    return BattleOutcome(person, response.json, events, took, response, drawn(zoo, battle["id"]))


def drawn(zoo: Service, battle: str) -> dict[str, str]:
    rows = zoo.query(
        "SELECT a.side, m.slug FROM arena_answer a JOIN arena_turn t ON t.id = a.turn_id"
        " JOIN arena_contestant m ON m.id = a.contestant_id WHERE t.battle_id = %s",
        battle,
    )
    return {str(slug): str(side) for side, slug in rows}


def put_all_in_the_draw(zoo: Service) -> None:
    zoo.query("UPDATE arena_endpoint SET failed_probes = 0 WHERE failed_probes > 0 RETURNING 1")


@pytest.fixture(scope="module")
def fought(zoo: Service) -> dict[str, BattleOutcome]:
    """Run a battle of each bad model against the good model, all at the same time."""
    names = [*BEFORE_A_WORD, *IN_MID_STREAM, *ODD_BUT_GOOD]
    with ThreadPoolExecutor(len(names)) as pool:
        return dict(zip(names, pool.map(lambda name: fight(zoo, "good", name), names), strict=True))


@pytest.mark.parametrize("name", [*BEFORE_A_WORD, *IN_MID_STREAM])
def test_failure_in_the_first_turn_voids_the_battle_in_time(fought: dict[str, BattleOutcome], name: str) -> None:
    each = fought[name]
    assert each.took <= ENDS_WITHIN_S
    assert each.battle["state"] == "void"
    assert sorted(each.ends) == ["done", "failed", "void"]
    assert each.ends[-1] == "void"
    vote = each.person.vote(each.battle, "a")
    assert (vote.status, vote.json["error"]["code"]) == (409, "not_votable")


@pytest.mark.parametrize("name", [*BEFORE_A_WORD, *IN_MID_STREAM])
def test_healthy_side_keeps_its_text(fought: dict[str, BattleOutcome], name: str) -> None:
    good = fought[name].sides["good"]
    assert shown(fought[name].events)[good] == expected_text(MODELS["good"], PROMPT)
    (stored,) = (a for a in fought[name].battle["turns"][0]["answers"] if a["side"] == good)
    assert stored == {"side": good, "state": "finished", "text": shown(fought[name].events)[good], "reason": None}


@pytest.mark.parametrize("name", IN_MID_STREAM)
def test_half_an_answer_stays_to_be_seen_and_is_no_answer(fought: dict[str, BattleOutcome], name: str) -> None:
    side = fought[name].sides[name]
    half = shown(fought[name].events)[side]
    assert half
    assert expected_text(name, PROMPT).startswith(half)
    (failed,) = (event.data for event in fought[name].events if event.name == "failed")
    assert failed == {"turn": 1, "side": side, "reason": "unavailable"}


def anonymized(each: BattleOutcome, bad: str) -> str:
    """Return everything sent to the voter, without values that differ between any two battles.

    These are IDs, times, and the division of text into pieces.
    """
    said = b"".join(event.raw for event in each.events if event.name != "delta")
    told = each.response.body.decode() + re.sub(rb"(?m)^id: .*$", b"", said).decode()
    for key in ("id", "created_at"):
        told = told.replace(each.battle[key], key)
    return json.dumps([sorted(each.response.headers), told, shown(each.events)])


def test_failures_before_a_word_look_all_alike(fought: dict[str, BattleOutcome]) -> None:
    by_side: dict[str, set[str]] = {"a": set(), "b": set()}
    for name in BEFORE_A_WORD:
        by_side[fought[name].sides[name]].add(anonymized(fought[name], name))
    assert {len(payloads) for payloads in by_side.values()} <= {0, 1}


@pytest.mark.parametrize("name", ODD_BUT_GOOD)
def test_odd_answer_is_an_answer(fought: dict[str, BattleOutcome], name: str) -> None:
    each = fought[name]
    texts = {answer["side"]: answer["text"] for answer in each.battle["turns"][0]["answers"]}
    assert each.battle["state"] == "ready"
    assert texts[each.sides[name]] == expected_text(name, PROMPT)
    assert shown(each.events) == texts


def fight_until(zoo: Service, true: str, *models: str) -> BattleOutcome:
    """Start battles until the condition is true for one."""
    for _ in range(20):
        put_all_in_the_draw(zoo)
        each = fight(zoo, *models)
        if zoo.query(f"SELECT 1 FROM arena_battle WHERE id = %s AND {true}", each.battle["id"]):  # noqa: S608  # ours
            return each
    raise AssertionError(f"never {true} among {models}")


@pytest.fixture(scope="module")
def replaced(zoo: Service, fought: dict[str, BattleOutcome]) -> dict[str, BattleOutcome]:
    """Battles in which each bad model was drawn, with a third model as the replacement."""
    with ThreadPoolExecutor(len(REPLACED)) as pool:
        battles = pool.map(lambda name: fight_until(zoo, "replaced <> '[]'", "good", "spare", name), REPLACED)
        return dict(zip(REPLACED, battles, strict=True))


@pytest.mark.parametrize("name", REPLACED)
def test_model_that_fails_before_a_word_is_replaced_in_silence(
    zoo: Service, replaced: dict[str, BattleOutcome], name: str
) -> None:
    each = replaced[name]
    assert each.ends == ["done", "done", "ready"]
    assert each.sides.keys() == {"good", "spare"}
    assert {a["side"]: a["text"] for a in each.battle["turns"][0]["answers"]} == {
        side: expected_text(MODELS[slug], PROMPT) for slug, side in each.sides.items()
    }
    assert shown(each.events) == {side: expected_text(MODELS[slug], PROMPT) for slug, side in each.sides.items()}
    assert not [word for word in (b"replace", name.encode()) if word in each.response.raw]
    vote = each.person.vote(each.battle, "a").json
    assert {model["slug"]: model["side"] for model in vote["models"]} == each.sides
    ((entry, key),) = zoo.query(
        "SELECT b.replaced->0, m.id FROM arena_battle b, arena_contestant m WHERE b.id = %s AND m.slug = %s",
        each.battle["id"],
        name,
    )
    assert isinstance(entry, dict)
    assert entry["contestant"] == key
    assert 0 < entry["propensity"] <= 1
    assert entry["reason"]


def test_provider_that_refuses_is_not_replaced(zoo: Service) -> None:
    each = fight_until(zoo, "state = 'void'", "good", "spare", "filtered")
    assert "filtered" in each.sides
    assert sorted(each.ends) == ["done", "failed", "void"]


@pytest.mark.parametrize("name", IN_TURN_TWO)
def test_failure_in_a_later_turn_leaves_the_battle_to_be_voted_on(zoo: Service, name: str) -> None:
    each = fight(zoo, "good", name)
    assert each.battle["state"] == "ready"
    assert each.person.act(each.battle, "turns", prompt="And now?").status == 201
    events = each.person.until(each.battle["events_url"], "ready", last_id=each.events[-1].id)
    (failed,) = (event.data for event in events if event.name == "failed")
    assert failed == {"turn": 2, "side": each.sides[name], "reason": "unavailable"}
    answers = {answer["side"]: answer for answer in each.person.look(each.battle)["turns"][1]["answers"]}
    assert answers[each.sides["good"]]["text"] == expected_text(MODELS["good"], "And now?")
    assert answers[each.sides[name]]["state"] == "failed"
    assert each.person.vote(each.battle, "b").status == 201
    vote = zoo.query("SELECT reason, turns FROM arena_vote WHERE battle_id = %s", each.battle["id"])
    assert vote == [("named_models", 1)]  # not `one_sided`


def test_retry_answers_the_failed_side_again(zoo: Service) -> None:
    each = fight(zoo, "good", "once-reset-5")
    assert each.battle["state"] == "void"
    assert each.person.act(each.battle, "retry").status == 200
    events = each.person.through(each.battle["events_url"], "ready", seen=each.events)
    names = [event.name for event in events if event.name != "delta"]
    assert names[names.index("void") :] == ["void", "reset", "done", "ready"]
    says = {side: expected_text(MODELS[slug], PROMPT) for slug, side in each.sides.items()}
    assert shown(events) == says
    assert each.person.vote(each.battle, "tie").status == 201


def test_up_names_the_models_that_do_not_answer(zoo: Service) -> None:
    """The lines follow "ready" and come once all models have been asked."""
    said: dict[str, str] = {}
    with ThreadPoolExecutor(1) as pool:
        while not said.keys() >= {*BEFORE_A_WORD}:
            line = pool.submit(zoo.process.stdout.readline).result(120)
            slug, _, words = line.removeprefix("arena: no answer: ").partition(", ")
            said[slug] = words
    assert said["error-401"].startswith("unavailable, status 401")
    assert said.keys().isdisjoint({*GOOD, *QUICK, *SLOW})


def test_probes_take_a_model_out_of_the_draw_and_bring_it_back(zoo: Service) -> None:
    failed = (
        "SELECT failed_probes FROM arena_endpoint e JOIN arena_contestant c ON c.endpoint_id = e.id WHERE slug = %s"
    )

    def is_drawn() -> bool:
        """Whether any of many battles among three is with it."""
        person = Person(zoo.port)
        begun = [person.start(PROMPT, "good", "spare", "error-503")["id"] for _ in range(12)]
        return any("error-503" in drawn(zoo, battle) for battle in begun)

    def change(how: str) -> None:
        zoo.query(f"UPDATE arena_endpoint SET {how} WHERE upstream_id = 'error-503' RETURNING 1")  # noqa: S608  # ours

    assert fight(zoo, "good", "error-503").battle["state"] == "void"
    assert eventually(lambda: zoo.query(failed, "error-503") == [(1,)])
    change("probe_after = now()")  # do not wait for the interval between probes
    assert eventually(lambda: zoo.query(failed, "error-503") == [(2,)])
    assert not is_drawn()
    change("probe_after = now(), upstream_id = 'mended/steady-80-len-40'")
    assert eventually(lambda: zoo.query(failed, "error-503") == [(0,)])
    assert is_drawn()


@pytest.mark.parametrize("mode", ["anonymous", "side_by_side"])
def test_endless_answer_is_cut_at_the_cap(zoo: Service, mode: str) -> None:
    worker = psutil.Process(zoo.pid("worker", "answers"))
    sizes = [worker.memory_info().rss]
    with ThreadPoolExecutor(1) as pool:
        fighting = pool.submit(fight, zoo, "good", "endless", mode=mode)
        while not fighting.done():
            sizes.append(worker.memory_info().rss)
            time.sleep(0.05)
    each = fighting.result()
    assert each.took <= ENDS_WITHIN_S
    text = shown(each.events)[each.sides["endless"]]
    assert 0 < len(text) <= CAP
    assert text == ("and so on " * CAP)[: len(text)]
    assert max(sizes) - sizes[0] < 50 * MIB


def test_no_vote_counts_on_a_failed_side(zoo: Service, fought: dict[str, BattleOutcome]) -> None:
    assert not zoo.query(
        "SELECT v.id FROM arena_vote v JOIN arena_turn t ON t.battle_id = v.battle_id AND t.number = 1"
        " JOIN arena_answer a ON a.turn_id = t.id WHERE a.state <> 'finished' AND v.counted"
    )
    assert eventually(lambda: not zoo.query("SELECT 1 FROM arena_answer WHERE state IN ('queued', 'running')"))
