"""Checks whether PostgreSQL can store text."""


def is_storable_text(text: str) -> bool:
    """Return True if the text contains no NUL characters or lone surrogates, which PostgreSQL cannot store."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False
