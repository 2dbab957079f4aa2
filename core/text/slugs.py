"""The pattern of slugs, the names in URLs and files. Pure."""

import re

SLUG_PATTERN = re.compile(r"(?=.*[a-z0-9])[a-z0-9.-]{1,200}")  # `.` and `..` have another meaning in URLs
