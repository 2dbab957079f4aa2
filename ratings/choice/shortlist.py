"""Shortlists: the models that meet all hard limits, sorted, and the reasons why other models are excluded."""

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
    """The result for one model.

    price: US dollars per million tokens for the mix in `limits.use`.
    monthly: US dollars per month, or None if the user has not entered token counts.
    failures: limits that exclude the model.
    unknown: limits for which the model's value is unknown. They do not exclude the model.
    """

    candidate: Candidate
    price: Decimal | None
    monthly: Decimal | None
    failures: tuple[LimitFinding, ...]
    unknown: tuple[LimitFinding, ...]

    @property
    def conditional(self) -> bool:
        """True if the license allows commercial use only under conditions."""
        return self.candidate.commercial == "conditional"

    @property
    def sort_key(self) -> tuple[Any, ...]:
        """The key for sorting by tier, then price, then speed, then rating. Unknown values come last."""
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
    """The result for one form.

    survivors: the models that meet all limits, best first.
    excluded: the other models. Those with the fewest failures come first.
    gained: for each limit that excludes a model, how many more models would survive without it.
    """

    survivors: tuple[CandidateAssessment, ...]
    excluded: tuple[CandidateAssessment, ...]
    gained: Mapping[str, int]

    @property
    def certain(self) -> int:
        """The number of survivors with a known value for every limit."""
        return sum(not assessment.unknown for assessment in self.survivors)

    @property
    def near_misses(self) -> tuple[CandidateAssessment, ...]:
        """The models excluded by only one limit."""
        return tuple(assessment for assessment in self.excluded if len(assessment.failures) == 1)

    @property
    def costliest(self) -> str | None:
        """The limit whose removal would add the most survivors, or None if no single limit matters."""
        name = max(self.gained, key=self.gained.__getitem__, default=None)
        return name if name and self.gained[name] else None


def build_shortlist(candidates: Iterable[Candidate], limits: Limits) -> Shortlist:
    """Return the shortlist for these candidates and limits."""
    assessments = sorted(
        (_assess_candidate(candidate, limits) for candidate in candidates),
        key=lambda assessment: assessment.sort_key,
    )
    excluded = sorted(
        (assessment for assessment in assessments if assessment.failures),
        key=lambda assessment: len(assessment.failures),
    )
    failures = Counter(finding.limit for assessment in excluded for finding in assessment.failures)
    single_failures = Counter(assessment.failures[0].limit for assessment in excluded if len(assessment.failures) == 1)
    return Shortlist(
        survivors=tuple(assessment for assessment in assessments if not assessment.failures),
        excluded=tuple(excluded),
        gained={name: single_failures[name] for name in LIMIT_ASSESSORS if failures[name]},
    )


def _assess_candidate(candidate: Candidate, limits: Limits) -> CandidateAssessment:
    findings = list_findings(candidate, limits)
    return CandidateAssessment(
        candidate=candidate,
        price=compute_blended_price(candidate, limits.use),
        monthly=None if limits.use == TYPICAL_USE else compute_monthly_cost(candidate, limits.use),
        failures=tuple(finding for finding in findings if finding.known or limits.exclude_unknown),
        unknown=tuple(finding for finding in findings if not (finding.known or limits.exclude_unknown)),
    )


def compute_interval_tiers(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return slug → tier for a board that was published with intervals only.

    Rows without a closed interval are left out.

    Tier 1 has the best model and all models whose intervals overlap that model's interval. The best of the remaining
    models leads the next tier. This test is less sensitive than a test with the joint covariance: two models with
    overlapping intervals might still differ significantly.
    """
    closed = [row for row in rows if row["ci_low"] is not None and row["ci_high"] is not None]
    remaining = sorted(closed, key=lambda row: (-row["rating"], row["model"]))
    tiers: dict[str, int] = {}
    tier = 0
    while remaining:
        tier += 1
        bound = remaining[0]["ci_low"]
        tiers |= {row["model"]: tier for row in remaining if row["ci_high"] >= bound}
        remaining = [row for row in remaining if row["ci_high"] < bound]
    return tiers
