"""A board in words: its category, and what makes it differ from the usual board."""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from ratings.boards.snapshots import ELO, BoardKey
from ratings.models import Category, format_category_name


def describe_board(asked: BoardKey, categories: Iterable[Category], filters: Iterable[str] = ()) -> str:
    """The same as `join_description`, with the name that the category has among these."""
    names = {each.slug: each.name for each in categories}
    return join_description(asked, names.get(asked.category) or format_category_name(asked.category), filters)


def join_description(asked: BoardKey, category: str, filters: Iterable[str] = ()) -> str:
    """The category by its name, and all that differs from the usual board. filters: those of a page, in words."""
    return " · ".join([category, *_iter_options(asked), *filters])


def _iter_options(asked: BoardKey) -> Iterator[str]:
    if asked.style_control:
        yield _("style control")
    if asked.method == ELO:
        yield _("Elo")
    if asked.at:
        yield _("as of %(time)s UTC") % {"time": f"{asked.at:%Y-%m-%d %H:%M}"}
