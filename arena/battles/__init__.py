"""Battles from the first question to the vote, and what happens to them afterwards."""
