"""Default formats of values; Django finds them by the code of the language."""
