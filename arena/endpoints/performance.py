"""Measured performance of answers, and of endpoints over the 30 days that ended two days ago."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import F, QuerySet
from django.utils import timezone

from arena.models import Answer, Contestant, EndpointDay

# Days that might still have open battles are excluded, because a new failure in a model's statistics would reveal the
# model of a side that has just failed. A battle is open for at most a day after its last question.
SETTLING_TIME = timedelta(days=2)
PERFORMANCE_WINDOW = timedelta(days=30)

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class AnswerStats:
    """Statistics of a set of answers. Unknown values are None. `tokens_per_s` is the speed after the first token."""

    first_token_s: float | None
    tokens_per_s: float | None
    input_tokens: int | None
    output_tokens: int | None


def compute_answer_stats(answers: Sequence[Answer]) -> AnswerStats:
    """Return the mean seconds to the first token, the overall speed, and the token totals.

    A statistic is None if any of the answers lacks its value. The speed is also None if the output tokens seem to
    include hidden reasoning.
    """
    waits = [_compute_seconds(answer.started_at, answer.first_token_at) for answer in answers]
    durations = [_compute_seconds(answer.first_token_at, answer.finished_at) for answer in answers]
    total_wait = _sum_or_none(waits)
    total_duration = _sum_or_none(durations)
    output_tokens = _sum_or_none([answer.output_tokens for answer in answers])
    tokens_per_s = None
    if output_tokens and total_duration and _are_visible_tokens(answers, output_tokens):
        tokens_per_s = (output_tokens - len(answers)) / total_duration
    return AnswerStats(
        first_token_s=None if total_wait is None else total_wait / len(waits),
        tokens_per_s=tokens_per_s,
        input_tokens=_sum_or_none([answer.input_tokens for answer in answers]),
        output_tokens=output_tokens,
    )


def _are_visible_tokens(answers: Sequence[Answer], tokens: int) -> bool:
    """Return whether the count fits the visible text. Otherwise, it includes hidden reasoning and skews the speed."""
    return len(answers) < tokens <= sum(len(answer.text) + len(answer.reasoning) for answer in answers)


def _compute_seconds(begin: datetime | None, end: datetime | None) -> float | None:
    if begin is None or end is None or end < begin:
        return None
    return (end - begin).total_seconds()


def _sum_or_none(numbers: Sequence[Number | None]) -> Number | None:
    """Return the sum, or None if there are no numbers or one of them is None."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known and len(known) == len(numbers) else None


@dataclass(frozen=True)
class EndpointPerformance:
    """Statistics of an endpoint over 30 days.

    answers: the number of answers in all battles
    calls: the number of calls in the live pool's blind battles
    failures: the number of these calls that the endpoint failed. On each day, at most three per voter and twelve per
        network are counted.
    first_token_s, tokens_per_s: means of daily medians, weighted by the number of answers
    """

    answers: int
    failures: int
    calls: int
    first_token_s: float | None
    tokens_per_s: float | None

    @property
    def failure_rate(self) -> float | None:
        return self.failures / self.calls if self.calls else None


def load_performance(contestants: QuerySet[Contestant] | Sequence[Contestant]) -> dict[int, EndpointPerformance]:
    """Return statistics of the contestants' endpoints for the 30 days that ended two days ago, keyed by contestant.

    Contestants whose endpoints were not called in this time are omitted.
    """
    last = timezone.now().date() - SETTLING_TIME
    days = EndpointDay.objects.filter(
        endpoint__contestants__in=contestants, day__gt=last - PERFORMANCE_WINDOW, day__lte=last
    )
    by_contestant: dict[int, list[EndpointDay]] = {}
    for day in days.annotate(contestant=F("endpoint__contestants")):
        by_contestant.setdefault(day.contestant, []).append(day)
    performances = {}
    for contestant, own_days in by_contestant.items():
        answers = sum(day.answers for day in own_days)
        failures = sum(day.public_failures for day in own_days)
        calls = failures + sum(day.public_answers for day in own_days)
        first_token_s = _weighted_mean([(day.first_token_p50, day.answers) for day in own_days])
        tokens_per_s = _weighted_mean([(day.tokens_per_s_p50, day.answers) for day in own_days])
        if answers or calls:
            performances[contestant] = EndpointPerformance(answers, failures, calls, first_token_s, tokens_per_s)
    return performances


def _weighted_mean(weighted_values: Sequence[tuple[float | None, int]]) -> float | None:
    known = [(value, weight) for value, weight in weighted_values if value is not None and weight]
    total_weight = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total_weight if total_weight else None
