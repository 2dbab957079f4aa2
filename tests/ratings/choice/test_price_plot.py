"""The plot of matching models by price and rating."""

import re
from decimal import Decimal

import pytest

from catalog.calculators.cost_model import ApiPrices
from ratings.choice.limits import Candidate, Limits
from ratings.choice.price_plot import BOTTOM, LEFT, RIGHT, TOP, build_price_plot
from ratings.choice.shortlist import build_shortlist
from ratings.templatetags.rating_plots import draw_price_plot, draw_win_curve


def plotted(*models, named=()):
    """Return the plot of models, each with a slug, a rating, and a price."""
    candidates = [
        Candidate(slug, slug, 1, rating, prices=ApiPrices(Decimal(price), Decimal(price)))
        for slug, rating, price in models
    ]
    return build_price_plot(build_shortlist(candidates, Limits()).survivors, named)


MODELS = (("cheap", 1000.0, "0.1"), ("good", 1200.0, 1), ("dear", 1100.0, 5), ("best", 1300.0, 10))


def test_line_joins_the_models_that_no_cheaper_one_exceeds():
    plot = plotted(*MODELS)
    assert [dot.model.candidate.slug for dot in plot.dots] == ["cheap", "good", "best"]
    assert plot.frontier_path.count("L") == 5
    assert plot.others_path.count("M") == 1


def test_equal_prices_and_ratings_have_one_dot_on_the_line():
    plot = plotted(("a", 1000.0, 1), ("b", 1000.0, 1), ("c", 1000.0, 2))
    assert len(plot.dots) == 1
    assert plot.others_path.count("M") == 2


def test_named_models_are_drawn_with_names_that_do_not_overlap():
    plot = plotted(*MODELS, ("twin", 1299.0, "10.5"), named={"best", "twin", "dear"})
    labels = {dot.model.candidate.slug: dot for dot in plot.dots if dot.anchor}
    assert {*labels} == {"best", "twin", "dear"}
    assert abs(labels["best"].label_y - labels["twin"].label_y) >= 14 or labels["best"].anchor != labels["twin"].anchor


def test_name_that_would_cover_the_point_of_another_model_is_left_out():
    around = [(f"{price}-{rating}", rating, price) for price in ("3.9", "6.4") for rating in (1080.0, 1120.0)]
    for others, names in (([], {"dear"}), (around, set())):
        plot = plotted(*MODELS, *others, named={"dear"})
        assert {dot.model.candidate.slug for dot in plot.dots if dot.anchor} == names


def test_everything_is_inside():
    plot = plotted(*MODELS, named={"cheap", "best"})
    assert all(LEFT <= dot.x <= RIGHT and TOP <= dot.y <= BOTTOM for dot in plot.dots)
    assert all(LEFT <= place <= RIGHT for place, _ in plot.x_ticks)


@pytest.mark.parametrize(
    ("last", "texts"),
    [
        ("10", ["$0.10", "$0.20", "$0.50", "$1.00", "$2.00", "$5.00", "$10.00"]),
        ("1000", ["$0.10", "$1.00", "$10.00"]),
    ],
)
def test_ticks_are_round_prices(last, texts):
    plot = plotted(*MODELS[:3], ("best", 1300.0, last))
    assert [text for _, text in plot.x_ticks][: len(texts)] == texts


@pytest.mark.parametrize("models", [(), MODELS[:1], (*MODELS[:1], ("free", 900.0, 0))])
def test_few_prices_make_no_plot(models):
    assert plotted(*models) is None


def test_names_are_escaped():
    svg = draw_price_plot(plotted(*MODELS[:3], ("<b>", 1300.0, 10), named={"<b>"}))
    assert "&lt;b&gt;" in svg
    assert "<b>" not in svg


def test_curve_passes_through_the_marked_leads():
    svg = draw_win_curve()
    path = re.search(r'<path d="M([^"]*)"', svg).group(1).split("L")
    marks = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="4"', svg)
    assert {f"{float(x):g} {float(y):g}" for x, y in marks} <= {*path}
    assert re.findall(r">(\d+)%</text>", svg) == ["64", "76", "91", "50", "75", "100"]
