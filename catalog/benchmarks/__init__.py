"""Benchmark scores: comparability, rankings, and the table of models."""
