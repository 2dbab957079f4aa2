"""What Prometheus reads, and that none of it is of a single model."""

import pytest
from django.db import OperationalError, connection
from prometheus_client.parser import text_string_to_metric_families as families

from arena.models import Answer, Battle
from ratings import boards
from tests import factories

pytestmark = pytest.mark.django_db


def figures(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    samples = [sample for family in families(answer.content.decode()) for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


def test_metrics_of_an_empty_arena(client):
    found = figures(client)

    assert {name: value for name, value in found.items() if name[0].startswith("arena_")} == {
        ("arena_up", "database"): 1,
        ("arena_up", "broker"): 1,
        ("arena_battles_open", "answering"): 0,
        ("arena_battles_open", "ready"): 0,
        ("arena_answers_under_way", "queued"): 0,
        ("arena_answers_under_way", "running"): 0,
        ("arena_endpoints_enabled",): 0,
        ("arena_votes_waiting",): 0,
        ("arena_boards_behind",): 0,
        ("arena_boards_failed",): 0,
    }
    assert found["process_resident_memory_bytes",] > 0


def test_metrics_follow_battles_votes_and_boards(client):
    first, second = (factories.endpoint().model for _ in range(2))
    for state in Battle.State:
        factories.battle(first, second, state=state)
    turn = factories.battle(first, second).turns.create(number=1, prompt="?")
    turn.answers.create(side="a", model=first, state=Answer.State.RUNNING)
    turn.answers.create(side="b", model=second, state=Answer.State.FINISHED)
    factories.cast(first, second)
    boards.refresh()
    factories.cast(second, first)

    found = figures(client)

    assert found["arena_battles_open", "answering"] == 2
    assert found["arena_battles_open", "ready"] == 1
    assert (found["arena_answers_under_way", "queued"], found["arena_answers_under_way", "running"]) == (0, 1)
    assert found["arena_endpoints_enabled",] == 2
    assert found["arena_votes_waiting",] == 1
    assert found["arena_board_votes", "live"] == 1
    assert 0 <= found["arena_board_age_seconds", "live"] < 60


def test_metrics_name_no_model(client):
    endpoints = [factories.endpoint(factories.model(f"secret-{side}")) for side in "ab"]
    factories.cast(*(endpoint.model for endpoint in endpoints))
    boards.refresh()

    assert b"secret" not in client.get("/metrics").content.lower()


def test_metrics_ask_the_database_equally_often_however_much_there_is(client, django_assert_num_queries):
    for slug in ("live", "api", "another"):
        factories.cast(*factories.models(2), pool=slug)
    boards.refresh()

    with django_assert_num_queries(6):
        client.get("/metrics")


def test_metrics_say_that_the_database_is_away(client):
    def away(*arguments):
        raise OperationalError("the connection is closed")

    with connection.execute_wrapper(away):
        found = figures(client)

    assert (found["arena_up", "database"], found["arena_up", "broker"]) == (0, 1)
    assert ("arena_votes_waiting",) not in found


def test_metrics_say_that_the_broker_is_away(client, broker_away):
    assert figures(client)["arena_up", "broker"] == 0
