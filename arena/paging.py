"""Long lists come in pages, each with the address of the next one."""

from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request


class BySlug(CursorPagination):
    ordering = "slug"
    page_size = max_page_size = 100
    page_size_query_param = "page_size"

    def decode_cursor(self, request: Request) -> Cursor | None:
        cursor = super().decode_cursor(request)
        if cursor and "\0" in str(cursor.position):  # which no query can hold
            raise NotFound(self.invalid_cursor_message)
        return cursor
