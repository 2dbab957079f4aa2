"""Figures and comparisons that pages and the API share."""
