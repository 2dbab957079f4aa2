"""Single answers: who may claim which, and what the engine makes of them."""

import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from arena.answers import answering, failover, slots, tasks
from arena.answers.single_claims import SinglesRequest, claim_singles
from arena.answers.singles import request_singles
from arena.endpoints import call_stats
from arena.endpoints.model_requests import SYSTEM_PROMPT
from arena.models import Answer, DailyTokens, Endpoint, EndpointCall, EndpointDay, Question, Slot
from tests import factories as common
from tests.arena import factories
from tests.arena.answers import turns
from tests.arena.answers.test_engine import asked, overlaps
from tests.fake_provider import expected_reasoning, expected_text
from tests.processes import eventually
from tests.races import at_once

WAITS = {"state": "queued", "tries": 0}
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def unsent(monkeypatch):
    """Send no message: engines look at the database."""
    monkeypatch.setattr(tasks, "enqueue_singles", lambda: None)


def ask(contestants, number=1, text="Why {}?"):
    """Request each contestant's answers to so many new questions."""
    question_set = factories.question().set
    questions = Question.objects.bulk_create(
        Question(set=question_set, key=f"new {n}", position=n, text=text.format(n)) for n in range(number)
    )
    request_singles((question, contestant) for question in questions for contestant in contestants)


def claim(limit=99, own=()):
    """Claim single answers, and return their jobs."""
    [claimed] = claim_singles([SinglesRequest(limit, own)])
    return [job.sides[0] for job in claimed.jobs]


def stored(**fields):
    return Answer.objects.filter(turn=None, **fields).order_by("pk")


def endpoint_of(contestant):
    return contestant.endpoint


def held(contestant):
    return Slot.objects.filter(endpoint=endpoint_of(contestant), until__gt=Now()).count()


@pytest.mark.django_db
def test_request_is_stored_once_for_each_question_and_contestant():
    question, models = factories.question("Why?"), [common.fighter(), common.fighter()]
    request_singles([(question, models[0])])
    Answer.objects.update(state="finished", text="Because.")

    request_singles((question, model) for model in models)

    assert list(stored().values_list("question", "contestant", "text")) == [
        (question.pk, models[0].pk, "Because."),
        (question.pk, models[1].pk, ""),
    ]


@pytest.mark.django_db
def test_claim_takes_the_oldest_and_makes_the_request_of_a_battle():
    model = common.fighter(parameters={"seed": 7}, max_tokens=5)
    ask([model], 3)

    claimed = claim(2)

    oldest = stored().values_list("pk", flat=True)[:2]
    assert [(job.answer_id, job.attempt, job.tries) for job in claimed] == [(pk, 1, 1) for pk in oldest]
    assert [job.request.messages[0].content for job in claimed] == ["Why 0?", "Why 1?"]
    assert {(job.request.system, job.request.max_tokens, job.battle_id) for job in claimed} == {
        (SYSTEM_PROMPT, 5, None)
    }
    assert [answer.state for answer in stored()] == ["running", "running", "queued"]
    assert [len(claim()) for _ in range(2)] == [1, 0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        {"enabled": False},
        {"failed_probes": 1},
        {"failed_probes": 2},
        {"singles_after": Now() + timedelta(seconds=9)},
    ],
    ids=str,
)
def test_single_waits_while_its_endpoint_is_away(fields):
    model = common.fighter()
    ask([model])
    row = model if "enabled" in fields else endpoint_of(model)
    well = {name: getattr(row, name) for name in fields}
    type(row).objects.filter(pk=row.pk).update(**fields)

    assert not claim()
    assert stored(**WAITS).exists()
    type(row).objects.filter(pk=row.pk).update(**well)
    assert claim()


@pytest.mark.django_db
@pytest.mark.parametrize("state", [{"queued_at": Now() + HOUR}, {"state": "running", "lease_until": Now() + HOUR}])
def test_claim_leaves_what_another_worker_makes_or_what_is_tried_again_later(state):
    ask([common.fighter()])
    stored().update(**state)
    assert not claim()

    stored().update(**{name: Now() - HOUR for name in state if name != "state"})

    assert not claim(own=stored().values_list("pk", flat=True))
    assert claim()


@pytest.mark.django_db
def test_claim_takes_the_slots_that_singles_may_have_and_waits_for_none_of_a_busy_endpoint():
    """An evaluation asks contestants of several endpoints at once, and the first of them is full."""
    busy, limited, unlimited = common.fighter(max_concurrency=4), common.fighter(max_concurrency=8), common.fighter()
    ask([busy, limited, unlimited], 20)
    battles = [slots.SlotRequest(endpoint_of(busy).pk, common.voter().pk, shared=False, since=0.0) for _ in range(4)]
    assert all(slots.take_slots(battles))
    names = {endpoint_of(model).pk: model for model in (busy, limited, unlimited)}

    taken = Counter(names[job.endpoint.pk] for job in claim(15))

    assert taken == {limited: 4, unlimited: 11}
    assert (held(busy), held(limited)) == (4, 4)
    assert Counter(names[job.endpoint.pk] for job in claim()) == {unlimited: 9}
    Slot.objects.filter(endpoint=endpoint_of(busy)).update(until=Now())
    assert Counter(names[job.endpoint.pk] for job in claim()) == {busy: 2}


@pytest.mark.django_db
def test_single_is_made_with_the_slot_that_the_claim_took():
    ask([common.fighter(max_concurrency=2)])

    [job] = claim()

    assert Slot.objects.get(holder=job.holder, until__gt=Now(), shared=True)


@pytest.mark.django_db
def test_singles_spend_the_budget_of_unrated_battles_and_wait_when_it_is_spent(settings):
    hours = call_stats.timezone.now().hour + 1
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_tokens_per_day=24 * 10_000)
    free = common.fighter(max_tokens=1)
    model = common.variant(common.fighter(tokens_per_day=24 * 3_000), system="?" * 800, max_tokens=600)
    ask([model], 3 * hours, text="Why? {:04}" + "!" * 791)  # 400 tokens of four bytes, with the system prompt

    for _ in range(3 * hours):
        claim(1)

    assert stored(state="running").count() == hours  # a third of what was released
    assert set(DailyTokens.objects.values_list("charged_to", "tokens")) == {
        (name, 1000 * hours)
        for name in ("service", f"endpoint:{model.endpoint_id}", f"endpoint:{model.endpoint_id}:named")
    }
    assert stored(**WAITS).count() == 2 * hours
    ask([free])
    assert claim()
    DailyTokens.objects.filter(charged_to="service").update(tokens=10_000 * hours)
    ask([free])
    assert not claim()


@pytest.mark.django_db
def test_claim_of_unlimited_singles_needs_few_statements(django_assert_num_queries):
    ask([common.fighter(), common.fighter()], 20)

    with django_assert_num_queries(3):
        assert len(claim()) == 40
    with django_assert_num_queries(1):
        assert not claim()


@pytest.mark.django_db(transaction=True)
def test_claims_of_many_workers_take_each_single_once():
    ask([common.fighter(), common.fighter(max_concurrency=100)], 20)

    def work(_):
        with transaction.atomic():
            return [job.answer_id for job in claim(8)]

    taken = [answer_id for worker in at_once(8, work) for answer_id in worker]
    assert len(taken) == len(set(taken)) == stored(state="running", attempt=1).count() > 0


@pytest.mark.django_db(transaction=True)
def test_question_that_is_being_requested_is_not_changed_meanwhile():
    question, model = factories.question(), common.fighter()
    requested = threading.Event()

    def work(number):
        with transaction.atomic():
            if number:
                requested.wait(30)
                Question.objects.filter(pk=question.pk).update(text="Why not?")
            else:
                request_singles([(question, model)])
                requested.set()
                time.sleep(0.3)

    first, second = at_once(2, work)
    assert first is None
    assert isinstance(second, IntegrityError)


@pytest.mark.parametrize(
    ("error", "tries", "retry"),
    [
        ({"reason": "unavailable"}, 1, failover.Retry(failover.SINGLE_RETRY_DELAY_S, is_try=True)),
        ({"reason": "timeout"}, 2, failover.Retry(failover.SINGLE_RETRY_DELAY_S, is_try=True)),
        ({"reason": "unavailable"}, 3, None),
        ({"reason": "unavailable", "retry_after_s": 60.0}, 3, failover.Retry(0, is_try=False)),
        ({"reason": "unavailable", "retry_after_s": 0.0}, 1, failover.Retry(0, is_try=False)),
        ({"reason": "busy"}, 3, failover.Retry(0, is_try=False)),
        ({"reason": "refused"}, 1, None),
        ({"reason": "too_long"}, 1, None),
    ],
)
def test_single_has_three_tries_and_waiting_is_none(error, tries, retry):
    job = replace(turns.side_job(), tries=tries)

    assert failover.plan_retry(job, answering.BackendError(answering.Action.REPLACE, **error)) == retry


live = pytest.mark.django_db(transaction=True)


def end(state="finished"):
    return eventually(lambda: not stored().exclude(state=state).exists(), 20)


@live
def test_engine_makes_singles_and_publishes_nothing(engine, served, valkey):
    names = ["a/len-5-thinks", "b/len-5"]
    ask([served(name) for name in names], 3)
    engine.look_for_singles()

    assert end()
    for answer in stored().select_related("question", "contestant__endpoint"):
        name, text = endpoint_of(answer.contestant).upstream_id, answer.question.text
        assert (answer.text, answer.reasoning) == (expected_text(name, text), expected_reasoning(name, text))
        assert (answer.attempt, answer.tries, answer.failure, answer.lease_until) == (1, 1, "", None)
        assert answer.started_at <= answer.first_token_at <= answer.finished_at
        assert answer.output_tokens
    assert eventually(lambda: not engine.turns)
    assert not valkey.keys("battle-events")


@live
def test_engine_finds_singles_by_itself_and_takes_over_those_of_a_dead_worker(engines, served):
    ask([served("len-5")], 2)
    stored().filter(pk=stored().first().pk).update(state="running", attempt=1, tries=1, lease_until=Now() - HOUR)

    engines()

    assert end()
    assert list(stored().values_list("attempt", "tries")) == [(2, 2), (1, 1)]


@live
def test_engine_makes_at_most_a_quarter_of_its_answers_for_singles(engines, served, provider, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_answer_concurrency=8)
    ask([served("ttft-0.2-len-3")], 8)

    engines()

    assert end()
    assert overlaps(provider.requests("ttft-0.2-len-3")) == 2


@live
def test_singles_of_two_workers_stay_within_half_of_the_slots_and_use_them(engines, served, provider):
    ask([served("ttft-0.2-len-3", max_concurrency=8)], 24)

    for worker in (engines(), engines()):
        worker.look_for_singles()

    assert end()
    requests = provider.requests("ttft-0.2-len-3")
    assert (len(requests), len({request["messages"][-1]["content"] for request in requests})) == (24, 24)
    assert overlaps(requests) == 4
    assert max(request["ended"] for request in requests) - min(request["time"] for request in requests) < 3


@live
@pytest.mark.parametrize(
    ("name", "calls", "failure"),
    [
        ("error-500-when-Why", 3, "unavailable"),
        ("reset-3-when-Why", 3, "unavailable"),
        ("toolong-when-Why", 1, "too_long"),
        ("len-3", 1, ""),
    ],
)
def test_single_fails_after_three_failures(engine, served, provider, monkeypatch, name, calls, failure):
    monkeypatch.setattr(failover, "SINGLE_RETRY_DELAY_S", 0.1)
    model = served(name)
    ask([model])

    deadline = time.monotonic() + 10
    while not stored(state__in=("finished", "failed")).exists() and time.monotonic() < deadline:
        engine.look_for_singles()
        time.sleep(0.05)

    answer = stored().get()
    assert (answer.state, answer.failure, answer.tries) == ("failed" if failure else "finished", failure, calls)
    assert (answer.attempt, len(asked(provider, name, "Why 0?"))) == (calls, calls)
    assert eventually(
        lambda: EndpointCall.objects.filter(battle=None, answer=answer.pk, failure=failure).count() == calls
    )


@live
def test_rate_limit_pauses_the_endpoint_and_uses_up_no_try(engine, served, provider):
    model = served("error-429-wait-600")
    ask([model], 3)
    engine.look_for_singles()

    assert eventually(lambda: Endpoint.objects.get().singles_after > endpoint_of(model).singles_after + HOUR / 7)
    assert eventually(lambda: stored(**WAITS).count() == 3)
    engine.look_for_singles()
    time.sleep(0.3)
    assert stored(**WAITS).count() == 3

    Endpoint.objects.update(upstream_id="len-3", singles_after=Now())
    assert end()
    assert set(stored().values_list("tries", flat=True)) == {1}


@live
def test_drained_engine_hands_singles_on_with_their_slots(engines, served):
    ask([served("hang-5", max_concurrency=2)])
    engine = engines()
    engine.look_for_singles()
    assert eventually(lambda: stored(state="running").exists())

    engine.drain(0)

    assert stored(state="running", lease_until__lt=Now()).exists()
    assert eventually(lambda: not Slot.objects.filter(until__gt=Now()).exists())
    Endpoint.objects.update(upstream_id="len-3")
    engines()
    assert end()


@live
def test_calls_of_singles_count_for_speed_but_not_in_public(engine, served):
    model = served("a/ttft-0.05-len-5")
    ask([model], 2)
    engine.look_for_singles()
    assert end()
    assert eventually(lambda: EndpointCall.objects.count() == 2)

    call_stats.roll_up_day(call_stats.timezone.now().date())

    day = EndpointDay.objects.get(endpoint=endpoint_of(model))
    assert (day.answers, day.public_answers, day.public_failures) == (2, 0, 0)
    assert day.first_token_p50 >= 0.05
