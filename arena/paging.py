"""Battles, page by page."""

from django.utils.dateparse import parse_datetime

from catalog.paging import Pages


class Newest(Pages):
    ordering = ("-created_at", "-id")

    def holds(self, position: str) -> bool:
        try:
            at = parse_datetime(position)
        except ValueError:
            return False
        return at is not None and at.tzinfo is not None
