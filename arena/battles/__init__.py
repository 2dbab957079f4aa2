"""Battles from the first question to the vote, with feedback, sharing, history, and deletion."""
