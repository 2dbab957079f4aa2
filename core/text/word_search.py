"""Searches names for words."""

import re
from functools import lru_cache

SEPARATORS = re.compile(r"[\W_]+")
VERSION = re.compile(r"\d+\.\d+")


def contains_words(names: str, text: str) -> bool:
    """Return whether the names contain every word of the text. Case does not matter.

    Separators in words that begin with a letter do not matter either, so "gpt4o" and "gpt-4-o" match "GPT-4o". A number
    matches from its beginning, so "grok 3" matches neither "Grok 4.3" nor "Grok 13B".
    """
    names = names.casefold()
    for version in VERSION.findall(names):
        names = names.replace(version.replace(".", "-"), version)  # as slugs write it
    return all(_build_pattern(word).search(names) for word in text.casefold().split())


@lru_cache(maxsize=256)
def _build_pattern(word: str) -> re.Pattern[str]:
    pattern = re.escape(word)
    if word[0].isdigit():
        return re.compile(rf"(?<!\d)(?<!\d\.){pattern}")
    if word[0].isalpha():
        # It must begin where a name's word begins: "nano" is not in "Hyena-Nous".
        joined = r"[\W_]*".join(map(re.escape, SEPARATORS.sub("", word)))
        pattern = rf"{pattern}|(?<![^\W_]){joined}"
    return re.compile(pattern)
