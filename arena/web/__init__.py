"""Pages of the arena."""
