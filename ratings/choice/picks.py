"""The models that a shortlist suggests: the best two, the cheapest one that is about as good, and the best open one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ratings.boards.differences import estimate_difference
from ratings.boards.number_text import round_whole
from ratings.choice.limits import Candidate
from ratings.choice.shortlist import CandidateAssessment

CloseBy = Literal["tier", "difference"]


@dataclass(frozen=True)
class Picks:
    """Suggestions from the survivors of a shortlist.

    best: the survivor with the highest rating.
    second: the survivor with the second-highest rating, or None if there is none.
    cheapest: the survivor with the lowest price among those whose ratings are not clearly lower than that of the best
        one. Of equal prices, the highest rating wins. None if none of their prices is known.
    cheapest_by: "tier" if `cheapest` is in the tier of the best model, or "difference" if only the difference between
        their ratings is not significant.
    equally_cheap: the other survivors that qualify as `cheapest` and have the same price.
    tier_size: the number of survivors in the tier of the best one.
    best_open: the survivor with open weights and the highest rating, or None if there is none.
    """

    best: CandidateAssessment
    second: CandidateAssessment | None
    cheapest: CandidateAssessment | None
    cheapest_by: CloseBy | None
    equally_cheap: tuple[CandidateAssessment, ...]
    tier_size: int
    best_open: CandidateAssessment | None

    @property
    def lead(self) -> int | None:
        """How many points the second is behind the best one, rounded as in the leaderboard's comparison."""
        if self.second is None:
            return None
        return round_whole((self.best.candidate.rating or 0) - (self.second.candidate.rating or 0))

    @property
    def second_is_lower(self) -> bool | None:
        """Whether the second is significantly lower than the best one."""
        return None if self.second is None else is_significantly_lower(self.second.candidate, self.best.candidate)


def build_picks(survivors: Sequence[CandidateAssessment]) -> Picks | None:
    """Return the suggestions, or None if no survivor has a tier. Models without a tier are never suggested."""
    ranked = sorted(
        (survivor for survivor in survivors if survivor.candidate.tier is not None),
        key=lambda survivor: -(survivor.candidate.rating or 0),
    )
    if not ranked:
        return None
    best = ranked[0]
    alike = [survivor for survivor in ranked if _compare_with_best(survivor.candidate, best.candidate)]
    lowest = min((survivor.price for survivor in alike if survivor.price is not None), default=None)
    cheapest_models = [survivor for survivor in alike if survivor.price is not None and survivor.price == lowest]
    cheapest = cheapest_models[0] if cheapest_models else None
    return Picks(
        best=best,
        second=ranked[1] if len(ranked) > 1 else None,
        cheapest=cheapest,
        cheapest_by=_compare_with_best(cheapest.candidate, best.candidate) if cheapest else None,
        equally_cheap=tuple(cheapest_models[1:]),
        tier_size=sum(survivor.candidate.tier == best.candidate.tier for survivor in ranked),
        best_open=next((survivor for survivor in ranked if survivor.candidate.open_weights), None),
    )


def _compare_with_best(model: Candidate, best: Candidate) -> CloseBy | None:
    """Return why a model's rating is not clearly lower than that of the best one, or None if it is."""
    if model.tier == best.tier:
        return "tier"
    has_bounds = None not in (model.ci_low, model.ci_high, best.ci_low, best.ci_high)
    return "difference" if has_bounds and not is_significantly_lower(model, best) else None


def is_significantly_lower(model: Candidate, best: Candidate) -> bool:
    """Return whether the difference between two ratings is significant, if their errors are independent.

    A rating with an open interval differs from none.
    """
    difference = estimate_difference(vars(best), vars(model))
    return difference is not None and difference.low > 0
