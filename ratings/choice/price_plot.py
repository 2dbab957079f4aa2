"""The plot of the matching models' ratings against their prices. The price axis is logarithmic."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, log10

from catalog.calculators.log_plot import LogAxis, build_path
from core.templatetags.strips import Scale, build_scale, format_tick
from ratings.choice.shortlist import CandidateAssessment

# The edges of the plot, the size of letters, and the free space around dots and the line, in units of the SVG image.
LEFT = 60
RIGHT = 700
TOP = 16
BOTTOM = 252
LETTER_WIDTH = 7.5
ASCENT = 11
DESCENT = 3
LABEL_DISTANCE = 8
DOT_SPACE = 6
LINE_SPACE = 2
PRICE_MARGINS = (1.4, 2.0)  # factors below the lowest and above the highest price; names need room on the right
RATING_MARGIN = 0.2  # names need room above the dots
MAX_PRICE_TICKS = 8
MIN_DOTS = 2
# The possible positions of a name relative to its dot, best first: the text anchor, and the offset of the baseline.
LABEL_PLACES = (("end", -8), ("start", -8), ("start", 18), ("end", 18))


@dataclass(frozen=True)
class PriceDot:
    """A model on the plot.

    anchor: the text anchor of the model's name, or "" for no name. `label_x` and `label_y` are its position.
    """

    model: CandidateAssessment
    x: float
    y: float
    anchor: str = ""
    label_x: float = 0
    label_y: float = 0


@dataclass(frozen=True)
class PricePlot:
    """The plot of all models with a price and a rating.

    dots: the models with a higher rating than all cheaper ones, cheapest first, followed by the other named models.
    frontier_path: the steps between the models with a higher rating than all cheaper ones.
    others_path: a point for each model that has no dot.
    """

    x: LogAxis
    y: Scale
    dots: list[PriceDot]
    frontier_path: str
    others_path: str

    @property
    def x_ticks(self) -> list[tuple[float, str]]:
        """Positions and labels of round prices: 1, 2, and 5 times powers of ten.

        If these would be too many ticks, only powers of ten are used. All labels have the same number of decimals.
        """
        decades = [10.0**exponent for exponent in range(floor(log10(self.x.low)), floor(log10(self.x.high)) + 1)]
        prices = [decade * step for decade in decades for step in (1, 2, 5)]
        prices = [price for price in prices if self.x.low < price < self.x.high]
        if len(prices) > MAX_PRICE_TICKS:
            prices = self.x.decades
        places = max(2, -floor(log10(prices[0]))) if prices and prices[0] < 1 else 0
        return [(self.x.place(price), f"${price:,.{places}f}") for price in prices]

    @property
    def y_ticks(self) -> list[tuple[float, str]]:
        return [(_place_rating(self.y, rating), format_tick(rating)) for rating in self.y.ticks]


def build_price_plot(models: Sequence[CandidateAssessment], named: Collection[str]) -> PricePlot | None:
    """Return the plot, or None if fewer than two models have a price and a rating.

    named: the slugs of the models whose dots get a name if there is room for it.
    """
    priced = [model for model in models if model.price and model.candidate.tier is not None]
    scale = build_scale([model.candidate.rating for model in priced], margin=RATING_MARGIN)
    if scale is None or len(priced) < MIN_DOTS:
        return None
    prices = [_get_price(model) for model in priced]
    below, above = PRICE_MARGINS
    axis = LogAxis(min(prices) / below, max(prices) * above, LEFT, RIGHT)

    def place(model: CandidateAssessment) -> tuple[float, float]:
        return axis.place(_get_price(model)), _place_rating(scale, _get_rating(model))

    frontier = _list_frontier(priced)
    frontier_slugs = {model.candidate.slug for model in frontier}
    drawn_models = frontier + [model for model in priced if model.candidate.slug in {*named} - frontier_slugs]
    steps = _build_steps([place(model) for model in frontier])
    remaining = [place(model) for model in priced if model.candidate.slug not in {*named, *frontier_slugs}]
    return PricePlot(
        x=axis,
        y=scale,
        dots=_label_dots([PriceDot(model, *place(model)) for model in drawn_models], named, steps, remaining),
        frontier_path=build_path(steps),
        others_path="".join(f"M{x:g} {y:g}h0" for x, y in remaining),
    )


def _get_price(model: CandidateAssessment) -> float:
    return float(model.price or 0)


def _get_rating(model: CandidateAssessment) -> float:
    return model.candidate.rating or 0


def _place_rating(scale: Scale, rating: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * scale.place(rating) / 100, 1)


def _list_frontier(models: Sequence[CandidateAssessment]) -> list[CandidateAssessment]:
    """Return the models that have a higher rating than all cheaper ones, cheapest first."""
    frontier: list[CandidateAssessment] = []
    for model in sorted(models, key=lambda model: (_get_price(model), -_get_rating(model))):
        if not frontier or _get_rating(model) > _get_rating(frontier[-1]):
            frontier.append(model)
    return frontier


def _build_steps(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of the steps between the points. The last step extends to the right end of the plot."""
    path = [points[0]]
    for (_, y), (x, next_y) in pairwise(points):
        path += [(x, y), (x, next_y)]
    return [*path, (float(RIGHT), points[-1][1])]


def _label_dots(
    dots: Sequence[PriceDot],
    named: Collection[str],
    steps: Sequence[tuple[float, float]],
    others: Sequence[tuple[float, float]],
) -> list[PriceDot]:
    """Return the dots. Those of `named` models get a name if it does not overlap points, other names, or the line."""
    points = [*((dot.x, dot.y) for dot in dots), *others]
    occupied = [_Area(x - DOT_SPACE, x + DOT_SPACE, y - DOT_SPACE, y + DOT_SPACE) for x, y in points]
    occupied += [
        _Area(x, next_x, min(y, next_y) - LINE_SPACE, max(y, next_y) + LINE_SPACE)
        for (x, y), (next_x, next_y) in pairwise(steps)
    ]
    labeled_dots = []
    for dot in dots:
        labeled_dot = _label_dot(dot, occupied) if dot.model.candidate.slug in named else None
        labeled_dots.append(labeled_dot or dot)
    return labeled_dots


def _label_dot(dot: PriceDot, taken: "list[_Area]") -> PriceDot | None:
    """Return the dot with its name at the first free position, or None if none is free. Add its area to `taken`."""
    width = LETTER_WIDTH * len(dot.model.candidate.name)
    for anchor, dy in LABEL_PLACES:
        x = dot.x + (LABEL_DISTANCE if anchor == "start" else -LABEL_DISTANCE)
        y = round(dot.y + dy, 1)
        start = x if anchor == "start" else x - width
        area = _Area(start, start + width, y - ASCENT, y + DESCENT)
        if area.is_inside and not any(area.overlaps(other) for other in taken):
            taken.append(area)
            return PriceDot(dot.model, dot.x, dot.y, anchor, x, y)
    return None


@dataclass(frozen=True)
class _Area:
    """The bounding box of a dot, a name, or a part of the line."""

    start: float
    end: float
    top: float
    bottom: float

    @property
    def is_inside(self) -> bool:
        return self.start >= LEFT and self.end <= RIGHT and self.top >= TOP and self.bottom <= BOTTOM

    def overlaps(self, other: "_Area") -> bool:
        return self.start < other.end and other.start < self.end and self.top < other.bottom and other.top < self.bottom
