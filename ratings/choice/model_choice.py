"""Chooses models for a form: the shortlist, the board that sorts it, and the models that can battle.

A form becomes limits. Each candidate (a current model with its facts, prices, and rating) is assessed against them, and
each limit that it violates or might violate is a finding. Candidates without findings are survivors, those with unknown
values only are undecided, and the others are excluded. Picks are suggestions from the survivors, and contestants are
the connected models with which a battle can start.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

from arena.battles.lifecycle import MAX_NAMED_MODELS, derive_set_pool
from arena.models import Endpoint
from core.storage.ttl_cache import TtlCache
from ratings.choice import ordering_board
from ratings.choice.candidates import LaunchWeeks, load_candidates
from ratings.choice.form import ChoiceForm
from ratings.choice.limits import Candidate, list_findings
from ratings.choice.model_search import FoundModel, find_models
from ratings.choice.picks import Picks, build_picks
from ratings.choice.shortlist import CandidateAssessment, Shortlist, build_shortlist
from ratings.choice.task_kinds import TaskKind, TaskReport, build_task_report, load_task_kinds
from ratings.models import Pool, format_category_name

TASK_PICKS_CACHE_S = 60.0  # the longest time until a change in ratings or in the catalog appears on the task cards


@dataclass(frozen=True)
class TaskPicks:
    """Suggestions for a task.

    pool_name: the name of the pool that the ratings come from.
    picks: the picks within the task's usual limits, or None if no model within them is rated.
    """

    pool_name: str
    picks: Picks | None


task_picks_cache: TtlCache[Mapping[str, TaskPicks]] = TtlCache(1, TASK_PICKS_CACHE_S)


@dataclass(frozen=True)
class ModelChoice:
    """A shortlist with the board that sorts it.

    pool, category: the pool and category of the board whose tiers sort the survivors. If the pool has no board for the
        task's categories, `category` is the overall one. `category_name` is its display name.
    tiers_by: "test" if the tiers come from significance tests, or "interval" if only intervals were published.
    name_matches: the models whose name matches `find`, each with its group and all limits that it violates or might
        violate.
    picks: suggestions from the survivors, or None if none of them has a tier.
    connected: the models that are not excluded and are connected here, up to the maximum size of a named set.
    contestants: the connected models that the user named, or all connected survivors if the user named none.
    demo_models: the slugs of the demo models that are connected here. They are never candidates.
    set_pool: the slug of the pool for battles between the contestants, or None before the first vote.
    """

    task: TaskKind | None
    pool: Pool
    category: str
    category_name: str
    computed_at: datetime | None
    tiers_by: Literal["test", "interval"]
    shortlist: Shortlist
    name_matches: tuple[FoundModel, ...]
    picks: Picks | None
    connected: tuple[CandidateAssessment, ...]
    contestants: tuple[CandidateAssessment, ...]
    demo_models: tuple[str, ...]
    set_pool: str | None

    @cached_property
    def task_report(self) -> TaskReport | None:
        """The task with its benchmarks, or None without a task."""
        survivors = [survivor.candidate.slug for survivor in self.shortlist.survivors]
        return build_task_report(self.task, survivors) if self.task else None

    @property
    def is_uncertain(self) -> bool:
        """True if any contestant's value for any limit is unknown."""
        return any(contestant.unknown for contestant in self.contestants)

    @property
    def candidates(self) -> Iterator[Candidate]:
        """The candidates in all groups of the shortlist."""
        groups = (self.shortlist.survivors, self.shortlist.undecided, self.shortlist.excluded)
        return (assessment.candidate for group in groups for assessment in group)


def choose_models(form: ChoiceForm) -> ModelChoice:
    """Return the choice for a valid form. Raises RequestError 404 if the pool is unknown."""
    task = form.task_kind
    categories = task.categories if task else ()
    if category := form.get_value("category"):
        categories = (category,)
    board = ordering_board.load_ordering_board(form.get_value("pool") or "", categories)
    weeks = LaunchWeeks(api=form.get_value("api_weeks"), own=form.get_value("own_weeks"))
    shortlist = build_shortlist(load_candidates(board["rows"], weeks), form.build_limits(), form.get_value("sort"))
    # Includes models that the circuit breaker has removed from the draw (see `arena.endpoints.profiles`).
    demo_by_slug = dict(Endpoint.objects.filter(enabled=True).values_list("model__slug", "model__demo"))
    connected = [assessment for assessment in shortlist.selectable if assessment.candidate.slug in demo_by_slug]
    connected = connected[:MAX_NAMED_MODELS]
    contestants = _list_contestants(connected, form.get_value("among"))
    set_pool = derive_set_pool([contestant.candidate.slug for contestant in contestants])
    pools = {pool.slug: pool for pool in Pool.objects.filter(slug__in=[set_pool, board["pool"]])}
    return ModelChoice(
        task=task,
        pool=pools[board["pool"]],
        category=board["category"],
        category_name=format_category_name(board["category"]),
        computed_at=board["computed_at"],
        # Reference boards are published elsewhere, with intervals only.
        tiers_by="interval" if "reference" in board else "test",
        shortlist=shortlist,
        name_matches=find_models(form.get_value("find") or "", shortlist),
        picks=build_picks(shortlist.survivors),
        connected=tuple(connected),
        contestants=tuple(contestants),
        demo_models=tuple(slug for slug, is_demo in demo_by_slug.items() if is_demo),
        set_pool=set_pool if set_pool in pools else None,
    )


def find_task_picks() -> Mapping[str, TaskPicks]:
    """Map each task's slug to its picks, cached for `TASK_PICKS_CACHE_S` seconds."""
    return task_picks_cache.get_or_compute(None, _find_task_picks)


def _find_task_picks() -> dict[str, TaskPicks]:
    pool_names = dict(Pool.objects.values_list("slug", "name"))
    picks_by_task: dict[str, TaskPicks] = {}
    for task in load_task_kinds().values():
        form = ChoiceForm({"task": task.slug, **task.limits})
        form.full_clean()
        limits = form.build_limits()
        board = ordering_board.load_ordering_board("", task.categories)
        candidates = load_candidates(board["rows"], LaunchWeeks(api=None, own=None))
        matches = [model for model in candidates if model.tier is not None and not list_findings(model, limits)]
        picks = build_picks(build_shortlist(matches, limits, "rating").survivors)
        picks_by_task[task.slug] = TaskPicks(pool_names.get(board["pool"], ""), picks)
    return picks_by_task


def _list_contestants(connected: Sequence[CandidateAssessment], named: Sequence[str]) -> list[CandidateAssessment]:
    if named:
        return [assessment for assessment in connected if assessment.candidate.slug in named]
    return [assessment for assessment in connected if not assessment.unknown]
