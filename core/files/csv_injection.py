"""Cells of CSV that a spreadsheet would take for a formula."""

import re

# The last four are the first of full width, which some take for the same.
FORMULA_START = r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
FORMULA = re.compile(f"'*{FORMULA_START}")
ESCAPED_FORMULA = re.compile(f"''*{FORMULA_START}")


def escape_formula(text: str) -> str:
    """So that it is taken for text; `unescape_formula` undoes it."""
    return f"'{text}" if FORMULA.match(text) else text


def unescape_formula(cell: str) -> str:
    return cell[1:] if ESCAPED_FORMULA.match(cell) else cell
