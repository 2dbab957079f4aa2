"""REST API of the arena, and its document."""
