"""Long lists, page by page: a cursor holds the place of the last row, so any page costs what the first does."""

from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

MOST = 100


class Pages(CursorPagination):
    """Whoever wants more than `MOST` at once gets so many."""

    page_size = max_page_size = MOST
    page_size_query_param = "page_size"

    def decode_cursor(self, request: Request) -> Cursor | None:
        """A cursor is made by us, but sent by anybody: DRF would hand any text to the database."""
        cursor: Cursor | None = super().decode_cursor(request)
        if cursor and cursor.position is not None and not self.holds(str(cursor.position)):
            raise NotFound(self.invalid_cursor_message)
        return cursor

    def holds(self, position: str) -> bool:
        raise NotImplementedError


class BySlug(Pages):
    ordering = "slug"

    def holds(self, position: str) -> bool:
        return "\0" not in position
