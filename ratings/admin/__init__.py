"""Admin pages of pools and boards."""

from ratings.admin import boards

__all__ = ["boards"]
