"""Admin pages for pools, categories, boards, and exclusions, plus tiles for the admin index page."""

from ratings.admin import boards, exclusions, overview

__all__ = ["boards", "exclusions", "overview"]
