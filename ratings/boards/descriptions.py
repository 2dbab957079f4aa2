"""Short descriptions of boards: the category, and all options that differ from the defaults."""

from collections.abc import Iterable, Iterator

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ratings.boards.snapshots import ELO, BoardKey
from ratings.models import Category, format_category_name


def describe_board(board_key: BoardKey, categories: Iterable[Category], filters: Iterable[str] = ()) -> str:
    """Return the category's name, the options that differ from the defaults, and the filters, as one string.

    The category's display name comes from `categories`.
    """
    names = {category.slug: category.name for category in categories}
    category_name = names.get(board_key.category) or format_category_name(board_key.category)
    return " · ".join([category_name, *_iter_options(board_key), *filters])


def _iter_options(board_key: BoardKey) -> Iterator[str]:
    if board_key.style_control:
        yield _("style control")
    if board_key.method == ELO:
        yield _("Elo")
    if board_key.at:
        yield _("as of %(time)s UTC") % {"time": date_format(board_key.at, "F j, Y, H:i")}
