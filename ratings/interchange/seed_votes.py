"""The votes that ship with Arena, so that a new installation has a full board."""

from pathlib import Path

from ratings.models import SEED_POOL, Pool

POOL_NAME = "Chatbot Arena, August 2024"
VOTES_PATH = Path(__file__).parents[1] / "data" / "chatbot_arena_20240814_pairs.csv.xz"
PROVENANCE_PATH = VOTES_PATH.with_name("chatbot_arena_20240814_pairs.txt")


def seed_vote_pool() -> bool:
    """Import the votes unless their pool exists. Return whether they were imported.

    Raises ValueError as `import_file` does.
    """
    if Pool.objects.filter(slug=SEED_POOL).exists():
        return False
    from ratings.interchange.import_votes import import_file  # loads scipy, which later startups do not need

    provenance = " ".join(PROVENANCE_PATH.read_text(encoding="utf-8").split())
    return import_file(VOTES_PATH, SEED_POOL, name=POOL_NAME, provenance=provenance).is_new
