"""Shares of the votes of a pool: of each model, and of all models of a maker together."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from catalog.models import LanguageModel

LazyText = str | Promise


@dataclass(frozen=True)
class ReasonCount:
    """A reason why votes do not count: its stored name, its text, and the number of votes."""

    reason: str
    text: LazyText
    votes: int


ReasonLister = Callable[[Mapping[str, int]], list[ReasonCount]]


@dataclass(frozen=True)
class ModelShare:
    """The share of one model.

    percent: of the votes that count
    chance: to be in the next battle, in percent; None if unknown
    reasons: why other votes of the model do not count
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
    """The share of all models of one maker.

    percent, chance: of the sides of all votes, and of the sides of the next battle; all makers together have 100
    """

    name: str
    models: int
    retired: int
    percent: float
    chance: float | None


def build_model_shares(
    figures: Mapping[str, Any], votes: int, models: Mapping[str, LanguageModel], list_reasons: ReasonLister
) -> list[ModelShare]:
    """Return the shares of all models, most votes first, then the models in the draw that have none yet.

    figures: as stored by `ratings.pipeline.pool_figures`. votes: number of counted votes. models: slug → model; others
        are omitted. list_reasons: returns the reasons in a model's counts, with their texts.
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
                retired=model.status == LanguageModel.Status.RETIRED,
                counted=count["counted"],
                reasons=list_reasons(count["reasons"]),
                percent=100 * count["counted"] / votes if votes else 0.0,
                chance=100 * chances.get(slug, 0.0) if chances else None,
            )
        )
    return sorted(shares, key=lambda share: (-share.counted, share.slug))


def build_maker_shares(shares: Sequence[ModelShare]) -> list[MakerShare]:
    """Return the shares of all makers, largest first; models of unknown makers are one share without a name."""
    by_maker: dict[str, list[ModelShare]] = defaultdict(list)
    for share in shares:
        by_maker[share.maker].append(share)
    makers = [_build_maker_share(name, group) for name, group in by_maker.items()]
    return sorted(makers, key=lambda maker: (-maker.percent, maker.name))


def _build_maker_share(name: str, shares: Sequence[ModelShare]) -> MakerShare:
    chances = [share.chance for share in shares if share.chance is not None]
    return MakerShare(
        name=name,
        models=len(shares),
        retired=sum(share.retired for share in shares),
        percent=sum(share.percent for share in shares) / 2,
        chance=sum(chances) / 2 if chances else None,
    )
