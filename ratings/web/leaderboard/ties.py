"""Models whose ratings do not differ significantly: their ranges of ranks, and brackets around each tier."""

from collections.abc import Sequence
from dataclasses import replace

from ratings.boards.differences import compute_rank_ranges
from ratings.web.leaderboard.columns import LeaderboardEntry


def fill_rank_ranges(entries: Sequence[LeaderboardEntry]) -> list[LeaderboardEntry]:
    """Return all entries of a reference board with their ranges of ranks, which the publisher does not state."""
    ranges = compute_rank_ranges([entry.row for entry in entries])
    return [
        replace(entry, row={**entry.row, "rank_low": low, "rank_high": high})
        for entry, (low, high) in zip(entries, ranges, strict=True)
    ]


def list_marks(tiers: Sequence[int | None]) -> list[str]:
    """Return the CSS classes of each row, which draw a bracket beside consecutive rows of the same tier.

    A row has no bracket if its neighbors are in other tiers or if it has no tier.
    """
    marks = []
    for earlier, tier, later in zip([None, *tiers], tiers, [*tiers[1:], None], strict=False):
        classes = []
        if tier is not None and tier in (earlier, later):
            classes.append("tie")
            classes += ["tie-start"] if tier != earlier else []
            classes += ["tie-end"] if tier != later else []
        marks.append(" ".join(classes))
    return marks
