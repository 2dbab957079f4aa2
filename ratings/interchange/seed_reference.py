"""The reference pool that ships with Arena: published ratings by category, until the arena has its own ratings.

Its boards are loaded once from a file. They have no votes, so they are never fitted, counted, or verified.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from catalog.matching.aliases import find_model
from catalog.matching.resolver import NamedModels, load_model_keys
from catalog.matching.seed_files import read_aliases
from catalog.models import LanguageModel
from ratings.boards import snapshots
from ratings.interchange import reference_file
from ratings.interchange.reference_file import RATINGS_PATH, ReferenceRating
from ratings.models import Board, Pool, Snapshot, get_or_create_category

REFERENCE_POOL = "lmarena-2026-10"
POOL_NAME = "LMArena, October 2026"
PROVENANCE_PATH = RATINGS_PATH.with_name("lmarena_ratings_20261020.txt")
PUBLISHED_AT = datetime(2026, 10, 20, tzinfo=UTC)
ATTRIBUTION = {
    "publisher": "LMArena",
    "published_on": PUBLISHED_AT.date().isoformat(),
    "license": "CC BY 4.0",
    "license_url": "https://creativecommons.org/licenses/by/4.0/",
    "source": "https://huggingface.co/datasets/lmarena-ai/leaderboard-dataset",
}


def seed_reference_pool(path: Path = RATINGS_PATH) -> bool:
    """Store the reference boards unless their pool exists. Return whether they were stored."""
    if Pool.objects.filter(slug=REFERENCE_POOL).exists():
        return False
    with transaction.atomic():
        provenance = " ".join(PROVENANCE_PATH.read_text(encoding="utf-8").split())
        pool = Pool.objects.create(
            slug=REFERENCE_POOL, name=POOL_NAME, kind=Pool.Kind.REFERENCE, provenance=provenance, ordered=False
        )
        _store_boards(pool, reference_file.read_ratings(path))
    return True


def _store_boards(pool: Pool, ratings: Sequence[ReferenceRating]) -> None:
    facts = _load_facts(_resolve_models(ratings))
    by_category: dict[str, list[tuple[ReferenceRating, Mapping[str, Any]]]] = defaultdict(list)
    for rating in ratings:
        by_category[rating.category].append((rating, facts[rating.model]))
    boards = [Board(pool=pool, category=get_or_create_category(slug)) for slug in by_category]
    Board.objects.bulk_create(boards)
    Snapshot.objects.bulk_create(_build_snapshot(board, by_category[board.category.slug]) for board in boards)


def _build_snapshot(board: Board, ratings: list[tuple[ReferenceRating, Mapping[str, Any]]]) -> Snapshot:
    return Snapshot(
        board=board,
        method=snapshots.BRADLEY_TERRY,
        votes=None,
        computed_at=PUBLISHED_AT,
        code_version="",
        parameters={"reference": ATTRIBUTION},
        rows=snapshots.pack_rows(reference_file.build_reference_rows(ratings)),
    )


def _resolve_models(ratings: Sequence[ReferenceRating]) -> dict[str, int]:
    """Return model id in the file → key in the catalog. Unknown models are added to the catalog without an endpoint.

    A rating under a rolling alias is not matched to a model of that name (see `catalog.matching.aliases`).
    """
    names = NamedModels()
    known = load_model_keys()
    other_names = read_aliases()
    keys: dict[str, int] = {}
    for rating in ratings:
        if rating.model in keys:
            continue
        label = f"{rating.name} ({POOL_NAME})" if rating.is_rolling else rating.model
        key = None if rating.is_rolling else find_model(label, known, other_names)
        keys[rating.model] = names.get_or_create_keys([label])[label] if key is None else key
    return keys


def _load_facts(keys: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    from ratings.pipeline.board_rows import build_model_facts  # loads scipy, which later startups do not need

    models = LanguageModel.objects.select_related("organization", "license").in_bulk(keys.values())
    return {name: build_model_facts(models[key]) for name, key in keys.items()}
