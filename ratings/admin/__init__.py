"""Admin pages for pools, categories, and boards."""

from ratings.admin import boards

__all__ = ["boards"]
