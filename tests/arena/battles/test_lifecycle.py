"""The life of a battle."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from arena.battles import lifecycle, suggestions
from arena.identity import accounts
from arena.models import LIVE_POOL, Answer, Battle, PairWeight, Suggestion, Turn, Vote
from arena.signals import vote_cast
from core.http.errors import RequestError
from ratings.models import Outbox
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import FAILED, FINISHED
from tests.processes import eventually
from tests.races import at_once

pytestmark = pytest.mark.django_db

UNTEXT = {
    "empty": ("", "Write a question first."),
    "blank": (" \n\t\u2003", "Write a question first."),
    "NUL": ("Why\x00?", "The question contains invalid characters. Remove them and try again."),
    "half a surrogate": ("Why \ud83d?", "The question contains invalid characters. Remove them and try again."),
}


def refused(work, *arguments, **fields):
    with pytest.raises(RequestError) as refusal:
        work(*arguments, **fields)
    return refusal.value


@pytest.mark.parametrize(("prompt", "sentence"), UNTEXT.values(), ids=UNTEXT)
def test_start_refuses_what_is_no_question_and_stores_nothing(voter, two_models, prompt, sentence):
    error = refused(lifecycle.start_battle, voter, prompt)

    assert (error.status, error.code, error.detail) == (400, "invalid", sentence)
    assert error.extra == {"fields": {"prompt": [sentence]}}
    assert not Battle.objects.exists()


@pytest.mark.parametrize("prompt", ["x" * 24_001, "🙂" * 12_001])
def test_start_refuses_a_question_that_is_too_long_before_it_draws(voter, prompt):
    error = refused(lifecycle.start_battle, voter, prompt)

    assert (error.status, error.code, list(error.extra["fields"])) == (400, "too_long", ["prompt"])
    assert "A conversation can have up to 24,000 characters." in error.detail
    assert not Battle.objects.exists()


@pytest.mark.parametrize("prompt", ["x", "x" * 24_000, "🙂" * 12_000, "\u202eWhy?", "<script>", "%s {} \\u0000"])
def test_start_takes_any_text_up_to_its_length(voter, two_models, prompt):
    lifecycle.start_battle(voter, prompt)

    assert Turn.objects.get().prompt == prompt


def test_what_a_start_has_written_is_not_read_back(voter, two_models, django_assert_num_queries):
    battle = lifecycle.start_battle(voter, "Why?")

    with django_assert_num_queries(0):
        assert not hasattr(battle, "vote")
        [turn] = battle.turns.all()
        assert [answer.side for answer in turn.answers.all()] == ["a", "b"]


def test_start_makes_a_battle_with_a_queued_turn(voter, two_models):
    battle = lifecycle.start_battle(voter, "Why?")

    battle.refresh_from_db()
    assert (battle.state, battle.mode, battle.pool.slug) == ("answering", "anonymous", "live")
    assert {battle.contestant_a, battle.contestant_b} == set(two_models)
    assert battle.propensity == pytest.approx(1.0)
    answers = Answer.objects.values_list("turn__number", "side", "contestant", "state", "attempt")
    assert list(answers) == [
        (1, "a", battle.contestant_a_id, "queued", 0),
        (1, "b", battle.contestant_b_id, "queued", 0),
    ]


def test_start_tells_a_worker_once_the_battle_is_stored(voter, two_models, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        lifecycle.start_battle(voter, "Why?")

    assert [callback for callback in callbacks if "_create_turn" in repr(callback)] == callbacks[-1:]


def test_start_survives_a_broker_that_is_away(
    voter, two_models, celery_without_broker, django_capture_on_commit_callbacks, caplog
):
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.start_battle(voter, "Why?")

    assert Battle.objects.get().state == "answering"
    assert eventually(lambda: "The Celery broker is unreachable" in caplog.text)


@pytest.mark.parametrize(
    "endpoints",
    [[], [{}], [{}, {"enabled": False}], [{}, {"failed_probes": 2}]],
    ids=["none", "one", "one switched off", "one out of the draw"],
)
def test_start_refuses_while_fewer_than_two_models_are_up(voter, endpoints):
    for fields in endpoints:
        common.endpoint(**fields)

    error = refused(lifecycle.start_battle, voter, "Why?")

    assert (error.status, error.code, error.extra["retry_after"]) == (503, "too_few_models", 10)
    assert not Battle.objects.exists()


@pytest.mark.parametrize("mode", ["anonymous", "side_by_side"])
def test_start_does_not_tell_by_a_refusal_that_a_named_model_is_out(voter, mode):
    out = common.fighter(failed_probes=2)
    up = common.fighter()

    battle = lifecycle.start_battle(voter, "Why?", mode=mode, models=[out.slug, up.slug])

    assert {battle.contestant_a_id, battle.contestant_b_id} == {out.pk, up.pk}
    assert refused(lifecycle.start_battle, voter, "Why?").code == "too_few_models"


def test_start_draws_by_the_weights_of_the_live_pool(voter):
    x, y, z = sorted(common.fighter().pk for _ in range(3))
    PairWeight.objects.create(pool_id=LIVE_POOL, keys=[x, y, z], weights=[0.0, 1.0, 0.0])

    drawn = [lifecycle.start_battle(voter, "Why?") for _ in range(30)]

    (propensity,) = {
        battle.propensity for battle in drawn if {battle.contestant_a_id, battle.contestant_b_id} == {x, z}
    }
    assert propensity == pytest.approx(0.9 + 0.1 / 3)


@pytest.mark.parametrize(
    ("prompt", "source"), [("Why?", "typed"), (" Card? ", "suggestion"), ("shipped", "suggestion")]
)
def test_start_stores_where_the_question_is_from(voter, two_models, prompt, source):
    """Shipped cards are known beside a team's own."""
    [shipped, *_] = suggestions.draw_cards()
    Suggestion.objects.create(prompt="Card?", category="x")

    assert lifecycle.start_battle(voter, shipped.prompt if prompt == "shipped" else prompt).prompt_source == source


def test_start_reads_no_earlier_question(voter, two_models):
    for number in range(3):
        factories.battle(voter=voter, prompt=f"Why {number}?")

    with CaptureQueriesContext(connection) as queries:
        lifecycle.start_battle(voter, "Why 1?")

    assert not [query["sql"] for query in queries if "arena_turn" in query["sql"] and "SELECT" in query["sql"]]
    assert not [query["sql"] for query in queries if "btrim" in query["sql"]]


@pytest.mark.parametrize("winner", ["a", "b", "tie", "both_bad"])
def test_cast_vote_stores_a_vote_that_stands_by_itself(winner):
    battle = factories.battle(propensity=0.25, draw_table_id=7)
    votes_sent = []
    vote_cast.connect(lambda vote, **_: votes_sent.append(vote), weak=False, dispatch_uid="test")

    vote = lifecycle.cast_vote(battle, winner)

    vote_cast.disconnect(dispatch_uid="test")
    vote.refresh_from_db()
    assert votes_sent == [vote]
    assert (vote.battle, vote.winner, vote.pool.slug, vote.source) == (battle, winner, "live", "live")
    assert (vote.contestant_a, vote.contestant_b) == (battle.contestant_a, battle.contestant_b)
    assert vote.voter == battle.voter_id
    assert (vote.propensity, vote.draw_table_id, vote.turns, vote.multiplicity) == (0.25, 7, 1, 1)
    assert (vote.counted, vote.reason) == (True, "")
    assert Outbox.objects.get().vote == vote
    assert Battle.objects.get().state == battle.state == "voted"


def test_cast_vote_skip_is_no_vote():
    battle = factories.battle()

    assert lifecycle.cast_vote(battle, "skip") is None

    assert Battle.objects.get().state == battle.state == "skipped"
    assert not Vote.objects.exists()


@pytest.mark.parametrize(
    ("state", "code"),
    [("answering", "not_ready"), ("skipped", "not_votable"), ("void", "not_votable"), ("expired", "not_votable")],
)
@pytest.mark.parametrize("winner", ["a", "skip"])
def test_cast_vote_refuses_in_any_state_but_ready(state, code, winner):
    battle = factories.battle(state)

    error = refused(lifecycle.cast_vote, battle, winner)

    assert (error.status, error.code) == (409, code)
    assert not Vote.objects.exists()
    assert Battle.objects.get().state == state


def test_cast_vote_again_gives_the_stored_vote():
    battle = factories.battle()
    vote = lifecycle.cast_vote(battle, "tie")

    error = refused(lifecycle.cast_vote, battle, "a")

    assert (error.status, error.code) == (409, "already_voted")
    vote.refresh_from_db()
    assert error.extra["vote"] == {"winner": "tie", "reasons": {}, "comment": "", "created_at": vote.created_at}
    assert Vote.objects.get().winner == "tie"


def test_cast_vote_does_not_trust_what_was_read_before():
    battle = factories.battle()
    new = common.fighter()
    Battle.objects.update(contestant_a=new, propensity=0.125)

    vote = lifecycle.cast_vote(battle, "a")

    assert (vote.contestant_a, vote.propensity) == (new, 0.125)
    assert battle.contestant_a == new


def test_cast_vote_knows_a_side_that_failed_alone_after_the_battle_was_read():
    battle = factories.battle()
    Battle.objects.update(one_sided="a")

    vote = lifecycle.cast_vote(battle, "b")

    assert (vote.counted, vote.reason) == (False, "one_sided")


def test_cast_vote_belongs_to_the_account_that_the_voter_joined_meanwhile(django_user_model):
    anonymous, user = common.voter(), django_user_model.objects.create_user("ada")
    loaded = factories.battle(voter=anonymous)
    account_voter = accounts.merge_into_account(user, anonymous.pk)

    assert lifecycle.cast_vote(loaded, "a").voter == account_voter


def test_vote_after_a_replacement_has_no_propensity_for_its_pair_came_about_in_two_steps():
    """The battle has the chance of the new model alone: larger by a factor of about half the number of models."""
    battle = factories.battle(propensity=0.02, draw_table_id=7)
    entry = {"side": "a", "contestant": common.contestant().pk, "reason": "timeout", "propensity": 0.02}
    Battle.objects.filter(pk=battle.pk).update(replaced=[entry], propensity=0.4)

    vote = lifecycle.cast_vote(battle, "a")

    assert (vote.counted, vote.propensity, vote.draw_table_id) == (True, None, 7)


def test_cast_vote_tells_the_open_pages(django_capture_on_commit_callbacks, published):
    battle = factories.battle()
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.cast_vote(battle, "a")

    assert published(battle.pk) == [[["state", "voted"]]]


@pytest.mark.django_db(transaction=True)
def test_cast_vote_by_fifty_at_once_is_one_vote():
    battle_id, voter_id = (battle := factories.battle()).pk, battle.voter_id
    winners = ["a", "b", "tie", "both_bad", "skip"]

    def press(number):
        return lifecycle.cast_vote(lifecycle.get_battle(voter_id, battle_id), winners[number % 4])

    results = at_once(50, press)

    votes = [result for result in results if isinstance(result, Vote)]
    refusals = [result for result in results if isinstance(result, RequestError)]
    assert (len(votes), len(refusals)) == (1, 49)
    assert {error.code for error in refusals} == {"already_voted"}
    assert {error.extra["vote"]["winner"] for error in refusals} == {votes[0].winner}
    assert (Vote.objects.count(), Outbox.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_cast_vote_and_skip_at_once_is_one_of_both():
    for _ in range(5):
        battle_id, voter_id = (battle := factories.battle()).pk, battle.voter_id

        def press(number, battle_id=battle_id, voter_id=voter_id):
            return lifecycle.cast_vote(lifecycle.get_battle(voter_id, battle_id), "skip" if number else "a")

        voted, skipped = at_once(2, press)

        state = Battle.objects.get(pk=battle_id).state
        assert isinstance(voted, Vote) is (state == "voted") is Vote.objects.filter(battle=battle_id).exists()
        assert (skipped is None) is (state == "skipped")


def test_of_voter_finds_the_voters_own_battle(django_assert_num_queries):
    battle = factories.battle()

    with django_assert_num_queries(1):
        loaded = lifecycle.get_battle(battle.voter_id, battle.pk)
        names = (
            loaded.contestant_a.name,
            loaded.contestant_a.model.organization,
            loaded.contestant_b.name,
            loaded.contestant_b.model.license,
        )

    assert loaded == battle
    assert names[0] == battle.contestant_a.name


def test_ask_again_queues_the_next_turn():
    battle = factories.battle()

    turn = lifecycle.ask_follow_up(battle, "And then?")

    assert (turn.number, turn.prompt) == (2, "And then?")
    assert [(a.side, a.contestant_id, a.state) for a in turn.answers.all()] == [
        ("a", battle.contestant_a_id, "queued"),
        ("b", battle.contestant_b_id, "queued"),
    ]
    assert Battle.objects.get().state == battle.state == "answering"


@pytest.mark.parametrize("asked", ["again", "anew"])
def test_open_pages_hear_of_a_further_question_before_a_worker_does(
    asked, django_capture_on_commit_callbacks, published
):
    """Otherwise pages that consider the battle ended would get the events of the worker."""
    battle = factories.battle("void", b=FAILED) if asked == "anew" else factories.battle()
    with django_capture_on_commit_callbacks() as callbacks:
        lifecycle.retry_answers(battle) if asked == "anew" else lifecycle.ask_follow_up(battle, "And then?")

    callbacks[0]()

    assert published(battle.pk) == [[["state", "answering"]]]
    assert len(callbacks) == 2


@pytest.mark.parametrize("state", ["answering", "voted", "skipped", "void", "expired"])
def test_ask_again_refuses_in_any_state_but_ready(state):
    error = refused(lifecycle.ask_follow_up, factories.battle(state), "And then?")

    assert (error.status, error.code, Turn.objects.count()) == (409, "not_ready", 1)


@pytest.mark.parametrize(("prompt", "sentence"), UNTEXT.values(), ids=UNTEXT)
def test_ask_again_refuses_what_is_no_question(prompt, sentence):
    error = refused(lifecycle.ask_follow_up, factories.battle(), prompt)

    assert (error.status, error.detail, Turn.objects.count()) == (400, sentence, 1)
    assert Battle.objects.get().state == "ready"


def test_ask_again_refuses_a_turn_too_many():
    battle = factories.battle()
    for number in range(2, lifecycle.MAX_TURNS + 1):
        factories.turn(battle, number, a=FINISHED, b=FINISHED)

    error = refused(lifecycle.ask_follow_up, battle, "And then?")

    assert (error.status, error.code) == (409, "too_many_turns")
    assert Battle.objects.get().state == "ready"


def test_retry_queues_the_failed_answers_of_the_last_turn():
    battle = factories.battle("void", b=FAILED)

    lifecycle.retry_answers(battle)

    assert Battle.objects.get().state == battle.state == "answering"
    assert list(Answer.objects.values_list("side", "state", "attempt")) == [("a", "finished", 1), ("b", "queued", 1)]


@pytest.mark.parametrize("state", ["answering", "ready", "voted", "skipped", "expired"])
def test_retry_refuses_where_nothing_has_failed_or_all_is_over(state):
    battle = factories.battle(state, a=FINISHED if state == "ready" else FAILED)

    error = refused(lifecycle.retry_answers, battle)

    assert (error.status, error.code) == (409, "not_failed")
    assert Battle.objects.get().state == state


def test_retry_that_waited_for_the_next_question_does_not_answer_the_one_before_it():
    """Another tab asks, and gets its answers, after this request has begun and before it has the lock."""
    battle = factories.battle("ready", b=FAILED)

    def ask_meanwhile(execute, sql, params, many, context):
        if "arena_voter" in sql and "FOR NO KEY UPDATE" in sql and battle.turns.count() == 1:
            factories.turn(battle, 2, a=FINISHED, b=FINISHED)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(ask_meanwhile):
        error = refused(lifecycle.retry_answers, battle)

    assert (error.status, error.code) == (409, "not_failed")
    assert Answer.objects.get(turn__number=1, side="b").state == "failed"


def test_expire_closes_what_nobody_judged_for_a_day():
    old, young = factories.battle("ready"), factories.battle("ready")
    voted = factories.battle("voted")
    asked_again = factories.battle("ready")
    Battle.objects.exclude(pk=young.pk).update(created_at=Now() - timedelta(hours=25))
    Turn.objects.exclude(battle__in=(young, asked_again)).update(created_at=Now() - timedelta(hours=25))

    assert lifecycle.expire_battles() == 1

    states = [Battle.objects.get(pk=battle.pk).state for battle in (old, young, voted, asked_again)]
    assert states == ["expired", "ready", "voted", "ready"]


def test_expire_reads_the_battles_that_may_be_over_and_no_others():
    """It must not read any of the millions of battles that were judged long ago."""
    judged = factories.battle("voted")
    same = {
        "pool_id": LIVE_POOL,
        "voter": judged.voter,
        "contestant_a": judged.contestant_a,
        "contestant_b": judged.contestant_b,
        "propensity": 1.0,
    }
    Battle.objects.bulk_create([Battle(state="voted", **same) for _ in range(500)])
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as queries:
        lifecycle.expire_battles()
        [search] = [query["sql"] for query in queries if "FOR UPDATE" in query["sql"]]
        cursor.execute("ANALYZE arena_battle")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {search}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "using battle_unjudged on arena_battle" in plan
    assert "created_at <" in plan


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("act", "state"),
    [
        (lambda battle: lifecycle.cast_vote(battle, "a"), "voted"),
        (lambda battle: lifecycle.ask_follow_up(battle, "And then?"), "answering"),
    ],
    ids=["voted", "asked again"],
)
def test_expire_leaves_alone_what_is_judged_or_asked_at_this_moment(act, state, published):
    battle = factories.battle()
    for kind in (Battle, Turn):
        kind.objects.update(created_at=Now() - timedelta(hours=25))
    acting, expired = threading.Event(), threading.Event()

    def work(number):
        if number == 1:
            acting.wait(30)
            count = lifecycle.expire_battles()
            expired.set()
            return count
        with transaction.atomic():
            act(battle)
            acting.set()
            expired.wait(0.3)
        return None

    assert at_once(2, work) == [None, 0]
    assert Battle.objects.get().state == state
    assert ["state", "expired"] not in [event for entry in published(battle.pk) for event in entry]
