"""Analyzes battle text: topics, languages, style, identity leaks, and whether a vote counts.

An *identity probe* is a question that asks which model answers, and a *leak* is an answer that tells it. (The probes in
`arena.endpoints` are Arena's own questions, which test whether an endpoint answers.)

Except for `vote_rules`, these modules do not import Django, read only the word lists in `arena/data`, and take linear
time in the length of the text.
"""
