"""Analyzes battle text: topics, languages, style, identity leaks, and whether a vote counts.

Except for `vote_rules`, these modules are pure and take linear time in the length of the text.
"""
