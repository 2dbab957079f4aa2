"""Shared code that every app needs."""
