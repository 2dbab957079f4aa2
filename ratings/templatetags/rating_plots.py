"""Template tags that draw SVG plots: ratings against prices (see `ratings.choice.price_plot`), and the win curve."""

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.templatetags.strips import format_tick
from core.text.number_format import format_dollars, format_rounded
from ratings.boards.differences import compute_win_chance
from ratings.choice.price_plot import PriceDot, PricePlot

register = template.Library()
# The grid uses the coordinates of `ratings.choice.price_plot`.
PRICE_SVG = '<svg class="calc-plot" viewBox="0 0 720 290" role="group"><title>{}</title>{}</svg>'
# The coordinates of the win curve, which `static/js/ratings/method_curve.js` also uses.
CURVE_LEFT = 16
CURVE_BOTTOM = 170
CURVE_WIDTH = 608
CURVE_HEIGHT = 150
MAX_LEAD = 400
MARKED_LEADS = (100, 200, 400)
CURVE_SVG = (
    '<svg viewBox="0 -8 640 230" role="img" aria-label="{}"><path class="grid" d="M0 20H640M0 95H640M0 170H640"/>'
    '<path d="{}"/><g class="guide" hidden><path class="grid"/><circle r="7"/>'
    '<text y="142"/></g>{}</svg>'
)


@register.simple_tag
def draw_price_plot(plot: PricePlot) -> SafeString:
    """Return the plot of the matching models as SVG."""
    rating_tick = '<path class="grid" d="M60 {0}H700"/><text x="52" y="{0}" dy="4" text-anchor="end">{1}</text>'
    price_tick = '<path class="grid" d="M{0} 16V252"/><text x="{0}" y="276" text-anchor="middle">{1}</text>'
    parts = [
        format_html('<text y="12">{}</text>', _("Rating")),
        format_html_join("", rating_tick, plot.y_ticks),
        format_html_join("", price_tick, plot.x_ticks),
        format_html('<path class="others" d="{}"/><path class="line" d="{}"/>', plot.others_path, plot.frontier_path),
        *(_draw_dot(dot, is_best=dot.y == min(each.y for each in plot.dots)) for dot in plot.dots),
    ]
    title = _("Rating and price of the matching models")
    return format_html(PRICE_SVG, title, format_html_join("", "{}", ((part,) for part in parts)))


def _draw_dot(dot: PriceDot, *, is_best: bool) -> SafeString:
    model = dot.model.candidate
    label = format_html(
        '<text class="callout" x="{}" y="{}" text-anchor="{}">{}</text>',
        dot.label_x,
        dot.label_y,
        dot.anchor,
        model.name,
    )
    return format_html(
        '<a href="{}"><title>{}: {}, {}</title><circle class="now" cx="{}" cy="{}" r="{}"/>{}</a>',
        reverse("model-page", args=[model.slug]),
        model.name,
        format_rounded(model.rating or 0),
        "" if dot.model.price is None else format_dollars(dot.model.price),
        dot.x,
        dot.y,
        8 if is_best else 5,
        label if dot.anchor else "",
    )


@register.simple_tag
def draw_win_curve() -> SafeString:
    """Return an SVG curve of the predicted vote share for each rating lead."""
    points = (_place_lead(lead) for lead in range(0, MAX_LEAD + 1, 20))
    marks = [(*_place_lead(lead), f"{100 * compute_win_chance(lead):.0f}%") for lead in MARKED_LEADS]
    leads = range(0, MAX_LEAD, 100)
    ticks = [(_place_lead(lead)[0], ("+" if lead > 0 else "") + format_tick(lead)) for lead in leads]
    shares = [(_place_share(share / 100) - 6, f"{share}%") for share in (50, 75, 100)]
    mark_labels = [(round(x - 8, 1), round(y - 6, 1), text) for x, y, text in marks]
    parts = (
        format_html_join("", '<circle cx="{}" cy="{}" r="4"/>', ((x, y) for x, y, _text in marks)),
        format_html_join("", '<text class="end" x="{}" y="{}">{}</text>', mark_labels),
        format_html_join("", '<text x="{}" y="192">{}</text>', ticks),
        format_html_join("", '<text class="end" x="640" y="{}">{}</text>', shares),
        format_html('<text x="0" y="14" text-anchor="start">{}</text>', _("Share of votes")),
        format_html('<text class="end" x="640" y="192">+{}</text>', MAX_LEAD),
        format_html('<text x="320" y="216">{}</text>', _("Lead in points")),
    )
    label = _("A lead of 100 points means 64% of the votes, 200 points 76%, and 400 points 91%.")
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    return format_html(CURVE_SVG, label, path, format_html_join("", "{}", ((part,) for part in parts)))


def _place_lead(lead: float) -> tuple[float, float]:
    """Return the coordinates of the point on the curve at this lead."""
    return round(CURVE_LEFT + lead / MAX_LEAD * CURVE_WIDTH, 1), _place_share(compute_win_chance(lead))


def _place_share(share: float) -> float:
    """Return the y coordinate of a share. The axis begins at one half."""
    return round(CURVE_BOTTOM - CURVE_HEIGHT * (2 * share - 1), 1)
