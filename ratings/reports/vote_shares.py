"""Who has how much of the votes of a pool: each model, and all models of a maker together."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from catalog.models import LanguageModel

Text = str | Promise


@dataclass(frozen=True)
class Why:
    """A reason why votes do not count, as they are stored with it and in words, and how many they are."""

    reason: str
    words: Text
    votes: int


Told = Callable[[Mapping[str, int]], list[Why]]


@dataclass(frozen=True)
class Part:
    """What one model has of the votes; percentages are of votes and of the battles that come next, None if unknown.

    reasons: why votes of it do not count.
    """

    slug: str
    name: str
    maker: str
    retired: bool
    counted: int
    reasons: Sequence[Why]
    percent: float
    chance: float | None

    @property
    def uncounted(self) -> int:
        return sum(why.votes for why in self.reasons)


@dataclass(frozen=True)
class Maker:
    """All models of one maker; percentages are of the two sides of all votes and battles, so all makers have 100."""

    name: str
    models: int
    retired: int
    percent: float
    chance: float | None


def parts(found: Mapping[str, Any], votes: int, models: Mapping[str, LanguageModel], told: Told) -> list[Part]:
    """Most votes first, then who is in the draw without any.

    found: as `method_counts` has stored it; votes: all that count; told: reasons in words.
    """
    chances = (found["chances"] or {}).get("models", {})
    counts = {slug: {"counted": 0, "reasons": {}} for slug in chances} | found["models"]
    made = [
        Part(
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


def makers(shares: Sequence[Part]) -> list[Maker]:
    """Largest share first; those of an unknown maker are one, without a name."""
    grouped: dict[str, list[Part]] = defaultdict(list)
    for part in shares:
        grouped[part.maker].append(part)
    made = [_maker(name, group) for name, group in grouped.items()]
    return sorted(made, key=lambda maker: (-maker.percent, maker.name))


def _maker(name: str, group: Sequence[Part]) -> Maker:
    chances = [part.chance for part in group if part.chance is not None]
    return Maker(
        name=name,
        models=len(group),
        retired=sum(part.retired for part in group),
        percent=sum(part.percent for part in group) / 2,
        chance=sum(chances) / 2 if chances else None,
    )
