"""Views of battles, built from the database."""

import pytest

from arena.answers import battle_view
from arena.answers.announcements import derive_attempt_tag
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
    assert (b.end, b.reason) == ("failed", "unavailable")
    for answer in battle.turns.get(number=1).answers.all():
        assert view.side(1, answer.side).tag == derive_attempt_tag(answer.pk, 1)
    assert (view.side(2, "a").text, view.side(2, "a").end) == ("Half", "")
    assert view.side(2, "b") == SideView()


@pytest.mark.parametrize("state", ["queued", "running"])
def test_view_knows_no_attempt_of_which_nothing_was_shown(state):
    battle = factories.battle("answering", a={"state": state, "attempt": 2}, b=FINISHED)

    assert battle_view.load_battle_view(battle.pk).side(1, "a") == SideView()


@pytest.mark.parametrize(
    ("mode", "state", "told"),
    [("anonymous", "void", "unavailable"), ("anonymous", "voted", "refused"), ("side_by_side", "void", "refused")],
)
def test_load_tells_why_a_side_failed_only_where_nothing_is_hidden(mode, state, told):
    battle = factories.battle(state, a=FAILED | {"failure": "refused"}, mode=mode)

    assert battle_view.load_battle_view(battle.pk).side(1, "a").reason == told


@pytest.mark.parametrize(("how", "words"), [("stopped", "Stopped."), ("cut", "Cut off at the length limit.")])
def test_view_says_where_an_answer_was_cut_short(how, words):
    view = battle_view.load_battle_view(factories.battle(a=FINISHED | {how: True}).pk)

    assert (words in view.side(1, "a").html, words in view.side(1, "b").html) == (True, False)
