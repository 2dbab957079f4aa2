"""The tasks that are shipped."""

import pytest

from arena.judging.topics import CATEGORY_NAMES
from catalog.matching import seed_files
from ratings.choice.task_kinds import load_task_kinds
from ratings.models import OVERALL_CATEGORY

BENCHMARKS = {entry["slug"] for entry in seed_files.read_tables("benchmarks.toml", "benchmark")}


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
        ("coding", "coding", {"swe-bench-pro", "livecodebench", "aider-polyglot", "humaneval"}),
        ("maths-tutoring", "math", {"aime-2025", "math", "gsm8k"}),
        ("facts", "overall", {"simpleqa", "truthfulqa", "mmlu"}),
        ("legal-analysis", "longer-query", {"legalbench", "ruler", "musr"}),
        ("long-documents", "longer-query", {"ruler", "mrcr"}),
        ("structured-reports", "instruction-following", {"ifeval"}),
    ],
)
def test_tasks_that_everybody_has(slug, category, benchmarks):
    kind = load_task_kinds()[slug]
    assert (kind.category, set(kind.benchmarks)) == (category, benchmarks)
