"""Up to four models side by side, and each pair of them: by how much they differ, and whether that can be told."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ratings.boards.interval_explanations import PUBLISHED, half_width, reasons
from ratings.boards.number_text import UNKNOWN, interval, percent, signed, whole
from ratings.boards.snapshots import Asked
from ratings.statistics.constants import Z95
from ratings.web.leaderboard.cells import cell, group, openness, places
from ratings.web.leaderboard.columns import BY_NAME, TO_CHOOSE, Column, Entry

FACTS = ("size", "price", "context", "released")
MEASURED = ("speed", "wait", "failures")
ABOUT: dict[Promise, Callable[[Mapping[str, Any]], str | None]] = {
    gettext_lazy("Organisation"): lambda row: row["organization"],
    gettext_lazy("Weights"): openness,
    gettext_lazy("License"): lambda row: row["license"],
}


@dataclass(frozen=True, eq=False)
class Card:
    """The head of one model's column; `reasons` say why its interval is as wide as it is."""

    row: Any
    retired: bool
    group: str
    reasons: Sequence[str]


@dataclass(frozen=True, eq=False)
class Figures:
    """One figure or fact of all the models, in the order of their columns."""

    label: str
    texts: Sequence[str]


@dataclass(frozen=True, eq=False)
class Pair:
    """`better` has the higher rating; figures are those of its side, and `why` says why some are missing."""

    better: str
    worse: str
    diff: str
    chance: str
    direct: str
    needed: str
    why: str


@dataclass(frozen=True, eq=False)
class Compared:
    """`unknown`: sentences on figures that are known of none of the models, and have no line therefore."""

    cards: Sequence[Card]
    lines: Sequence[Figures]
    unknown: Sequence[str]
    pairs: Sequence[Pair]
    missing: Sequence[str]
    computed_at: datetime | None


def compared(asked: Asked, entries: Sequence[Entry], pins: Sequence[str]) -> Compared | None:
    """The pinned models that are on the board, the best first; None where nothing is pinned.

    missing: what is pinned and not on this board.
    """
    chosen = [entry for entry in entries if entry.slug in pins]
    if not pins:
        return None
    missing = [slug for slug in pins if slug not in {entry.slug for entry in chosen}]
    side_by_side = [_card(entry) for entry in chosen], list(_lines(chosen)), list(_unknown(chosen))
    if len(chosen) < 2 or chosen[0].row["interval"] == PUBLISHED:
        return Compared(*side_by_side, [], missing, None)
    from ratings.boards import pairwise  # with scipy behind it, which is slow to load

    found = pairwise.matrices(asked, [entry.slug for entry in chosen])
    rows = {entry.slug: entry.row for entry in chosen}
    pairs = [_pair(found, rows, a, b) for a, b in combinations(range(len(found["models"])), 2)]
    return Compared(*side_by_side, pairs, missing, found["computed_at"])


def _card(entry: Entry) -> Card:
    return Card(entry.row, entry.facts.retired, group(entry.row), reasons(entry.row))


def _lines(entries: Sequence[Entry]) -> Iterator[Figures]:
    yield Figures(str(BY_NAME["rank"].label), [_rank(entry) for entry in entries])
    yield Figures(str(BY_NAME["rating"].label), [whole(entry.row["rating"]) + _error(entry.row) for entry in entries])
    for column in TO_CHOOSE:
        if _known(column, entries):
            yield Figures(str(column.label), [cell(entry, column.name).text for entry in entries])
    for label, text in ABOUT.items():
        texts = [text(entry.row) or UNKNOWN for entry in entries]
        if texts.count(UNKNOWN) < len(texts):
            yield Figures(str(label), texts)


def _rank(entry: Entry) -> str:
    rank, span = whole(entry.row["rank"]), places(entry)
    return f"{rank} ({span})" if span else rank


def _known(column: Column, entries: Sequence[Entry]) -> bool:
    return any(column.value(entry) is not None for entry in entries)


def _error(row: Mapping[str, Any]) -> str:
    """What stands behind a rating: half of its interval, or the closed end of one that is open."""
    if (half := half_width(row)) is not None:
        return f" ± {half:,.0f}"
    return f" ({ends})" if (ends := interval(row)) else ""


def _unknown(entries: Sequence[Entry]) -> Iterator[str]:
    missing = [column for column in TO_CHOOSE if entries and not _known(column, entries)]
    told = {
        _("Not known: %(figures)s."): [str(column.label) for column in missing if column.name in FACTS],
        _("Not measured here yet: %(figures)s."): [str(column.label) for column in missing if column.name in MEASURED],
    }
    for sentence, labels in told.items():
        if labels:
            yield sentence % {"figures": ", ".join(labels)}


def _pair(found: Mapping[str, Any], rows: Mapping[str, Any], a: int, b: int) -> Pair:
    """`found` has its models in the order of the board, so a is never the worse one."""

    def of(matrix: str, row: int = a, column: int = b) -> Any:
        return found[matrix][row][column]

    better, worse = (rows[found["models"][place]] for place in (a, b))
    return Pair(
        better=better["name"],
        worse=worse["name"],
        diff=_difference(of("diff"), of("diff_se")),
        chance=percent(of("win_probability")),
        direct=_direct(of("counts"), of("wins"), of("wins", b, a), of("ties")),
        needed=_needed(of("votes_needed"), of("diff_se")),
        why=_why(better, worse) if of("diff") is None else _no_error(of("diff_se")),
    )


def _difference(diff: float | None, error: float | None) -> str:
    if diff is None:
        return _("cannot be compared")
    return signed(diff) if error is None else f"{signed(diff)} ± {Z95 * error:,.0f}"


def _why(better: Mapping[str, Any], worse: Mapping[str, Any]) -> str:
    """Why nothing is predicted of them."""
    if better["component"] != worse["component"]:
        return _("No chain of votes leads from one to the other, so their ratings are on scales of their own.")
    names = [row["name"] for row in (better, worse) if row["unbounded"]]
    told = _("The rating of %(names)s has an open end, so no difference can be estimated.")
    return told % {"names": _(" and ").join(names)}


def _no_error(error: float | None) -> str:
    return _("Elo ratings have no errors, so nothing says whether the two can be told apart.") if error is None else ""


def _direct(votes: int, wins: int, losses: int, ties: int) -> str:
    if not votes:
        return _("no votes between them")
    record = ngettext("%(votes)s vote: %(record)s", "%(votes)s votes: %(record)s", votes)
    split = _("%(wins)s won, %(losses)s lost, %(ties)s tied") % {
        "wins": f"{wins:,}",
        "losses": f"{losses:,}",
        "ties": f"{ties:,}",
    }
    return record % {"votes": f"{votes:,}", "record": split}


def _needed(votes: int | None, error: float | None) -> str:
    if votes is None:
        return UNKNOWN if error is None else _("no number of votes at today's estimate")
    if votes == 0:
        return _("can be told apart")
    about = rounded(votes)
    return ngettext("about %(votes)s more vote between them", "about %(votes)s more votes between them", about) % {
        "votes": f"{about:,}"
    }


def rounded(votes: int) -> int:
    """To two digits that count: it is an estimate from one."""
    return round(votes, min(0, 2 - len(str(votes))))
