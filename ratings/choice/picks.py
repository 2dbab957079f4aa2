"""The models that a shortlist suggests: the best two, the cheapest one that is about as good, and the best open one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ratings.choice.limits import Candidate
from ratings.choice.shortlist import CandidateAssessment


@dataclass(frozen=True)
class Picks:
    """Suggestions from the survivors of a shortlist.

    best: the survivor with the highest rating.
    second: the survivor with the second-highest rating, or None if there is none.
    cheapest: the survivor with the lowest price among those whose ratings are not clearly lower than that of the best
        one. None if none of their prices is known.
    cheapest_by: "tier" if `cheapest` is in the tier of the best model, or "interval" if only their intervals overlap.
    best_open: the survivor with open weights and the highest rating, or None if there is none.
    """

    best: CandidateAssessment
    second: CandidateAssessment | None
    cheapest: CandidateAssessment | None
    cheapest_by: Literal["tier", "interval"] | None
    best_open: CandidateAssessment | None

    @property
    def lead(self) -> int | None:
        """How many points the second is behind the best one, between the rounded ratings that pages show."""
        if self.second is None:
            return None
        return round(self.best.candidate.rating or 0) - round(self.second.candidate.rating or 0)

    @property
    def second_overlaps(self) -> bool | None:
        """Whether the intervals of the best one and the second overlap. An open end has no bound."""
        if self.second is None:
            return None
        low, high = self.best.candidate.ci_low, self.second.candidate.ci_high
        return low is None or high is None or high >= low


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
    priced = [(survivor.price, survivor) for survivor in alike if survivor.price is not None]
    cheapest = min(priced, key=lambda pair: pair[0], default=(None, None))[1]
    return Picks(
        best=best,
        second=ranked[1] if len(ranked) > 1 else None,
        cheapest=cheapest,
        cheapest_by=_compare_with_best(cheapest.candidate, best.candidate) if cheapest else None,
        best_open=next((survivor for survivor in ranked if survivor.candidate.open_weights), None),
    )


def _compare_with_best(model: Candidate, best: Candidate) -> Literal["tier", "interval"] | None:
    """Return why a model's rating is not clearly lower than that of the best one, or None if it is."""
    if model.tier == best.tier:
        return "tier"
    if model.ci_high is None or best.ci_low is None:
        return None
    return "interval" if model.ci_high >= best.ci_low else None
