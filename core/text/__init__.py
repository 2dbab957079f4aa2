"""Parsing, formatting, and measuring text and numbers."""
