"""Matches names from price tables, boards, and score files to known models. This module does not use Django.

A wrong match would give a model the facts of another model. Therefore, a name matches only if its words are exactly the
same as those of one model's name:

- Names with different dates refer to different models. A name without a date matches a dated model only if no other
  date of that model is known, either from the known models or from the list that contains the name.
- A rolling alias never matches, and a preview matches a release only if both have the same date.
- A setting, such as `(High)` or `-fp8`, is ignored. `Match.name` contains the setting.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from catalog.matching.aliases import strip_provider
from catalog.matching.names import ModelName, parse_model_name
from catalog.matching.snapshot_dates import are_compatible

Key = TypeVar("Key", bound=Hashable)
FIRST_VERSION = "001"  # a version number counts as a date (see `snapshot_dates.take_date`)


@dataclass(frozen=True)
class Match(Generic[Key]):
    """The key of a known model, and the parts of the name that matched it."""

    key: Key
    name: ModelName


class NameIndex(Generic[Key]):
    """An index of known models by name.

    known: pairs of a key and a name. A model can have several names. If one contains "preview", the model is a preview.
    aliases: maps other lowercase names to known names.
    listed: all the names that will be looked up. Their dates count as known dates.
    """

    def __init__(
        self, known: Iterable[tuple[Key, str]], aliases: Mapping[str, str] | None = None, listed: Iterable[str] = ()
    ) -> None:
        self._aliases = aliases or {}
        self._keys: dict[str, Key] = {}
        self._parsed: dict[tuple[str, ...], list[tuple[Key, ModelName]]] = defaultdict(list)
        self._dates: dict[tuple[str, ...], set[str]] = defaultdict(set)
        self._previews: set[Key] = set()
        for key, name in known:
            self._add(key, name)
        for name in listed:
            self._add_date(parse_model_name(name))

    def _add(self, key: Key, name: str) -> None:
        self._keys.setdefault(name.lower(), key)
        parsed = parse_model_name(name)
        if parsed.is_rolling or not parsed.words:
            return
        self._parsed[parsed.words].append((key, parsed))
        self._add_date(parsed)
        if parsed.is_preview:
            self._previews.add(key)

    def _add_date(self, name: ModelName) -> None:
        if name.date:
            self._dates[name.words].add(name.date)

    def find(self, name: str, provider: str = "") -> Match[Key] | None:
        """Return the matching model, or None if there is none or the match is ambiguous.

        `provider` is the company that lists the model (see `names.parse_model_name`).
        """
        parsed = parse_model_name(name, provider)
        if parsed.is_rolling:
            return None
        for alias in (name.lower(), strip_provider(name).lower()):
            if alias in self._aliases:
                key = self._keys.get(self._aliases[alias].lower())
                return None if key is None else Match(key, parsed)
        candidates = self._parsed.get(parsed.words, [])
        keys = {key for key, known in candidates if self._is_same_model(parsed, key, known)}
        if not keys and not parsed.date:
            keys = {key for key, known in candidates if self._is_only_match(parsed, key, known)}
        return Match(keys.pop(), parsed) if len(keys) == 1 else None

    def _is_same_model(self, name: ModelName, key: Key, known: ModelName) -> bool:
        if not _may_share_maker(name, known) or not are_compatible(name.date, known.date):
            return False
        return bool(name.date) or name.is_preview == (key in self._previews)

    def _is_only_match(self, name: ModelName, key: Key, known: ModelName) -> bool:
        """Return True if a name without a date can refer only to this dated model."""
        if not _may_share_maker(name, known) or name.is_preview != (key in self._previews) or _may_be_rolling(known):
            return False
        is_later_version = "-" not in known.date and known.date > FIRST_VERSION
        return not is_later_version and all(are_compatible(known.date, date) for date in self._dates[known.words])


def _may_be_rolling(name: ModelName) -> bool:
    """Return True if, without the date, the name might be a rolling alias for the maker's newest snapshot."""
    is_chat_model = name.maker == "OpenAI" and "chat" in name.words
    return is_chat_model or (name.maker == "Alibaba" and name.parameters_total is None)


def _may_share_maker(one: ModelName, other: ModelName) -> bool:
    return one.maker is None or other.maker is None or one.maker == other.maker
