"""Measured performance: of single answers, and of endpoints over a month."""

from datetime import UTC, datetime, timedelta

import pytest

from arena.endpoints.performance import AnswerStats, EndpointPerformance, compute_answer_stats, load_performance
from arena.models import Answer, EndpointDay
from tests import factories

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOTHING = AnswerStats(None, None, None, None)


def answer(wait=0.5, took=2.0, tokens=(12, 101), text="x" * 400, **fields):
    first = None if wait is None else START + timedelta(seconds=wait)
    return Answer(
        started_at=START,
        first_token_at=first,
        finished_at=None if took is None or first is None else first + timedelta(seconds=took),
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        text=text,
        **fields,
    )


def test_spent_of_one_answer():
    assert compute_answer_stats([answer()]) == AnswerStats(0.5, 50.0, 12, 101)


def test_spent_of_several_answers_adds_up_and_averages_the_wait():
    assert compute_answer_stats([answer(), answer(wait=1.5, took=3.0, tokens=(30, 51))]) == AnswerStats(
        1.0, 30.0, 42, 152
    )


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([], NOTHING),
        ([answer(wait=None, tokens=(None, None))], NOTHING),
        ([answer(tokens=(None, 101))], AnswerStats(0.5, 50.0, None, 101)),
        ([answer(tokens=(12, None))], AnswerStats(0.5, None, 12, None)),
        ([answer(took=0.0)], AnswerStats(0.5, None, 12, 101)),
        ([answer(tokens=(12, 1))], AnswerStats(0.5, None, 12, 1)),
        ([answer(), answer(wait=None, tokens=(1, None))], AnswerStats(None, None, 13, None)),
    ],
    ids=["none", "nothing known", "no input", "no output", "at once", "one token", "one of two"],
)
def test_spent_leaves_out_what_it_cannot_know(answers, expected):
    assert compute_answer_stats(answers) == expected


def test_spent_tells_no_speed_of_tokens_that_were_thought_unseen():
    assert compute_answer_stats([answer(text="Short.", tokens=(12, 101))]).tokens_per_s is None
    assert compute_answer_stats([answer(text="Short.", reasoning="x" * 400, tokens=(12, 101))]).tokens_per_s == 50.0


def create_day(contestant, ago, answers=10, public=(0, 0), first=0.5, speed=50.0):
    EndpointDay.objects.create(
        endpoint=contestant.endpoint,
        day=datetime.now(UTC).date() - timedelta(days=ago),
        answers=answers,
        public_answers=public[0],
        public_failures=public[1],
        first_token_p50=first,
        tokens_per_s_p50=speed,
    )


@pytest.mark.django_db
def test_typical_averages_the_days_by_their_answers():
    contestant = factories.fighter()
    create_day(contestant, 2, answers=30, public=(20, 3), first=1.0, speed=40.0)
    create_day(contestant, 20, answers=10, public=(2, 5), first=0.2, speed=80.0)
    create_day(contestant, 31, answers=10, first=None, speed=None)

    performance = load_performance([contestant])

    assert performance == {contestant.pk: EndpointPerformance(50, 8, 30, pytest.approx(0.8), pytest.approx(50.0))}
    assert performance[contestant.pk].failure_rate == pytest.approx(8 / 30)


@pytest.mark.django_db
@pytest.mark.parametrize(("ago", "told"), [(0, False), (1, False), (2, True), (31, True), (32, False)])
def test_typical_looks_at_thirty_days_that_hold_no_open_battle(ago, told):
    contestant = factories.fighter()
    create_day(contestant, ago)

    assert (contestant.pk in load_performance([contestant])) == told


@pytest.mark.django_db
def test_typical_knows_only_models_that_were_called(django_assert_num_queries):
    called, named, idle = (factories.fighter() for _ in range(3))
    nobody = factories.contestant()
    create_day(called, 3, answers=0, public=(0, 2), first=None, speed=None)
    create_day(named, 3, answers=4, first=None, speed=None)
    create_day(idle, 3, answers=0, first=None, speed=None)

    with django_assert_num_queries(1):
        performance = load_performance([called, named, idle, nobody])

    assert performance == {
        called.pk: EndpointPerformance(0, 2, 2, None, None),
        named.pk: EndpointPerformance(4, 0, 0, None, None),
    }
    assert (performance[called.pk].failure_rate, performance[named.pk].failure_rate) == (1, None)
