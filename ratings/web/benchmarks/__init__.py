"""The list of benchmarks, and the page that compares a benchmark with human votes."""
