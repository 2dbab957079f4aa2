"""Views of battles, built from the database."""

import pytest

from arena.answers import battle_view
from arena.answers.stream_events import SideView
from tests.arena import factories
from tests.arena.factories import FAILED, FINISHED, RUNNING

pytestmark = pytest.mark.django_db


def test_answers_come_in_the_order_of_turns_and_sides(django_assert_num_queries):
    battle = factories.battle()
    for number in (3, 2):
        factories.turn(battle, number, a=FINISHED, b=FINISHED)

    with django_assert_num_queries(1):
        order = [(a.turn.number, a.side, a.turn.battle.state) for a in battle_view.load_answers(battle.pk)]

    assert order == [(number, side, "ready") for number in (1, 2, 3) for side in "ab"]


def test_view_tells_finished_failed_and_running_answers_apart():
    battle = factories.battle("answering", a=FINISHED | {"text": "*So.*"}, b=FAILED)
    factories.turn(battle, 2, a=RUNNING | {"text": "Half"}, b=RUNNING)

    view = battle_view.load_battle_view(battle.pk)

    assert view.state == "answering"
    a, b = view.side(1, "a"), view.side(1, "b")
    assert (a.end, a.text, a.html.strip()) == ("done", "*So.*", "<p><em>So.</em></p>")
    assert (b.end, b.reason, bool(b.tag)) == ("failed", "unavailable", True)
    assert (view.side(2, "a").text, view.side(2, "a").end) == ("Half", "")
    assert view.side(2, "b") == SideView()


@pytest.mark.parametrize(("how", "words"), [("stopped", "Stopped."), ("cut", "Cut off at the length limit.")])
def test_view_says_where_an_answer_was_cut_short(how, words):
    view = battle_view.load_battle_view(factories.battle(a=FINISHED | {how: True}).pk)

    assert (words in view.side(1, "a").html, words in view.side(1, "b").html) == (True, False)


@pytest.mark.parametrize(
    ("mode", "state", "told"),
    [
        ("anonymous", "ready", False),
        ("anonymous", "void", False),
        ("anonymous", "skipped", False),
        ("anonymous", "expired", False),
        ("anonymous", "voted", True),
        ("side_by_side", "answering", True),
        ("side_by_side", "void", True),
    ],
)
def test_names_and_reasons_may_be_known_to_who_picked_the_models_or_has_voted(mode, state, told):
    battle = factories.battle(state, mode=mode)

    assert battle_view.is_revealed(battle) == told
    assert battle_view.get_public_reason(battle, "timeout") == ("timeout" if told else "unavailable")


@pytest.mark.parametrize(
    ("failure", "reason"),
    [("empty", "empty"), ("rejected", "unavailable"), ("stopped", "unavailable"), ("busy", "unavailable")],
)
def test_reason_is_one_that_readers_know(failure, reason):
    battle = factories.battle(mode="side_by_side")
    assert battle_view.get_public_reason(battle, failure) == reason
