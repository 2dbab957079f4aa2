"""Categories from what a file of votes says of each: its language, and the tags of the public arena data sets."""

import re
import unicodedata
from functools import lru_cache
from typing import Any

from arena.languages import LANGUAGES

LONGEST = 40
SLUG = re.compile(rf"[a-z0-9-]{{1,{LONGEST}}}")
UNKNOWN = ("unknown", "und", "unk")
HARD = 6  # of the seven criteria of a prompt
# Version-free names of tags whose switch of the same name makes a category.
SWITCHES = {"creative_writing": "creative-writing", "if": "instruction-following", "math": "math"}


def language(value: Any) -> tuple[str, ...]:
    """The category of a language, given by its English name or a code of two letters; none if it is not known."""
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return _language(value.strip().lower())


@lru_cache(maxsize=1000)
def _language(name: str) -> tuple[str, ...]:
    if name in UNKNOWN:
        return ()
    slug = _slug(LANGUAGES.get(name, name))
    if not SLUG.fullmatch(slug):
        raise ValueError(f"must be the name of a language, of at most {LONGEST} letters")
    return (slug,)


def category_list(value: Any) -> tuple[str, ...]:
    """Slugs of categories as they stand."""
    if isinstance(value, list) and all(isinstance(each, str) and SLUG.fullmatch(each) for each in value):
        return tuple(dict.fromkeys(value))
    raise ValueError(f"must be a list of names, each of at most {LONGEST} letters a-z, digits and -")


def tags(value: Any) -> tuple[str, ...]:
    """The categories of a `category_tag`, whose keys end in a version: `{"math_v0.1": {"math": true}}`."""
    if not isinstance(value, dict) or not all(isinstance(tag, dict) for tag in value.values()):
        raise ValueError("must be a map of maps")
    found = []
    for key, tag in value.items():
        kind = key.partition("_v0")[0]
        if kind == "criteria" and sum(each is True for each in tag.values()) >= HARD:
            found.append("hard-prompts")
        elif kind in SWITCHES and tag.get(kind) is True:
            found.append(SWITCHES[kind])
    return tuple(found)


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
