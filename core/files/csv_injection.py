"""Cells of CSV that a spreadsheet would take for a formula."""

import re

# The last four are the first of full width, which some take for the same.
BEGINNING = r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
FORMULA = re.compile(f"'*{BEGINNING}")
DEFUSED = re.compile(f"''*{BEGINNING}")


def defuse(text: str) -> str:
    """So that it is taken for text; `read_back` undoes it."""
    return f"'{text}" if FORMULA.match(text) else text


def read_back(cell: str) -> str:
    return cell[1:] if DEFUSED.match(cell) else cell
