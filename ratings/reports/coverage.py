"""How much the catalog knows about the best models on the newest reference board."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from catalog.facts.fields import UNPUBLISHED
from catalog.facts.prices import load_current_prices
from catalog.facts.retirement import is_retired
from catalog.models import Fact, LanguageModel, Price
from ratings.models import Snapshot
from ratings.reports.best_models import BEST_MODELS, find_newest_reference_snapshot, list_best_slugs

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True)
class KnownFacts:
    """A model, the names of its facts with a known value, and the names of those that its maker does not publish."""

    model: LanguageModel
    known: frozenset[str]
    unpublished: frozenset[str]


@dataclass(frozen=True)
class CoverageLine:
    """How many models have a fact.

    target_percent: this project's goal for the share of models with a known value.
    missing_models: slugs of the models whose value is neither known nor marked as unpublished.
    """

    label: str
    known: int
    unpublished: int
    missing_models: tuple[str, ...]
    target_percent: int

    @property
    def missing(self) -> int:
        return len(self.missing_models)

    @property
    def total(self) -> int:
        return self.known + self.unpublished + self.missing

    @property
    def percent(self) -> float:
        return 100 * self.known / self.total if self.total else 100.0

    @property
    def is_met(self) -> bool:
        return self.percent >= self.target_percent


@dataclass(frozen=True)
class CoverageReport:
    """The coverage of the best models on a board. `newest_fact` is the day of their newest fact or price, or None."""

    board: str
    models: int
    newest_fact: date | None
    lines: tuple[CoverageLine, ...]


def _is_sold(facts: KnownFacts) -> bool:
    """Return True if the model is sold through an API, by its maker or by a host that is listed in a source."""
    return not is_retired(facts.model) and (
        not facts.model.open_weights or bool({"price", "context_window"} & facts.known)
    )


@dataclass(frozen=True)
class _Requirement:
    label: "StrPromise"
    fields: frozenset[str]
    target_percent: int
    applies: Callable[[KnownFacts], bool] = lambda _facts: True


REQUIREMENTS = (
    _Requirement(_("Maker"), frozenset({"organization"}), 99),
    _Requirement(_("Open or closed"), frozenset({"open_weights"}), 97),
    _Requirement(_("Price and context"), frozenset({"price", "context_window"}), 90, _is_sold),
    _Requirement(_("License"), frozenset({"license"}), 90),
    _Requirement(_("Release"), frozenset({"release_date"}), 85),
    _Requirement(_("Knowledge cutoff"), frozenset({"knowledge_cutoff"}), 60),
    _Requirement(
        _("Size of open models"), frozenset({"parameters_total"}), 85, lambda facts: facts.model.open_weights or False
    ),
)


def load_coverage(snapshots: Iterable[Snapshot], limit: int = BEST_MODELS) -> CoverageReport | None:
    """Return the coverage of the `limit` best models on the newest reference board, or None if there is none."""
    snapshot = find_newest_reference_snapshot(snapshots)
    if snapshot is None:
        return None
    slugs = list_best_slugs(snapshot, limit)
    models = sorted(LanguageModel.objects.filter(slug__in=slugs), key=lambda model: slugs.index(model.slug))
    prices = load_current_prices(models)
    facts = Fact.objects.filter(model__in=models, chosen=True)
    unpublished = set(facts.filter(value=UNPUBLISHED).values_list("model_id", "field"))
    known_facts = [_collect_facts(model, prices, unpublished) for model in models]
    newest = facts.aggregate(newest=Max("as_of"))["newest"]
    days = [day for day in (newest, *(price.as_of for price in prices.values())) if day]
    lines = tuple(_count_models(requirement, known_facts) for requirement in REQUIREMENTS)
    return CoverageReport(snapshot.board.pool.name, len(models), max(days, default=None), lines)


def _collect_facts(
    model: LanguageModel, prices: Mapping[int, Price], unpublished: Collection[tuple[int, str]]
) -> KnownFacts:
    fields = {field for requirement in REQUIREMENTS for field in requirement.fields} - {"price"}
    # The value of a relation is the key of the related object, which is not loaded.
    known_fields = {field for field in fields if model.serializable_value(field) is not None}
    if model.pk in prices:
        known_fields.add("price")
    withheld = {field for field in fields - known_fields if (model.pk, field) in unpublished}
    return KnownFacts(model, frozenset(known_fields), frozenset(withheld))


def _count_models(requirement: _Requirement, known_facts: Sequence[KnownFacts]) -> CoverageLine:
    applicable = [facts for facts in known_facts if requirement.applies(facts)]
    known = sum(requirement.fields <= facts.known for facts in applicable)
    missing = [facts.model.slug for facts in applicable if not requirement.fields <= facts.known | facts.unpublished]
    return CoverageLine(
        label=str(requirement.label),
        known=known,
        unpublished=len(applicable) - known - len(missing),
        missing_models=tuple(missing),
        target_percent=requirement.target_percent,
    )
