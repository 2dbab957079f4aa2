"""Shortlists: the models that meet all hard limits, those that might meet them, and the excluded ones with reasons."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from heapq import nsmallest
from math import inf
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Literal

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.calculators.cost_model import TYPICAL_USE, ApiPrices
from ratings.choice.limits import (
    LIMIT_ASSESSORS,
    Candidate,
    LimitFinding,
    Limits,
    compute_blended_price,
    compute_monthly_cost,
    list_findings,
)

MAX_NEAREST = 3
LICENSE_NOTES = {"conditional": _("conditional license"), "no": _("no commercial use")}
SortName = Literal["tier", "price", "rating"]


@dataclass(frozen=True)
class CandidateAssessment:
    """A candidate, assessed against all limits.

    prices: the prices for prompts as long as the required context, or None.
    price: US dollars per million tokens for the mix in `limits.use`, at these prices.
    monthly: US dollars per month, or None if the price is unknown or the user has not entered token counts.
    failures: limits that the model violates.
    unknown: limits for which the model's value is unknown.
    """

    candidate: Candidate
    prices: ApiPrices | None
    price: Decimal | None
    monthly: Decimal | None
    failures: tuple[LimitFinding, ...]
    unknown: tuple[LimitFinding, ...]

    @property
    def conditional(self) -> bool:
        """True if the license allows commercial use only under conditions."""
        return self.candidate.commercial == "conditional"

    @property
    def license_note(self) -> str:
        """A note if the license allows commercial use only under conditions or not at all, or else ""."""
        return str(LICENSE_NOTES.get(self.candidate.commercial or "", ""))

    @property
    def notes(self) -> list[str]:
        """The setting of the rating, a note about the license, the unknown values, and the retirement, as text."""
        setting = self.candidate.setting and gettext("setting: %(setting)s") % {"setting": self.candidate.setting}
        notes = (setting, self.license_note, *map(str, self.unknown), self.retirement_note)
        return [note for note in notes if note]

    @property
    def retirement_note(self) -> str:
        """The day on which the model retires and its successor, or "" if no day is announced."""
        day = self.candidate.retires_on
        successor = self.candidate.successor
        if day is None:
            return ""
        note = gettext("retires on %(day)s") % {"day": date_format(day, "F j, Y")}
        return gettext("%(note)s, replaced by %(name)s") % {"note": note, "name": successor.name} if successor else note

    @property
    def findings(self) -> tuple[LimitFinding, ...]:
        return self.failures + self.unknown

    @property
    def tier_key(self) -> tuple[Any, ...]:
        """The key for sorting by tier, then price, then speed, then rating. Unknown values come last."""
        tier = self.candidate.tier
        speed = self.candidate.tokens_per_s
        rating = self.candidate.rating
        return (
            inf if tier is None else tier,
            inf if self.price is None else self.price,
            inf if speed is None else -speed,
            inf if rating is None else -rating,
            self.candidate.slug,
        )

    @property
    def price_key(self) -> tuple[Any, ...]:
        """The key for sorting by price. Models without a price come last."""
        return inf if self.price is None else self.price, self.rating_key

    @property
    def rating_key(self) -> tuple[Any, ...]:
        """The key for sorting by rating, highest first. Models without a comparable rating come last."""
        rating = None if self.candidate.tier is None else self.candidate.rating
        return inf if rating is None else -rating, self.tier_key

    @property
    def distance_key(self) -> tuple[Any, ...]:
        """The key for sorting by the distance from the limits.

        The key compares the number of failures, then the number of unknown values, then the number of failures that
        have no distance because the value is not a number or a date, and then the total distance.
        """
        unordered = sum(not finding.is_ordered for finding in self.failures)
        distance = sum(finding.distance for finding in self.failures)
        return len(self.failures), len(self.unknown), unordered, distance, self.tier_key


SORT_KEYS: Mapping[SortName, Callable[[CandidateAssessment], tuple[Any, ...]]] = MappingProxyType(
    {"tier": attrgetter("tier_key"), "price": attrgetter("price_key"), "rating": attrgetter("rating_key")}
)


def list_cheapest(assessments: Iterable[CandidateAssessment]) -> tuple[CandidateAssessment, ...]:
    """Return the models with the lowest known price, highest rating first."""
    priced = sorted((each for each in assessments if each.price is not None), key=SORT_KEYS["price"])
    return tuple(each for each in priced if each.price == priced[0].price)


@dataclass(frozen=True)
class Shortlist:
    """The candidates in three groups. Each candidate is in exactly one group.

    survivors: the models that meet all limits, in the order of the sort key.
    undecided: the models that violate no limit but have unknown values for some limits, in the same order.
    excluded: the other models. Those with the fewest failures come first.
    gained: for each limit that some model violates or might violate, the number of models that would be added to the
        survivors without it.
    """

    survivors: tuple[CandidateAssessment, ...]
    undecided: tuple[CandidateAssessment, ...]
    excluded: tuple[CandidateAssessment, ...]
    gained: Mapping[str, int]

    @property
    def groups(self) -> dict[str, tuple[CandidateAssessment, ...]]:
        return {"survivors": self.survivors, "undecided": self.undecided, "excluded": self.excluded}

    @property
    def selectable(self) -> tuple[CandidateAssessment, ...]:
        """The models that violate no limit, survivors first."""
        return self.survivors + self.undecided

    @property
    def near_misses(self) -> tuple[CandidateAssessment, ...]:
        """The models that violate only one limit."""
        return tuple(assessment for assessment in self.excluded if len(assessment.failures) == 1)

    @cached_property
    def nearest(self) -> tuple[CandidateAssessment, ...]:
        """The excluded models that are closest to meeting the limits, closest first."""
        return tuple(nsmallest(MAX_NEAREST, self.excluded, key=lambda assessment: assessment.distance_key))

    @property
    def unknown_limits(self) -> tuple[str, ...]:
        """The limits for which values of undecided models are unknown. Limits with the most such models come first."""
        limits = Counter(finding.limit for assessment in self.undecided for finding in assessment.unknown)
        return tuple(name for name, _count in limits.most_common())

    @property
    def lacks_first_tier(self) -> bool:
        """True if survivors have tiers, but none of them is in tier 1."""
        tiers = [survivor.candidate.tier for survivor in self.survivors if survivor.candidate.tier is not None]
        return bool(tiers) and min(tiers) > 1

    @property
    def has_mixed_tiers(self) -> bool:
        """True if a survivor with a wide interval is in a better tier than another survivor with a higher rating."""
        models = [survivor.candidate for survivor in self.survivors]
        rated = [(model.rating, model.tier) for model in models if model.rating is not None and model.tier is not None]
        tiers = [tier for _rating, tier in sorted(rated, reverse=True)]
        return tiers != sorted(tiers)

    @property
    def lowest_price(self) -> CandidateAssessment | None:
        """The survivor with the lowest price, or None if no price is known. Ties go to the highest rating."""
        return next(iter(list_cheapest(self.survivors)), None)

    @property
    def equally_cheap(self) -> tuple[CandidateAssessment, ...]:
        """The other survivors with the lowest price, highest rating first."""
        return list_cheapest(self.survivors)[1:]

    @property
    def costliest(self) -> str | None:
        """The limit whose removal would add the most survivors, or None if no single limit matters."""
        name = max(self.gained, key=self.gained.__getitem__, default=None)
        return name if name and self.gained[name] else None


def build_shortlist(candidates: Iterable[Candidate], limits: Limits, sort: SortName = "tier") -> Shortlist:
    """Return the shortlist for these candidates and limits, with its groups sorted by the key for `sort`."""
    assessments = sorted((_assess_candidate(candidate, limits) for candidate in candidates), key=SORT_KEYS[sort])
    violated = {finding.limit for each in assessments for finding in each.findings}
    alone = Counter(each.findings[0].limit for each in assessments if len(each.findings) == 1)
    return Shortlist(
        survivors=tuple(each for each in assessments if not each.findings),
        undecided=tuple(each for each in assessments if each.unknown and not each.failures),
        excluded=tuple(sorted((each for each in assessments if each.failures), key=lambda each: len(each.failures))),
        gained={name: alone[name] for name in LIMIT_ASSESSORS if name in violated},
    )


def _assess_candidate(candidate: Candidate, limits: Limits) -> CandidateAssessment:
    findings = list_findings(candidate, limits)
    return CandidateAssessment(
        candidate=candidate,
        prices=limits.select_prices(candidate),
        price=compute_blended_price(candidate, limits),
        monthly=None if limits.use == TYPICAL_USE else compute_monthly_cost(candidate, limits),
        failures=tuple(finding for finding in findings if finding.known),
        unknown=tuple(finding for finding in findings if not finding.known),
    )
