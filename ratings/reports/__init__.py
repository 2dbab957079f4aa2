"""Figures and comparisons of boards that pages and the API share."""
