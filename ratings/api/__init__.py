"""REST API of the ratings."""
