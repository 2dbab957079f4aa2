"""Descriptions of the filters of a board, for pages whose form is folded away."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.text.number_format import format_count
from ratings.web.leaderboard.filters import BoardView

WEIGHTS_LABELS = {"open": gettext_lazy("open"), "closed": gettext_lazy("closed")}
COMMERCIAL_LABELS = {
    "yes": gettext_lazy("commercial use allowed"),
    "conditional": gettext_lazy("commercial use allowed (incl. with conditions)"),
}


def describe_filters(view: BoardView) -> Iterator[str]:
    """Yield a short text for each filter that is set."""
    if view.text:
        yield f"“{view.text}”"
    labels = (WEIGHTS_LABELS.get(view.weights), COMMERCIAL_LABELS.get(view.commercial), view.organization)
    yield from (str(label) for label in labels if label)
    if view.size_min is not None:
        yield _("from %(size)s parameters") % {"size": format_count(int(view.size_min))}
    if view.size_max is not None:
        yield _("up to %(size)s parameters") % {"size": format_count(int(view.size_max))}
    if view.price_max is not None:
        yield _("up to $%(price)s") % {"price": f"{view.price_max:.6g}"}
    if view.context_min is not None:
        yield _("context from %(tokens)s") % {"tokens": f"{view.context_min:,.0f}"}
    if view.released_after:
        yield _("released since %(day)s") % {"day": view.released_after.isoformat()}
