"""Shared code that all apps need."""
