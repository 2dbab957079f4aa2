"""The pattern for slugs in URLs and files."""

import re

SLUG_PATTERN = re.compile(r"(?=.*[a-z0-9])[a-z0-9.-]{1,200}")  # `.` and `..` have a special meaning in URLs
