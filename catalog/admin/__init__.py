"""Admin pages for the catalog."""

from catalog.admin import benchmarks, facts, models, submissions

__all__ = ["benchmarks", "facts", "models", "submissions"]
