"""Admin pages for battles, votes, voters, contestants, endpoints, and API keys."""

from arena.admin import api_keys, battles, contestants, endpoints, overview

__all__ = ["api_keys", "battles", "contestants", "endpoints", "overview"]
