"""Admin pages for battles, votes, voters, endpoints, and API keys."""

from arena.admin import api_keys, battles, endpoints, overview

__all__ = ["api_keys", "battles", "endpoints", "overview"]
