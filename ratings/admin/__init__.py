"""Admin pages for pools, categories, and boards."""

from ratings.admin import boards, overview

__all__ = ["boards", "overview"]
