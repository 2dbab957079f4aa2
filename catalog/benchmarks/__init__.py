"""Benchmark scores: comparability, rankings, and a table of models."""
