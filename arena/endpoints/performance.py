"""What the arena has measured of models: of single answers, and of endpoints over the last month."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from arena.models import Answer, EndpointDay

# A battle is open for at most a day after its last question. Days that may still hold one are left out: a failure
# that shows in a figure of its model would tell who stands behind the pane that has just failed.
SETTLING_TIME = timedelta(days=2)
PERFORMANCE_WINDOW = timedelta(days=30)


@dataclass(frozen=True)
class AnswerStats:
    """What some answers of one side took; None is unknown. Seconds to the first token, tokens a second after it."""

    first_token_s: float | None
    tokens_per_s: float | None
    input_tokens: int | None
    output_tokens: int | None


def compute_answer_stats(answers: Sequence[Answer]) -> AnswerStats:
    """Mean wait, speed over all, and all tokens; what one of the answers does not tell is unknown of all."""
    waits = [_count_seconds(answer.started_at, answer.first_token_at) for answer in answers]
    took = [_count_seconds(answer.first_token_at, answer.finished_at) for answer in answers]
    known = [each for each in waits if each is not None]
    output = _sum_or_none([answer.output_tokens for answer in answers])
    speaking = None if None in took else sum(each or 0 for each in took)
    return AnswerStats(
        first_token_s=sum(known) / len(known) if known and len(known) == len(waits) else None,
        tokens_per_s=(output - len(answers)) / speaking
        if output and speaking and _has_visible_tokens(answers, output)
        else None,
        input_tokens=_sum_or_none([answer.input_tokens for answer in answers]),
        output_tokens=output,
    )


def _has_visible_tokens(answers: Sequence[Answer], tokens: int) -> bool:
    """Whether these can be the tokens of what was seen: hidden thoughts took their time before the first token."""
    return len(answers) < tokens <= sum(len(answer.text) + len(answer.reasoning) for answer in answers)


def _count_seconds(begin: object, end: object) -> float | None:
    seconds = (end - begin).total_seconds() if begin and end else None  # type: ignore[operator]  # both are times
    return seconds if seconds is None or seconds >= 0 else None


def _sum_or_none(numbers: Sequence[int | None]) -> int | None:
    return None if None in numbers or not numbers else sum(number or 0 for number in numbers)


@dataclass(frozen=True)
class EndpointPerformance:
    """An endpoint over a month: answers, and both speeds as means of the days' medians; and of its calls in blind
    battles of the live pool how many failed by its own fault, of one voter three a day at most."""

    answers: int
    failures: int
    calls: int
    first_token_s: float | None
    tokens_per_s: float | None

    @property
    def failure_rate(self) -> float | None:
        return self.failures / self.calls if self.calls else None


def load_performance(models: Iterable[int]) -> dict[int, EndpointPerformance]:
    """Model key → its endpoint over the last thirty settled days; models that were never called are not in it."""
    last = timezone.now().date() - SETTLING_TIME
    days = EndpointDay.objects.filter(endpoint__model__in=models, day__gt=last - PERFORMANCE_WINDOW, day__lte=last)
    by_model: dict[int, list[EndpointDay]] = {}
    for day in days.select_related("endpoint"):
        by_model.setdefault(day.endpoint.model_id, []).append(day)
    return {
        model: found for model, days_ in by_model.items() if (found := _summarize_days(days_)).answers or found.calls
    }


def _summarize_days(days: Sequence[EndpointDay]) -> EndpointPerformance:
    failures = sum(day.public_failures for day in days)
    return EndpointPerformance(
        answers=sum(day.answers for day in days),
        failures=failures,
        calls=failures + sum(day.public_answers for day in days),
        first_token_s=_weighted_mean([(day.first_token_p50, day.answers) for day in days]),
        tokens_per_s=_weighted_mean([(day.tokens_per_s_p50, day.answers) for day in days]),
    )


def _weighted_mean(weighted: Sequence[tuple[float | None, int]]) -> float | None:
    known = [(value, weight) for value, weight in weighted if value is not None and weight]
    weights = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / weights if weights else None
