"""Text for the plot of ratings against prices or speeds."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ratings.reports.frontier import PRICE, SPEED

Text = str | Promise


@dataclass(frozen=True)
class FrontierAxis:
    """The text on the plot for one axis.

    title: the heading of the section.
    origin: the source of the figures.
    dominated: the reason why a model is not on the frontier.
    label: the label of the axis.
    readout: the text about a mark, with placeholders.
    missing: the text that replaces the plot if there are too few models.
    column: the heading of the figures in the table.
    unknown: the reason why a model without a figure is omitted.
    """

    title: Text
    origin: Text
    dominated: Text
    label: Text
    readout: Text
    missing: Text
    column: Text
    unknown: Text


AXIS_TEXTS = {
    PRICE: FrontierAxis(
        title=_("Best models for the price"),
        origin=_("Prices are in US dollars per million tokens, blended 3:1 (input to output)."),
        dominated=_("outperformed by a model that costs no more"),
        label=_("Dollars per million tokens (logarithmic)"),
        readout=_("{name}|{about}|{rating} · rank {rank}|{figure} per million tokens ({month})"),
        missing=_("Fewer than two models on this board have a known price, so there is no plot."),
        column=_("Price"),
        unknown=_("Omitted (price unknown):"),
    ),
    SPEED: FrontierAxis(
        title=_("Best models at each speed"),
        origin=_("Speeds are measured in the battles on this site, over a 30-day window ending two days ago."),
        dominated=_("outperformed by a model that is at least as fast"),
        label=_("Tokens per second (logarithmic)"),
        readout=_("{name}|{about}|{rating} · rank {rank}|{figure} tokens per second"),
        missing=_("Fewer than two models on this board have a measured speed, so there is no plot."),
        column=_("Tokens per second"),
        unknown=_("Omitted (speed not measured):"),
    ),
}
EXCLUSION_TEXTS = {
    "unconnected": _("Omitted (not connected to the others by a chain of votes):"),
    "unbounded": _("Omitted (interval with an open end):"),
    "unranked": _("Omitted (too few votes for a rank):"),
}
