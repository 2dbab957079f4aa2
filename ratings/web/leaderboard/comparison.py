"""Up to four models side by side, and each pair of them: by how much they differ, and whether that can be told."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ratings.boards.interval_explanations import PUBLISHED_INTERVAL, compute_half_width, explain_interval
from ratings.boards.number_text import UNKNOWN_TEXT, format_interval, format_percent, format_signed, format_whole
from ratings.boards.snapshots import BoardKey
from ratings.statistics.constants import Z95
from ratings.web.leaderboard.cells import build_cell, format_group, format_openness, format_rank_range
from ratings.web.leaderboard.columns import COLUMNS_BY_NAME, OPTIONAL_COLUMNS, LeaderboardColumn, LeaderboardEntry

FACT_COLUMNS = ("size", "price", "context", "released")
MEASURED_COLUMNS = ("speed", "wait", "failures")
ATTRIBUTE_FORMATTERS: dict[Promise, Callable[[Mapping[str, Any]], str | None]] = {
    gettext_lazy("Organisation"): lambda row: row["organization"],
    gettext_lazy("Weights"): format_openness,
    gettext_lazy("License"): lambda row: row["license"],
}


@dataclass(frozen=True, eq=False)
class ModelCard:
    """The head of one model's column; `explain_interval` say why its interval is as wide as it is."""

    row: Any
    retired: bool
    group: str
    reasons: Sequence[str]


@dataclass(frozen=True, eq=False)
class ComparisonLine:
    """One figure or fact of all the models, in the order of their columns."""

    label: str
    texts: Sequence[str]


@dataclass(frozen=True, eq=False)
class PairComparison:
    """`better` has the higher rating; figures are those of its side, and `why` says why some are missing."""

    better: str
    worse: str
    diff: str
    chance: str
    direct: str
    needed: str
    why: str


@dataclass(frozen=True, eq=False)
class ModelComparison:
    """`unknown`: sentences on figures that are known of none of the models, and have no line therefore."""

    cards: Sequence[ModelCard]
    lines: Sequence[ComparisonLine]
    unknown: Sequence[str]
    pairs: Sequence[PairComparison]
    missing: Sequence[str]
    computed_at: datetime | None


def compare_models(asked: BoardKey, entries: Sequence[LeaderboardEntry], pins: Sequence[str]) -> ModelComparison | None:
    """The pinned models that are on the board, the best first; None where nothing is pinned.

    missing: what is pinned and not on this board.
    """
    chosen = [entry for entry in entries if entry.slug in pins]
    if not pins:
        return None
    missing = [slug for slug in pins if slug not in {entry.slug for entry in chosen}]
    side_by_side = [_build_card(entry) for entry in chosen], list(_iter_lines(chosen)), list(_iter_unknown(chosen))
    if len(chosen) < 2 or chosen[0].row["interval"] == PUBLISHED_INTERVAL:
        return ModelComparison(*side_by_side, [], missing, None)
    from ratings.boards import pairwise  # with scipy behind it, which is slow to load

    found = pairwise.build_matrices(asked, [entry.slug for entry in chosen])
    rows = {entry.slug: entry.row for entry in chosen}
    pairs = [_compare_pair(found, rows, a, b) for a, b in combinations(range(len(found["models"])), 2)]
    return ModelComparison(*side_by_side, pairs, missing, found["computed_at"])


def _build_card(entry: LeaderboardEntry) -> ModelCard:
    return ModelCard(entry.row, entry.facts.retired, format_group(entry.row), explain_interval(entry.row))


def _iter_lines(entries: Sequence[LeaderboardEntry]) -> Iterator[ComparisonLine]:
    yield ComparisonLine(str(COLUMNS_BY_NAME["rank"].label), [_format_rank(entry) for entry in entries])
    yield ComparisonLine(
        str(COLUMNS_BY_NAME["rating"].label),
        [format_whole(entry.row["rating"]) + _format_error(entry.row) for entry in entries],
    )
    for column in OPTIONAL_COLUMNS:
        if _has_values(column, entries):
            yield ComparisonLine(str(column.label), [build_cell(entry, column.name).text for entry in entries])
    for label, text in ATTRIBUTE_FORMATTERS.items():
        texts = [text(entry.row) or UNKNOWN_TEXT for entry in entries]
        if texts.count(UNKNOWN_TEXT) < len(texts):
            yield ComparisonLine(str(label), texts)


def _format_rank(entry: LeaderboardEntry) -> str:
    rank, span = format_whole(entry.row["rank"]), format_rank_range(entry)
    return f"{rank} ({span})" if span else rank


def _has_values(column: LeaderboardColumn, entries: Sequence[LeaderboardEntry]) -> bool:
    return any(column.value(entry) is not None for entry in entries)


def _format_error(row: Mapping[str, Any]) -> str:
    """What stands behind a rating: half of its interval, or the closed end of one that is open."""
    if (half := compute_half_width(row)) is not None:
        return f" ± {half:,.0f}"
    return f" ({ends})" if (ends := format_interval(row)) else ""


def _iter_unknown(entries: Sequence[LeaderboardEntry]) -> Iterator[str]:
    missing = [column for column in OPTIONAL_COLUMNS if entries and not _has_values(column, entries)]
    told = {
        _("Not known: %(figures)s."): [str(column.label) for column in missing if column.name in FACT_COLUMNS],
        _("Not measured here yet: %(figures)s."): [
            str(column.label) for column in missing if column.name in MEASURED_COLUMNS
        ],
    }
    for sentence, labels in told.items():
        if labels:
            yield sentence % {"figures": ", ".join(labels)}


def _compare_pair(found: Mapping[str, Any], rows: Mapping[str, Any], a: int, b: int) -> PairComparison:
    """`found` has its models in the order of the board, so a is never the worse one."""

    def of(matrix: str, row: int = a, column: int = b) -> Any:
        return found[matrix][row][column]

    better, worse = (rows[found["models"][place]] for place in (a, b))
    return PairComparison(
        better=better["name"],
        worse=worse["name"],
        diff=_format_difference(of("diff"), of("diff_se")),
        chance=format_percent(of("win_probability")),
        direct=_format_direct_votes(of("counts"), of("wins"), of("wins", b, a), of("ties")),
        needed=_format_votes_needed(of("votes_needed"), of("diff_se")),
        why=_explain_incomparable(better, worse) if of("diff") is None else _explain_missing_error(of("diff_se")),
    )


def _format_difference(diff: float | None, error: float | None) -> str:
    if diff is None:
        return _("cannot be compared")
    return format_signed(diff) if error is None else f"{format_signed(diff)} ± {Z95 * error:,.0f}"


def _explain_incomparable(better: Mapping[str, Any], worse: Mapping[str, Any]) -> str:
    """Why nothing is predicted of them."""
    if better["component"] != worse["component"]:
        return _("No chain of votes leads from one to the other, so their ratings are on scales of their own.")
    names = [row["name"] for row in (better, worse) if row["unbounded"]]
    told = _("The rating of %(names)s has an open end, so no difference can be estimated.")
    return told % {"names": _(" and ").join(names)}


def _explain_missing_error(error: float | None) -> str:
    return _("Elo ratings have no errors, so nothing says whether the two can be told apart.") if error is None else ""


def _format_direct_votes(votes: int, wins: int, losses: int, ties: int) -> str:
    if not votes:
        return _("no votes between them")
    record = ngettext("%(votes)s vote: %(record)s", "%(votes)s votes: %(record)s", votes)
    split = _("%(wins)s won, %(losses)s lost, %(ties)s tied") % {
        "wins": f"{wins:,}",
        "losses": f"{losses:,}",
        "ties": f"{ties:,}",
    }
    return record % {"votes": f"{votes:,}", "record": split}


def _format_votes_needed(votes: int | None, error: float | None) -> str:
    if votes is None:
        return UNKNOWN_TEXT if error is None else _("no number of votes at today's estimate")
    if votes == 0:
        return _("can be told apart")
    about = round_estimate(votes)
    return ngettext("about %(votes)s more vote between them", "about %(votes)s more votes between them", about) % {
        "votes": f"{about:,}"
    }


def round_estimate(votes: int) -> int:
    """To two digits that count: it is an estimate from one."""
    return round(votes, min(0, 2 - len(str(votes))))
