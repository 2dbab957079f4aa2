"""The analysis of texts: topics, languages, style, leaks of identity, and whether a vote counts."""
