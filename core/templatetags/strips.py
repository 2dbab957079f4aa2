"""A strip shows a number and its interval on an axis that several rows share.

Build one `Scale` for all rows, and render it once with `{% strip_axis scale %}`. Then render a
`{% strip scale value low high %}` in each row. The styles are in `static/css/core/frame.css`. Positions are percentages
of the width, so a strip can have any width, and its dot stays round.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count, takewhile
from math import ceil, floor, log10

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()
TICK_COUNT = 5
MARGIN = 0.04  # as a fraction of the axis
MIN_TICK_POSITION = 6  # percent; closer to an end, a label would be cut off
NICE_STEPS = (1, 2, 2.5, 5, 10)
END_STEPS = (0.2, 0.5, 1, 2, 5)
END_MARGIN = 0.07  # leaves room for the labels of the ticks at both ends
MAX_END_STEPS = 4
ARROWS = {"low": "M6-5 0 0l6 5", "high": "M-6-5 0 0l-6 5"}
ARROW_POSITIONS = {"low": "0%", "high": "100%"}


@dataclass(frozen=True)
class Scale:
    """The axis of several strips.

    low, high: the ends of the axis, in the unit of the values; low < high.
    axis_id: the HTML ID of the axis, unique on the page, or "" if no axis is rendered.
    mark: a value marked with a dotted line, such as the mean or the chance level, or None.
    """

    low: float
    high: float
    axis_id: str = "axis"
    mark: float | None = None

    def place(self, value: float) -> float:
        """Return the position of a value in percent: 0 at or below the low end, and 100 at or above the high end."""
        return round(100 * min(1, max(0, (value - self.low) / (self.high - self.low))), 2)

    def format_position(self, value: float) -> str:
        return f"{self.place(value):g}%"

    def contains(self, value: float) -> bool:
        return self.low <= value <= self.high

    @property
    def ticks(self) -> list[float]:
        """At most five round values in ascending order, none of them close to an end."""
        step = _round_up((self.high - self.low) / TICK_COUNT)
        multiples = (round(number * step, 9) for number in count(floor(self.low / step)))
        values = takewhile(lambda value: value < self.high, multiples)
        return [value for value in values if MIN_TICK_POSITION <= self.place(value) <= 100 - MIN_TICK_POSITION]


def build_scale(
    values: Iterable[float | None],
    axis_id: str = "axis",
    mark: float | None = None,
    *,
    margin: float = MARGIN,
    has_end_ticks: bool = False,
) -> Scale | None:
    """Return the scale that contains all values, or None if there are no values. Values that are None are ignored.

    margin: the space at both ends, as a fraction of the range of the values.
    has_end_ticks: whether to extend the axis to round values at both ends. This uses up to a third of the axis.
    """
    known_values = [value for value in values if value is not None]
    if not known_values:
        return None
    low, high = min(known_values), max(known_values)
    if has_end_ticks and low < high:
        low, high = _round_outward(low, high)
        margin = END_MARGIN
    space = (high - low) * margin or max(abs(high), 1) * margin
    return Scale(low - space, high + space, axis_id, mark)


def _round_outward(low: float, high: float) -> tuple[float, float]:
    """Extend the range to multiples of a round step, with at most `MAX_END_STEPS` steps between the ends."""
    power = 10.0 ** floor(log10(high - low))
    for step in (nice * power for nice in END_STEPS):
        ends = floor(low / step), ceil(high / step)
        if ends[1] - ends[0] <= MAX_END_STEPS:
            break
    return ends[0] * step, ends[1] * step


def _round_up(step: float) -> float:
    """Round a step up to 1, 2, 2.5, or 5 times a power of ten."""
    power = 10.0 ** floor(log10(step))
    return next(nice * power for nice in NICE_STEPS if nice * power >= step * (1 - 1e-9))


@register.simple_tag
def strip_axis(scale: Scale | None, unit: str = "") -> SafeString | str:
    """Return the axis with its labels. It also defines the tick lines that all strips on this axis reuse."""
    if scale is None:
        return ""
    ticks = [(scale.format_position(tick), format_tick(tick) + unit) for tick in scale.ticks]
    lines = format_html_join("", '<line x1="{0}" x2="{0}" y2="100%"/>', ticks)
    if scale.mark is not None and scale.contains(scale.mark):
        lines += format_html(
            '<line class="strip-mark" x1="{0}" x2="{0}" y2="100%"/>', scale.format_position(scale.mark)
        )
    labels = format_html_join("", '<text x="{}" y="50%">{}</text>', ticks)
    html = '<svg class="strip strip-axis" aria-hidden="true"><defs><g id="{}">{}</g></defs>{}</svg>'
    return format_html(html, scale.axis_id, lines, labels)


def format_tick(value: float) -> str:
    return f"{value:,.10g}".replace("-", "\N{MINUS SIGN}")


@register.simple_tag
def strip(
    scale: Scale | None,
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    *,
    show_interval: bool = True,
    earlier: float | None = None,
    others: Iterable[float] = (),
) -> SafeString:
    """Return the strip of a value, or "" without a scale or a value.

    low, high: the ends of the interval. An end that is None is open: the interval runs to the end of the axis.
    show_interval: whether to draw the interval.
    earlier: the previous value, from which a thick line runs to the current one, or None.
    others: values for comparison, shown as thin lines.
    """
    if scale is None or value is None:
        return SafeString("")
    line = '<line class="strip-other" x1="{0}" x2="{0}" y1="25%" y2="75%"/>'
    parts = [format_html('<use href="#{}"/>', scale.axis_id)] if scale.axis_id else []
    parts.append(format_html_join("", line, ((scale.format_position(other),) for other in others)))
    if show_interval:
        parts.append(_draw_interval(scale, low, high))
    if earlier is not None:
        ends = scale.format_position(earlier), scale.format_position(value)
        parts.append(format_html('<line class="strip-earlier" x1="{}" x2="{}" y1="50%" y2="50%"/>', *ends))
    parts.append(_draw_value(scale, value))
    return format_html('<svg class="strip" aria-hidden="true">{}</svg>', SafeString("".join(parts)))


def _draw_interval(scale: Scale, low: float | None, high: float | None) -> SafeString:
    start = "0%" if low is None else scale.format_position(low)
    end = "100%" if high is None else scale.format_position(high)
    html = format_html('<line class="strip-interval" x1="{}" x2="{}" y1="50%" y2="50%"/>', start, end)
    if low is None or low < scale.low:
        html += _draw_arrow("low", "strip-open")
    if high is None or high > scale.high:
        html += _draw_arrow("high", "strip-open")
    return html


def _draw_value(scale: Scale, value: float) -> SafeString:
    """Return the dot, or a triangle at the end of the axis if the value is beyond it."""
    if scale.contains(value):
        return format_html('<circle class="strip-dot" cx="{}" cy="50%" r="5"/>', scale.format_position(value))
    return _draw_arrow("low" if value < scale.low else "high", "strip-beyond")


def _draw_arrow(end: str, css_class: str) -> SafeString:
    return format_html(
        '<svg x="{}" y="50%"><path class="{}" d="{}"/></svg>', ARROW_POSITIONS[end], css_class, ARROWS[end]
    )


@register.filter
def place(scale: Scale, value: float) -> float:
    """Return the position of a value on the scale in percent, for custom marks."""
    return scale.place(value)
