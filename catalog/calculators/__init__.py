"""Calculators for the total cost of a model and for scaling laws."""
