"""Formats lists of words and counted nouns for sentences."""

from collections.abc import Iterable


def join_words(words: Iterable[str], conjunction: str) -> str:
    """Return the words as a phrase, such as "a", "a and b", or "a, b, and c". Without words, return ""."""
    words = list(words)
    if len(words) < 2:
        return "".join(words)
    comma = "," if len(words) > 2 else ""
    return f"{', '.join(words[:-1])}{comma} {conjunction} {words[-1]}"


def count_noun(number: int, singular: str, plural: str = "") -> str:
    """Return the number and the noun, such as "1 vote" or "2 votes". The default plural is the singular plus "s"."""
    return f"{number} {singular if number == 1 else plural or f'{singular}s'}"
