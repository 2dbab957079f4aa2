"""What was chosen of a board, in words, for a reader who does not see the form."""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.figures import count
from ratings.board_view import View
from ratings.models import Category
from ratings.snapshots import ELO, Asked

WEIGHTS = {"open": gettext_lazy("open"), "closed": gettext_lazy("closed")}
COMMERCIAL = {
    "yes": gettext_lazy("commercial use"),
    "conditional": gettext_lazy("commercial use, or with conditions"),
}


def chosen(asked: Asked, category: str, view: View) -> str:
    """The category by its name, and all that differs from the usual board."""
    return " · ".join([category, *_board(asked), *_filters(view)])


def of_category(asked: Asked, categories: Iterable[Category], view: View | None = None) -> str:
    names = {each.slug: each.name for each in categories}
    return chosen(asked, names.get(asked.category) or asked.category.replace("-", " ").capitalize(), view or View())


def _board(asked: Asked) -> Iterator[str]:
    if asked.style_control:
        yield _("style control")
    if asked.method == ELO:
        yield _("Elo")
    if asked.at:
        yield _("as of %(time)s UTC") % {"time": f"{asked.at:%Y-%m-%d %H:%M}"}


def _filters(view: View) -> Iterator[str]:
    if view.text:
        yield f"“{view.text}”"
    named = (WEIGHTS.get(view.weights), COMMERCIAL.get(view.commercial), view.organization)
    yield from (str(each) for each in named if each)
    if view.size_min is not None:
        yield _("from %(size)s parameters") % {"size": count(int(view.size_min))}
    if view.size_max is not None:
        yield _("up to %(size)s parameters") % {"size": count(int(view.size_max))}
    if view.price_max is not None:
        yield _("up to $%(price)s") % {"price": f"{view.price_max:.6g}"}
    if view.context_min is not None:
        yield _("context from %(tokens)s") % {"tokens": f"{view.context_min:,.0f}"}
    if view.released_after:
        yield _("released since %(day)s") % {"day": view.released_after.isoformat()}
