"""Calculators for a model's total cost and for scaling laws."""
