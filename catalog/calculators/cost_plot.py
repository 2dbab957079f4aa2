"""The plot of a cost comparison: the monthly cost of both options by tokens per month.

This module does not use Django.
"""

from dataclasses import dataclass
from functools import cached_property

from catalog.calculators.cost import CostComparison
from catalog.calculators.log_plot import LogAxis, build_axis, build_path

HEIGHT = 300
LEFT, RIGHT, TOP, BOTTOM = 72, 700, 44, 260
NARROW_RIGHT = 340  # for phones, so that the text is not scaled down
STEPS = 49
MAX_COST_RATIO = 1000  # the API's line is cut off where its cost is this many times higher or lower than self-hosting
AXIS_MARGIN = 30.0  # the axis extends by at least this factor beyond the current use and the break-even point


@dataclass(frozen=True)
class CostPlot:
    """Costs in dollars per month, with one-time costs spread over the compared months.

    tokens: the current number of tokens per month.
    break_even: the number of tokens per month at which both options cost the same, or None if there is none.
    api_fixed_cost, api_token_cost: the cost of the API without tokens, and the cost of the current tokens.
    own_cost: the cost of self-hosting, which does not depend on the tokens as long as there are enough GPUs.
    right: the right end of the horizontal axis.
    """

    tokens: int
    break_even: int | None
    api_fixed_cost: float
    api_token_cost: float
    own_cost: float
    right: int = RIGHT

    def compute_api_cost(self, tokens: float) -> float:
        return self.api_fixed_cost + self.api_token_cost * tokens / self.tokens

    @cached_property
    def x(self) -> LogAxis:
        marks = [float(mark) for mark in (self.tokens, self.break_even) if mark]
        return build_axis(marks, LEFT, self.right, AXIS_MARGIN)

    @cached_property
    def y(self) -> LogAxis:
        lowest = max(self.compute_api_cost(self.x.low), self.own_cost / MAX_COST_RATIO)
        highest = min(self.compute_api_cost(self.x.high), self.own_cost * MAX_COST_RATIO)
        return build_axis([lowest, highest, self.own_cost], BOTTOM, TOP)

    @property
    def api_path(self) -> str:
        costs = [(tokens, self.compute_api_cost(tokens)) for tokens in self.x.list_values(STEPS)]
        visible = [(tokens, cost) for tokens, cost in costs if self.y.low <= cost <= self.y.high]
        return build_path((self.x.place(tokens), self.y.place(cost)) for tokens, cost in visible)

    @property
    def api_start_y(self) -> float:
        """The vertical position of the left end of the API's line."""
        return self.y.place(max(self.y.low, self.compute_api_cost(self.x.low)))

    @property
    def own_y(self) -> float:
        return self.y.place(self.own_cost)

    @property
    def break_even_x(self) -> float | None:
        """The horizontal position of the break-even point, or None."""
        return self.x.place(self.break_even) if self.break_even else None

    @property
    def current_x(self) -> float:
        """The horizontal position of the current number of tokens."""
        return self.x.place(self.tokens)

    @property
    def current_y(self) -> float | None:
        """The vertical position of the API's cost for the current tokens, or None if it is outside the plot."""
        cost = self.compute_api_cost(self.tokens)
        return self.y.place(cost) if self.y.low <= cost <= self.y.high else None


def build_cost_plot(comparison: CostComparison) -> CostPlot | None:
    """Return the plot, or None if an option has no cost or the API's tokens are free."""
    api, own = comparison.api, comparison.own
    if api is None or own is None:
        return None
    months = comparison.months
    token_cost = float(api.monthly.get("tokens", 0))
    own_cost = float(own.compute_total(months)) / months
    if not token_cost or not own_cost:
        return None
    return CostPlot(
        tokens=comparison.use.tokens,
        break_even=comparison.break_even.tokens if comparison.break_even else None,
        api_fixed_cost=float(api.compute_total(months)) / months - token_cost,
        api_token_cost=token_cost,
        own_cost=own_cost,
    )
