"""Matches names of models to the catalog."""
