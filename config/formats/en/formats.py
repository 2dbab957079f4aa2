"""The admin shows times by these; the other pages say by themselves how."""

DATETIME_FORMAT = "j M Y, H:i:s e"  # with its zone, which is UTC
