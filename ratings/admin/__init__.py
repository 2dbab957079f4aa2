"""Admin pages for pools, categories, boards, and exclusions."""

from ratings.admin import boards, exclusions

__all__ = ["boards", "exclusions"]
