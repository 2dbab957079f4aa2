"""The data that a vote stores about its battle, and the rules that decide whether it counts."""

import threading
import time

import pytest
from django.db import connection, transaction

from arena.battles import lifecycle
from arena.identity import hash_key
from arena.judging import vote_rules
from arena.models import Vote
from ratings.models import Board
from ratings.pipeline import board_refresh
from tests import factories as common
from tests.arena import factories
from tests.races import at_once

pytestmark = pytest.mark.django_db
CODE = "Write a Python function that reverses a list, and explain it."
POEM = "Schreibe mir bitte ein kurzes Gedicht über den Herbst im Schwarzwald."


def answer(text):
    return {**factories.FINISHED, "text": text}


def test_vote_keeps_what_the_questions_were_about():
    battle = factories.battle(prompt=CODE)
    factories.turn(battle, number=2, prompt=POEM, a=answer("one"), b=answer("two"))

    assert lifecycle.cast_vote(battle, "a").categories == [
        *("coding", "creative-writing", "multi-turn"),
        *("english", "german", "exclude-suggestions"),
    ]


def test_vote_keeps_the_style_of_both_sides_over_all_turns():
    battle = factories.battle(a=answer("# One\n\n**two** three"), b=answer("- one\n- two"))
    factories.turn(battle, number=2, a=answer("four"), b=answer("three"))

    vote = lifecycle.cast_vote(battle, "tie")

    a, b = vote.features[:4], vote.features[4:]
    assert (a[1:], b[1:]) == ([1, 1, 0], [0, 0, 2])
    assert 0 < b[0] < a[0]


def test_vote_judges_only_turns_that_both_sides_have_finished():
    battle = factories.battle(prompt=POEM, a=answer("one"), b=answer("two"))
    factories.turn(battle, number=2, prompt=CODE, a=answer("- three"), b=factories.FAILED)

    vote = lifecycle.cast_vote(battle, "b")

    assert vote.turns == 1
    assert vote.features == [1, 0, 0, 0, 1, 0, 0, 0]
    assert vote.categories == ["creative-writing", "german", "exclude-suggestions"]


def test_skip_reads_nothing(django_assert_max_num_queries):
    battle = factories.battle(prompt=CODE)
    with django_assert_max_num_queries(4):
        assert lifecycle.cast_vote(battle, "skip") is None


def test_confirmed_is_what_was_read_if_nothing_has_changed(django_assert_num_queries):
    battle = factories.battle()
    analysis = vote_rules.analyze_battle(battle)
    with django_assert_num_queries(1):
        assert vote_rules.confirm_analysis(battle, analysis) is analysis


@pytest.mark.parametrize(("source", "others"), [("typed", True), ("suggestion", False)])
def test_vote_on_a_card_is_left_out_of_one_board(source, others):
    vote = lifecycle.cast_vote(factories.battle(prompt=POEM, prompt_source=source), "a")

    assert vote.categories == ["creative-writing", "german", *(["exclude-suggestions"] if others else [])]


def test_board_without_suggestions_appears_with_its_first_vote():
    for source in ("typed", "suggestion", "typed"):
        lifecycle.cast_vote(factories.battle(prompt_source=source), "a")

    board_refresh.refresh()

    votes = {board.category.name: count(board) for board in Board.objects.filter(style_control=False)}
    assert (votes["Overall"], votes["Without suggested questions"]) == (3, 2)


def count(board):
    return sum(tally.wins + tally.losses + tally.ties for tally in board.tallies.all())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Why?", "Why?", True),
        ("Why  not?", " why\n\tNOT? ", True),
        ("Straße", "STRASSE", True),
        ("Why?", "Why", False),
        ("Why not?", "Whynot?", False),
    ],
)
def test_prompt_hash_does_not_depend_on_case_and_white_space(one, other, same):
    assert (vote_rules.hash_prompt(one) == vote_rules.hash_prompt(other)) is same


def test_prompt_hash_is_of_this_installation_alone():
    before = vote_rules.hash_prompt("Why?")
    hash_key._key = b"another"

    assert vote_rules.hash_prompt("Why?") != before
    assert len(before) == 32


@pytest.fixture
def pair():
    return {"contestant_a": common.fighter(), "contestant_b": common.fighter()}


@pytest.fixture
def voter():
    return common.voter()


def cast_votes(*battles):
    return [lifecycle.cast_vote(battle, "a").reason for battle in battles]


def test_vote_on_the_same_question_counts_once_for_a_pair(pair, voter):
    turned = {"contestant_a": pair["contestant_b"], "contestant_b": pair["contestant_a"]}
    third = {**pair, "contestant_b": common.fighter()}
    table = [
        (pair, "Why not?", ""),
        (pair, "why  not? ", "repeated_prompt"),
        (turned, "Why not?", "repeated_prompt"),
        (third, "Why not?", ""),
        (pair, "Why then?", ""),
    ]

    votes = [lifecycle.cast_vote(factories.battle(**models, voter=voter, prompt=p), "a") for models, p, _ in table]

    assert [vote.reason for vote in votes] == [reason for _, _, reason in table]
    assert [vote.counted for vote in votes] == [not reason for _, _, reason in table]
    assert votes[0].prompt_hash == votes[1].prompt_hash == votes[2].prompt_hash != votes[4].prompt_hash


def test_vote_of_somebody_else_or_in_another_pool_counts_too(pair, voter):
    first = factories.battle(**pair, voter=voter)
    another = factories.battle(**pair, voter=common.voter())
    elsewhere = factories.battle(**pair, voter=voter, pool="api")

    assert cast_votes(first, another, elsewhere) == ["", "", ""]


@pytest.mark.parametrize(
    "uncounted", [{"mode": "side_by_side"}, {"among": [1, 2]}, {"a": {**factories.FINISHED, "stopped": True}}]
)
def test_vote_after_one_that_does_not_count_counts(pair, voter, uncounted):
    before = factories.battle(**pair, voter=voter, **uncounted)

    assert cast_votes(before)[0] in ("side_by_side", "named_models", "stopped")
    assert cast_votes(factories.battle(**pair, voter=voter)) == [""]


def test_question_asked_further_on_does_not_make_a_battle_a_repeated_one(pair, voter):
    first, second = (factories.battle(**pair, voter=voter, prompt=prompt) for prompt in ("Why?", "How?"))
    factories.turn(second, 2, "Why?", a=factories.FINISHED, b=factories.FINISHED)

    assert cast_votes(first, second) == ["", ""]


@pytest.mark.django_db(transaction=True)
def test_votes_on_the_same_question_at_once_count_once(pair, voter):
    battles = [factories.battle(**pair, voter=voter) for _ in range(8)]

    votes = at_once(8, lambda number: lifecycle.cast_vote(battles[number], "a"))

    assert sorted(vote.reason for vote in votes) == ["", *["repeated_prompt"] * 7]
    assert Vote.objects.filter(counted=True).count() == 1


@pytest.mark.django_db(transaction=True)
def test_vote_waits_for_another_on_the_same_question_that_is_not_stored_yet(pair, voter):
    first, second = (factories.battle(**pair, voter=voter) for _ in range(2))
    cast, waited = threading.Event(), []

    def press(number):
        if number == 1:
            cast.wait(30)
            return lifecycle.cast_vote(second, "a")
        with transaction.atomic():
            vote = lifecycle.cast_vote(first, "a")
            cast.set()
            deadline = time.monotonic() + 10
            while not waited and time.monotonic() < deadline:
                waited.extend(list_waiting())
        return vote

    assert [vote.reason for vote in at_once(2, press)] == ["", "repeated_prompt"]
    assert waited


def list_waiting():
    """The processes that wait for an advisory lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return cursor.fetchall()


def test_person_is_not_told_that_a_vote_was_not_counted(client, me, pair):
    answers = []
    for _ in range(2):
        battle = factories.battle(**pair, voter=me)
        path = f"/api/v1/battles/{battle.pk}/vote/"
        answers.append(client.post(path, {"winner": "a"}, content_type="application/json"))

    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.json().keys() for answer in answers] == [answers[0].json().keys()] * 2
    assert not [answer for answer in answers if b"repeated" in answer.content or b"counted" in answer.content]
