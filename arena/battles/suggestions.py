"""Questions to begin with: a team's own (`load_prompts`), or without any those of `arena/data/suggestions.jsonl`."""

import random
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson
from django.utils.translation import gettext_lazy as _

from arena.models import Suggestion

CARD_COUNT = 4
BUNDLED_FILE = Path(__file__).parents[1] / "data" / "suggestions.jsonl"
CATEGORY_NAMES = {
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
class SuggestionCard:
    """One suggestion; `key` tells it from the others that are offered at the same time."""

    key: int
    prompt: str
    category: str

    @property
    def title(self) -> str:
        """The category as it is shown: ours are translated, a team's stand as they are."""
        return str(CATEGORY_NAMES.get(self.category, self.category))


def draw_cards(shown: Collection[int] = ()) -> list[SuggestionCard]:
    """Four cards by chance, of different categories and none of the `shown` ones as far as there are enough."""
    own = dict(Suggestion.objects.values_list("pk", "category"))
    if not own:
        shipped = _load_bundled_cards()
        return [shipped[key] for key in _draw_mixed_keys({key: card.category for key, card in shipped.items()}, shown)]
    chosen = _draw_mixed_keys(own, shown)
    found = Suggestion.objects.in_bulk(chosen)  # a new set may be loaded at this moment
    return [SuggestionCard(key, found[key].prompt, found[key].category) for key in chosen if key in found]


def get_card_prompt(key: int) -> str:
    """The text of an offered card; empty for any other key."""
    if Suggestion.objects.exists():
        return Suggestion.objects.filter(pk=key).values_list("prompt", flat=True).first() or ""
    card = _load_bundled_cards().get(key)
    return card.prompt if card else ""


def is_suggestion(prompt: str) -> bool:
    """Whether a question is that of a card, shipped or a team's own, word for word."""
    text = prompt.strip()
    return (
        text in {card.prompt for card in _load_bundled_cards().values()}
        or Suggestion.objects.filter(prompt=text).exists()
    )


def _draw_mixed_keys(categories: Mapping[int, str], shown: Collection[int]) -> list[int]:
    """Four of these keys by chance: first those that are not shown now, and of each category one before a second."""
    shuffled = random.sample(sorted(categories), len(categories))
    turns = dict(_number_within_category(sorted(shuffled, key=lambda key: key in shown), categories))
    return sorted(turns, key=lambda key: (key in shown, turns[key]))[:CARD_COUNT]


def _number_within_category(keys: Collection[int], categories: Mapping[int, str]) -> Iterator[tuple[int, int]]:
    """Each key with how many of its category come before it."""
    before: dict[str, int] = {}
    for key in keys:
        category = categories[key]
        yield key, before.get(category, 0)
        before[category] = before.get(category, 0) + 1


@cache
def _load_bundled_cards() -> dict[int, SuggestionCard]:
    lines = BUNDLED_FILE.read_bytes().splitlines()
    return {key: SuggestionCard(key, **orjson.loads(line)) for key, line in enumerate(lines, 1)}
