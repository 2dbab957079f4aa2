"""Cursor pagination. A cursor contains the position of a row, not a page number, so all pages are equally fast."""

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
    """Pages of at most `MAX_PAGE_SIZE` rows. A larger `page_size` is reduced to this maximum."""

    page_size = max_page_size = MAX_PAGE_SIZE
    page_size_query_param = "page_size"
    invalid_cursor_message = "No such page. Use the URL in `next` or `previous`."

    def get_page_size(self, request: Request) -> int | None:
        """Return the page size. Raises ValidationError for an invalid one, where DRF would use the default."""
        text = request.query_params.get(self.page_size_query_param) or str(self.page_size)
        if not PAGE_SIZE_PATTERN.fullmatch(text):
            rule = f"Enter a positive whole number. Values above {MAX_PAGE_SIZE} are reduced to {MAX_PAGE_SIZE}."
            raise ValidationError({self.page_size_query_param: [rule]})
        return min(int(text), MAX_PAGE_SIZE)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Return the cursor, if any. Raises NotFound for an invalid position, which DRF would pass to the database."""
        cursor: Cursor | None = super().decode_cursor(request)
        if cursor and cursor.position is not None and not self.is_valid_position(str(cursor.position)):
            raise NotFound(self.invalid_cursor_message)
        return cursor

    def is_valid_position(self, position: str) -> bool:
        raise NotImplementedError

    def render_page(self, rows: Any, request: Request, schema: type[Serializer[Any]]) -> Response:
        """Return the requested page of these rows. `schema` renders each row."""
        page: Any = self.paginate_queryset(rows, request)
        return self.get_paginated_response(schema(page, many=True).data)


class SlugPagination(StrictCursorPagination):
    ordering = "slug"

    def is_valid_position(self, position: str) -> bool:
        return "\0" not in position


class NewestFirstPagination(StrictCursorPagination):
    """Sorts rows by creation time, newest first."""

    ordering = ("-created_at", "-id")

    def is_valid_position(self, position: str) -> bool:
        try:
            time = parse_datetime(position)
        except ValueError:
            return False
        return time is not None and time.tzinfo is not None
