"""Analyzes battle text: topics, languages, style, identity leaks, and whether a vote counts.

Except for `vote_rules`, these modules do no I/O, do not import Django, and take linear time in the length of the text.
"""
