"""Claims, leases and fenced saves of answers."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from arena.answers import leases
from arena.answers.leases import AnswerLease, AnswerResult, FinishedSides
from arena.models import Answer, Battle, Turn
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import EXPIRED, FAILED, FINISHED, FORGOTTEN, QUEUED, RUNNING
from tests.races import at_once

pytestmark = pytest.mark.django_db


def lease(turn, name, attempt=1, text=None):
    return AnswerLease(factories.side(turn, name).pk, attempt, text)


def many(count, **fields):
    """Several turns of one battle."""
    battle = common.battle(state="answering")
    turns = Turn.objects.bulk_create([Turn(battle=battle, number=n, prompt="Why?") for n in range(count)])
    Answer.objects.bulk_create(
        [
            Answer(turn=turn, side=side, contestant=contestant, **fields)
            for turn in turns
            for side, contestant in battle.contestants_by_side.items()
        ]
    )
    return [turn.pk for turn in turns]


def result(turn, name, attempt=1, **fields):
    return AnswerResult(factories.side(turn, name).pk, attempt, **({"text": "Hi."} | fields))


def lease_left(answer):
    """Seconds until a lease ends, on the database's clock."""
    return Answer.objects.filter(pk=answer.pk).values_list(F("lease_until") - Now(), flat=True).get().total_seconds()


def test_claim_takes_both_sides_of_a_queued_turn():
    turn = factories.turn()

    assert leases.claim_answers([turn.pk]) == {turn.pk: {factories.side(turn, name).pk: 1 for name in "ab"}}

    answer = factories.side(turn, "a")
    assert (answer.state, answer.attempt) == ("running", 1)
    assert answer.started_at is not None
    assert lease_left(answer) == pytest.approx(leases.LEASE_S, abs=2)


def test_claim_leaves_out_turns_that_another_worker_has():
    first, second, third = (factories.turn() for _ in range(3))
    leases.claim_answers([second.pk])

    claims = leases.claim_answers([third.pk, second.pk, first.pk, first.pk])

    assert claims == {turn.pk: {factories.side(turn, name).pk: 1 for name in "ab"} for turn in (first, third)}


def test_claim_of_the_same_turn_twice_at_once_gives_it_once():
    turn = factories.turn()

    assert [len(claim) for claim in leases.claim_answers([turn.pk, turn.pk]).values()] == [2]


@pytest.mark.parametrize(("a", "b", "sides"), [(FINISHED, QUEUED, 1), (RUNNING, QUEUED, 1), (EXPIRED, FAILED, 0)])
def test_claim_takes_what_is_queued_only(a, b, sides):
    turn = factories.turn(a=a, b=b)

    assert [len(claim) for claim in leases.claim_answers([turn.pk]).values()] == [sides] * bool(sides)


def test_claim_clears_what_an_earlier_attempt_left():
    turn = factories.turn(a={"attempt": 4, "text": "old", "cut": True, "first_token_at": Now()})

    leases.claim_answers([turn.pk])

    answer = factories.side(turn, "a")
    assert (answer.attempt, answer.text, answer.cut, answer.first_token_at) == (5, "", False, None)


@pytest.mark.django_db(transaction=True)
def test_claim_gives_a_turn_to_one_of_many_workers():
    turns = [factories.turn().pk for _ in range(5)]

    def work(_):
        with transaction.atomic():
            return leases.claim_answers(turns)

    claims = at_once(8, work)

    assert sorted(turn for claim in claims for turn in claim) == turns
    assert set(Answer.objects.values_list("attempt", flat=True)) == {1}


@pytest.mark.parametrize(
    ("a", "b", "sides"),
    [
        (EXPIRED, EXPIRED, "ab"),
        (EXPIRED, RUNNING, "a"),
        (FINISHED, EXPIRED, "b"),
        (EXPIRED, QUEUED, "ab"),
        (FORGOTTEN, FORGOTTEN, "ab"),
        (RUNNING, RUNNING, ""),
        (QUEUED, QUEUED, ""),
        (FAILED, FINISHED, ""),
    ],
)
def test_reap_takes_expired_and_long_queued_answers(a, b, sides):
    turn = factories.turn(a=a, b=b)

    claims = leases.reap_answers()

    expected = {factories.side(turn, name).pk: 1 + {"a": a, "b": b}[name].get("attempt", 0) for name in sides}
    assert claims == ({turn.pk: expected} if sides else {})


def test_reap_takes_a_turn_only_once():
    factories.turn(a=EXPIRED, b=EXPIRED)

    assert [len(leases.reap_answers()) for _ in range(2)] == [1, 0]


def test_a_worker_does_not_take_over_its_own_turns():
    own = factories.turn(a=EXPIRED, b=EXPIRED)
    orphan = factories.turn(a=EXPIRED, b=EXPIRED)

    assert list(leases.reap_answers([own.pk])) == [orphan.pk]
    assert list(leases.reap_answers()) == [own.pk]


def test_reap_takes_no_more_turns_at_once_than_it_should_and_the_oldest_first():
    turns = many(leases.MAX_REAPED_TURNS + 5, **EXPIRED)

    first, second = leases.reap_answers(), leases.reap_answers()

    assert (sorted(first), sorted(second)) == (turns[:-5], turns[-5:])
    assert {len(claims) for claims in (first | second).values()} == {2}


@pytest.mark.django_db(transaction=True)
def test_reap_gives_an_expired_turn_to_one_of_many_reapers():
    turns = {factories.turn(a=EXPIRED, b=FORGOTTEN).pk for _ in range(10)}

    def work(_):
        claims = {}
        for _ in range(3):
            with transaction.atomic():
                claims |= leases.reap_answers()
        return claims

    claims = at_once(6, work)

    assert sorted(turn for claim in claims for turn in claim) == sorted(turns)
    assert set(Answer.objects.filter(side="a").values_list("attempt", flat=True)) == {2}
    assert set(Answer.objects.filter(side="b").values_list("attempt", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_reap_passes_over_turns_that_another_reaper_is_taking():
    turns, locked, done = many(leases.MAX_REAPED_TURNS + 5, **EXPIRED), threading.Event(), threading.Event()

    def work(number):
        if number == 0:
            with transaction.atomic():
                claims = leases.reap_answers()
                locked.set()
                return claims, done.wait(30)
        locked.wait(30)
        try:
            with transaction.atomic():
                return leases.reap_answers()
        finally:
            done.set()

    (first, in_time), second = at_once(2, work)

    assert (sorted(first), sorted(second)) == (turns[:-5], turns[-5:])
    assert in_time, "the second one waited for the first"


def test_extend_renews_the_lease_and_keeps_what_was_released():
    turn = factories.turn(a=RUNNING, b=RUNNING)

    [extension] = leases.extend_leases([(lease(turn, "a", text="Hel"), lease(turn, "b"))])

    assert extension.owned_ids == {factories.side(turn, name).pk for name in "ab"}
    assert lease_left(factories.side(turn, "a")) == pytest.approx(leases.LEASE_S, abs=2)
    assert (factories.side(turn, "a").text, factories.side(turn, "b").text) == ("Hel", "")


def test_extend_revives_an_expired_lease_that_nobody_took():
    turn = factories.turn(a=EXPIRED, b=EXPIRED)

    assert leases.extend_leases([[lease(turn, "a")]])[0].owned_ids

    assert list(leases.reap_answers()[turn.pk]) == [factories.side(turn, "b").pk]


@pytest.mark.parametrize("other", [RUNNING | {"attempt": 2}, FINISHED, FAILED])
def test_extend_of_an_answer_that_another_worker_took_writes_nothing(other):
    turn = factories.turn(a=other, b=EXPIRED | {"attempt": 2})
    before = factories.side(turn, "a")

    [extension] = leases.extend_leases([(lease(turn, "a", text="stale"), lease(turn, "b", attempt=2, text="new"))])

    assert extension.owned_ids == {factories.side(turn, "b").pk}
    after = factories.side(turn, "a")
    assert (after.text, after.lease_until) == (before.text, before.lease_until)
    assert factories.side(turn, "b").text == "new"


def test_extend_tells_of_a_voter_who_wants_no_more():
    turn, other = factories.turn(a=RUNNING, b=RUNNING), factories.turn(a=RUNNING)
    Battle.objects.filter(pk=turn.battle_id).update(stopped=True)

    extensions = leases.extend_leases([(lease(turn, "a"), lease(turn, "b")), [lease(other, "a")]])

    assert [extension.stopped for extension in extensions] == [True, False]


def test_give_up_lets_another_worker_take_over_at_once():
    turn = factories.turn(a=RUNNING, b=RUNNING)
    assert leases.reap_answers() == {}

    assert leases.release_leases([(lease(turn, "a"), lease(turn, "b"))]) == [None]

    assert set(leases.reap_answers()) == {turn.pk}


def test_give_up_of_what_another_worker_has_changes_nothing():
    turn = factories.turn(a=RUNNING | {"attempt": 2})

    leases.release_leases([[lease(turn, "a", attempt=1)]])

    assert lease_left(factories.side(turn, "a")) > 0


def test_finish_saves_both_sides_and_makes_the_battle_ready():
    turn = factories.turn(a=RUNNING, b=RUNNING)
    usage = {"reasoning": "Hm.", "first_token_age": 3.0, "finished_age": 1.0, "input_tokens": 7, "output_tokens": 2}

    [outcome] = leases.finish_answers(
        [FinishedSides(turn.pk, (result(turn, "a", **usage), result(turn, "b", text="Yes.", cut=True)))]
    )

    a, b = factories.side(turn, "a"), factories.side(turn, "b")
    assert outcome == leases.SaveOutcome(frozenset({a.pk, b.pk}), "ready")
    assert (a.state, a.text, a.reasoning, a.failure, a.lease_until) == ("finished", "Hi.", "Hm.", "", None)
    assert (a.input_tokens, a.output_tokens, b.text, b.first_token_at) == (7, 2, "Yes.", None)
    assert a.finished_at - a.first_token_at == timedelta(seconds=2)
    assert (a.cut, b.cut) == (False, True)
    assert Battle.objects.get().state == "ready"


@pytest.mark.parametrize(
    ("number", "a", "b", "state"),
    [
        (1, "", "", "ready"),
        (1, "timeout", "", "void"),
        (1, "", "refused", "void"),
        (1, "unavailable", "unavailable", "void"),
        (2, "", "", "ready"),
        (2, "timeout", "", "ready"),
        (3, "timeout", "too_long", "ready"),
    ],
)
def test_finish_settles_the_battle_by_turn_and_failures(number, a, b, state):
    battle = common.battle()
    for earlier in range(1, number):
        factories.turn(battle, earlier, a=FINISHED, b=FINISHED)
    turn = factories.turn(battle, number, a=RUNNING, b=RUNNING)

    [outcome] = leases.finish_answers(
        [FinishedSides(turn.pk, (result(turn, "a", failure=a), result(turn, "b", failure=b)))]
    )

    assert outcome.state == state == Battle.objects.get().state
    assert factories.side(turn, "a").state == ("failed" if a else "finished")


@pytest.mark.django_db(transaction=True)
def test_finish_of_one_side_each_by_two_workers_at_once_settles_once():
    turn, first_saved, done = factories.turn(a=RUNNING, b=RUNNING), threading.Event(), threading.Event()
    results = [result(turn, name) for name in "ab"]

    def work(number):
        with transaction.atomic():
            if number == 0:
                [outcome] = leases.finish_answers([FinishedSides(turn.pk, (results[0],))])
                first_saved.set()
                done.wait(0.3)  # the other one must wait for this commit
                return outcome.state
            first_saved.wait(30)
            [outcome] = leases.finish_answers([FinishedSides(turn.pk, (results[1],))])
            done.set()
            return outcome.state

    assert at_once(2, work) == [None, "ready"]
    assert Battle.objects.get().state == "ready"


@pytest.mark.parametrize("side", [RUNNING | {"attempt": 2}, FINISHED | {"text": ""}])
def test_finish_by_a_worker_that_lost_its_lease_writes_nothing(side):
    turn = factories.turn(a=side, b=side)
    sides = FinishedSides(turn.pk, (result(turn, "a", text="stale"), result(turn, "b", text="stale")))

    [outcome] = leases.finish_answers([sides])

    assert outcome.saved_ids == frozenset()
    assert set(Answer.objects.values_list("state", "text", "attempt")) == {(side["state"], "", side["attempt"])}


@pytest.mark.parametrize("together", [True, False])
def test_finish_of_one_side_each_settles_once_both_have_ended(together):
    turn = factories.turn(a=RUNNING, b=RUNNING)
    first, second = (FinishedSides(turn.pk, (result(turn, name),)) for name in "ab")

    if together:
        outcomes = leases.finish_answers([first, second])
    else:
        outcomes = [*leases.finish_answers([first]), *leases.finish_answers([second])]

    assert [(len(outcome.saved_ids), outcome.state) for outcome in outcomes] == [
        (1, "ready" if together else None),
        (1, "ready"),
    ]


@pytest.mark.parametrize("state", ["voted", "skipped", "void", "expired", "ready"])
def test_finish_never_moves_a_battle_that_is_not_answering(state):
    turn = factories.turn(a=RUNNING, b=RUNNING)
    Battle.objects.update(state=state)

    [outcome] = leases.finish_answers([FinishedSides(turn.pk, (result(turn, "a"), result(turn, "b")))])

    assert outcome.state is None
    assert Battle.objects.get().state == state


def test_finish_tells_each_turn_of_a_batch_its_own():
    turns = [factories.turn(a=RUNNING, b=RUNNING) for _ in range(3)]
    Answer.objects.filter(turn=turns[1]).update(attempt=2)

    outcomes = leases.finish_answers([FinishedSides(turn.pk, (result(turn, "a"), result(turn, "b"))) for turn in turns])

    assert [outcome.state for outcome in outcomes] == ["ready", None, "ready"]


def test_claims_and_saves_take_the_same_number_of_statements_for_many_as_for_one(django_assert_num_queries):
    for count in (1, 30):
        turns = [factories.turn() for _ in range(count)]
        with django_assert_num_queries(1):
            leases.claim_answers([turn.pk for turn in turns])
        sides = [[lease(turn, name, text="x") for name in "ab"] for turn in turns]
        with django_assert_num_queries(1):
            leases.extend_leases(sides)
        finishes = [FinishedSides(turn.pk, (result(turn, "a"), result(turn, "b"))) for turn in turns]
        with django_assert_num_queries(3):
            leases.finish_answers(finishes)


def test_leases_run_on_the_clock_of_the_database():
    turn = factories.turn()
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        [(now,)] = cursor.fetchall()

    leases.claim_answers([turn.pk])

    assert factories.side(turn, "a").lease_until == now + timedelta(seconds=leases.LEASE_S)
