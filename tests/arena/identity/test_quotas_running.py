"""Limits on battles answered at the same time, per voter, address and network."""

import pytest
from django.db import connection
from django.test import Client

from arena.identity import quotas
from arena.models import LIVE_POOL, Battle
from core.http.errors import RequestError
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import FAILED, FINISHED
from tests.arena.questions import CALL
from tests.races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_models")]
TOO_MANY = "too_many_running"


def ask(client, address="192.0.2.7", path=CALL, **headers):
    """The response to a question that nobody answers."""
    body = '{"prompt": "Why?"}'
    return client.post(path, body, content_type="application/json", REMOTE_ADDR=address, headers=headers)


def count_created(answers):
    return [answer.status_code for answer in answers].count(201)


def pass_time(valkey, seconds=quotas.COMMIT_GRACE_S + 1):
    """Move the start of all battles so many seconds back."""
    for key in valkey.keys("slots:running:*"):
        for member, _ in valkey.zscan_iter(key):
            valkey.zincrby(key, -1000 * seconds, member)


def test_voter_has_four_battles_answered_at_a_time(client, me, allow):
    allow(each=60, together=300)

    answers = [ask(client) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [201] * 4 + [429] * 2
    assert answers[-1].json()["error"]["code"] == TOO_MANY
    assert answers[-1].headers["Retry-After"] == "5"
    assert client.post("/", {"prompt": "Why?"}).status_code == 429
    Battle.objects.filter(pk=answers[0].json()["id"]).update(state="ready")
    assert count_created(ask(client) for _ in range(2)) == 1


def test_refused_battle_is_not_charged(client, me, allow):
    allow(each=5)

    assert count_created(ask(client) for _ in range(6)) == 4
    Battle.objects.update(state="ready")
    assert count_created(ask(client) for _ in range(2)) == 1


@pytest.mark.parametrize("act", ["turns", "retry"])
def test_turns_and_tries_are_battles_that_are_answered(client, me, allow, act):
    allow(each=60)
    open_ones = [factories.battle("answering", voter=me) for _ in range(4)]
    state = "ready" if act == "turns" else "void"
    battle = factories.battle(state, a=FAILED, b=FINISHED, voter=me)

    def send():
        if act == "turns":
            return ask(client, path=f"{CALL}{battle.pk}/turns/").status_code
        return client.post(f"{CALL}{battle.pk}/retry/").status_code

    assert send() == client.post(f"/battles/{battle.pk}/{act}/", {"prompt": "And?"}).status_code == 429
    battle.refresh_from_db()
    assert battle.state == state
    open_ones[0].delete()
    assert send() in (200, 201)


@pytest.mark.django_db(transaction=True)
def test_voter_who_asks_sixty_at_once_gets_four(two_models, allow):
    allow(each=60)
    client = Client()
    client.get("/")

    def start(number):
        one = Client()
        one.cookies = client.cookies
        return ask(one).status_code

    assert at_once(30, start).count(201) == 4
    assert Battle.objects.count() == 4


def test_address_has_forty_however_many_cookies_it_has(allow):
    """Otherwise 600 generations of one address take all slots of a worker, and everybody else waits for a minute."""
    allow(each=60, together=300)

    answers = [ask(Client()) for _ in range(42)]

    assert count_created(answers) == 40
    assert answers[-1].json()["error"]["code"] == TOO_MANY
    assert count_created([ask(Client(), address="198.51.100.1")]) == 1


@pytest.mark.django_db(transaction=True)
def test_address_that_asks_sixty_at_once_gets_forty(two_models, allow):
    allow(each=60, together=300)

    assert at_once(50, lambda number: ask(Client()).status_code).count(201) == 40


def test_place_is_free_again_when_the_answer_is_there_and_not_before(allow, valkey):
    allow(together=1000)
    most = {"running:here": 3}
    battles = [factories.battle("answering") for _ in range(3)]
    for battle in battles:
        quotas.reserve_battle(most, battle.pk)
    pass_time(valkey)

    with pytest.raises(RequestError):
        quotas.reserve_battle(most, common.battle(state="answering").pk)
    Battle.objects.filter(pk=battles[1].pk).update(state="void")
    quotas.reserve_battle(most, common.battle(state="answering").pk)
    with pytest.raises(RequestError):
        quotas.reserve_battle(most, common.battle(state="answering").pk)


def test_battle_that_is_being_made_holds_its_place_before_it_is_committed(allow, valkey):
    allow(together=1000)
    quotas.reserve_battle({"running:here": 1}, common.voter().pk)

    with pytest.raises(RequestError):
        quotas.reserve_battle({"running:here": 1}, common.voter().pk)
    pass_time(valkey)
    quotas.reserve_battle({"running:here": 1}, common.voter().pk)


def test_battle_that_is_refused_gives_its_place_back_at_once(client, me, allow):
    """A voter who asked forty times in three seconds shut out everybody else of the same network."""
    allow(each=3000, together=3000)

    assert count_created(ask(client) for _ in range(50)) == 4
    assert count_created(ask(Client()) for _ in range(2)) == 2


def test_next_turn_of_a_battle_takes_no_second_place(allow):
    allow(together=1000)
    battle = common.battle(state="answering")

    for _ in range(3):
        quotas.reserve_battle({"running:here": 1}, battle.pk)


def test_battle_that_its_network_has_no_room_for_takes_none_of_its_address(allow):
    allow(together=300)
    for number in range(2):
        quotas.reserve_battle(
            {f"running:address {number}": 1, "running:network": 2}, common.battle(state="answering").pk
        )

    with pytest.raises(RequestError):
        quotas.reserve_battle({"running:address 3": 1, "running:network": 2}, common.battle(state="answering").pk)
    quotas.reserve_battle({"running:address 3": 1}, common.battle(state="answering").pk)


@pytest.mark.parametrize("limits", [{"each": 0, "together": 300}, {"each": 60, "together": 0}])
def test_zero_lifts_what_hangs_on_it(client, me, allow, limits):
    allow(**limits)
    answers = [ask(client) for _ in range(6)]

    assert count_created(answers) == (4 if limits["each"] else 6)


def test_voters_running_battles_are_found_by_an_index(me):
    """The voter of a program may have a million battles."""
    first, second = (common.fighter() for _ in range(2))
    pair = {"contestant_a": first, "contestant_b": second}
    other = {"pool_id": LIVE_POOL, "voter": common.voter(), "propensity": 1, **pair}
    Battle.objects.bulk_create(Battle(**other) for _ in range(500))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE arena_battle")  # otherwise the plan depends on the rows of earlier tests
        cursor.execute("SET LOCAL enable_seqscan = off")
        running_battles = Battle.objects.filter(voter=me.pk, state=Battle.State.ANSWERING)
        assert "battle_answering" in running_battles.explain()
