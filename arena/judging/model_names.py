"""The names of well-known model families and their makers, and the names that reveal a catalog entry."""

import re
from functools import cache, lru_cache

from arena.judging.fuzzy_match import iter_name_matches, squeeze_names, squeeze_text, tokenize_text
from arena.judging.word_lists import load_lists

_lists = load_lists("model_names")
MAKERS = squeeze_names(_lists["makers"])
NAMESAKE_MAKERS = squeeze_names(_lists["namesake_makers"])
ORDINARY_WORDS = squeeze_names(_lists["ordinary_words"])
GIVEN_NAMES = squeeze_names(_lists["given_names"])
GENERIC_WORDS = squeeze_names(_lists["generic_words"])
VERSION_OR_SIZE = re.compile(r"v?\d+(x\d+)?[a-z]?")
PART_SEPARATOR = re.compile(r"[\s\-_:.,@+/]+")
PARENTHESIZED = re.compile(r"\([^()]*\)")
MIN_NAME_LENGTH = 4


@cache
def get_families() -> dict[str, frozenset[str]]:
    """Map each known word for a model family or its maker to all known words for that family and maker.

    All words are squeezed (see `squeeze_text`).
    """
    lines = map(squeeze_names, _lists["families"].splitlines())
    return {word: line for line in lines for word in line}


@lru_cache(maxsize=1024)
def collect_model_names(
    name: str, slug: str, upstream_id: str | None = "", organization: str | None = ""
) -> frozenset[str]:
    """Return the squeezed names that would reveal a catalog entry.

    They include the name, slug, upstream id, and organization, each in full and without the version and size at the
    end. They also include all known words for the model's family and maker. Words that many models share, such as base,
    chat, and 7b, are omitted.
    """
    upstream_id = upstream_id or ""
    organization = organization or ""
    names = _extract_names(name) | _extract_names(slug)
    names |= {word for word in _extract_names(upstream_id.rpartition("/")[2]) if re.search(r"\d", word)}
    names |= _extract_names(organization) & {squeeze_text(organization)}
    for text in (name, slug, upstream_id, organization):
        names |= find_known_names(text)
    return frozenset(names)


def find_known_names(text: str) -> set[str]:
    """Return the known words in the text, together with all other known words for the same families and makers."""
    families = get_families()
    return {word for match in iter_name_matches(tokenize_text(text), families) for word in families[match.name]}


def _extract_names(text: str) -> set[str]:
    """Return up to three squeezed forms of the text.

    They are the whole text, the text without generic words at both ends, and, if only one word is not generic, that
    word without the number at its end. Forms that are too short, or that only begin a known name, are omitted.
    """
    parts = [part for part in PART_SEPARATOR.split(PARENTHESIZED.sub(" ", text).casefold()) if part]
    specific_indexes = [index for index, part in enumerate(parts) if not _is_generic(part)]
    if not specific_indexes:
        return set()
    core = parts[specific_indexes[0] : specific_indexes[-1] + 1]
    words = {"".join(parts), "".join(core)}
    if len(specific_indexes) == 1:
        words.add(core[0].rstrip("0123456789"))
    return set(filter(_is_distinct, map(squeeze_text, words)))


def _is_generic(part: str) -> bool:
    return part in GENERIC_WORDS or len(part) == 1 or bool(VERSION_OR_SIZE.fullmatch(part))


def _is_distinct(word: str) -> bool:
    """Return whether the word is long enough, and not only the beginning of a name, like "stable" in "stablelm"."""
    is_long_enough = len(word) >= MIN_NAME_LENGTH or (len(word) > 1 and not word.isalpha())
    is_known = word in get_families()
    return is_long_enough and (is_known or not any(other.startswith(word) for other in get_families()))
