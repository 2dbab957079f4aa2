"""The data set that comes with Arena: a full board from the first minute."""

from pathlib import Path

from ratings.models import SHIPPED_POOL, Pool

NAME = "Chatbot Arena, August 2024"
VOTES = Path(__file__).parents[1] / "data" / "chatbot_arena_20240814_pairs.csv.xz"
PROVENANCE = VOTES.with_name("chatbot_arena_20240814_pairs.txt")


def load() -> bool:
    """Import it, unless its pool is there already; whether it was imported now. Raises ValueError as an import does."""
    if Pool.objects.filter(slug=SHIPPED_POOL).exists():
        return False
    from ratings.interchange.import_votes import import_file  # with scipy behind it, which a warm start does not need

    provenance = " ".join(PROVENANCE.read_text(encoding="utf-8").split())
    return import_file(VOTES, SHIPPED_POOL, name=NAME, provenance=provenance).new
