"""Date and time formats of the admin. Other pages specify their own formats."""

DATETIME_FORMAT = "M j, Y, H:i:s e"  # times are in UTC
