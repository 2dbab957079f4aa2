"""Jobs of claimed turns: the request to each side's model."""

from dataclasses import replace

import pytest

from arena.answers import jobs
from arena.endpoints.backends.protocol import Message
from arena.endpoints.model_requests import DEFAULT_MAX_TOKENS, DEFAULT_TEMPERATURE, SYSTEM_PROMPT
from arena.models import Battle, Pool, Slot
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import EXPIRED, FAILED, FINISHED

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def paced(settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_pace_anonymous=True)


def models(**fields):
    """A battle of two models with endpoints of this kind."""
    return common.battle(*(common.fighter(**fields) for _ in range(2)))


def test_take_tells_what_is_to_be_done_for_both_sides():
    turn = factories.turn(models(kind="eliza", max_concurrency=3), prompt="How are you?")

    [job] = jobs.claim_jobs([turn.pk])

    assert (job.battle_id, job.turn_id, job.number, job.paced) == (str(turn.battle_id), turn.pk, 1, True)
    assert [(side.side, side.answer_id, side.attempt) for side in job.sides] == [
        (name, factories.side(turn, name).pk, 1) for name in "ab"
    ]
    assert [side.endpoint for side in job.sides] == [
        turn.battle.contestant_a.endpoint,
        turn.battle.contestant_b.endpoint,
    ]
    assert job.sides[0].endpoint.max_concurrency == 3


def test_take_takes_the_free_slots_of_limited_endpoints(django_assert_num_queries):
    limited, unlimited = common.fighter(max_concurrency=1), common.fighter()
    turns = [factories.turn(common.battle(limited, unlimited)) for _ in range(2)]
    plain = factories.turn(common.battle(unlimited, common.fighter()))

    with django_assert_num_queries(4):
        first, second = jobs.claim_jobs([turn.pk for turn in turns])
    with django_assert_num_queries(2):
        [other] = jobs.claim_jobs([plain.pk])

    holders = [side.holder for job in (first, second, other) for side in job.sides]
    assert holders == [Slot.objects.get().holder, None, None, None, None, None]
    assert holders[0]


def test_take_of_a_turn_that_was_delivered_twice_is_a_job_once():
    turn, other = factories.turn(), factories.turn()

    claimed_jobs = jobs.claim_jobs([turn.pk, other.pk, turn.pk, 123_456])

    assert [job and job.turn_id for job in claimed_jobs] == [turn.pk, other.pk, None, None]
    assert jobs.claim_jobs([turn.pk]) == [None]


def test_take_gives_both_sides_the_same_request_but_for_the_model():
    a = common.fighter(kind="openai", base_url="https://a.example/v1", upstream_id="model-a")
    b = common.fighter(kind="openai", base_url="https://b.example/v1", upstream_id="model-b")
    turn = factories.turn(common.battle(a, b), prompt="Who are you?")

    one, other = (side.request for side in jobs.claim_jobs([turn.pk])[0].sides)

    assert (one.base_url, one.model) == ("https://a.example/v1", "model-a")
    assert replace(one, base_url=other.base_url, model=other.model) == other
    assert (one.max_tokens, one.temperature, one.parameters) == (DEFAULT_MAX_TOKENS, DEFAULT_TEMPERATURE, {})
    assert one.system == SYSTEM_PROMPT
    assert one.messages == (Message("user", "Who are you?"),)


def test_take_names_no_model_to_the_model():
    turn = factories.turn()
    names = [getattr(turn.battle, f"contestant_{side}") for side in "ab"]

    for side in jobs.claim_jobs([turn.pk])[0].sides:
        request_text = side.request.system + "".join(message.content for message in side.request.messages)
        assert not any(name.slug in request_text or name.name in request_text for name in names)


@pytest.mark.parametrize(("mode", "lengths"), [("anonymous", [200, 200]), ("side_by_side", [200, DEFAULT_MAX_TOKENS])])
def test_take_gives_both_sides_of_a_blind_battle_the_same_length(mode, lengths):
    a, b = common.fighter(max_tokens=200), common.fighter()
    turn = factories.turn(common.battle(a, b, mode=mode))

    sides = jobs.claim_jobs([turn.pk])[0].sides

    assert [side.request.max_tokens for side in sorted(sides, key=lambda side: side.side)] == lengths


@pytest.mark.parametrize(
    ("fields", "field", "value"),
    [
        ({"max_tokens": 200}, "max_tokens", 200),
        ({"temperature": 0.0}, "temperature", 0.0),
        ({"temperature": 1.5}, "temperature", 1.5),
        ({"parameters": {"top_k": 5}}, "parameters", {"top_k": 5}),
        ({"api_key_env": "TEST_API_KEY"}, "api_key", "sk-secret"),
        ({"api_key_env": "TEST_NO_API_KEY"}, "api_key", ""),
        ({"api_key_env": "PRIVATE_PEM"}, "api_key", ""),
        ({}, "api_key", ""),
    ],
)
def test_take_asks_by_what_the_endpoint_says(monkeypatch, fields, field, value):
    monkeypatch.setenv("TEST_API_KEY", "sk-secret")
    monkeypatch.setenv("PRIVATE_PEM", "no key of an endpoint")
    turn = factories.turn(models(**fields))

    [job] = jobs.claim_jobs([turn.pk])

    assert [getattr(side.request, field) for side in job.sides] == [value, value]


def test_take_never_shows_the_key(monkeypatch):
    monkeypatch.setenv("TEST_API_KEY", "sk-secret")
    [job] = jobs.claim_jobs([factories.turn(models(api_key_env="TEST_API_KEY")).pk])
    assert "sk-secret" not in repr(job)


def test_take_gives_each_side_its_own_history():
    battle = models()
    first = factories.turn(battle, 1, "One?", a=FINISHED | {"text": "A1"}, b=FINISHED | {"text": "B1"})
    factories.turn(battle, 2, "Two?", a=FINISHED | {"text": "A2"}, b=FAILED | {"text": "B2, cut"})
    third = factories.turn(battle, 3, "Three?")
    factories.turn(prompt="Of another battle?", a=FINISHED, b=FINISHED)

    a, b = (side.request.messages for side in jobs.claim_jobs([third.pk])[0].sides)

    assert a == (
        Message("user", "One?"),
        Message("assistant", "A1"),
        Message("user", "Two?"),
        Message("assistant", "A2"),
        Message("user", "Three?"),
    )
    assert b == (Message("user", "One?"), Message("assistant", "B1"), Message("user", "Three?"))
    assert first.pk < third.pk


@pytest.mark.parametrize(
    ("mode", "setting", "of_pool", "paced"),
    [
        ("anonymous", True, True, True), ("anonymous", False, True, False), ("anonymous", True, False, False),
        ("side_by_side", True, True, False),
    ],
)  # fmt: skip
def test_take_paces_anonymous_battles_unless_that_is_switched_off(settings, mode, setting, of_pool, paced):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_pace_anonymous=setting)
    turn = factories.turn()
    Battle.objects.update(mode=mode, among=None if mode == "anonymous" else [1, 2])
    Pool.objects.update(paced=of_pool)

    assert jobs.claim_jobs([turn.pk])[0].paced is paced


@pytest.mark.parametrize(("mode", "blind"), [("anonymous", True), ("side_by_side", False)])
def test_take_knows_what_must_stay_hidden_whatever_the_pace(settings, mode, blind):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_pace_anonymous=False)
    turn = factories.turn()
    Battle.objects.update(mode=mode, among=None if mode == "anonymous" else [1, 2])

    assert jobs.claim_jobs([turn.pk])[0].visibility.names is not blind


def test_reap_takes_over_the_side_that_was_left():
    turn = factories.turn(a=FINISHED, b=EXPIRED, prompt="Why?")

    [[job]] = jobs.reap_jobs([[]])

    assert [(side.side, side.attempt) for side in job.sides] == [("b", 2)]
    assert job.sides[0].request.messages == (Message("user", "Why?"),)
    assert job.turn_id == turn.pk


def test_reap_gives_what_it_found_to_one_of_those_who_asked():
    factories.turn(a=EXPIRED, b=EXPIRED)

    assert [len(reaped) for reaped in jobs.reap_jobs([[], [], []])] == [1, 0, 0]


def test_take_needs_the_same_number_of_queries_for_many_turns_as_for_one(django_assert_num_queries):
    for count in (1, 30):
        turns = [factories.turn().pk for _ in range(count)]
        with django_assert_num_queries(2):
            assert len([job for job in jobs.claim_jobs(turns) if job]) == count
