"""Boards as they were published, for all who read them."""
