"""Why an interval is as wide as it is, in words with the figures of the row."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ratings.provisional import FEW_VOTES, MIN_VOTERS, WIDE

PUBLISHED = "published"  # the interval of a reference board
ONE_SIDED = 0.85  # of its votes: each of them then says half as much of the rating as one of an even record


def reasons(row: Mapping[str, Any]) -> list[str]:
    """Sentences, the weightiest first; the last one says what would help."""
    if row["interval"] == PUBLISHED:
        return [_("The interval is the publisher's; how it came about is not told with it.")]
    if row["rating"] is not None and row["rank_low"] is None:
        return [_("Elo ratings have no interval: they depend on the order of the votes.")]
    return [*_open_end(row), *_few(row), *_one_sided(row), *_width(row)]


def provisional(row: Mapping[str, Any]) -> str:
    """Why a rating is provisional, in one line."""
    wide = [] if row["unbounded"] or half_width(row) is None else list(_too_wide(row))
    return " ".join([*_open_end(row), *_few(row), *wide])


def half_width(row: Mapping[str, Any]) -> float | None:
    """Elo points; None where an end is open or there is no interval."""
    low, high = row["ci_low"], row["ci_high"]
    return None if low is None or high is None else float(high - low) / 2


def _open_end(row: Mapping[str, Any]) -> Iterator[str]:
    if not row["unbounded"]:
        return
    if not row["losses"] and not row["ties"]:
        yield _("It has never lost, so no vote says how strong it may be: the upper end is open.")
    elif not row["wins"] and not row["ties"]:
        yield _("It has never won, so no vote says how weak it may be: the lower end is open.")
    elif row["ci_high"] is None:
        yield _("No chain of votes shows it below the other models, so the upper end is open.")
    else:
        yield _("No chain of votes shows it above the other models, so the lower end is open.")


def _few(row: Mapping[str, Any]) -> Iterator[str]:
    if row["votes"] < FEW_VOTES:
        yield ngettext(
            "It has only %(votes)s vote; below %(least)s a rating is provisional.",
            "It has only %(votes)s votes; below %(least)s a rating is provisional.",
            row["votes"],
        ) % {"votes": row["votes"], "least": FEW_VOTES}
    if row["voters"] is not None and row["voters"] < MIN_VOTERS:
        yield ngettext(
            "Only %(people)s person has judged it: the board may show one person's taste.",
            "Only %(people)s people have judged it: the board may show their taste alone.",
            row["voters"],
        ) % {"people": row["voters"]}


def _one_sided(row: Mapping[str, Any]) -> Iterator[str]:
    rate = row["win_rate"]
    if not row["unbounded"] and not 1 - ONE_SIDED < rate < ONE_SIDED:
        yield _(
            "Its record is one-sided, %(rate)s of its votes won: such votes say little about by how much it is apart."
        ) % {"rate": f"{100 * rate:.0f} %"}


def _too_wide(row: Mapping[str, Any]) -> Iterator[str]:
    if (half := half_width(row)) is not None and half > WIDE:
        yield _("The interval is ± %(half)s wide; above ± %(most)s a rating is provisional.") % {
            "half": f"{half:.0f}",
            "most": f"{WIDE:.0f}",
        }


def _width(row: Mapping[str, Any]) -> Iterator[str]:
    half = half_width(row)
    if half is None:
        yield _("It becomes certain once votes go both ways.")
        return
    yield from _too_wide(row)
    yield ngettext(
        "± %(half)s comes from %(votes)s vote. Four times as many would halve it.",
        "± %(half)s comes from %(votes)s votes. Four times as many would halve it.",
        row["votes"],
    ) % {"half": f"{half:.0f}", "votes": f"{row['votes']:,}"}
