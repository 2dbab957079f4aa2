"""How lists of the API are cut into pages."""

from rest_framework.pagination import CursorPagination


class BySlug(CursorPagination):
    ordering = "slug"
    page_size = max_page_size = 100
    page_size_query_param = "page_size"
