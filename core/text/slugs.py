"""The form of slugs, by which addresses and files name things. Pure."""

import re

SLUG_PATTERN = re.compile(r"(?=.*[a-z0-9])[a-z0-9.-]{1,200}")  # in addresses `.` and `..` are something else
