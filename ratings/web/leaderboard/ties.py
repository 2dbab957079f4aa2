"""Models whose ratings do not differ significantly: the leader's ties, ranges of ranks, and brackets around tiers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ratings.boards.board_row import has_rank
from ratings.boards.differences import compute_rank_ranges
from ratings.web.leaderboard.columns import LeaderboardEntry


@dataclass(frozen=True)
class Leader:
    """The best ranked model of a table.

    ties: the number of other ranked models in its tier, or None if the board's best model is filtered out or has no
        tier.
    rival: the name of the only other model in its tier, or "".
    """

    name: str
    maker: str | None
    ties: int | None
    rival: str = ""


def find_leader(
    entries: Sequence[LeaderboardEntry], table_entries: Sequence[LeaderboardEntry], tiers: Mapping[str, int]
) -> Leader | None:
    """Return the first of a board's ranked entries that the table shows.

    Return None if the table shows fewer than two ranked models, or if the board has unconnected groups, whose ranks
    cannot be compared.
    """
    slugs = {entry.slug for entry in table_entries}
    ranked = [entry for entry in entries if has_rank(entry.row)]
    shown = [entry for entry in ranked if entry.slug in slugs]
    if len(shown) < 2 or any(entry.row["component"] for entry in ranked):
        return None
    leader = shown[0]
    if leader is not ranked[0] or tiers.get(leader.slug) != 1:
        return Leader(leader.row["name"], leader.row["organization"], None)
    rivals = [entry.row["name"] for entry in ranked[1:] if tiers.get(entry.slug) == 1]
    rival = rivals[0] if len(rivals) == 1 else ""
    return Leader(leader.row["name"], leader.row["organization"], len(rivals), rival)


def fill_rank_ranges(entries: Sequence[LeaderboardEntry]) -> list[LeaderboardEntry]:
    """Return all entries of a reference board with their ranges of ranks, which the publisher does not state."""
    ranges = compute_rank_ranges([entry.row for entry in entries])
    return [
        replace(entry, row={**entry.row, "rank_low": low, "rank_high": high})
        for entry, (low, high) in zip(entries, ranges, strict=True)
    ]


def list_tier_starts(tiers: Sequence[int | None]) -> list[int | None]:
    """Return the tier of each row that is the first of its tier, and None for the other rows."""
    return [tier if tier != earlier else None for earlier, tier in zip([None, *tiers], tiers, strict=False)]


def list_bracket_classes(tiers: Sequence[int | None]) -> list[str]:
    """Return the CSS classes of each row, for brackets and the emphasis of the first tier.

    A bracket joins consecutive rows of the same tier. A row has no bracket if its neighbors are in other tiers or if it
    has no tier.
    """
    rows = []
    for earlier, tier, later in zip([None, *tiers], tiers, [*tiers[1:], None], strict=False):
        classes = ["best"] if tier == 1 else []
        if tier is not None and tier in (earlier, later):
            classes.append("tie")
            classes += ["tie-start"] if tier != earlier else []
            classes += ["tie-end"] if tier != later else []
        rows.append(" ".join(classes))
    return rows
