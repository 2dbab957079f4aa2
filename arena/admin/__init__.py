"""Admin pages of the arena."""

from arena.admin import api_keys, battles, endpoints

__all__ = ["api_keys", "battles", "endpoints"]
