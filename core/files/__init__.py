"""Reads files record by record, and escapes formulas in CSV files."""
