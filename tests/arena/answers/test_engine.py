"""The real answer engine: its loop, its database thread, a real Valkey, and a provider that can misbehave."""

import threading
import time
from datetime import timedelta
from itertools import pairwise

import orjson
import pytest
from django.db.models.functions import Now

from arena.answers import answering, jobs, leases, slots
from arena.answers import engine as engine_module
from arena.answers.announcements import EVENT_STREAM
from arena.answers.live_turn import LiveSide
from arena.answers.release_clock import TICK_S
from arena.answers.stream_events import BattleView
from arena.battles import deletion, lifecycle
from arena.endpoints import circuit_breaker, draw, probe
from arena.endpoints.model_requests import SYSTEM_PROMPT
from arena.models import Answer, Battle, Endpoint, EndpointCall, Slot
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import EXPIRED, FINISHED, FORGOTTEN
from tests.fake_provider import expected_reasoning, expected_text
from tests.processes import eventually

pytestmark = pytest.mark.django_db(transaction=True)
QUICK = {"first_token_s": 0, "tokens_per_second": 1000}


@pytest.fixture
def published(valkey):
    """Builds the view of a reader from all published events of a battle."""

    def read(battle):
        view = BattleView()
        for _, entry in valkey.xrange(EVENT_STREAM):
            for event in orjson.loads(entry.get(str(battle.pk).encode(), b"[]")):
                assert view.apply(event)
        return view

    return read


def local(kind="echo"):
    return common.fighter(kind=kind, parameters=QUICK)


def turn_of(model_a, model_b, prompt="Why is the sky blue?", mode="side_by_side", **answers):
    battle = common.battle(model_a, model_b, state="answering", mode=mode)
    return factories.turn(battle, prompt=prompt, **answers)


def becomes(turn, *states):
    """Whether the turn's battle reaches one of these states."""
    return eventually(lambda: Battle.objects.filter(pk=turn.battle_id, state__in=states).exists())


def run(engine, turn, state="ready"):
    """Let the engine answer the turn until its battle has this state."""
    engine.submit(turn.pk)
    assert becomes(turn, state)


def asked(provider, name, prompt=probe.PROBE_PROMPT):
    """The requests with this question to the model of this name: by default the probes."""
    return [request for request in provider.requests(name) if request["messages"][-1]["content"] == prompt]


def answers(turn):
    return {answer.side: answer for answer in Answer.objects.filter(turn=turn)}


def test_engine_answers_a_blind_battle_with_local_models(engine, published):
    turn = turn_of(local("echo"), local("eliza"), "I am unhappy.", mode="anonymous")

    run(engine, turn)
    stored = answers(turn)
    assert stored["a"].text == "I am unhappy."
    assert stored["b"].text
    for answer in stored.values():
        assert (answer.state, answer.attempt, answer.failure, answer.lease_until) == ("finished", 1, "", None)
        assert answer.started_at <= answer.first_token_at <= answer.finished_at
        assert answer.output_tokens > 0
    assert eventually(lambda: published(turn.battle).state == "ready")
    view = published(turn.battle)
    assert {side: view.side(1, side).text for side in "ab"} == {side: stored[side].text for side in "ab"}
    assert {view.side(1, side).end for side in "ab"} == {"done"}
    assert view.side(1, "a").html == "<p>I am unhappy.</p>\n"
    assert eventually(lambda: not engine.turns)


def test_clock_rests_without_turns_and_starts_with_the_next_one(engine):
    for _ in range(2):
        turn = turn_of(local(), local())
        engine.submit(turn.pk)
        assert becomes(turn, "ready")
        assert eventually(lambda: not engine.turns and not engine.turn_started.is_set())


def test_engine_asks_a_provider_and_keeps_what_it_thought_apart(engine, served, provider):
    a, b = served("a/steady-300-thinks"), served("b/steady-300-surrogates")
    turn = turn_of(a, b)

    run(engine, turn)
    stored = answers(turn)
    for side, name in (("a", "a/steady-300-thinks"), ("b", "b/steady-300-surrogates")):
        assert stored[side].text == expected_text(name, turn.prompt)
        assert stored[side].reasoning == expected_reasoning(name, turn.prompt)
        [request] = provider.requests(name)
        assert (request["system"], request["messages"][-1]["content"]) == (SYSTEM_PROMPT, turn.prompt)


@pytest.fixture
def reads(monkeypatch):
    """The side and time of each read that returned text."""
    moments, feed = [], LiveSide.feed

    def record(side, text):
        moments.append((side.job.side, time.monotonic()))
        feed(side, text)

    monkeypatch.setattr(LiveSide, "feed", record)
    return moments


def test_engine_reads_a_quick_provider_once_per_tick_and_more_often_in_the_first_second(engine, served, reads):
    turn = turn_of(served("a/steady-200-len-600"), served("b/steady-200-len-600"))

    run(engine, turn)
    assert {side: answer.text for side, answer in answers(turn).items()} == {
        side: expected_text(f"{side}/steady-200-len-600", turn.prompt) for side in "ab"
    }
    for side in "ab":
        times = [at for name, at in reads if name == side]
        early, late = ([at for at in times if (at > times[0] + 1.2) is is_late] for is_late in (False, True))
        assert sum(later - earlier < TICK_S / 2 for earlier, later in pairwise(early)) > 5
        assert late
        assert sum(later - earlier < TICK_S / 2 for earlier, later in pairwise(late)) < len(late) / 3


def test_engine_saves_an_end_although_no_flush_is_due(engine, served):
    engine.publisher.next_flush_at = time.monotonic() + 60
    turn = turn_of(served("a/len-5"), served("b/len-5"), mode="side_by_side")

    run(engine, turn)


def test_engine_with_many_turns_reads_only_before_it_publishes(engine, served, reads):
    turn = turn_of(served("a/steady-200-len-600"), served("b/steady-200-len-600"), mode="side_by_side")
    engine.submit(turn.pk)
    assert eventually(lambda: reads and reads[-1][1] > reads[0][1] + 1.2)

    due_at = time.monotonic() + 0.5
    engine.publisher.next_flush_at = due_at

    assert becomes(turn, "ready")
    assert not [at for _, at in reads if due_at - 0.4 < at < due_at]
    assert {side: answer.text for side, answer in answers(turn).items()} == {
        side: expected_text(f"{side}/steady-200-len-600", turn.prompt) for side in "ab"
    }


def test_engine_shows_a_side_that_a_question_made_fail_and_the_vote_does_not_count(engine, served):
    turn = turn_of(local(), served("b/toolong"), mode="anonymous", a=FINISHED, b=FINISHED)
    Battle.objects.filter(pk=turn.battle_id).update(state="ready")

    further = lifecycle.ask_follow_up(turn.battle, "More, please.")

    run(engine, further)
    assert [answers(further)[side].failure for side in "ab"] == ["", "too_long"]
    turn.battle.refresh_from_db()
    assert lifecycle.cast_vote(turn.battle, "a").reason == "one_sided"


def test_engine_loses_no_end_of_battles_that_end_together(engine, published):
    text = "**a**`b`" * 7_000  # one word for the model, but slower to render than a tick
    turns = [turn_of(local(), local(), text, mode="anonymous") for _ in range(3)]

    for turn in turns:
        engine.submit(turn.pk)

    assert eventually(lambda: Battle.objects.filter(state="ready").count() == len(turns), 30)
    assert eventually(lambda: all(published(turn.battle).state == "ready" for turn in turns))
    views = [published(turn.battle) for turn in turns]
    assert [{view.side(1, side).end for side in "ab"} for view in views] == [{"done"}] * len(turns)


def test_engine_waits_for_no_reader_of_a_turn_that_it_has_lost(engine, served):
    engine.publisher.paused_until = time.monotonic() + 60  # as if Redis were away
    turn = turn_of(served("a/len-5"), served("b/hang-3"))
    engine.submit(turn.pk)
    assert eventually(lambda: answers(turn)["a"].state == "finished")

    Answer.objects.filter(turn=turn, side="b").update(attempt=99)

    assert eventually(lambda: not engine.turns)
    assert eventually(
        lambda: not [task for task in engine.background_tasks if task.get_coro().__name__ == "_finish_sides"]
    )


def test_engine_voids_a_first_turn_with_a_failed_side_and_keeps_the_others_text(engine, served):
    turn = turn_of(served("error-500"), served("b/len-5"))

    run(engine, turn, "void")
    stored = answers(turn)
    assert (stored["a"].state, stored["a"].failure, stored["a"].text) == ("failed", "unavailable", "")
    assert (stored["b"].state, stored["b"].text) == ("finished", expected_text("b/len-5", turn.prompt))


def test_engine_asks_once_more_after_a_failure_that_may_pass(engine, served, provider):
    turn = turn_of(served("error-503-once"), served("b/len-5"))

    run(engine, turn)
    assert len(asked(provider, "error-503-once", turn.prompt)) == 2
    assert answers(turn)["a"].attempt == 1


def test_second_call_of_a_side_takes_a_place_again(engine, served, provider):
    name = "ttft-0.5-error-503-once"
    turn = turn_of(served(name, max_concurrency=1), local())

    engine.submit(turn.pk)

    assert eventually(lambda: len(asked(provider, name, turn.prompt)) == 2)
    assert Slot.objects.filter(until__gt=Now()).exists()
    assert becomes(turn, "ready")


def test_end_of_one_side_does_not_wait_for_the_words_of_the_other(engine, served, published, monkeypatch):
    """Both sides end at about the same time, and the second takes longer to render."""
    end = engine_module._build_end_event

    def slowly(turn, side):
        time.sleep(0.5 if side.job.side == "a" else 1)
        return end(turn, side)

    monkeypatch.setattr(engine_module, "_build_end_event", slowly)
    turn = turn_of(served("a/len-5"), served("b/ttft-0.2-len-5"), mode="side_by_side")

    engine.submit(turn.pk)

    # A busy machine may save both sides in one transaction, and then the first end is published with the state.
    assert eventually(lambda: published(turn.battle).state == "ready")
    assert eventually(lambda: [published(turn.battle).side(1, side).end for side in "ab"] == ["done", "done"])


@pytest.mark.parametrize(("mode", "told"), [("anonymous", "unavailable"), ("side_by_side", "refused")])
def test_engine_says_why_a_side_failed_only_where_nothing_is_hidden(engine, served, published, mode, told):
    turn = turn_of(served("filtered-0"), served("b/len-5"), mode=mode)

    run(engine, turn, "void")
    assert answers(turn)["a"].failure == "refused"
    assert eventually(lambda: published(turn.battle).state == "void")
    side = published(turn.battle).side(1, "a")
    assert (side.end, side.reason) == ("failed", told)


def test_engine_replaces_a_model_that_fails_before_its_first_word(engine, served, published):
    failing, other, third = served("error-401"), served("b/len-5"), served("c/len-5")
    turn = turn_of(failing, other, mode="anonymous")

    run(engine, turn)
    battle = Battle.objects.get()
    assert (battle.contestant_a, battle.contestant_b) == (third, other)
    assert [(entry["side"], entry["contestant"]) for entry in battle.replaced] == [("a", failing.pk)]
    assert answers(turn)["a"].text == expected_text("c/len-5", turn.prompt)
    assert eventually(lambda: published(battle).side(1, "a").end == "done")


def test_engine_never_counts_half_an_answer(engine, served):
    turn = turn_of(served("reset-3"), served("b/len-5"), mode="anonymous")
    served("c/len-5")

    run(engine, turn, "void")
    failed = answers(turn)["a"]
    assert failed.state == "failed"
    assert failed.text
    assert Battle.objects.get().replaced == []


def test_engine_answers_a_turn_once_however_often_it_is_told(engine, served, provider):
    turn = turn_of(served("a/len-5"), served("b/len-5"))

    for _ in range(5):
        engine.submit(turn.pk)
        time.sleep(0.01)

    assert becomes(turn, "ready")
    assert [len(provider.requests(name)) for name in ("a/len-5", "b/len-5")] == [1, 1]
    assert {answer.attempt for answer in answers(turn).values()} == {1}


def test_engines_share_a_turn_that_both_are_told_of(engines, served, provider):
    turns = [turn_of(served(f"a{n}/len-5"), served(f"b{n}/len-5")) for n in range(5)]

    for engine in (engines(), engines()):
        for turn in turns:
            engine.submit(turn.pk)

    assert all(becomes(turn, "ready") for turn in turns)
    assert [len(provider.requests(f"{side}{n}/len-5")) for side in "ab" for n in range(5)] == [1] * 10


@pytest.mark.parametrize("left", [EXPIRED, FORGOTTEN], ids=["its worker is gone", "nobody was told"])
def test_engine_finds_a_turn_that_was_left(engine, left):
    turn = turn_of(local(), local(), a=left, b=left)

    assert becomes(turn, "ready")
    assert answers(turn)["a"].text == turn.prompt


def test_engine_takes_over_one_side_alone(engine, published):
    turn = turn_of(local(), local(), mode="anonymous", a=FINISHED, b=EXPIRED)

    assert becomes(turn, "ready")
    stored = answers(turn)
    assert (stored["a"].text, stored["a"].attempt) == (FINISHED["text"], 1)
    assert (stored["b"].text, stored["b"].attempt) == (turn.prompt, 2)


def test_engine_keeps_its_lease_while_it_works(engine, served):
    turn = turn_of(served("a/hang-3"), served("b/hang-3"))
    engine.submit(turn.pk)
    assert eventually(lambda: Answer.objects.filter(turn=turn, text__gt="").count() == 2)
    Answer.objects.update(lease_until=Now() + timedelta(seconds=1))

    assert eventually(lambda: Answer.objects.filter(lease_until__gt=Now() + timedelta(seconds=5)).count() == 2)


def test_engine_that_lost_its_lease_writes_nothing(engine, served):
    turn = turn_of(served("a/ttft-1-len-5"), served("b/ttft-1-len-5"))
    engine.submit(turn.pk)
    assert eventually(lambda: Answer.objects.filter(state="running").count() == 2)

    Answer.objects.update(attempt=7, lease_until=Now() + timedelta(seconds=60))

    assert eventually(lambda: not engine.turns)
    time.sleep(1)
    assert {(a.state, a.attempt, a.text) for a in answers(turn).values()} == {("running", 7, "")}
    assert Battle.objects.get().state == "answering"


def test_engine_discards_a_save_that_comes_too_late(engine, served, published, monkeypatch):
    monkeypatch.setattr(leases, "HEARTBEAT_S", 60)
    turn = turn_of(served("a/ttft-0.5-len-5"), served("b/ttft-0.5-len-5"))
    engine.submit(turn.pk)
    assert eventually(lambda: Answer.objects.filter(state="running").count() == 2)
    Answer.objects.update(attempt=7, text="Of another worker")

    assert eventually(lambda: not engine.turns)

    assert {(a.state, a.text) for a in answers(turn).values()} == {("running", "Of another worker")}
    assert published(turn.battle).state == "answering"
    assert {published(turn.battle).side(1, side).end for side in "ab"} == {""}


@pytest.mark.parametrize("told", [True, False], ids=["told at once", "seen at the heartbeat"])
def test_engine_forgets_a_battle_that_is_deleted_meanwhile(engine, served, told, valkey, caplog):
    turn = turn_of(served("a/steady-50"), served("b/steady-50"), mode="anonymous")
    engine.submit(turn.pk)
    assert eventually(lambda: valkey.exists(EVENT_STREAM))

    if told:
        deletion.delete_battle(turn.battle.voter_id, turn.battle_id)
    else:
        Battle.objects.all().delete()

    assert eventually(lambda: not engine.turns)
    count = valkey.xlen(EVENT_STREAM)
    time.sleep(0.3)
    assert valkey.xlen(EVENT_STREAM) == count
    assert not Answer.objects.exists()
    assert "Traceback" not in caplog.text


def test_drain_hands_running_turns_over_to_another_worker(engines, served, monkeypatch):
    monkeypatch.setattr(leases, "LEASE_S", 60)  # too long to wait for
    first = engines()
    turn = turn_of(served("a/hang-2-once"), served("b/len-5"))
    first.submit(turn.pk)
    assert eventually(lambda: answers(turn)["b"].state == "finished")

    first.drain(0)
    assert first.turns == {}
    engines()

    assert becomes(turn, "ready")
    stored = answers(turn)
    assert stored["a"].text == expected_text("a/hang-2-once", turn.prompt)
    assert (stored["a"].attempt, stored["b"].attempt) == (2, 1)


def test_drain_lets_turns_end_that_are_nearly_done(engine, served):
    turn = turn_of(served("a/ttft-0.3-len-5"), served("b/ttft-0.3-len-5"))
    engine.submit(turn.pk)
    assert eventually(lambda: engine.turns)

    engine.drain(5)

    assert Battle.objects.get().state == "ready"
    assert {answer.attempt for answer in answers(turn).values()} == {1}


def test_drained_engine_takes_nothing_new(engine):
    engine.drain(0)
    turn, left = turn_of(local(), local()), turn_of(local(), local(), a=EXPIRED, b=EXPIRED)

    engine.submit(turn.pk)
    time.sleep(0.6)

    assert {answer.state for answer in answers(turn).values()} == {"queued"}
    assert {answer.attempt for answer in answers(left).values()} == {1}


def test_engine_gives_a_model_no_more_at_a_time_than_it_can_bear(engine, served, provider):
    busy = served("ttft-0.2-len-3", max_concurrency=1)
    turns = [turn_of(busy, local(), f"Question {n}?") for n in range(4)]

    for turn in turns:
        engine.submit(turn.pk)

    assert all(becomes(turn, "ready") for turn in turns)
    served_at = sorted((request["time"], request["ended"]) for request in provider.requests("ttft-0.2-len-3"))
    assert len(served_at) == 4
    assert all(before[1] <= after[0] + 0.01 for before, after in pairwise(served_at))


def overlaps(requests):
    """The most requests that were open at one moment."""
    spans = [(request["time"], request["ended"] or float("inf")) for request in requests]
    return max(sum(begin <= at < end for begin, end in spans) for at, _ in spans)


def test_workers_share_the_places_of_an_endpoint_and_free_them_at_the_end_of_each_call(engines, served, provider):
    busy, workers = served("ttft-0.3-len-3", max_concurrency=2), [engines(), engines()]
    turns = [turn_of(busy, local(), f"Question {n}?", mode="anonymous") for n in range(8)]

    for turn, worker in zip(turns, workers * 4, strict=True):
        worker.submit(turn.pk)

    assert all(becomes(turn, "ready") for turn in turns)
    assert (len(provider.requests("ttft-0.3-len-3")), overlaps(provider.requests("ttft-0.3-len-3"))) == (8, 2)
    assert eventually(lambda: not Slot.objects.filter(until__gt=Now()).exists())


@pytest.mark.parametrize("limit", [2, None], ids=["higher", "none"])
def test_waiting_call_begins_as_soon_as_the_limit_allows_it(engine, served, provider, limit):
    busy = served("a/hang-5", max_concurrency=1)
    for _ in range(2):
        engine.submit(turn_of(busy, local(), mode="anonymous").pk)
    assert eventually(lambda: len(provider.requests("a/hang-5")) == 1 and engine.runner.endpoint_slots.waiting.total())

    Endpoint.objects.filter(contestants=busy).update(max_concurrency=limit)

    assert eventually(lambda: len(provider.requests("a/hang-5")) == 2, 1)


def test_place_is_held_for_as_long_as_the_call_lasts_and_the_worker_lives(engines, served, provider, monkeypatch):
    """A worker that dies renews neither its leases nor its places."""
    monkeypatch.setattr(slots, "LEASE_S", 0.6)
    busy, engine = served("a/hang-5", max_concurrency=1), engines()
    engine.submit(turn_of(busy, local(), mode="anonymous").pk)
    assert eventually(lambda: provider.requests("a/hang-5"))
    time.sleep(1)
    assert Slot.objects.filter(until__gt=Now()).count() == 1

    engine.runner.endpoint_slots.holders.clear()

    assert eventually(lambda: not Slot.objects.filter(until__gt=Now()).exists(), 2)


def test_engine_finishes_battles_while_the_store_is_away(nobody, engines):
    turn = turn_of(local(), local(), mode="anonymous")

    engines().submit(turn.pk)

    assert becomes(turn, "ready")


@pytest.mark.parametrize("told", [True, False], ids=["told at once", "seen at the heartbeat"])
def test_engine_stops_where_the_reader_is(engine, served, told, valkey):
    turn = turn_of(served("a/hang-5"), served("b/hang-5"), mode="anonymous")
    engine.submit(turn.pk)
    assert eventually(lambda: Answer.objects.filter(turn=turn, text__gt="").count() == 2)

    if told:
        lifecycle.stop_battle(turn.battle)
    else:
        Battle.objects.update(stopped=True)

    assert becomes(turn, "ready")
    assert all(answer.stopped and answer.text for answer in answers(turn).values())


def test_engine_hears_a_stop_that_comes_while_it_takes_the_turn(engine, served, monkeypatch):
    """The stop comes after the battle was read, and before the engine knows the turn."""
    claim_jobs, claim_read, stop_sent = jobs.claim_jobs, threading.Event(), threading.Event()

    def slowly(turn_ids):
        claimed = claim_jobs(turn_ids)
        claim_read.set()
        stop_sent.wait(30)
        return claimed

    monkeypatch.setattr(jobs, "claim_jobs", slowly)
    monkeypatch.setattr(leases, "HEARTBEAT_S", 60)
    turn = turn_of(served("a/hang"), served("b/hang"), mode="anonymous")
    engine.submit(turn.pk)
    assert claim_read.wait(30)
    lifecycle.stop_battle(turn.battle)
    assert eventually(lambda: engine.stop_times)
    stop_sent.set()

    assert becomes(turn, "void")


def test_engine_records_how_each_call_went_but_none_that_was_broken_off(engine, served):
    failing, well, hanging = served("error-401"), served("b/len-5"), served("c/hang-5")
    turn = turn_of(failing, well)

    run(engine, turn, "void")
    turn = turn_of(hanging, well)
    engine.submit(turn.pk)
    assert eventually(lambda: Answer.objects.filter(turn=turn, text__gt="").count() == 2)

    lifecycle.stop_battle(turn.battle)
    assert becomes(turn, "ready")
    engine.drain(0)

    calls = EndpointCall.objects.order_by("endpoint__upstream_id").values_list("endpoint__upstream_id", "failure")
    assert list(calls) == [("b/len-5", ""), ("b/len-5", ""), ("error-401", "unavailable")]


def test_engine_records_a_stop_under_its_own_reason(engine, served):
    silent = served("a/hang")
    turn = turn_of(silent, served("b/len-5"))
    engine.submit(turn.pk)
    assert eventually(lambda: answers(turn)["b"].state == "finished")

    lifecycle.stop_battle(turn.battle)
    assert becomes(turn, "void")
    engine.drain(0)

    assert list(silent.endpoint.calls.values_list("failure", "battle")) == [("stopped", turn.battle_id)]
    assert answers(turn)["a"].failure == "stopped"


@pytest.mark.parametrize("mode", ["side_by_side", "anonymous"])
@pytest.mark.parametrize("name", ["empty-when-hush", "error-400-when-hush", "error-500-when-hush", "reset-when-hush"])
def test_questions_that_make_a_model_fail_do_not_take_it_out_of_the_draw(engine, served, provider, name, mode):
    picky, other = served(name), served("b/len-5")
    turns = [turn_of(picky, other, "Oh, hush!", mode=mode) for _ in range(6)]

    for turn in turns:
        engine.submit(turn.pk)

    assert all(becomes(turn, "void", "ready") for turn in turns)
    assert eventually(lambda: [request["state"] != "open" for request in asked(provider, name)] == [True])
    assert picky.pk in draw.list_drawable()
    assert Endpoint.objects.get(contestants=picky).failed_probes == 0
    assert EndpointCall.objects.filter(endpoint__contestants=picky).count() >= 6


def test_two_failed_probes_take_an_endpoint_out_and_a_good_one_brings_it_back(engine, served, provider, monkeypatch):
    monkeypatch.setattr(circuit_breaker, "PROBE_INTERVAL_S", 0.2)
    down = served("error-503")
    turn = turn_of(down, served("b/len-5"))

    run(engine, turn, "void")

    assert eventually(lambda: down.pk not in draw.list_drawable())
    assert len(asked(provider, "error-503")) >= 2
    Endpoint.objects.filter(contestants=down).update(upstream_id="mended/len-5")

    assert eventually(lambda: down.pk in draw.list_drawable())
    assert EndpointCall.objects.filter(endpoint__contestants=down).count() == 2  # only those of the battle


def test_probe_waits_for_a_place_at_its_endpoint(engine, served, provider):
    busy = served("a/hang-5", max_concurrency=1)
    turn = turn_of(busy, served("b/len-5"))
    engine.submit(turn.pk)
    assert eventually(lambda: Answer.objects.filter(turn=turn, side="a", text__gt="").exists())

    Endpoint.objects.filter(contestants=busy).update(probe_wanted=True)
    assert eventually(lambda: not Endpoint.objects.get(contestants=busy).probe_wanted)
    assert not asked(provider, "a/hang-5")
    lifecycle.stop_battle(turn.battle)

    assert eventually(lambda: asked(provider, "a/hang-5"))


def test_named_models_and_keys_have_half_of_the_places(engine, served, provider):
    """They cannot fill the slots that blind battles need."""
    busy = served("a/hang-5", max_concurrency=4)
    for _ in range(6):
        engine.submit(turn_of(busy, local()).pk)
    assert eventually(lambda: len(provider.requests("a/hang-5")) == 2)

    blind = turn_of(busy, local(), "Who is it?", mode="anonymous")
    engine.submit(blind.pk)

    assert eventually(lambda: Answer.objects.filter(turn=blind, contestant=busy, text__gt="").exists())
    assert len(provider.requests("a/hang-5")) == 3


def test_model_without_a_free_place_has_not_failed(engine, served, provider, monkeypatch):
    monkeypatch.setattr(answering, "SLOT_TIMEOUT_S", 0.3)
    busy = served("a/hang-5", max_concurrency=1)
    engine.submit(turn_of(busy, local()).pk)
    assert eventually(lambda: provider.requests("a/hang-5"))

    turn = turn_of(busy, local(), "Still there?")

    run(engine, turn, "void")
    assert {answer.failure for answer in answers(turn).values()} == {"", "busy"}
    assert not EndpointCall.objects.filter(battle=turn.battle_id, endpoint__contestants=busy).exists()
    assert not Endpoint.objects.get(contestants=busy).probe_wanted


def test_drained_engine_takes_nothing_from_a_probe_that_it_has_broken_off(engines, served, provider):
    engine, slow = engines(), served("hang")
    Endpoint.objects.filter(contestants=slow).update(probe_wanted=True)
    assert eventually(lambda: asked(provider, "hang"))

    engine.drain(0)
    time.sleep(0.3)

    assert Endpoint.objects.get(contestants=slow).failed_probes == 0


def test_engine_waits_for_the_first_token_as_long_as_the_endpoint_may_take(engine, served):
    turn = turn_of(served("a/ttft-0.8-len-3"), served("b/ttft-0.8-len-3", first_token_timeout_s=0.3))

    run(engine, turn, "void")
    assert {side: answer.failure for side, answer in answers(turn).items()} == {"a": "", "b": "timeout"}


@pytest.mark.parametrize("status", [400, 403, 422])
def test_engine_logs_no_error_that_may_quote_the_question(engine, served, caplog, status):
    """Operators find the provider's words in the log of the next probe, whose question is the arena's own."""
    caplog.set_level("INFO")
    turn = turn_of(served(f"a/error-{status}"), served(f"b/error-{status}"), prompt="a canary of a question")

    run(engine, turn, "void")
    assert eventually(lambda: f"failed a probe: rejected, status {status}: " in caplog.text)
    assert f"failed: rejected, status {status}\n" in caplog.text
    assert "canary" not in caplog.text


@pytest.mark.parametrize("name", ["thinks-reset-5-once", "thinks-garbage-5"], ids=["asked again", "replaced"])
def test_engine_keeps_no_thought_of_an_attempt_that_failed(engine, served, name):
    failing = served(name)
    turn = turn_of(failing, served("b/len-5"), mode="anonymous")
    served("c/len-5")

    run(engine, turn)
    last = answers(turn)["a"]
    assert last.reasoning == (expected_reasoning(name, turn.prompt) if last.contestant == failing else "")
    assert (last.contestant == failing) is name.endswith("once")


class Broken:
    """A clock that has stopped."""

    def tick(self, a, b):
        raise LookupError("broken")


def test_engine_ends_a_turn_that_cannot_go_on_and_no_other(engine, served, caplog):
    broken, other = turn_of(served("a/hang-5"), served("b/hang-5")), turn_of(served("c/ttft-0.5"), served("d/len-5"))
    for turn in (broken, other):
        engine.submit(turn.pk)
    assert eventually(lambda: Answer.objects.filter(turn=broken, text__gt="").count() == 2)

    engine.turns[broken.pk].clock = Broken()

    assert becomes(broken, "void")
    assert becomes(other, "ready")
    assert {answer.failure for answer in answers(broken).values()} == {"unavailable"}
    assert eventually(lambda: not engine.turns)
    assert caplog.text.count(f"Turn {broken.pk} failed") == 1


def test_engine_takes_over_all_that_is_left_without_a_pause(engines, monkeypatch):
    monkeypatch.setattr(leases, "MAX_REAPED_TURNS", 1)
    monkeypatch.setattr(leases, "HEARTBEAT_S", 1)
    turns = [turn_of(local(), local(), a=EXPIRED, b=EXPIRED) for _ in range(8)]

    engines()

    assert eventually(lambda: Answer.objects.filter(turn__in=turns, attempt=2).count() == 16, 5)
