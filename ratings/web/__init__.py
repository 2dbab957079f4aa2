"""Pages for ratings."""
