"""Importers: outside files and packages become facts, prices and scores."""
