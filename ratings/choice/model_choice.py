"""Chooses models for a form: the shortlist, the board that sorts it, and the models that can battle.

A form becomes limits. Each candidate (a current model with its facts, prices, and rating) is assessed against them, and
each limit that it violates or might violate is a finding. Candidates without findings are survivors, those with unknown
values only are undecided, and the others are excluded. Picks are survivors with a role, such as the highest rated, and
contestants are the connected models with which a battle can start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from arena.battles.lifecycle import MAX_NAMED_MODELS
from arena.endpoints import draw
from arena.models import Pool
from core.storage.ttl_cache import TtlCache
from ratings.boards.snapshots import check_visible
from ratings.choice import ordering_board
from ratings.choice.candidates import load_candidates
from ratings.choice.form import ChoiceForm
from ratings.choice.limits import list_findings
from ratings.choice.model_search import FoundModel, find_models
from ratings.choice.picks import Picks, build_picks
from ratings.choice.shortlist import CandidateAssessment, Shortlist, build_shortlist
from ratings.choice.task_kinds import TaskKind, list_task_benchmarks, load_task_kinds
from ratings.models import format_category_name

TASK_PICKS_CACHE_S = 60.0  # the longest time until a change in ratings or in the catalog appears on the task cards


@dataclass(frozen=True)
class TaskPicks:
    """The picks for a task.

    pool_name: the name of the pool that the ratings come from.
    picks: the picks within the task's usual limits, or None if no model within them is rated.
    """

    pool_name: str
    picks: Picks | None


task_picks_cache: TtlCache[Mapping[str, TaskPicks]] = TtlCache(1, TASK_PICKS_CACHE_S)


@dataclass(frozen=True)
class ModelChoice:
    """A shortlist with the board that sorts it.

    board: the board whose tiers sort the survivors. If the pool has no board for the task's categories, it is the
        overall one.
    find: the words of a search for models by name.
    connected: the models that are not excluded and are connected here, up to the number that a battle can name.
    contestants: the connected models that the user named, or all connected survivors if the user named none.
    demo_models: the slugs of the demo models that are connected here. They are never candidates.
    """

    task: TaskKind | None
    pool: Pool
    board: Mapping[str, Any]
    shortlist: Shortlist
    find: str
    connected: list[CandidateAssessment]
    contestants: list[CandidateAssessment]
    demo_models: list[str]

    @property
    def category_name(self) -> str:
        return format_category_name(self.board["category"])

    @property
    def tiers_by(self) -> str:
        """`test` if the tiers come from significance tests, or `interval` if only intervals were published."""
        return "interval" if "reference" in self.board else "test"

    @cached_property
    def picks(self) -> Picks | None:
        """The picks among the survivors, or None if none of them has a tier."""
        return build_picks(self.shortlist.survivors)

    @cached_property
    def name_matches(self) -> list[FoundModel]:
        """The models whose name matches `find`, each with its group and its findings."""
        return find_models(self.find, self.shortlist)

    @cached_property
    def task_report(self) -> dict[str, Any] | None:
        """The task with its benchmarks, or None without a task."""
        if self.task is None:
            return None
        survivors = [survivor.candidate.slug for survivor in self.shortlist.survivors]
        return {**vars(self.task), "benchmarks": list_task_benchmarks(self.task, survivors)}

    @property
    def is_uncertain(self) -> bool:
        """True if any contestant's value for any limit is unknown."""
        return any(contestant.unknown for contestant in self.contestants)


def choose_models(form: ChoiceForm) -> ModelChoice:
    """Return the choice for a valid form. Raises RequestError 404 if the pool is unknown."""
    check_visible(form.viewer, form.get_value("pool") or "")
    task = form.task_kind
    category = form.get_value("category")
    categories = (category,) if category else task.categories if task else ()
    board = ordering_board.load_ordering_board(form.get_value("pool") or "", categories)
    shortlist = build_shortlist(load_candidates(board["rows"]), form.build_limits(), form.get_value("sort"))
    # Includes models that the circuit breaker has removed from the draw (see `arena.endpoints.profiles`).
    demo_by_slug = dict(draw.list_enabled().filter(plain=True).values_list("slug", "model__demo"))
    connected = [assessment for assessment in shortlist.selectable if assessment.candidate.slug in demo_by_slug]
    connected = connected[:MAX_NAMED_MODELS]
    named = form.get_value("among")
    contestants = [each for each in connected if (each.candidate.slug in named if named else not each.unknown)]
    return ModelChoice(
        task=task,
        pool=Pool.objects.get(slug=board["pool"]),
        board=board,
        shortlist=shortlist,
        find=form.get_value("find") or "",
        connected=connected,
        contestants=contestants,
        demo_models=[slug for slug, is_demo in demo_by_slug.items() if is_demo],
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
        candidates = load_candidates(board["rows"])
        matches = [model for model in candidates if model.tier is not None and not list_findings(model, limits)]
        picks = build_picks(build_shortlist(matches, limits, "rating").survivors)
        picks_by_task[task.slug] = TaskPicks(pool_names.get(board["pool"], ""), picks)
    return picks_by_task
