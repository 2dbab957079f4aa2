"""Matches model names to the catalog."""
