"""Pages that compare ratings and benchmarks."""
