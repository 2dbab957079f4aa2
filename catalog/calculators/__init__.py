"""Calculators: total cost of a model, and scaling laws."""
