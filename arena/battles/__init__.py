"""Battles from the first question to the vote, and everything after it: feedback, sharing, history, deletion."""
