"""Calculators: what a model costs, and scaling laws."""
