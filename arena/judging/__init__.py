"""Analyzes the texts of battles: topics, languages, style, identity leaks, and whether a vote counts."""
