"""Reads and writes files record by record."""
