"""Searches names for words."""

import re
from functools import lru_cache

SEPARATORS = re.compile(r"[\W_]+")
VERSION = re.compile(r"\d+\.\d+")


def contains_words(names: str, text: str) -> bool:
    """Return True if the names contain every word of the text. Case does not matter.

    In words that begin with a letter, separators do not matter: "gpt4o" and "gpt-4-o" match "GPT-4o". A number matches
    only from its first digit: "grok 3" matches neither "Grok 4.3" nor "Grok 13B".
    """
    names, text = names.casefold(), text.casefold()
    for version in VERSION.findall(names):
        dashed = rf"(?<!\d){version.replace('.', '-')}(?!\d)"  # slugs contain 4-1 for 4.1
        names, text = re.sub(dashed, version, names), re.sub(dashed, version, text)
    return all(_build_pattern(word).search(names) for word in text.split())


@lru_cache(maxsize=256)
def _build_pattern(word: str) -> re.Pattern[str]:
    pattern = re.escape(word)
    if word[0].isdigit():
        return re.compile(rf"(?<!\d)(?<!\d\.){pattern}")
    if word[0].isalpha():
        # Ignore separators only from the start of a word: "nano" must not match "Hyena-Nous".
        joined = r"[\W_]*".join(map(re.escape, SEPARATORS.sub("", word)))
        pattern = rf"{pattern}|(?<![^\W_]){joined}"
    return re.compile(pattern)
