"""Lists of words in sentences."""

from collections.abc import Iterable


def join_words(words: Iterable[str], conjunction: str) -> str:
    """Return the words as text, such as "a", "a and b", or "a, b, and c", or "" if there are none."""
    *others, last = [*words] or [""]
    if not others:
        return last
    comma = "," if len(others) > 1 else ""
    return f"{', '.join(others)}{comma} {conjunction} {last}"
