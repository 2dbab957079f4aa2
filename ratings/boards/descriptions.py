"""Short descriptions of boards: the category and every option that differs from the default."""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from ratings.boards.snapshots import ELO, BoardKey
from ratings.models import Category, format_category_name


def describe_board(board_key: BoardKey, categories: Iterable[Category], filters: Iterable[str] = ()) -> str:
    """Return the description of a board, with the category's name from these categories."""
    names = {category.slug: category.name for category in categories}
    return join_description(
        board_key, names.get(board_key.category) or format_category_name(board_key.category), filters
    )


def join_description(board_key: BoardKey, category: str, filters: Iterable[str] = ()) -> str:
    """Return the category's name, the options of the board that differ from the default, and the filters of a page."""
    return " · ".join([category, *_iter_options(board_key), *filters])


def _iter_options(board_key: BoardKey) -> Iterator[str]:
    if board_key.style_control:
        yield _("style control")
    if board_key.method == ELO:
        yield _("Elo")
    if board_key.at:
        yield _("as of %(time)s UTC") % {"time": f"{board_key.at:%Y-%m-%d %H:%M}"}
