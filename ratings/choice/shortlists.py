"""A shortlist over the models that are known here: their facts, prices, measured speed, and ratings for the task."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from arena.battles.lifecycle import MAX_NAMED_MODELS, get_set_pool
from arena.models import Endpoint
from ratings.choice import board_selection
from ratings.choice.candidates import LaunchWeeks, load_candidates
from ratings.choice.form import ChoiceForm
from ratings.choice.shortlist import CandidateAssessment, Shortlist, build_shortlist
from ratings.choice.task_kinds import TaskKind
from ratings.models import OVERALL_CATEGORY, Pool


@dataclass(frozen=True)
class ModelChoice:
    """`pool` and `category` are those of the board whose tiers order the survivors: the category is that of the task,
    or overall where it has no board. `tiers_by` is `test`, or `interval` where only intervals were published.

    `contestants` are the survivors that answer here, at most as many as one set may have; `own_pool` is the slug of the
    pool of their battles, None before the first vote.
    """

    task: TaskKind | None
    pool: Pool
    category: str
    computed_at: datetime | None
    tiers_by: str
    found: Shortlist
    contestants: tuple[CandidateAssessment, ...]
    own_pool: str | None

    @property
    def uncertain(self) -> bool:
        """Whether a contestant is there only because what was limited is not known of it."""
        return any(each.unknown for each in self.contestants)


def choose_models(form: ChoiceForm) -> ModelChoice:
    """Of a valid form. Raises Refusal 404 for an unknown pool."""
    task = form.task_kind
    board = board_selection.load_ordering_board(form.given("pool") or "", task.category if task else OVERALL_CATEGORY)
    weeks = LaunchWeeks(api=form.given("api_weeks"), own=form.given("own_weeks"))
    found = build_shortlist(load_candidates(board["rows"], weeks), form.limits())
    answering = set(Endpoint.objects.filter(enabled=True).values_list("model__slug", flat=True))
    contestants = tuple(each for each in found.survivors if each.candidate.slug in answering)[:MAX_NAMED_MODELS]
    own = get_set_pool([each.candidate.slug for each in contestants])
    pools = {pool.slug: pool for pool in Pool.objects.filter(slug__in=[own, board["pool"]])}
    return ModelChoice(
        task=task,
        pool=pools[board["pool"]],
        category=board["category"],
        computed_at=board["computed_at"],
        tiers_by="interval" if "reference" in board else "test",
        found=found,
        contestants=contestants,
        own_pool=own if own in pools else None,
    )


def build_shortlist_data(choice: ModelChoice) -> dict[str, Any]:
    task, found = choice.task, choice.found
    return {
        "task": task and {"slug": task.slug, "name": task.name, "benchmarks": list(task.benchmarks), "why": task.why},
        "pool": choice.pool.slug,
        "pool_name": choice.pool.name,
        "pool_kind": choice.pool.kind,
        "category": choice.category,
        "computed_at": choice.computed_at,
        "tiers_by": choice.tiers_by,
        "survivors": [build_assessment_data(each) for each in found.survivors],
        "excluded": [build_assessment_data(each) for each in found.excluded],
        "near_misses": [each.candidate.slug for each in found.near_misses],
        "gained": dict(found.gained),
        "costliest": found.costliest,
        "certain": found.certain,
        "contestants": [each.candidate.slug for each in choice.contestants],
        "own_pool": choice.own_pool,
    }


def build_assessment_data(judged: CandidateAssessment) -> dict[str, Any]:
    model = judged.candidate
    return {
        "model": model.slug,
        "name": model.name,
        "tier": model.tier,
        "rating": model.rating,
        "price": None if judged.price is None else float(judged.price),
        "monthly": None if judged.monthly is None else float(judged.monthly),
        "tokens_per_s": model.tokens_per_s,
        "latency_s": model.latency_s,
        "conditional": judged.conditional,
        "unknown": [finding.limit for finding in judged.unknown],
        "failures": [{"limit": each.limit, "words": each.words, "known": each.known} for each in judged.failures],
    }
