"""The calculators' pictures as SVG."""

from catalog.calculators.scaling_laws import TrainingRun
from catalog.calculators.scaling_plot import build_scaling_plot
from catalog.templatetags.calculator_plots import draw_cost_plot, draw_scaling_plot
from tests.arena.web.test_templates import Outline
from tests.catalog.calculators.test_plots import GPUS, USE, Run, plot


def test_cost_plot_marks_you_and_the_crossing():
    svg = draw_cost_plot(plot(**USE, **GPUS))
    assert "your use: 600M" in svg
    assert "break-even at 7.38B" in svg
    assert svg.count("<rect") == 2 * 2  # both sides of the break-even point, in the wide plot and in the narrow one
    assert ">$1K<" in svg
    assert "&lt;A&gt;: 600M" in draw_cost_plot(plot(**USE, **GPUS), "<A>")
    without_crossing = draw_cost_plot(plot(**USE, **GPUS, seats="1000", price_seat="90"))
    assert "break-even at" not in without_crossing
    assert "<rect" not in without_crossing


def test_scaling_plot_distinguishes_mixtures_of_experts():
    runs = [Run("a", "A", TrainingRun(7e9, 2e12)), Run("b", "B", TrainingRun(6e9, 1e12), total=42 * 10**9)]
    svg = draw_scaling_plot(build_scaling_plot(runs, None))
    assert [svg.count(f'class="{name}"') for name in ("dot", "dot mix")] == [1, 1]


def test_scaling_plot_links_models_and_escapes_their_names():
    model = Run("a-1", "<A>", TrainingRun(7e9, 2e12))
    svg = draw_scaling_plot(build_scaling_plot([model], TrainingRun(8e9, 15e12)))
    assert [link["href"] for link in Outline(svg).all("a")] == ["/models/a-1/"]
    assert "&lt;A&gt;: 7B, 2T" in svg
    assert ">10²³<" in svg
    assert "this run" in svg
    assert "this run" not in draw_scaling_plot(build_scaling_plot([model], None))
    chinchilla = draw_scaling_plot(build_scaling_plot([], TrainingRun(70e9, 1.4e12)))
    assert ["20 tokens per parameter" in picture for picture in (svg, chinchilla)] == [False, True]  # it is outside
