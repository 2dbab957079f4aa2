"""The picks of a shortlist: the two best models, the cheapest model that is about as good, and the best open one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from django.utils.translation import gettext as _

from core.text.number_format import round_number
from ratings.boards.board_row import BoardRow
from ratings.boards.differences import estimate_difference
from ratings.choice.limits import Candidate
from ratings.choice.shortlist import CandidateAssessment, list_cheapest

MAX_LABELED = 3


@dataclass(frozen=True)
class Picks:
    """The survivors of a shortlist that have a role.

    best: the survivor with the highest rating.
    second: the survivor with the second-highest rating, or None if there is none.
    cheapest: the survivor with the lowest price among the best one and those whose ratings are not significantly lower.
        Ties go to the highest rating. None if none of their prices is known.
    equally_cheap: the other survivors that qualify as `cheapest` and have the same price.
    similar_count: the number of survivors, besides the best one, whose ratings are not significantly lower.
    best_open: the survivor with open weights and the highest rating, or None if there is none.
    """

    best: CandidateAssessment
    second: CandidateAssessment | None
    cheapest: CandidateAssessment | None
    equally_cheap: tuple[CandidateAssessment, ...]
    similar_count: int
    best_open: CandidateAssessment | None

    @property
    def labeled(self) -> list[tuple[list[str], CandidateAssessment]]:
        """At most three models in the order of the roles, each preceded by the labels of its roles."""
        roles = (
            (_("Highest rated"), self.best),
            (_("Best value"), self.cheapest if self.similar_count else None),
            (_("Open weights"), self.best_open),
            (_("Runner-up"), self.second),
        )
        labels: dict[str, list[str]] = {}
        models = {model.candidate.slug: model for _label, model in roles if model}
        for label, model in roles:
            if model:
                labels.setdefault(model.candidate.slug, []).append(label)
        return [(texts, models[slug]) for slug, texts in labels.items()][:MAX_LABELED]

    @property
    def highlights(self) -> list[tuple[str, CandidateAssessment]]:
        """One or two models for the card of a task, with their labels.

        If the model with the best value is not the highest-rated one, it comes first, because it differs most between
        tasks. Otherwise, the second model is the best one with open weights.
        """
        best = (_("Highest rated"), self.best)
        if self.cheapest and self.cheapest is not self.best:
            return [(_("Best value"), self.cheapest), best]
        if self.best_open and self.best_open is not self.best:
            return [best, (_("Open weights"), self.best_open)]
        return [best]

    @property
    def lead(self) -> int | None:
        """The lead of the best model over the second in points, computed from the rounded ratings that pages show."""
        if self.second is None:
            return None
        return int(round_number(self.best.candidate.rating or 0) - round_number(self.second.candidate.rating or 0))

    @property
    def second_is_lower(self) -> bool | None:
        """Whether the second model's rating is significantly lower than the best model's.

        False if an interval is open, and None if there is no second model.
        """
        return None if self.second is None else bool(_is_lower(self.second.candidate, self.best.candidate))


def build_picks(survivors: Sequence[CandidateAssessment]) -> Picks | None:
    """Return the picks, or None if no survivor has a tier. Models without a tier are never picked."""
    by_rating = sorted(
        (survivor for survivor in survivors if survivor.candidate.tier is not None),
        key=lambda survivor: -(survivor.candidate.rating or 0),
    )
    if not by_rating:
        return None
    best = by_rating[0]
    similar = [best, *(other for other in by_rating[1:] if _is_lower(other.candidate, best.candidate) is False)]
    cheapest = list_cheapest(similar)
    return Picks(
        best=best,
        second=by_rating[1] if len(by_rating) > 1 else None,
        cheapest=cheapest[0] if cheapest else None,
        equally_cheap=cheapest[1:],
        similar_count=len(similar) - 1,
        best_open=next((survivor for survivor in by_rating if survivor.candidate.open_weights), None),
    )


def _is_lower(model: Candidate, best: Candidate) -> bool | None:
    """Return whether a rating is significantly lower, assuming independent errors, or None if an interval is open."""
    difference = estimate_difference(cast("BoardRow", vars(best)), cast("BoardRow", vars(model)))
    return None if difference is None else difference.low > 0
