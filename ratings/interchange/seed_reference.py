"""The reference board that comes with Arena: ratings by category that are clearly not ours, for as long as there are
none of one's own.

Its boards are written once, from a file. No vote is behind them here, so nothing ever fits, counts or verifies them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from catalog.importers.model_facts import known_models
from catalog.matching.aliases import find
from catalog.matching.resolver import NamedModels
from catalog.matching.seed_files import aliases
from catalog.models import LanguageModel
from ratings.boards import snapshots
from ratings.interchange import reference_file
from ratings.interchange.reference_file import Rated
from ratings.models import Board, Category, Pool, Snapshot, category_name

SLUG = "lmarena-2026-10"
NAME = "LMArena, October 2026"
RATINGS = Path(__file__).parents[1] / "data" / "lmarena_ratings_20261020.csv.xz"
PROVENANCE = RATINGS.with_name("lmarena_ratings_20261020.txt")
PUBLISHED = datetime(2026, 10, 20, tzinfo=UTC)
CREDIT = {
    "publisher": "LMArena",
    "published_on": PUBLISHED.date().isoformat(),
    "license": "CC BY 4.0",
    "license_url": "https://creativecommons.org/licenses/by/4.0/",
    "source": "https://huggingface.co/datasets/lmarena-ai/leaderboard-dataset",
}


def load(path: Path = RATINGS) -> bool:
    """Write its boards, unless its pool is there already; whether they were written now."""
    if Pool.objects.filter(slug=SLUG).exists():
        return False
    with transaction.atomic():
        provenance = " ".join(PROVENANCE.read_text(encoding="utf-8").split())
        pool = Pool.objects.create(slug=SLUG, name=NAME, kind=Pool.Kind.REFERENCE, provenance=provenance, ordered=False)
        _write(pool, reference_file.read(path))
    return True


def _write(pool: Pool, lines: Iterable[Rated]) -> None:
    lines = list(lines)
    facts = _facts(_keys(lines))
    by_category: dict[str, list[tuple[Rated, Mapping[str, Any]]]] = defaultdict(list)
    for each in lines:
        by_category[each.category].append((each, facts[each.model]))
    boards = [Board(pool=pool, category=_category(slug)) for slug in by_category]
    Board.objects.bulk_create(boards)
    Snapshot.objects.bulk_create(_snapshot(board, by_category[board.category.slug]) for board in boards)


def _snapshot(board: Board, found: list[tuple[Rated, Mapping[str, Any]]]) -> Snapshot:
    return Snapshot(
        board=board,
        method=snapshots.BRADLEY_TERRY,
        votes=None,
        computed_at=PUBLISHED,
        code_version="",
        parameters={"reference": CREDIT},
        rows=snapshots.pack(reference_file.rows(found)),
    )


def _category(slug: str) -> Category:
    return Category.objects.get_or_create(slug=slug, defaults={"name": category_name(slug)})[0]


def _keys(lines: Iterable[Rated]) -> dict[str, int]:
    """Model of the file → key of the catalogue; unknown ones enter it, without an endpoint.

    What is rated under a name that its maker moves joins nothing of that name: see `catalog.matching.aliases`.
    """
    names, known, other_names = NamedModels(), known_models(), aliases()
    keys: dict[str, int] = {}
    for each in lines:
        if each.model not in keys:
            label = f"{each.name} ({NAME})" if each.moved else each.model
            key = None if each.moved else find(label, known, other_names)
            keys[each.model] = names.ids([label])[label] if key is None else key
    return keys


def _facts(keys: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    from ratings.pipeline.board_rows import facts  # with scipy behind it, which a warm start does not need

    models = LanguageModel.objects.select_related("organization", "license").in_bulk(keys.values())
    return {name: facts(models[key]) for name, key in keys.items()}
