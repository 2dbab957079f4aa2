"""The data set that comes with Arena: a full board from the first minute."""

from pathlib import Path

from ratings.models import SEED_POOL, Pool

POOL_NAME = "Chatbot Arena, August 2024"
VOTES_PATH = Path(__file__).parents[1] / "data" / "chatbot_arena_20240814_pairs.csv.xz"
PROVENANCE_PATH = VOTES_PATH.with_name("chatbot_arena_20240814_pairs.txt")


def seed_vote_pool() -> bool:
    """Import it, unless its pool is there already; whether it was imported now. Raises ValueError as an import does."""
    if Pool.objects.filter(slug=SEED_POOL).exists():
        return False
    from ratings.interchange.import_votes import import_file  # with scipy behind it, which a warm start does not need

    provenance = " ".join(PROVENANCE_PATH.read_text(encoding="utf-8").split())
    return import_file(VOTES_PATH, SEED_POOL, name=POOL_NAME, provenance=provenance).new
