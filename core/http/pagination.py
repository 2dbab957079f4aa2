"""Long lists, page by page: a cursor holds the place of the last row, so any page costs what the first does."""

import re

from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

MAX_PAGE_SIZE = 100
PAGE_SIZE_PATTERN = re.compile(r"0*[1-9][0-9]{0,18}")


class StrictCursorPagination(CursorPagination):
    """Whoever wants more than `MAX_PAGE_SIZE` at once gets so many."""

    page_size = max_page_size = MAX_PAGE_SIZE
    page_size_query_param = "page_size"
    invalid_cursor_message = "There is no such page: cursor is what the address of the next page says."

    def get_page_size(self, request: Request) -> int | None:
        """Raises ValidationError for what is no size, where DRF would take the usual one."""
        written = request.query_params.get(self.page_size_query_param) or str(self.page_size)
        if not PAGE_SIZE_PATTERN.fullmatch(written):
            rule = f"This is a whole number from 1 on; more than {MAX_PAGE_SIZE} means {MAX_PAGE_SIZE}."
            raise ValidationError({self.page_size_query_param: [rule]})
        return min(int(written), MAX_PAGE_SIZE)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """A cursor is made by us, but sent by anybody: DRF would hand any text to the database."""
        cursor: Cursor | None = super().decode_cursor(request)
        if cursor and cursor.position is not None and not self.holds(str(cursor.position)):
            raise NotFound(self.invalid_cursor_message)
        return cursor

    def holds(self, position: str) -> bool:
        raise NotImplementedError


class SlugPagination(StrictCursorPagination):
    ordering = "slug"

    def holds(self, position: str) -> bool:
        return "\0" not in position


class NewestFirstPagination(StrictCursorPagination):
    """Of what has a time at which it was made, such as battles."""

    ordering = ("-created_at", "-id")

    def holds(self, position: str) -> bool:
        try:
            at = parse_datetime(position)
        except ValueError:
            return False
        return at is not None and at.tzinfo is not None
