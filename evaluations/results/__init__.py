"""Results: boards, agreement, and files."""
