"""Formats of times in the admin. The other pages give their own."""

DATETIME_FORMAT = "j M Y, H:i:s e"  # with its zone, which is UTC
