"""Template tags that draw the calculators' plots as SVG (see `catalog.calculators.cost_plot` and `scaling_plot`)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from catalog.calculators import cost_plot, scaling_plot
from catalog.calculators.cost_plot import CostPlot
from catalog.calculators.log_plot import LogAxis, build_axis
from catalog.calculators.scaling_plot import ModelDot, ScalingPlot
from core.templatetags.numbers import times
from core.text.number_format import format_count

register = template.Library()
SVG = '<svg class="{}" viewBox="0 0 {} {}" role="{}"><title>{}</title>{}</svg>'
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
API_LABEL_END = 42  # distance from the axis to the end of the label, which must be above the rising line
RATIOS_END = 480


@register.simple_tag
def draw_cost_plot(plot: CostPlot, use: str = "") -> SafeString:
    """Return the plot of costs by tokens per month, and a narrow one that replaces it on phones.

    use: the label of the plotted example, or "" if the plot shows the visitor's own usage.
    """
    narrow_plot = replace(plot, right=cost_plot.NARROW_RIGHT)
    return _join([_draw_costs(plot, use, "calc-plot"), _draw_costs(narrow_plot, use, "calc-plot narrow")])


def _draw_costs(plot: CostPlot, use: str, css_class: str) -> SafeString:
    left = cost_plot.LEFT
    right = plot.right
    bottom = cost_plot.BOTTOM
    rise = API_LABEL_END * (bottom - cost_plot.TOP) / (right - left)
    parts = [
        _draw_cheaper_sides(plot),
        _draw_axes(plot.x, plot.y, lambda dollars: f"${format_count(round(dollars))}"),
        _draw_line("line other", left, right, plot.own_y, plot.own_y),
        _draw_text("b", left + 8, plot.own_y - 8, _("Your own GPUs")),
        format_html('<path class="line" d="{}"/>', plot.api_path),
        _draw_text("a", left + 8, plot.api_start_y - rise, _("API")),
        _draw_line("rule", plot.current_x, plot.current_x, cost_plot.TOP, bottom),
        _draw_text("callout", plot.current_x, 36, f"{use or _('your use')}: {format_count(plot.tokens)}", "middle"),
        _draw_text("", (left + right) / 2, cost_plot.HEIGHT - 2, _("Tokens per month"), "middle"),
        _draw_text("", 0, 14, _("Dollars per month")),
    ]
    if plot.current_y is not None:
        parts.append(format_html('<circle class="now" cx="{}" cy="{}" r="5"/>', plot.current_x, plot.current_y))
    if plot.break_even_x is not None and plot.break_even:
        offset = -8 if plot.break_even_x > right - 140 else 8  # the label is up to 130 wide
        label = _("break-even at %s") % format_count(plot.break_even)
        parts += [
            _draw_line("rule", plot.break_even_x, plot.break_even_x, plot.own_y, bottom),
            format_html('<circle class="you" cx="{}" cy="{}" r="6"/>', plot.break_even_x, plot.own_y),
            _draw_text("callout", plot.break_even_x + offset, bottom - 10, label, "end" if offset < 0 else "start"),
        ]
    title = _("Cost per month by tokens per month, both axes logarithmic")
    return format_html(SVG, css_class, right + 20, cost_plot.HEIGHT, "img", title, _join(parts))


def _draw_cheaper_sides(plot: CostPlot) -> SafeString:
    """Shade the token volumes at which the API is cheaper, and those at which self-hosting is cheaper."""
    if plot.break_even_x is None:
        return _join([])
    html = '<rect class="{}" x="{}" y="{}" width="{}" height="{}" fill-opacity="0.04"/>'
    height = cost_plot.BOTTOM - cost_plot.TOP
    sides = (("a", cost_plot.LEFT, plot.break_even_x), ("b", plot.break_even_x, plot.right))
    return _join([format_html(html, side, x, cost_plot.TOP, round(end - x, 1), height) for side, x, end in sides])


@register.simple_tag
def draw_scaling_plot(plot: ScalingPlot) -> SafeString:
    """Return the plot of models by parameters and training tokens."""
    parts = [_draw_axes(plot.x, plot.y, lambda tokens: format_count(round(tokens)))]
    for line in plot.compute_lines:
        parts.append(format_html('<path class="rule" d="{}"/>', line.path))
        exponent = f"{line.compute:.0e}".partition("e+")[2].lstrip("0")
        parts.append(_draw_text("", line.x + 4, line.y + 36, "10" + exponent.translate(SUPERSCRIPTS)))
    parts.append(format_html('<path class="line other" d="{}"/>', plot.rule_path))
    if plot.rule_path:
        x, y = plot.rule_end
        transform = f"translate({x:g} {y:g}) rotate({plot.rule_angle:.1f})"
        html = '<text class="b" transform="{}" x="-24" y="20" text-anchor="end">{}</text>'
        parts.append(format_html(html, transform, _("20 tokens per parameter")))
    parts += [_draw_model(dot) for dot in plot.dots]
    if plot.plan_position is not None:
        x, y = plot.plan_position
        parts.append(format_html('<circle class="you" cx="{}" cy="{}" r="9"/>', x, y))
        distance = scaling_plot.LABEL_DISTANCE * (-1 if plot.plan_label == "end" else 1)
        parts.append(_draw_text("callout", x + distance, y + 4, _("this run"), plot.plan_label))
    middle = (scaling_plot.LEFT + scaling_plot.RIGHT) / 2
    parts.append(_draw_text("", middle, scaling_plot.HEIGHT - 4, _("Parameters"), "middle"))
    parts.append(_draw_text("", 0, 14, _("Training tokens")))
    title = _("Parameters and training tokens of models, both axes logarithmic")
    return format_html(SVG, "calc-plot", scaling_plot.WIDTH, scaling_plot.HEIGHT, "group", title, _join(parts))


@register.simple_tag
def draw_ratios(ratios: Sequence[tuple[Any, float]]) -> SafeString:
    """Return the tokens per parameter of two training runs as marks on one logarithmic axis."""
    axis = build_axis([ratio for _label, ratio in ratios], 30, RATIOS_END)
    parts = [_draw_line("rule", axis.start, axis.end, 60, 60)]
    for position, value in axis.ticks:
        parts.append(_draw_text("", position, 90, f"{value:,g}", "middle"))
    for (label, ratio), side, y in zip(ratios, "ab", (16, 40), strict=True):
        x = axis.place(ratio)
        parts.append(_draw_line("grid", x, x, y, 60))
        parts.append(format_html('<circle class="{}" cx="{}" cy="60" r="7"/>', side, x))
        is_left = x < RATIOS_END / 2
        anchor, distance = ("start", 10) if is_left else ("end", -10)
        parts.append(_draw_text(side, x + distance, y, f"{label} {times(ratio)}", anchor))
    title = _("Tokens per parameter, logarithmic")
    return format_html(SVG, "calc-plot", RATIOS_END + 40, 96, "img", title, _join(parts))


def _draw_model(dot: ModelDot) -> SafeString:
    x = dot.x + (-1 if dot.label == "end" else 1) * scaling_plot.LABEL_DISTANCE
    label = _draw_text("", x, dot.y + 4, dot.model.name, dot.label) if dot.label else ""
    run = f"{format_count(round(dot.model.training.params))}, {format_count(round(dot.model.training.tokens))}"
    html = '<a href="{}"><title>{}: {}</title><circle class="{}" cx="{}" cy="{}" r="5"/>{}</a>'
    css_class = "dot mix" if dot.model.total else "dot"
    link = reverse("model-page", args=[dot.model.slug])
    return format_html(html, link, dot.model.name, run, css_class, dot.x, dot.y, label)


def _draw_axes(x: LogAxis, y: LogAxis, format_value: Callable[[float], str]) -> SafeString:
    parts = []
    for position, value in x.ticks:
        parts.append(_draw_line("grid", position, position, y.end, y.start))
        parts.append(_draw_text("", position, y.start + 18, format_count(round(value)), "middle"))
    for position, value in y.ticks:
        parts.append(_draw_line("grid", x.start, x.end, position, position))
        parts.append(_draw_text("", x.start - 8, position + 4, format_value(value), "end"))
    return _join(parts)


def _draw_line(css_class: str, x1: float, x2: float, y1: float, y2: float) -> SafeString:
    return format_html('<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>', css_class, x1, x2, y1, y2)


def _draw_text(css_class: str, x: float, y: float, text: str, anchor: str = "start") -> SafeString:
    html = '<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>'
    return format_html(html, css_class, f"{x:g}", f"{y:g}", anchor, text)


def _join(parts: list[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))
