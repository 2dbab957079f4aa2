"""The facts about both models after the vote."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from arena.answers.battle_view import load_answers
from arena.battles import lifecycle
from arena.battles.reveal import build_reveal, build_reveal_cards, load_rating_changes, load_standing
from arena.models import API_POOL, LIVE_POOL, READY_POOL, Answer, Battle, EndpointDay, Standing, Vote
from catalog.models import Price
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import FAILED, FINISHED

pytestmark = pytest.mark.django_db
ALPHA = {"rating": 1012.4, "ci_low": 990.0, "ci_high": 1030.0, "rank": 1, "votes": 7, "provisional": False}
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TIMED = FINISHED | {
    "text": "x" * 500,
    "started_at": START,
    "first_token_at": START + timedelta(seconds=0.5),
    "finished_at": START + timedelta(seconds=2.5),
    "input_tokens": 1_000,
    "output_tokens": 101,
}


def published(pool=LIVE_POOL, **ratings):
    Standing.objects.update_or_create(pool_id=pool, defaults={"ratings": ratings})


@pytest.fixture
def battle():
    published(alpha=ALPHA, gamma=ALPHA)
    return factories.battle(contestant_a=common.model("alpha"), contestant_b=common.model("beta"), a=TIMED, b=TIMED)


def price(model, dollars_in, dollars_out, day="2026-01-02", source="list"):
    row = {"input": Decimal(dollars_in), "output": Decimal(dollars_out), "as_of": date.fromisoformat(day)}
    return Price.objects.create(model=model, source=source, **row)


@pytest.mark.parametrize("state", ["answering", "ready", "void", "skipped", "expired"])
def test_nothing_is_told_before_the_vote(battle, state):
    battle.state = state

    assert build_reveal(battle) is None
    assert build_reveal_cards(battle, load_answers(battle.pk)) is None


def test_standing_is_where_both_models_are_now(battle):
    assert load_standing(battle) == {"a": ALPHA | {"models": 2}, "b": None}


@pytest.mark.parametrize(
    ("pool", "is_named", "rank"),
    [(LIVE_POOL, False, 1), (API_POOL, False, 2), (API_POOL, True, 1), (READY_POOL, False, None)],
)
def test_standing_is_on_the_board_of_the_battle_or_the_live_one_of_named_models(battle, pool, is_named, rank):
    published(API_POOL, alpha=ALPHA | {"rank": 2})
    battle.pool_id, battle.among = pool, [1, 2] if is_named else None

    assert (load_standing(battle)["a"] or {}).get("rank") == rank


def test_rating_before_the_vote_stays_what_it_was(battle):
    lifecycle.cast_vote(battle, "a")
    published(alpha=ALPHA | {"rating": 1500.0}, beta=ALPHA)

    again = lifecycle.get_battle(battle.voter_id, battle.pk)

    assert again.standing == {"a": ALPHA | {"models": 2}, "b": None}
    assert [model["rating"] for model in build_reveal(again)] == [1012.4, None]
    assert build_reveal(again) == build_reveal(battle)


def test_skip_keeps_no_standing(battle):
    lifecycle.cast_vote(battle, "skip")

    assert Battle.objects.get().standing is None


def test_vote_from_before_standings_were_kept_is_revealed_without(battle):
    battle.state = "voted"

    assert [(model["slug"], model["rating"], model["rank"]) for model in build_reveal(battle)] == [
        ("alpha", None, None),
        ("beta", None, None),
    ]


def test_cards_tell_facts_and_what_the_answers_took(battle):
    model = battle.contestant_a.model
    model.open_weights, model.parameters_total, model.parameters_active = True, 46_700_000_000, 12_900_000_000
    model.save()
    price(model, "2.50", "10")
    lifecycle.cast_vote(battle, "a")

    a, b = build_reveal_cards(battle, load_answers(battle.pk))

    assert (a["name"], a["open_weights"], a["size"], a["active_size"]) == (model.name, True, "46.7B", "12.9B")
    assert (a["rank"], a["ranked_models"]) == (1, 2)
    assert (a["answers"], a["first_token_s"], a["tokens_per_s"], a["tokens"]) == (1, 0.5, 50.0, 101)
    assert (a["price"], a["cost"]) == (("$2.50", "$10.00"), "$0.0035")
    assert (b["size"], b["ranked_models"], b["price"], b["cost"]) == (None, None, None, None)
    assert b["usual_performance"] is None


def test_cards_add_up_the_answers_that_were_finished(battle):
    factories.turn(battle, 2, a=TIMED, b=FAILED)
    lifecycle.cast_vote(battle, "tie")

    a, b = build_reveal_cards(battle, load_answers(battle.pk))

    assert (a["answers"], a["tokens"], b["answers"], b["tokens"]) == (2, 202, 1, 101)


def test_cards_leave_out_an_answer_that_was_stopped(battle):
    Answer.objects.filter(turn__battle=battle, side="a").update(stopped=True)
    lifecycle.cast_vote(battle, "tie")

    a, b = build_reveal_cards(battle, load_answers(battle.pk))

    assert (a["answers"], a["tokens"], a["tokens_per_s"], a["first_token_s"]) == (0, None, None, None)
    assert (b["answers"], b["tokens"]) == (1, 101)


def test_cards_tell_no_wait_of_a_side_that_was_replaced(battle):
    Battle.objects.update(replaced=[{"side": "a", "contestant": 1, "propensity": 0.5, "reason": "timeout"}])
    lifecycle.cast_vote(battle, "tie")

    a, b = build_reveal_cards(battle, load_answers(battle.pk))

    assert (a["first_token_s"], a["tokens_per_s"], b["first_token_s"]) == (None, 50.0, 0.5)


def test_cards_tell_how_an_endpoint_usually_does(battle):
    day = datetime.now(UTC).date() - timedelta(days=3)
    endpoint = battle.contestant_b.endpoint or common.endpoint(battle.contestant_b)
    EndpointDay.objects.create(endpoint=endpoint, day=day, answers=4, first_token_p50=0.25, tokens_per_s_p50=60.0)
    lifecycle.cast_vote(battle, "b")

    _, b = build_reveal_cards(battle, load_answers(battle.pk))

    assert (b["usual_performance"].first_token_s, b["usual_performance"].tokens_per_s) == (0.25, 60.0)


def test_cards_need_the_same_number_of_queries_however_many_turns(battle, django_assert_num_queries):
    for number in range(2, 8):
        factories.turn(battle, number, a=TIMED, b=TIMED)
    lifecycle.cast_vote(battle, "b")
    answers = load_answers(battle.pk)

    with django_assert_num_queries(2):
        build_reveal_cards(battle, answers)


@pytest.mark.parametrize("stopped", [False, True])
def test_ratings_follow_the_next_board_whether_or_not_the_vote_counts(battle, stopped):
    Standing.objects.update(updated_at=START)
    Answer.objects.update(stopped=stopped)
    lifecycle.cast_vote(battle, "a")
    vote = Vote.objects.get()
    assert vote.counted is not stopped

    before = load_rating_changes(battle, vote)
    board_time = vote.created_at + timedelta(seconds=1)
    moved = ALPHA | {"rating": 1040.0, "ci_high": 1100.0}
    Standing.objects.update(ratings={"alpha": moved, "beta": ALPHA}, updated_at=board_time)
    after = load_rating_changes(battle, vote)

    assert (before.board_time, before.now) == (None, before.before)
    assert before.before == {"a": ALPHA | {"models": 2}, "b": None}
    assert (after.pool, after.board_time, after.before) == ("live", board_time, before.before)
    assert after.now == {"a": moved | {"models": 2}, "b": ALPHA | {"models": 2}}
    assert after.scale.low < 990 < 1100 < after.scale.high


def test_ratings_of_two_newcomers_have_no_axis(battle):
    published()
    lifecycle.cast_vote(battle, "a")

    assert load_rating_changes(battle, Vote.objects.get()).scale is None
