"""Texts and numbers: parsed, formatted, measured."""
