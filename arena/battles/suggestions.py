"""Questions to begin with: a team's own (`load_prompts`), or without any those of `arena/data/suggestions.jsonl`."""

import random
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson
from django.utils.translation import gettext_lazy as _

from arena.models import Suggestion

SHOWN = 4
SHIPPED = Path(__file__).parents[1] / "data" / "suggestions.jsonl"
NAMES = {
    "writing": _("Writing"),
    "coding": _("Coding"),
    "maths": _("Maths"),
    "reasoning": _("Reasoning"),
    "explanation": _("Explanation"),
    "translation": _("Translation"),
    "roleplay": _("Role play"),
    "planning": _("Planning"),
    "facts": _("Facts"),
    "data": _("Data"),
    "languages": _("Other languages"),
    "advice": _("Advice"),
}


@dataclass(frozen=True)
class Card:
    """One suggestion; `key` tells it from the others that are offered at the same time."""

    key: int
    prompt: str
    category: str

    @property
    def title(self) -> str:
        """The category as it is shown: ours are translated, a team's stand as they are."""
        return str(NAMES.get(self.category, self.category))


def some(shown: Collection[int] = ()) -> list[Card]:
    """Four cards by chance, of different categories and none of the `shown` ones as far as there are enough."""
    own = dict(Suggestion.objects.values_list("pk", "category"))
    if not own:
        shipped = _shipped()
        return [shipped[key] for key in _mixed({key: card.category for key, card in shipped.items()}, shown)]
    chosen = _mixed(own, shown)
    found = Suggestion.objects.in_bulk(chosen)  # a new set may be loaded at this moment
    return [Card(key, found[key].prompt, found[key].category) for key in chosen if key in found]


def prompt_of(key: int) -> str:
    """The text of an offered card; empty for any other key."""
    if Suggestion.objects.exists():
        return Suggestion.objects.filter(pk=key).values_list("prompt", flat=True).first() or ""
    card = _shipped().get(key)
    return card.prompt if card else ""


def is_suggestion(prompt: str) -> bool:
    """Whether a question is that of a card, shipped or a team's own, word for word."""
    text = prompt.strip()
    return text in {card.prompt for card in _shipped().values()} or Suggestion.objects.filter(prompt=text).exists()


def _mixed(categories: Mapping[int, str], shown: Collection[int]) -> list[int]:
    """Four of these keys by chance: first those that are not shown now, and of each category one before a second."""
    shuffled = random.sample(sorted(categories), len(categories))
    turns = dict(_turns(sorted(shuffled, key=lambda key: key in shown), categories))
    return sorted(turns, key=lambda key: (key in shown, turns[key]))[:SHOWN]


def _turns(keys: Collection[int], categories: Mapping[int, str]) -> Iterator[tuple[int, int]]:
    """Each key with how many of its category come before it."""
    before: dict[str, int] = {}
    for key in keys:
        category = categories[key]
        yield key, before.get(category, 0)
        before[category] = before.get(category, 0) + 1


@cache
def _shipped() -> dict[int, Card]:
    lines = SHIPPED.read_bytes().splitlines()
    return {key: Card(key, **orjson.loads(line)) for key, line in enumerate(lines, 1)}
