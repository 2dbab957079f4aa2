"""Cursor pagination of long lists. A cursor has the position of the last row, so every page costs the same."""

import re
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

MAX_PAGE_SIZE = 100
PAGE_SIZE_PATTERN = re.compile(r"0*[1-9][0-9]{0,18}")


class StrictCursorPagination(CursorPagination):
    """Pages of at most `MAX_PAGE_SIZE` rows; a larger `page_size` is reduced to that."""

    page_size = max_page_size = MAX_PAGE_SIZE
    page_size_query_param = "page_size"
    invalid_cursor_message = "No such page. Take the cursor from the address of the next page."

    def get_page_size(self, request: Request) -> int | None:
        """Raises ValidationError for an invalid size, where DRF would use the default."""
        text = request.query_params.get(self.page_size_query_param) or str(self.page_size)
        if not PAGE_SIZE_PATTERN.fullmatch(text):
            rule = f"This must be a whole number of at least 1; more than {MAX_PAGE_SIZE} means {MAX_PAGE_SIZE}."
            raise ValidationError({self.page_size_query_param: [rule]})
        return min(int(text), MAX_PAGE_SIZE)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Raises NotFound for an invalid position. Anybody can send a cursor, and DRF passes it to the database."""
        cursor: Cursor | None = super().decode_cursor(request)
        if cursor and cursor.position is not None and not self.is_valid_position(str(cursor.position)):
            raise NotFound(self.invalid_cursor_message)
        return cursor

    def is_valid_position(self, position: str) -> bool:
        raise NotImplementedError

    def render_page(self, rows: Any, request: Request, schema: type[Serializer[Any]]) -> Response:
        """The page of these rows that the request names; each row is rendered by `schema`."""
        page: Any = self.paginate_queryset(rows, request)
        return self.get_paginated_response(schema(page, many=True).data)


class SlugPagination(StrictCursorPagination):
    ordering = "slug"

    def is_valid_position(self, position: str) -> bool:
        return "\0" not in position


class NewestFirstPagination(StrictCursorPagination):
    """For rows with a time of creation, such as battles."""

    ordering = ("-created_at", "-id")

    def is_valid_position(self, position: str) -> bool:
        try:
            time = parse_datetime(position)
        except ValueError:
            return False
        return time is not None and time.tzinfo is not None
