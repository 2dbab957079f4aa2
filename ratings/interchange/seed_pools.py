"""The pools that ship with Arena, so that a new installation has full boards: votes, and a reference pool.

The reference pool has published ratings by category, which are shown until the arena has its own ratings. Its boards
are loaded once from a file. They have no votes, so they are never fitted, counted, or verified.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F

from arena.models import Contestant, Pool, get_or_create_plain
from catalog.importers.name_claims import record_name_claims
from catalog.matching.aliases import find_model, is_rolling
from catalog.matching.resolver import NamedModels, load_model_keys, load_name_index
from catalog.matching.seed_files import read_aliases, read_display_names
from catalog.models import LanguageModel
from ratings.boards import snapshots
from ratings.interchange import reference_file
from ratings.interchange.reference_file import RATINGS_PATH, ReferenceRating
from ratings.models import SEED_POOL, Board, Snapshot, get_or_create_category

VOTES_PATH = RATINGS_PATH.with_name("chatbot_arena_20240814_pairs.csv.xz")
REFERENCE_POOL = "lmarena-2026-10"
REFERENCE_POOL_NAME = "LMArena, October 2026"
PUBLISHED_AT = datetime(2026, 10, 20, tzinfo=UTC)
ATTRIBUTION = {
    "publisher": "LMArena",
    "published_on": PUBLISHED_AT.date().isoformat(),
    "license": "CC BY 4.0",
    "license_url": "https://creativecommons.org/licenses/by/4.0/",
    "source": "https://huggingface.co/datasets/lmarena-ai/leaderboard-dataset",
}


def seed_vote_pool() -> bool:
    """Import the votes unless their pool exists. Return whether they were imported.

    Raises ValueError as `import_file` does.
    """
    if Pool.objects.filter(slug=SEED_POOL).exists():
        return False
    from ratings.interchange.import_votes import import_file  # loads scipy, which later startups do not need

    provenance = _read_provenance("chatbot_arena_20240814_pairs.txt")
    return import_file(VOTES_PATH, SEED_POOL, name="Chatbot Arena, August 2024", provenance=provenance).is_new


def _read_provenance(name: str) -> str:
    return " ".join(RATINGS_PATH.with_name(name).read_text(encoding="utf-8").split())


@transaction.atomic
def seed_reference_models(path: Path = RATINGS_PATH) -> None:
    """Create and name the models on the reference boards, unless the reference pool exists."""
    if not Pool.objects.filter(slug=REFERENCE_POOL).exists():
        _resolve_models(reference_file.read_ratings(path))


def seed_reference_pool(path: Path = RATINGS_PATH) -> bool:
    """Store the reference boards unless the reference pool exists. Return whether they were stored."""
    if Pool.objects.filter(slug=REFERENCE_POOL).exists():
        return False
    with transaction.atomic():
        pool = Pool.objects.create(
            slug=REFERENCE_POOL,
            name=REFERENCE_POOL_NAME,
            kind=Pool.Kind.REFERENCE,
            provenance=_read_provenance("lmarena_ratings_20261020.txt"),
            ordered=False,
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

    Rows of boards are contestants, so each model gets a plain one. A model whose only name is its slug gets its name
    from names.csv, or else the publisher's name. Facts that the publisher's name states are recorded as claims.
    """
    first_ratings: dict[str, ReferenceRating] = {}
    for rating in ratings:
        first_ratings.setdefault(rating.model, rating)
    labels = {model: _choose_label(rating) for model, rating in first_ratings.items()}
    names = {labels[model]: _choose_name(rating) for model, rating in reversed(first_ratings.items())}
    names |= {label: name for label, name in read_display_names().items() if label in names}
    keys = _find_models(first_ratings, labels)
    created = NamedModels(names).get_or_create_keys([labels[model] for model in labels if model not in keys])
    keys |= {model: created[label] for model, label in labels.items() if model not in keys}
    _rename_models({key: names[labels[model]] for model, key in keys.items()})
    providers = {keys[model]: rating.provider for model, rating in first_ratings.items()}
    record_name_claims({keys[model]: rating.model_name for model, rating in first_ratings.items()}, providers)
    get_or_create_plain(keys.values())
    return keys


def _rename_models(names: Mapping[int, str]) -> None:
    """Give these names to the models whose only name is their slug."""
    unnamed = list(LanguageModel.objects.filter(pk__in=names, name=F("slug")))
    for model in unnamed:
        model.name = names[model.pk]
    LanguageModel.objects.bulk_update(unnamed, ["name"])


def _find_models(ratings: Mapping[str, ReferenceRating], labels: Mapping[str, str]) -> dict[str, int]:
    """Return model id in the file → key, for the models that the catalog has.

    A rating under a rolling alias is not matched to a model of that name (see `catalog.matching.aliases`).
    """
    known_keys = load_model_keys()
    index = load_name_index()
    pinned = [model for model, rating in ratings.items() if not rating.is_rolling]
    exact_keys = {model: find_model(labels[model], known_keys, read_aliases()) for model in pinned}
    keys = {model: key for model, key in exact_keys.items() if key is not None}
    matched_keys = set(keys.values())  # these must not match again, because no board can have two rows for one model
    for model in pinned:
        if model in keys or is_rolling(model):
            continue  # a rolling alias can refer to a different model in the catalog
        match = index.find(ratings[model].model_name, ratings[model].provider)
        if match is not None and match.key not in matched_keys:
            keys[model] = match.key
            matched_keys.add(match.key)
    return keys


def _choose_label(rating: ReferenceRating) -> str:
    """Return the slug for the model, or a name that includes the pool's name if the rating is for a rolling alias."""
    return _choose_name(rating) if rating.is_rolling else read_aliases().get(rating.model, rating.model)


def _choose_name(rating: ReferenceRating) -> str:
    return f"{rating.name} ({REFERENCE_POOL_NAME})" if rating.is_rolling else rating.model_name


def _load_facts(keys: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    from ratings.pipeline.board_rows import build_contestant_facts  # loads scipy, which later startups do not need

    models = LanguageModel.objects.select_related("organization", "license").in_bulk(keys.values())
    return {
        name: build_contestant_facts(Contestant(slug=model.slug, name=model.name, model=model, plain=True))
        for name, model in ((name, models[key]) for name, key in keys.items())
    }
