"""The REST API of boards, votes, and choices."""
