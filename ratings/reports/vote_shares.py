"""Who has how much of the votes of a pool: each model, and all models of a maker together."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from catalog.models import LanguageModel

LazyText = str | Promise


@dataclass(frozen=True)
class ReasonCount:
    """A reason why votes do not count, as they are stored with it and in words, and how many they are."""

    reason: str
    words: LazyText
    votes: int


ReasonLister = Callable[[Mapping[str, int]], list[ReasonCount]]


@dataclass(frozen=True)
class ModelShare:
    """What one model has of the votes; percentages are of votes and of the battles that come next, None if unknown.

    reasons: why votes of it do not count.
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
        return sum(why.votes for why in self.reasons)


@dataclass(frozen=True)
class MakerShare:
    """All models of one maker; percentages are of the two sides of all votes and battles, so all makers have 100."""

    name: str
    models: int
    retired: int
    percent: float
    chance: float | None


def build_model_shares(
    found: Mapping[str, Any], votes: int, models: Mapping[str, LanguageModel], told: ReasonLister
) -> list[ModelShare]:
    """Most votes first, then who is in the draw without any.

    found: as `method_counts` has stored it; votes: all that count; told: reasons in words.
    """
    chances = (found["chances"] or {}).get("models", {})
    counts = {slug: {"counted": 0, "reasons": {}} for slug in chances} | found["models"]
    made = [
        ModelShare(
            slug=slug,
            name=models[slug].name,
            maker=maker.name if (maker := models[slug].organization) else "",
            retired=models[slug].status == LanguageModel.Status.RETIRED,
            counted=each["counted"],
            reasons=told(each["reasons"]),
            percent=100 * each["counted"] / votes if votes else 0.0,
            chance=100 * chances.get(slug, 0.0) if chances else None,
        )
        for slug, each in counts.items()
        if slug in models
    ]
    return sorted(made, key=lambda part: (-part.counted, part.slug))


def build_maker_shares(shares: Sequence[ModelShare]) -> list[MakerShare]:
    """Largest share first; those of an unknown maker are one, without a name."""
    grouped: dict[str, list[ModelShare]] = defaultdict(list)
    for part in shares:
        grouped[part.maker].append(part)
    made = [_build_maker_share(name, group) for name, group in grouped.items()]
    return sorted(made, key=lambda maker: (-maker.percent, maker.name))


def _build_maker_share(name: str, group: Sequence[ModelShare]) -> MakerShare:
    chances = [part.chance for part in group if part.chance is not None]
    return MakerShare(
        name=name,
        models=len(group),
        retired=sum(part.retired for part in group),
        percent=sum(part.percent for part in group) / 2,
        chance=sum(chances) / 2 if chances else None,
    )
