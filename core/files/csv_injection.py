"""Escapes CSV cells that a spreadsheet would run as formulas."""

import re

# The last four characters are the full-width forms of the first four, which some programs treat the same way.
FORMULA_START = r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
FORMULA = re.compile(f"'*{FORMULA_START}")
ESCAPED_FORMULA = re.compile(f"''*{FORMULA_START}")


def escape_formula(text: str) -> str:
    """Add an apostrophe before text that looks like a formula. `unescape_formula` removes the apostrophe."""
    return f"'{text}" if FORMULA.match(text) else text


def unescape_formula(cell: str) -> str:
    return cell[1:] if ESCAPED_FORMULA.match(cell) else cell
