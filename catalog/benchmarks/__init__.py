"""Benchmark scores: which are comparable, rankings, and tables."""
