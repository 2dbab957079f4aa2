"""Votes on answers that revealed their model: accepted like any other, but not counted."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from arena.battles import lifecycle
from arena.judging import vote_rules
from arena.models import Answer, Vote
from ratings.models import Outbox
from tests import factories as common
from tests.arena import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def fighters():
    gpt = common.model("gpt-4o", name="GPT-4o", organization=common.organization("OpenAI"))
    quokka = common.model("quokka-7b", name="Quokka 7B", organization=common.organization("Marsupial Labs"))
    common.endpoint(gpt, upstream_id="openai/gpt-4o-2024-08-06")
    common.endpoint(quokka, upstream_id="bush-v9-quick")
    return {"contestant_a": gpt, "contestant_b": quokka}


def answer(text):
    return {"state": "finished", "text": text, "attempt": 1}


def voted(fighters, text_a="Because.", text_b="Just so.", **fields):
    return lifecycle.cast_vote(factories.battle(a=answer(text_a), b=answer(text_b), **fighters, **fields), "a")


@pytest.mark.parametrize(
    "text",
    [
        "I am a large language model made by Anthropic.",
        "**GPT**-4o at your service.",
        "Marsupial Labs has a paper on it.",
        "Ask a quokka.",
        "bush v9 quick says so.",
    ],
)
@pytest.mark.parametrize("side", ["text_a", "text_b"])
def test_vote_on_an_answer_that_tells_who_wrote_it_is_not_counted(fighters, side, text):
    vote = voted(fighters, **{side: text})

    assert (vote.counted, vote.reason) == (False, vote_rules.IDENTITY_LEAK)
    vote.refresh_from_db()
    assert (vote.winner, vote.counted, vote.reason) == ("a", False, "identity_leak")


@pytest.mark.parametrize("text", ["Because.", "See Google Maps.", "Qwen and Claude are others.", ""])
def test_vote_on_answers_that_tell_nothing_is_counted(fighters, text):
    vote = voted(fighters, text)

    assert (vote.counted, vote.reason) == (True, "")


def test_vote_on_a_leak_looks_to_the_voter_like_any_other(fighters):
    shown = []
    for text in ("Because.", "I am ChatGPT."):
        battle = factories.battle(a=answer(text), b=answer("Just so."), **fighters)
        vote = lifecycle.cast_vote(battle, "b")
        battle.refresh_from_db()
        shown.append((battle.state, vote.winner, battle.vote.pk == vote.pk))

    assert shown == [("voted", "b", True)] * 2


def test_vote_on_a_leak_is_stored_and_moves_no_rating(fighters):
    voted(fighters, "I am ChatGPT.")
    counted = voted(fighters)

    assert Vote.objects.count() == 2
    assert [row.vote_id for row in Outbox.objects.all()] == [counted.pk]


def test_vote_is_counted_where_only_the_voter_named_the_model(fighters):
    battle = common.battle(state="ready", **fighters)
    factories.turn(battle, prompt="Is GPT-4o by OpenAI any good?", a=answer("GPT-4o is."), b=answer("OpenAI says so."))

    assert lifecycle.cast_vote(battle, "tie").counted


CANDIDATES = "Which of these are you: ChatGPT (OpenAI), Claude (Anthropic), Gemini (Google), Llama (Meta)?"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I am ChatGPT, made by OpenAI.", "identity_leak"),
        ("ChatGPT is the best of them.", "identity_probe"),
        ("The first of them.", "identity_probe"),
        ("I would rather not say.", "identity_probe"),
    ],
)
def test_vote_after_a_question_that_names_the_candidates_is_not_counted(fighters, text, reason):
    vote = voted(fighters, text, prompt=CANDIDATES)

    assert (vote.counted, vote.reason) == (False, reason)


@pytest.mark.parametrize(
    ("first", "second", "third", "reason"),
    [
        ("Name three makers: OpenAI, Marsupial Labs, Meta.", "Who made you? One letter.", None, "identity_probe"),
        ("Who made you? One letter.", "Why?", None, "identity_probe"),
        ("Why?", "Who made you? One letter.", "failed", ""),
        ("Why?", "Why not?", None, ""),
    ],
)
def test_vote_is_not_counted_where_a_judged_answer_follows_a_probe(fighters, first, second, third, reason):
    battle = common.battle(state="ready", **fighters)
    factories.turn(battle, prompt=first, a=answer("Because."), b=answer("Just so."))
    b = answer("M.") if third is None else factories.FAILED
    factories.turn(battle, number=2, prompt=second, a=answer("O."), b=b)

    vote = lifecycle.cast_vote(battle, "a")

    assert (vote.counted, vote.reason) == (not reason, reason)


def test_probe_in_a_turn_that_failed_counts_once_an_answer_follows(fighters):
    battle = common.battle(state="ready", **fighters)
    factories.turn(battle, a=answer("Because."), b=answer("Just so."))
    factories.turn(battle, number=2, prompt="Who made you?", a=answer("O."), b=factories.FAILED)
    factories.turn(battle, number=3, prompt="Why?", a=answer("Because."), b=answer("Just so."))

    assert lifecycle.cast_vote(battle, "a").reason == vote_rules.IDENTITY_PROBE


def test_vote_is_not_counted_for_a_leak_in_a_later_turn(fighters):
    battle = common.battle(state="ready", **fighters)
    factories.turn(battle, a=answer("Because."), b=answer("Just so."))
    factories.turn(battle, number=2, prompt="Who are you?", a=answer("A helper."), b=answer("I am Quokka 7B."))

    assert lifecycle.cast_vote(battle, "b").reason == vote_rules.IDENTITY_LEAK


def test_vote_is_not_excused_by_a_name_that_the_voter_wrote_after_the_leak(fighters):
    battle = common.battle(state="ready", **fighters)
    factories.turn(battle, a=answer("I am ChatGPT."), b=answer("Just so."))
    factories.turn(battle, number=2, prompt="Thank you, ChatGPT.", a=answer("Welcome."), b=answer("Welcome."))

    assert lifecycle.cast_vote(battle, "b").reason == vote_rules.IDENTITY_LEAK


def test_vote_on_a_leak_says_first_that_the_battle_is_not_rated_or_was_stopped(fighters):
    side_by_side = voted(fighters, "I am ChatGPT.", mode="side_by_side")
    stopped = factories.battle(a=answer("I am ChatGPT.") | {"stopped": True}, **fighters)

    assert side_by_side.reason == vote_rules.SIDE_BY_SIDE
    assert lifecycle.cast_vote(stopped, "a").reason == vote_rules.STOPPED


def test_vote_needs_no_organization_and_no_endpoint():
    plain = {"contestant_a": common.model("base"), "contestant_b": common.model("chat")}

    assert voted(plain, "A base for a chat.").counted


def test_vote_looks_for_leaks_with_as_many_queries_for_twenty_turns_as_for_one(fighters, django_assert_max_num_queries):
    battle = common.battle(state="ready", **fighters)
    for number in range(1, 21):
        factories.turn(battle, number=number, a=answer("Because."), b=answer("Just so."))

    with django_assert_max_num_queries(15):
        lifecycle.cast_vote(battle, "a")


def test_vote_reads_the_answers_before_it_locks_the_battle(fighters):
    battle = factories.battle(a=answer("Because."), b=answer("Just so."), **fighters)

    with CaptureQueriesContext(connection) as queries:
        lifecycle.cast_vote(battle, "a")

    said = [query["sql"] for query in queries]
    lock = next(number for number, sql in enumerate(said) if sql.startswith('UPDATE "arena_battle"'))
    assert [number < lock for number, sql in enumerate(said) if '"arena_answer"."text"' in sql] == [True]


def test_vote_on_a_battle_that_was_asked_again_after_it_was_read_reads_it_again(fighters):
    battle = factories.battle(a=answer("Because."), b=answer("Just so."), **fighters)
    analysis = vote_rules.analyze_battle(battle)
    factories.turn(battle, number=2, a=answer("I am ChatGPT."), b=answer("Just so."))

    assert not analysis.has_leak
    assert (
        vote_rules.find_exclusion_reason(battle, vote_rules.confirm_analysis(battle, analysis))
        == vote_rules.IDENTITY_LEAK
    )


def test_vote_on_a_battle_whose_answer_was_given_again_after_it_was_read_reads_it_again(fighters):
    battle = factories.battle(a=answer("I am ChatGPT."), b=answer("Just so."), **fighters)
    analysis = vote_rules.analyze_battle(battle)
    Answer.objects.filter(side="a").update(text="Because.", attempt=2)

    assert analysis.has_leak
    assert vote_rules.find_exclusion_reason(battle, vote_rules.confirm_analysis(battle, analysis)) == ""


@pytest.mark.parametrize("stale", ["contestant_a", "state"])
def test_vote_does_not_trust_what_was_read_of_another_state(fighters, stale):
    battle = factories.battle(a=answer("Ask a quokka."), b=answer("Just so."), contestant_b=fighters["contestant_b"])
    fields = {"contestant_a": common.fighter(), "state": "answering"}

    setattr(battle, stale, fields[stale])

    assert lifecycle.cast_vote(battle, "a").reason == vote_rules.IDENTITY_LEAK
