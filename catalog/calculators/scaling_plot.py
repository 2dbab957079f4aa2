"""The plot of training runs by parameters and tokens, with lines of equal compute. This module does not use Django."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import atan2, degrees
from operator import attrgetter
from typing import TYPE_CHECKING

from catalog.calculators.log_plot import LogAxis, build_axis, build_path
from catalog.calculators.scaling_laws import OPERATIONS_PER_PARAMETER_TOKEN, TOKENS_PER_PARAMETER, TrainingRun

if TYPE_CHECKING:
    from catalog.calculators.scaling import TrainedModel

WIDTH, HEIGHT = 720, 340
LEFT, RIGHT, TOP, BOTTOM = 64, 700, 32, 296
LETTER_WIDTH, LABEL_HEIGHT = 7.2, 14.0
DOT_RADIUS, PLAN_LABEL_WIDTH = 6.0, 64.0
LINE_POINTS = 200
LABEL_CANDIDATES = 4  # at each end of an axis, one of this many models gets a label if there is room
LABEL_DISTANCE = 13.0  # from the center of a dot, so that the ring around the visitor's run covers no label


@dataclass(frozen=True)
class ModelDot:
    """A model in the plot.

    label: the SVG text anchor of the model's name, which is "start" for a name to the right of the dot, "end" for a
        name to the left, and "" if the name is omitted.
    """

    model: "TrainedModel"
    x: float
    y: float
    label: str


@dataclass(frozen=True)
class ComputeLine:
    """A line of training runs that take the same number of operations. `x` and `y` are the position of its left end."""

    compute: float
    path: str
    x: float
    y: float


@dataclass(frozen=True)
class ScalingPlot:
    """Training runs by parameters and tokens. `plan` is the visitor's training run, or None."""

    models: "Sequence[TrainedModel]"
    plan: TrainingRun | None

    @cached_property
    def _runs(self) -> list[TrainingRun]:
        return [model.training for model in self.models] + ([self.plan] if self.plan else [])

    @cached_property
    def x(self) -> LogAxis:
        return build_axis([run.params for run in self._runs], LEFT, RIGHT)

    @cached_property
    def y(self) -> LogAxis:
        return build_axis([run.tokens for run in self._runs], BOTTOM, TOP)

    @property
    def rule_path(self) -> str:
        """The line of `TOKENS_PER_PARAMETER` tokens per parameter, clipped to the plot, or "" if it lies outside."""
        low = max(self.x.low, self.y.low / TOKENS_PER_PARAMETER)
        high = min(self.x.high, self.y.high / TOKENS_PER_PARAMETER)
        return self._build_line(low, high, lambda params: TOKENS_PER_PARAMETER * params) if low < high else ""

    @property
    def rule_end(self) -> tuple[float, float]:
        """The position of the upper end of `rule_path`."""
        params = min(self.x.high, self.y.high / TOKENS_PER_PARAMETER)
        return self.x.place(params), self.y.place(TOKENS_PER_PARAMETER * params)

    @property
    def rule_angle(self) -> float:
        """The angle of `rule_path` in degrees, for the text along this line."""
        rise = self.y.place(10 * self.y.low) - self.y.place(self.y.low)
        return degrees(atan2(rise, self.x.place(10 * self.x.low) - self.x.place(self.x.low)))

    @property
    def compute_lines(self) -> list[ComputeLine]:
        """Lines of equal compute at powers of ten, without those that would be too short."""
        min_compute = OPERATIONS_PER_PARAMETER_TOKEN * self.x.low * self.y.low
        max_compute = OPERATIONS_PER_PARAMETER_TOKEN * self.x.high * self.y.high
        axis = build_axis([min_compute, max_compute], 0, 1)
        lines = [self._build_compute_line(compute) for compute in axis.decades[1:-1]]
        return [line for line in lines if line]

    def _build_compute_line(self, compute: float) -> ComputeLine | None:
        product = compute / OPERATIONS_PER_PARAMETER_TOKEN
        low = max(self.x.low, product / self.y.high)
        high = min(self.x.high, product / self.y.low)
        if high <= low * 2:
            return None
        path = self._build_line(low, high, lambda params: product / params)
        return ComputeLine(compute, path, self.x.place(low), self.y.place(product / low))

    def _build_line(self, low: float, high: float, compute_tokens: Callable[[float], float]) -> str:
        return build_path((self.x.place(params), self.y.place(compute_tokens(params))) for params in (low, high))

    @property
    def plan_position(self) -> tuple[float, float] | None:
        """The position of the visitor's training run, or None."""
        return (self.x.place(self.plan.params), self.y.place(self.plan.tokens)) if self.plan else None

    @cached_property
    def _positions(self) -> list[tuple[float, float]]:
        return [(self.x.place(model.training.params), self.y.place(model.training.tokens)) for model in self.models]

    @cached_property
    def plan_label(self) -> str:
        """The SVG text anchor of the label of the visitor's training run, on the side that covers no model."""
        if not self.plan_position:
            return ""
        labels = _build_label_boxes(*self.plan_position, PLAN_LABEL_WIDTH)
        return _find_free_label(labels, [_build_dot_box(x, y) for x, y in self._positions]) or "start"

    @property
    def dots(self) -> list[ModelDot]:
        """The models. Those with the fewest and the most parameters and tokens have labels.

        A label is to the right of its dot, or to the left if there is no room. If it would cross a dot, a line, or
        another label on both sides, the next model gets a label instead.
        """
        dots = [ModelDot(model, x, y, "") for (x, y), model in zip(self._positions, self.models, strict=True)]
        boxes = [_build_dot_box(x, y) for x, y in self._positions] + self._build_line_boxes()
        if self.plan_position:
            boxes.append(_build_label_boxes(*self.plan_position, PLAN_LABEL_WIDTH)[self.plan_label])
            boxes.append(_build_dot_box(*self.plan_position))
        anchors: dict[str, str] = {}
        for axis in ("x", "y"):
            ascending = sorted(dots, key=attrgetter(axis))
            for order in (ascending, ascending[::-1]):
                _add_label(order[:LABEL_CANDIDATES], boxes, anchors)
        return [replace(dot, label=anchors.get(dot.model.slug, "")) for dot in dots]

    def _build_line_boxes(self) -> list["_Box"]:
        """Return boxes without a width, at points on all lines in the plot."""
        products = [line.compute / OPERATIONS_PER_PARAMETER_TOKEN for line in self.compute_lines]
        boxes = []
        for params in self.x.list_values(LINE_POINTS):
            for tokens in (TOKENS_PER_PARAMETER * params, *(product / params for product in products)):
                if self.y.low <= tokens <= self.y.high:
                    x = self.x.place(params)
                    boxes.append(_Box(x, x, self.y.place(tokens)))
        return boxes


@dataclass(frozen=True)
class _Box:
    """The area of a dot or a label, in units of the plot. `y` is its vertical center."""

    start: float
    end: float
    y: float

    def is_free(self, boxes: "list[_Box]") -> bool:
        return self.start >= LEFT and self.end <= RIGHT and not any(self.overlaps(box) for box in boxes)

    def overlaps(self, other: "_Box") -> bool:
        return self.start < other.end and other.start < self.end and abs(self.y - other.y) < LABEL_HEIGHT


def _build_dot_box(x: float, y: float) -> _Box:
    return _Box(x - DOT_RADIUS, x + DOT_RADIUS, y)


def _build_label_boxes(x: float, y: float, width: float) -> dict[str, _Box]:
    """Return the areas of a label to the right and to the left of its dot, keyed by SVG text anchor."""
    start, end = LABEL_DISTANCE - 1, LABEL_DISTANCE + width
    return {"start": _Box(x + start, x + end, y), "end": _Box(x - end, x - start, y)}


def _find_free_label(labels: Mapping[str, _Box], boxes: list[_Box]) -> str:
    """Return the SVG text anchor of the first label that overlaps none of the boxes, or ""."""
    return next((anchor for anchor, label in labels.items() if label.is_free(boxes)), "")


def _add_label(dots: Sequence[ModelDot], boxes: list[_Box], anchors: dict[str, str]) -> None:
    """Label the first dot that has room, unless it or a dot before it has a label. Update `boxes` and `anchors`."""
    for dot in dots:
        slug = dot.model.slug
        if slug in anchors:
            return
        labels = _build_label_boxes(dot.x, dot.y, LETTER_WIDTH * len(dot.model.name))
        anchor = _find_free_label(labels, boxes)
        if anchor:
            anchors[slug] = anchor
            boxes.append(labels[anchor])
            return


def build_scaling_plot(models: "Sequence[TrainedModel]", plan: TrainingRun | None) -> ScalingPlot | None:
    """Return the plot, or None if there are no models and there is no plan."""
    return ScalingPlot(models, plan) if models or plan else None
