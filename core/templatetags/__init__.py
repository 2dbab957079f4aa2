"""Template filters for numbers."""
