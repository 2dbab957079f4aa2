"""What texts tell: topics, languages, style, and whether a vote counts."""
