"""The ready pairs that ship with Arena, with answers from its local models.

Each line of `arena/data/ready_pairs.jsonl` is one pair: its id, its date, the question, and both models with their
answers and settings.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from arena.battles.sharing import SharedBattle
from arena.battles.transcript import TranscriptAnswer, TranscriptTurn
from arena.models import SIDES, Contestant, get_or_create_plain
from catalog.models import LanguageModel

PAIRS_FILE = Path(__file__).parents[1] / "data" / "ready_pairs.jsonl"


@dataclass(frozen=True)
class ShippedAnswer:
    """One model's answer. `cut` is true if it ended at the length limit."""

    slug: str
    name: str
    text: str
    cut: bool
    settings: dict[str, Any]


@dataclass(frozen=True)
class ShippedPair:
    """One pair. `answers` are keyed by side."""

    id: UUID
    answered_at: datetime
    prompt: str
    answers: dict[str, ShippedAnswer]


@cache
def load_pairs() -> dict[UUID, ShippedPair]:
    """Return all shipped pairs, keyed by id."""
    pairs = [
        ShippedPair(
            id=UUID(row["id"]),
            answered_at=datetime.fromisoformat(row["date"]).replace(tzinfo=UTC),
            prompt=row["prompt"],
            answers={side: ShippedAnswer(**row[side]) for side in SIDES},
        )
        for row in map(orjson.loads, PAIRS_FILE.read_bytes().splitlines())
    ]
    return {pair.id: pair for pair in pairs}


def build_shared_battle(pair: ShippedPair) -> SharedBattle:
    """Return the pair as a published battle without a vote. Models that are missing from the catalog are not saved."""
    slugs = [answer.slug for answer in pair.answers.values()]
    models_by_slug = LanguageModel.objects.select_related("organization").in_bulk(slugs, field_name="slug")
    contestants = {}
    for side, answer in pair.answers.items():
        model = models_by_slug.get(answer.slug) or LanguageModel(slug=answer.slug, name=answer.name)
        contestants[side] = Contestant(slug=model.slug, name=model.name, model=model)
    answers = [
        TranscriptAnswer(side, answer.text, cut=answer.cut, contestant=contestants[side])
        for side, answer in pair.answers.items()
    ]
    return SharedBattle(
        id=pair.id,
        shared_at=pair.answered_at,
        contestants=contestants,
        page_side="a",
        winner="",
        reasons={},
        turn_count=1,
        turns=[TranscriptTurn(1, pair.prompt, answers)],
    )


def save_contestants(pair: ShippedPair) -> dict[str, Contestant]:
    """Return both contestants, keyed by side. Models that are not in the catalog yet are added as demo models."""
    models = {
        side: LanguageModel.objects.get_or_create(slug=answer.slug, defaults={"name": answer.name, "demo": True})[0]
        for side, answer in pair.answers.items()
    }
    plain = get_or_create_plain(model.pk for model in models.values())
    return {side: plain[model.pk] for side, model in models.items()}
