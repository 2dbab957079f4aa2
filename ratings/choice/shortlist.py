"""Which models are left under hard limits, in which order, and why each other one is not. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import inf
from typing import Any

from catalog.calculators.cost_model import TYPICAL_USE
from ratings.choice.limits import (
    LIMIT_ASSESSORS,
    Candidate,
    LimitFinding,
    Limits,
    compute_blended_price,
    compute_monthly_cost,
    list_findings,
)


@dataclass(frozen=True)
class CandidateAssessment:
    """A model under the limits: what excludes it, and what is not known of it and was let pass.

    `price` is that of a million tokens in the mix of `limits.use`, `compute_monthly_cost` that of all of it where it
    was given."""

    candidate: Candidate
    price: Decimal | None
    monthly: Decimal | None
    failures: tuple[LimitFinding, ...]
    unknown: tuple[LimitFinding, ...]

    @property
    def conditional(self) -> bool:
        """Whether its licence allows commercial use under conditions only."""
        return self.candidate.commercial == "conditional"

    @property
    def place(self) -> tuple[Any, ...]:
        """Tier, then price, then speed, and where these say nothing, rating; what is unknown comes last."""
        tier, speed, rating = self.candidate.tier, self.candidate.tokens_per_s, self.candidate.rating
        return (
            inf if tier is None else tier,
            inf if self.price is None else self.price,
            inf if speed is None else -speed,
            inf if rating is None else -rating,
            self.candidate.slug,
        )


@dataclass(frozen=True)
class Shortlist:
    """`survivors` with the best first; `excluded` with the fewest failures first.

    gained  for each limit that excludes a model, how many more would survive without it
    """

    survivors: tuple[CandidateAssessment, ...]
    excluded: tuple[CandidateAssessment, ...]
    gained: Mapping[str, int]

    @property
    def certain(self) -> int:
        """How many are left of which every limited value is known."""
        return sum(not each.unknown for each in self.survivors)

    @property
    def near_misses(self) -> tuple[CandidateAssessment, ...]:
        """Models that one limit alone excludes."""
        return tuple(each for each in self.excluded if len(each.failures) == 1)

    @property
    def costliest(self) -> str | None:
        """The limit without which most more would survive; None if no single one matters."""
        name = max(self.gained, key=self.gained.__getitem__, default=None)
        return name if name and self.gained[name] else None


def build_shortlist(candidates: Iterable[Candidate], limits: Limits) -> Shortlist:
    judged = sorted((_assess_candidate(each, limits) for each in candidates), key=lambda each: each.place)
    excluded = sorted((each for each in judged if each.failures), key=lambda each: len(each.failures))
    failing = Counter(finding.limit for each in excluded for finding in each.failures)
    alone = Counter(each.failures[0].limit for each in excluded if len(each.failures) == 1)
    return Shortlist(
        survivors=tuple(each for each in judged if not each.failures),
        excluded=tuple(excluded),
        gained={name: alone[name] for name in LIMIT_ASSESSORS if failing[name]},
    )


def _assess_candidate(candidate: Candidate, limits: Limits) -> CandidateAssessment:
    found = list_findings(candidate, limits)
    failures = tuple(each for each in found if each.known or limits.exclude_unknown)
    unknown = tuple(each for each in found if each not in failures)
    of_a_month = None if limits.use == TYPICAL_USE else compute_monthly_cost(candidate, limits.use)
    return CandidateAssessment(candidate, compute_blended_price(candidate, limits.use), of_a_month, failures, unknown)


def compute_interval_tiers(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Tiers of a board that was published with intervals alone: slug → tier, of the rows that have an interval.

    1 is every model whose interval overlaps that of the best one, and the best of the others leads the next.

    Without the joint covariance this is the coarser test: two models whose intervals overlap may still differ.
    """
    closed = [row for row in rows if row["ci_low"] is not None and row["ci_high"] is not None]
    left = sorted(closed, key=lambda row: (-row["rating"], row["model"]))
    found: dict[str, int] = {}
    tier = 0
    while left:
        tier, bound = tier + 1, left[0]["ci_low"]
        found |= {row["model"]: tier for row in left if row["ci_high"] >= bound}
        left = [row for row in left if row["ci_high"] < bound]
    return found
