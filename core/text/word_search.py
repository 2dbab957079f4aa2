"""Searches names for words."""

import re

SEPARATORS = re.compile(r"[\W_]+")


def contains_words(names: str, text: str) -> bool:
    """Return whether the names contain every word of the text. Case does not matter.

    Separators in words that begin with a letter do not matter either, so "gpt4o" and "gpt-4-o" match "GPT-4o".
    """
    names = names.casefold()
    joined = SEPARATORS.sub("", names)
    return all(
        word in names or (word[0].isalpha() and SEPARATORS.sub("", word) in joined) for word in text.casefold().split()
    )
