"""REST API for boards, votes, and choices."""
