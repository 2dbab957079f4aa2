"""What a vote keeps of the battle that it judges."""

import pytest

from arena import battles, counting
from tests.arena import factories

pytestmark = pytest.mark.django_db
CODE = "Write a Python function that reverses a list, and explain it."
POEM = "Schreibe mir bitte ein kurzes Gedicht über den Herbst im Schwarzwald."


def answer(text):
    return {**factories.FINISHED, "text": text}


def test_vote_keeps_what_the_questions_were_about():
    battle = factories.battle(prompt=CODE)
    factories.turn(battle, number=2, prompt=POEM, a=answer("one"), b=answer("two"))

    assert battles.cast_vote(battle, "a").categories == [
        *("coding", "creative-writing", "multi-turn"),
        *("english", "german"),
    ]


def test_vote_keeps_the_style_of_both_sides_over_all_turns():
    battle = factories.battle(a=answer("# One\n\n**two** three"), b=answer("- one\n- two"))
    factories.turn(battle, number=2, a=answer("four"), b=answer("three"))

    vote = battles.cast_vote(battle, "tie")

    a, b = vote.features[:4], vote.features[4:]
    assert (a[1:], b[1:]) == ([1, 1, 0], [0, 0, 2])
    assert 0 < b[0] < a[0]


def test_vote_judges_only_turns_that_both_sides_have_finished():
    battle = factories.battle(prompt=POEM, a=answer("one"), b=answer("two"))
    factories.turn(battle, number=2, prompt=CODE, a=answer("- three"), b=factories.FAILED)

    vote = battles.cast_vote(battle, "b")

    assert vote.turns == 1
    assert vote.features == [1, 0, 0, 0, 1, 0, 0, 0]
    assert vote.categories == ["creative-writing", "german"]


def test_skip_reads_nothing(django_assert_max_num_queries):
    battle = factories.battle(prompt=CODE)
    with django_assert_max_num_queries(4):
        assert battles.cast_vote(battle, "skip") is None


def test_confirmed_is_what_was_read_if_nothing_has_changed(django_assert_num_queries):
    battle = factories.battle()
    reading = counting.read(battle)
    with django_assert_num_queries(1):
        assert counting.confirmed(battle, reading) is reading
