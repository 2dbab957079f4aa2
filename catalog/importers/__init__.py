"""Importers that turn files and packages into facts, prices, and scores."""
