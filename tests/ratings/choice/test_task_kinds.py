"""The tasks that are shipped."""

import pytest

from arena.judging.topics import CATEGORY_NAMES
from ratings.choice.task_kinds import load_task_kinds
from ratings.models import OVERALL_CATEGORY

BENCHMARKS = {
    *("arc", "drop", "hellaswag", "mmlu", "truthfulqa", "winogrande", "gsm8k", "elo", "humaneval", "multipl-e"),
    *("gpqa", "bbh", "math-l5", "ifeval", "musr", "mmlu-pro"),
}


def test_there_are_enough_tasks():
    assert len(load_task_kinds()) >= 10
    assert all(slug == kind.slug for slug, kind in load_task_kinds().items())


@pytest.mark.parametrize("kind", load_task_kinds().values(), ids=lambda kind: kind.slug)
def test_task_points_to_what_there_is(kind):
    assert kind.category in {OVERALL_CATEGORY, *CATEGORY_NAMES}
    assert kind.benchmarks
    assert set(kind.benchmarks) <= BENCHMARKS
    assert kind.name[0].isupper()
    assert kind.why.endswith(".")


@pytest.mark.parametrize(
    ("slug", "category", "benchmarks"),
    [
        ("support-chat", "multi-turn", {"elo"}),
        ("coding", "coding", {"humaneval", "multipl-e"}),
        ("maths-tutoring", "math", {"gsm8k", "math-l5"}),
        ("facts", "overall", {"truthfulqa", "mmlu"}),
        ("legal-analysis", "longer-query", {"musr"}),
        ("structured-reports", "instruction-following", {"ifeval"}),
    ],
)
def test_tasks_that_everybody_has(slug, category, benchmarks):
    kind = load_task_kinds()[slug]
    assert (kind.category, set(kind.benchmarks)) == (category, benchmarks)
