"""Chooses models for a form: the shortlist, the board that sorts it, and the models that can battle."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from arena.battles.lifecycle import MAX_NAMED_MODELS, get_set_pool
from arena.models import Endpoint
from ratings.choice import ordering_board
from ratings.choice.candidates import LaunchWeeks, load_candidates
from ratings.choice.form import ChoiceForm
from ratings.choice.shortlist import CandidateAssessment, Shortlist, build_shortlist
from ratings.choice.task_kinds import TaskKind
from ratings.models import OVERALL_CATEGORY, Pool


@dataclass(frozen=True)
class ModelChoice:
    """A shortlist with the board that sorts it.

    pool, category: from the board whose tiers sort the survivors. If the pool has no board for the task's category,
        `category` is the overall one.
    tiers_by: "test" if the tiers are from significance tests, or "interval" if only intervals were published.
    contestants: the survivors that are connected here, up to the maximum size of a named set.
    set_pool: the slug of the pool for battles between the contestants, or None before the first vote.
    """

    task: TaskKind | None
    pool: Pool
    category: str
    computed_at: datetime | None
    tiers_by: Literal["test", "interval"]
    shortlist: Shortlist
    contestants: tuple[CandidateAssessment, ...]
    set_pool: str | None

    @property
    def is_uncertain(self) -> bool:
        """True if the value of some limit is unknown for a contestant."""
        return any(contestant.unknown for contestant in self.contestants)


def choose_models(form: ChoiceForm) -> ModelChoice:
    """Return the choice for a valid form. Raises RequestError 404 if the pool is unknown."""
    task = form.task_kind
    category = task.category if task else OVERALL_CATEGORY
    board = ordering_board.load_ordering_board(form.get_value("pool") or "", category)
    weeks = LaunchWeeks(api=form.get_value("api_weeks"), own=form.get_value("own_weeks"))
    shortlist = build_shortlist(load_candidates(board["rows"], weeks), form.build_limits())
    connected = set(Endpoint.objects.filter(enabled=True).values_list("model__slug", flat=True))
    contestants = [assessment for assessment in shortlist.survivors if assessment.candidate.slug in connected]
    contestants = contestants[:MAX_NAMED_MODELS]
    set_pool = get_set_pool([contestant.candidate.slug for contestant in contestants])
    pools = {pool.slug: pool for pool in Pool.objects.filter(slug__in=[set_pool, board["pool"]])}
    return ModelChoice(
        task=task,
        pool=pools[board["pool"]],
        category=board["category"],
        computed_at=board["computed_at"],
        # Reference boards are published elsewhere, with intervals only.
        tiers_by="interval" if "reference" in board else "test",
        shortlist=shortlist,
        contestants=tuple(contestants),
        set_pool=set_pool if set_pool in pools else None,
    )
