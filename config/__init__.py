"""Wires the apps together: settings, urls, processes."""

from config.celery import app

__all__ = ["app"]
