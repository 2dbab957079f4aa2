"""Formats of times in the admin. The other pages give their own."""

DATETIME_FORMAT = "M j, Y, H:i:s e"  # with its zone, which is UTC
