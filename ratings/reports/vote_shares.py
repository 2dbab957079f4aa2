"""Shares of the votes in a pool, per model and per maker."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from catalog.facts.retirement import is_retired
from catalog.models import LanguageModel

LazyText = str | Promise


@dataclass(frozen=True)
class ReasonCount:
    """A reason why votes do not count, or count with a lower weight.

    reason: the stored name of the reason.
    text: the text that the page shows for it.
    votes: the number of votes with this reason.
    """

    reason: str
    text: LazyText
    votes: int


ReasonLister = Callable[[Mapping[str, int]], list[ReasonCount]]


@dataclass(frozen=True)
class ModelShare:
    """One model's votes.

    counted: the number of votes that count.
    reasons: the reasons why other votes do not count.
    percent: the percentage of all counted votes that involve the model.
    chance: the probability of being in the next battle, as a percentage, or None if unknown.
    """

    slug: str
    name: str
    maker: str
    retired: bool
    counted: int
    reasons: Sequence[ReasonCount]
    percent: float
    chance: float | None

    @property
    def uncounted(self) -> int:
        return sum(reason.votes for reason in self.reasons)


@dataclass(frozen=True)
class MakerShare:
    """The votes on all of one maker's models.

    percent: the percentage of the sides of all counted votes that belong to the maker's models.
    chance: the expected percentage of the sides of the next battle, or None if unknown.

    Each value adds up to 100 over all makers.
    """

    name: str
    model_count: int
    retired_count: int
    percent: float
    chance: float | None


def build_model_shares(
    figures: Mapping[str, Any], votes: int, models: Mapping[str, LanguageModel], list_reasons: ReasonLister
) -> list[ModelShare]:
    """Return all models' shares, starting with the model with the most votes.

    The list includes models in the draw that have no votes yet.

    figures: as stored by `ratings.pipeline.pool_figures`.
    votes: the number of votes that count.
    models: slug → model. Models that are missing here are omitted.
    list_reasons: returns the reasons in a model's counts, with their descriptions.
    """
    chances = (figures["chances"] or {}).get("models", {})
    counts = {slug: {"counted": 0, "reasons": {}} for slug in chances} | figures["models"]
    shares = []
    for slug, count in counts.items():
        if slug not in models:
            continue
        model = models[slug]
        shares.append(
            ModelShare(
                slug=slug,
                name=model.name,
                maker=model.organization.name if model.organization else "",
                retired=is_retired(model),
                counted=count["counted"],
                reasons=list_reasons(count["reasons"]),
                percent=100 * count["counted"] / votes if votes else 0.0,
                chance=100 * chances.get(slug, 0.0) if chances else None,
            )
        )
    return sorted(shares, key=lambda share: (-share.counted, share.slug))


def build_maker_shares(shares: Sequence[ModelShare]) -> list[MakerShare]:
    """Return all makers' shares, largest first. Models of unknown makers are combined under an empty name."""
    by_maker: dict[str, list[ModelShare]] = defaultdict(list)
    for share in shares:
        by_maker[share.maker].append(share)
    makers = [_build_maker_share(name, group) for name, group in by_maker.items()]
    return sorted(makers, key=lambda maker: (-maker.percent, maker.name))


def _build_maker_share(name: str, shares: Sequence[ModelShare]) -> MakerShare:
    chances = [share.chance for share in shares if share.chance is not None]
    return MakerShare(
        name=name,
        model_count=len(shares),
        retired_count=sum(share.retired for share in shares),
        percent=sum(share.percent for share in shares) / 2,
        chance=sum(chances) / 2 if chances else None,
    )
