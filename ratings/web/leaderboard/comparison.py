"""Compares up to four models side by side. For each pair, it shows the difference and whether it is significant."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from arena.models import list_contestants
from catalog.models import LanguageModel
from core.templatetags.strips import Scale
from core.text.number_format import format_signed, round_number
from core.text.proportions import Z95
from ratings.boards.board_row import BoardRow
from ratings.boards.differences import compute_win_chance, estimate_difference
from ratings.boards.interval_explanations import PUBLISHED_INTERVAL, compute_half_width, explain_interval
from ratings.boards.number_text import UNKNOWN_TEXT, format_interval, format_percent, format_whole
from ratings.boards.snapshots import BoardKey
from ratings.web.leaderboard.columns import (
    COLUMNS_BY_NAME,
    FACTS,
    OPTIONAL_COLUMNS,
    LeaderboardColumn,
    LeaderboardEntry,
    format_cell,
)
from ratings.web.leaderboard.table_rows import (
    build_rating_scale,
    format_group,
    format_openness,
    format_rank_range,
)

ATTRIBUTE_FORMATTERS: dict[Promise, Callable[[BoardRow], str | None]] = {
    gettext_lazy("Setting"): lambda row: row.get("setting"),  # only rows of reference boards have one
    gettext_lazy("Maker"): lambda row: row["organization"],
    gettext_lazy("Weights"): format_openness,
    gettext_lazy("License"): lambda row: row["license"],
}
# Other figures, such as votes or size, are neither good nor bad.
BETTER_IF_GREATER = {
    "tier": False, "win_rate": True, "price": False, "context": True, "speed": True, "wait": False, "failures": False,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class ModelCard:
    """The header of one model's column. `reasons` explain the width of its interval."""

    row: Any
    retired: bool
    group: str
    reasons: Sequence[str]


@dataclass(frozen=True, eq=False)
class ComparisonLine:
    """One line of the comparison. It has one string per model, in the order of the columns.

    best: the best of these strings, or empty if all values are equal or none is better than another.
    """

    label: str
    cells: Sequence[str]
    best: str = ""


@dataclass(frozen=True, eq=False)
class PairComparison:
    """A pair of models as text. `better` has the higher rating, and all figures are from its perspective.

    diff: the difference between the ratings.
    chance: the predicted win rate.
    direct: the votes on the pair.
    needed: the estimated number of further votes on the pair that would make the difference significant.
    note: why some figures are missing, how many voters the order of neighbors depends on, or, on a reference
        board, whether the two differ significantly. Otherwise empty.
    is_significant: whether the difference is significant, or None if it cannot be tested.
    """

    better: str
    worse: str
    diff: str
    chance: str
    direct: str
    needed: str
    note: str
    is_significant: bool | None


@dataclass(frozen=True, eq=False)
class ModelComparison:
    """Several models side by side.

    scale: the axis for the strips of the models.
    unknown: sentences about figures that have no line, because they are unknown for all models.
    missing: names of pinned models that are not on the board, or their slugs if the catalog does not have them.
    can_battle: whether there are exactly two models and both can answer in this arena.
    computed_at: when the pairs were computed, or None on a reference board or without pairs.
    """

    cards: Sequence[ModelCard]
    scale: Scale | None
    lines: Sequence[ComparisonLine]
    unknown: Sequence[str]
    pairs: Sequence[PairComparison]
    missing: Sequence[str]
    computed_at: datetime | None
    can_battle: bool = False


def compare_models(
    board_key: BoardKey,
    entries: Sequence[LeaderboardEntry],
    pins: Sequence[str],
    order_notes: Mapping[tuple[str, str], str] | None = None,
) -> ModelComparison | None:
    """Return the comparison of the pinned models on the board, best first, or None if no model is pinned.

    order_notes: sentences about how many voters the order of two neighbors depends on, keyed by their slugs.
    """
    if not pins:
        return None
    pinned = [entry for entry in entries if entry.slug in pins]
    slugs = [entry.slug for entry in pinned]
    comparison = ModelComparison(
        cards=[
            ModelCard(entry.row, entry.facts.retired, format_group(entry.row), explain_interval(entry.row))
            for entry in pinned
        ],
        scale=build_rating_scale(pinned, "compare-axis"),
        lines=list(_iter_lines(pinned)),
        unknown=_list_unknown_notes(pinned),
        pairs=[],
        missing=_list_names([slug for slug in pins if slug not in slugs], board_key.pool),
        computed_at=None,
        can_battle=len(pins) == len(pinned) == 2 and all(entry.facts.can_battle for entry in pinned),
    )
    if len(pinned) < 2:
        return comparison
    if pinned[0].row["interval"] == PUBLISHED_INTERVAL:
        pairs = [_compare_published(one.row, other.row) for one, other in combinations(pinned, 2)]
        return replace(comparison, pairs=pairs)
    from ratings.boards import pairwise  # loads scipy, which is slow to import

    matrices = pairwise.build_matrices(board_key, slugs)
    rows = {entry.slug: entry.row for entry in pinned}
    pairs = [
        _compare_pair(matrices, rows, order_notes or {}, a, b)
        for a, b in combinations(range(len(matrices["models"])), 2)
    ]
    return replace(comparison, pairs=pairs, computed_at=matrices["computed_at"])


def _list_names(slugs: Sequence[str], pool: str) -> list[str]:
    """Return the names of the models and contestants that can be in this pool, or their slugs if they are unknown."""
    printable_slugs = [slug for slug in slugs if slug.isprintable()]
    if not printable_slugs:
        return list(slugs)
    models, contestants = (
        rows.filter(slug__in=printable_slugs).values_list("slug", "name")
        for rows in (LanguageModel.objects.all(), list_contestants(pool))
    )
    names = {**dict(models), **dict(contestants)}
    return [names.get(slug, slug) for slug in slugs]


def _iter_lines(entries: Sequence[LeaderboardEntry]) -> Iterator[ComparisonLine]:
    yield ComparisonLine(str(COLUMNS_BY_NAME["rank"].label), [_format_rank(entry) for entry in entries])
    yield ComparisonLine(
        str(COLUMNS_BY_NAME["rating"].label),
        [format_whole(entry.row["rating"]) + _format_error(entry.row) for entry in entries],
    )
    for column in OPTIONAL_COLUMNS:
        if column.is_known(entries):
            yield _build_line(column, entries)
    if any(entry.facts.retires_on for entry in entries):
        days = [entry.facts.retires_on for entry in entries]
        yield ComparisonLine(_("Retirement"), [date_format(day, "F j, Y") if day else UNKNOWN_TEXT for day in days])
    for label, format_attribute in ATTRIBUTE_FORMATTERS.items():
        cells = [format_attribute(entry.row) or UNKNOWN_TEXT for entry in entries]
        if any(cell != UNKNOWN_TEXT for cell in cells):
            yield ComparisonLine(str(label), cells)


def _build_line(column: LeaderboardColumn, entries: Sequence[LeaderboardEntry]) -> ComparisonLine:
    cells = [format_cell(column, entry) for entry in entries]
    values = [(column.value(entry), cell) for entry, cell in zip(entries, cells, strict=True)]
    known_values = [(value, cell) for value, cell in values if value is not None]
    if column.name not in BETTER_IF_GREATER or len({cell for _, cell in known_values}) < 2:
        return ComparisonLine(str(column.label), cells)
    choose = max if BETTER_IF_GREATER[column.name] else min
    return ComparisonLine(str(column.label), cells, choose(known_values, key=lambda pair: pair[0])[1])


def _format_rank(entry: LeaderboardEntry) -> str:
    rank = format_whole(entry.row["rank"])
    rank_range = format_rank_range(entry)
    return f"{rank} ({rank_range})" if rank_range else rank


def _format_error(row: BoardRow) -> str:
    """Return the text after a rating: half the width of its interval, or the closed end if the other end is open."""
    half = compute_half_width(row)
    if half is not None:
        return f" ± {format_whole(half)}"
    interval = format_interval(row)
    return f" ({interval})" if interval else ""


def _list_unknown_notes(entries: Sequence[LeaderboardEntry]) -> list[str]:
    figures = [column for column in OPTIONAL_COLUMNS if column.source == FACTS]
    labels = [str(column.label) for column in figures if entries and not column.is_known(entries)]
    return [_("No data yet: %(figures)s.") % {"figures": ", ".join(labels)}] if labels else []


def _compare_pair(
    matrices: Mapping[str, Any], rows: Mapping[str, Any], order_notes: Mapping[tuple[str, str], str], a: int, b: int
) -> PairComparison:
    """Return the comparison of the models at positions a and b in the matrices. Model a must not be worse than b.

    order_notes: sentences about how many voters the order of two neighbors depends on, keyed by their slugs.
    """
    better = rows[matrices["models"][a]]
    worse = rows[matrices["models"][b]]
    diff = matrices["diff"][a][b]
    error = matrices["diff_se"][a][b]
    needed = matrices["votes_needed"][a][b]
    if diff is None:
        note = _explain_incomparable(better, worse)
    elif error is None:
        note = _("Elo ratings have no standard errors, so we cannot test whether these models differ.")
    else:
        note = order_notes.get((better["model"], worse["model"]), "")
    return PairComparison(
        better=better["name"],
        worse=worse["name"],
        diff=_format_difference(diff, error),
        chance=format_percent(matrices["win_probability"][a][b]),
        direct=_format_direct_votes(
            matrices["counts"][a][b], matrices["wins"][a][b], matrices["wins"][b][a], matrices["ties"][a][b]
        ),
        needed=_format_votes_needed(needed, error),
        note=note,
        is_significant=None if error is None else needed == 0,
    )


def _compare_published(better: BoardRow, worse: BoardRow) -> PairComparison:
    """Return the comparison of two rows of a reference board, which has ratings and intervals, but no pair counts."""
    difference = estimate_difference(better, worse)
    points = better["rating"] - worse["rating"]
    if difference is None:
        verdict = _("An interval has an open end, so we cannot test whether these models differ.")
    elif difference.is_significant:
        verdict = _("They differ significantly.")
    else:
        verdict = _("The difference is not significant: their order is uncertain.")
    return PairComparison(
        better=better["name"],
        worse=worse["name"],
        diff=_format_difference(points, difference.margin / Z95 if difference else None),
        chance=format_percent(compute_win_chance(points)),
        direct=_("not published"),
        needed=UNKNOWN_TEXT,
        note=verdict,
        is_significant=difference.is_significant if difference else None,
    )


def _format_difference(diff: float | None, error: float | None) -> str:
    if diff is None:
        return _("cannot be compared")
    if error is None:
        return format_signed(diff)
    margin = Z95 * error
    if (round_number(diff) > round_number(margin)) == (diff > margin):
        return f"{format_signed(diff)} ± {format_whole(margin)}"
    # Rounded to whole numbers, the figures would contradict the verdict.
    digits = next((n for n in (1, 2) if (round(diff, n) > round(margin, n)) == (diff > margin)), 3)
    return f"{diff:+,.{digits}f} ± {margin:,.{digits}f}"


def _explain_incomparable(better: Mapping[str, Any], worse: Mapping[str, Any]) -> str:
    """Return the reason why the difference between two models cannot be predicted."""
    if better["component"] != worse["component"]:
        return _("No chain of votes connects these models, so their ratings are on different scales.")
    names = [row["name"] for row in (better, worse) if row["unbounded"]]
    sentence = ngettext(
        "The interval of %(names)s has an open end, so no difference can be estimated.",
        "The intervals of %(names)s have open ends, so no difference can be estimated.",
        len(names),
    )
    return sentence % {"names": _(" and ").join(names)}


def _format_direct_votes(votes: int, wins: int, losses: int, ties: int) -> str:
    if not votes:
        return _("no votes between them")
    split = _("%(wins)s won, %(losses)s lost, %(ties)s tied")
    record = split % {"wins": f"{wins:,}", "losses": f"{losses:,}", "ties": f"{ties:,}"}
    text = ngettext("%(votes)s vote: %(record)s", "%(votes)s votes: %(record)s", votes)
    return text % {"votes": f"{votes:,}", "record": record}


def _format_votes_needed(votes: int | None, error: float | None) -> str:
    if votes is None:
        return UNKNOWN_TEXT if error is None else _("at the current estimate, no number of votes would be enough")
    if votes == 0:
        return _("none: they differ significantly")
    return _("about %(votes)s") % {"votes": f"{round_estimate(votes):,}"}


def round_estimate(votes: int) -> int:
    """Return the number rounded to two significant digits, because it is computed from estimates."""
    return round(votes, min(0, 2 - len(str(votes))))
