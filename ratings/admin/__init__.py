"""Admin pages for pools, categories, boards, and exclusions, and the figures of the admin home page."""

from ratings.admin import boards, exclusions, overview

__all__ = ["boards", "exclusions", "overview"]
