"""The limit on conversations: the same for both sides, stored with the battle; the draw ignores the question."""

from dataclasses import replace

import pytest
from django.utils import timezone

from arena.answers import battle_view
from arena.battles import continuation, lifecycle
from arena.endpoints import context_limit, draw
from arena.models import Answer, Battle, Contestant
from core.http.errors import RequestError
from tests import factories as common
from tests.arena import factories

pytestmark = pytest.mark.django_db


def post(client, path, prompt):
    return client.post(f"/api/v1/battles/{path}", {"prompt": prompt}, content_type="application/json")


def answer(text):
    return {**factories.FINISHED, "text": text}


def measure_room(battle):
    return context_limit.compute_remaining_length(battle, battle_view.load_answers(battle.pk))


@pytest.fixture
def limit(settings):
    def set_to(characters):
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_conversation_characters=characters)

    return set_to


def test_second_question_that_would_overflow_one_window_is_refused_for_the_battle(client, me):
    battle = factories.battle(voter=me)

    refused = post(client, f"{battle.pk}/turns/", "x" * 31_000)

    error = refused.json()["error"]
    assert (refused.status_code, error["code"], list(error["fields"])) == (400, "too_long", ["prompt"])
    battle.refresh_from_db()
    assert (battle.state, battle.turns.count()) == ("ready", 1)
    assert lifecycle.cast_vote(battle, "a").counted


@pytest.mark.parametrize("small", ["a", "b"])
def test_refusal_says_nothing_of_the_pair(client, me, small):
    windows = {"a": 128_000, "b": 128_000, small: 4096}
    models = {f"contestant_{side}": common.fighter(common.model(context_window=windows[side])) for side in "ab"}
    small_battle = factories.battle(voter=me, **models)
    plain_battle = factories.battle(voter=me)

    refused = [post(client, f"{battle.pk}/turns/", "x" * 24_000) for battle in (small_battle, plain_battle)]

    assert [response.status_code for response in refused] == [400, 400]
    assert refused[0].content == refused[1].content


@pytest.mark.parametrize(
    ("text_a", "text_b", "most"),
    [
        ("x" * 40, "", 56),
        ("", "x" * 40, 56),
        ("x" * 40, "你" * 40, 56),
        ("x", "你" * 60, 16),
        ("🙂" * 40, "x" * 79, 17),
    ],
    ids=range(5),
)
def test_longer_side_counts_with_its_questions_and_answers(limit, text_a, text_b, most):
    limit(100)
    battle = factories.battle(prompt="Why?", a=answer(text_a), b=answer(text_b))

    assert measure_room(battle) == most
    with pytest.raises(RequestError) as refusal:
        lifecycle.ask_follow_up(battle, "x" * (most + 1))
    assert refusal.value.code == "too_long"
    assert lifecycle.ask_follow_up(battle, "x" * most).number == 2


def test_answers_of_a_turn_that_failed_count_for_the_side_that_has_them(limit):
    limit(100)
    battle = factories.battle(prompt="Why?", a=answer("x" * 6), b=answer("x" * 6))
    factories.turn(battle, 2, "x" * 20, a=answer("x" * 30), b=factories.FAILED)

    assert measure_room(battle) == 100 - 10 - 50


def test_room_is_never_below_nothing(limit):
    limit(10)

    assert measure_room(factories.battle(a=answer("x" * 60), b=answer("y"))) == 0


def test_limit_is_kept_with_the_battle(limit, two_models):
    limit(50)
    battle = lifecycle.start_battle(common.voter(), "x" * 50)
    limit(24_000)
    Battle.objects.filter(pk=battle.pk).update(state="ready")
    battle.refresh_from_db()

    assert battle.conversation_limit == 50
    with pytest.raises(RequestError, match="A conversation can have up to 50 characters"):
        lifecycle.ask_follow_up(battle, "x" * 51)
    limit(10)
    assert lifecycle.ask_follow_up(battle, "x" * 11).number == 2


def test_conversation_that_goes_on_keeps_its_history_under_the_limit_of_now(limit):
    limit(20)
    battle = factories.battle(state="voted", prompt="Why?", a=answer("x" * 10), b=answer("y"))
    limit(30)

    continued = continuation.continue_battle(battle)

    assert (continued.conversation_limit, measure_room(continued)) == (30, 16)


def test_page_of_a_full_conversation_offers_no_further_question(client, me, limit):
    limit(20)
    open_battle = factories.battle(voter=me, prompt="Why?", a=answer("x" * 10), b=answer("y"))
    full_battle = factories.battle(voter=me, prompt="Why?", a=answer("x" * 16), b=answer("y"))

    pages = [client.get(f"/battles/{battle.pk}/").content.decode() for battle in (open_battle, full_battle)]

    assert 'maxlength="6"' in pages[0]
    assert "This conversation is full." not in pages[0]
    assert "further-prompt" not in pages[1]
    assert "This conversation is full." in pages[1]


def test_small_window_is_not_drawn_whatever_is_asked(limit):
    small = common.fighter(common.model(context_window=8192))
    others = {common.fighter().pk for _ in range(2)}

    for prompt in ("Why?", "x" * 24_000):
        battle = lifecycle.start_battle(common.voter(), prompt)
        assert {battle.contestant_a_id, battle.contestant_b_id} == others

    limit(4000)
    assert small.pk in draw.list_drawable()


def test_window_holds_tokens_for_thought_too():
    model = common.model(context_window=17_000)  # 12,200 for the longest conversation, 4,096 for an answer
    contestant = common.fighter(model)
    assert not context_limit.list_small_windows().exists()

    Contestant.objects.filter(pk=contestant.pk).update(thinking_tokens=8000)

    assert context_limit.list_small_windows().get() == contestant


def test_named_models_are_drawn_with_small_windows_too():
    slugs = [common.fighter(common.model(context_window=4096)).slug for _ in range(2)]

    assert lifecycle.start_battle(common.voter(), "Why?", models=slugs).rated_pool is None


def test_lines_name_the_models_that_are_not_drawn():
    common.endpoint(common.model("small", name="Small 1B", context_window=4096))
    common.endpoint(common.model("off", name="Off", max_input=10), enabled=False)
    common.endpoint(common.model("large", context_window=128_000))

    [line] = context_limit.describe_small_windows()
    assert line.startswith("not drawn: Small 1B, whose context window is too small for a conversation of 24,000 ")


def build_failure(reason):
    return {**factories.FAILED, "failure": reason}


@pytest.mark.parametrize("reason", sorted(Answer.CAUSED_BY_QUESTION))
@pytest.mark.parametrize("side", ["a", "b"])
def test_vote_after_a_question_made_one_side_fail_is_not_counted(side, reason):
    battle = factories.battle()
    factories.turn(battle, 2, **{"a": factories.FINISHED, "b": factories.FINISHED, side: build_failure(reason)})

    vote = lifecycle.cast_vote(battle, "a")

    assert (vote.counted, vote.reason, vote.turns) == (False, "one_sided", 1)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (build_failure("timeout"), factories.FINISHED),
        (build_failure("unavailable"), factories.FINISHED),
        (build_failure("too_long"), build_failure("too_long")),
        (build_failure("refused"), build_failure("timeout")),
    ],
)
def test_vote_after_a_failure_that_no_question_caused_or_that_both_sides_had_is_counted(a, b):
    battle = factories.battle()
    factories.turn(battle, 2, a=a, b=b)

    assert lifecycle.cast_vote(battle, "a").counted


@pytest.mark.parametrize("turn", [1, 2])
def test_side_that_failed_alone_is_remembered_when_it_is_asked_again(turn):
    battle = factories.battle() if turn == 2 else common.battle(state="void")
    turn_row = factories.turn(battle, turn, a=factories.FINISHED, b=build_failure("refused"))

    lifecycle.retry_answers(battle)
    Answer.objects.filter(turn=turn_row).update(state="finished", attempt=2, text="Now.", finished_at=timezone.now())
    Battle.objects.filter(pk=battle.pk).update(state="ready")
    battle.refresh_from_db()

    assert battle.one_sided == "b"
    assert lifecycle.cast_vote(battle, "a").reason == "one_sided"
