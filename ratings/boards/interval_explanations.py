"""Why an interval is as wide as it is, in words with the figures of the row."""

from collections.abc import Iterator, Mapping
from math import sqrt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ratings.boards.changes import has_rank
from ratings.statistics.constants import (
    ELO_SCALE,
    MAX_VOTES_PER_VOTER,
    MIN_VOTERS,
    MIN_VOTES_FOR_RANK,
    PROVISIONAL_HALF_WIDTH,
    PROVISIONAL_VOTES,
    Z95,
)

PUBLISHED_INTERVAL = "published"  # the interval of a reference board
ONE_VOTE_HALF_WIDTH = Z95 * ELO_SCALE
EXCESS_WIDTH_RATIO = (
    1.5  # an interval that is so many times as wide as its own votes make it owes that to something else
)
ONE_SIDED_WIN_RATE = 0.85  # of its votes: each of them then says half as much of the rating as one of an even record

_OTHER_CAUSES = {
    "plain": gettext_lazy("The rest comes from other models with few votes: all are told against their average."),
    "clustered": gettext_lazy(
        "The rest comes from people whose votes go together, or from other models with few votes: all are told against"
        " their average."
    ),
}


def explain_interval(row: Mapping[str, Any]) -> list[str]:
    """Sentences, the weightiest first; the last one says what would help."""
    if row["interval"] == PUBLISHED_INTERVAL:
        return [_("The interval is the publisher's; how it came about is not told with it.")]
    if row["rating"] is not None and row["rank_low"] is None:
        return [_("Elo ratings have no interval: they depend on the order of the votes.")]
    return [
        *_explain_open_end(row),
        *_explain_few_votes(row),
        *_explain_few_voters(row),
        *_explain_one_sided(row),
        *_explain_width(row),
    ]


def explain_provisional(row: Mapping[str, Any], *, own: bool = True) -> str:
    """Why a rating is provisional, in one line. own: of a pool of ours, where it is so too if few people judged."""
    wide = [] if row["unbounded"] or compute_half_width(row) is None else list(_explain_too_wide(row))
    people = list(_explain_few_voters(row)) if own else []
    return " ".join([*_explain_open_end(row), *_explain_few_votes(row), *people, *wide])


def describe_missing_votes(row: Mapping[str, Any]) -> str:
    """What a model lacks for a rank, in a few words; empty where it is ranked."""
    if has_rank(row):
        return ""
    votes = row["votes_to_rank"]
    more = ngettext("needs %(votes)s more vote", "needs %(votes)s more votes", votes) % {"votes": votes}
    if not votes:
        return _("needs votes that go both ways")
    return _("%(more)s, some the other way") % {"more": more} if row["unbounded"] else more


def describe_rank_rule(*, own: bool) -> str:
    """When a model is ranked. own: in a pool of ours, where people are known."""
    figures = {"votes": MIN_VOTES_FOR_RANK, "most": MAX_VOTES_PER_VOTER}
    if own:
        return _("A rank takes %(votes)s votes, of which no person counts for more than %(most)s.") % figures
    return _("A rank takes %(votes)s votes.") % figures


def compute_half_width(row: Mapping[str, Any]) -> float | None:
    """Elo points; None where an end is open or there is no interval."""
    low, high = row["ci_low"], row["ci_high"]
    return None if low is None or high is None else float(high - low) / 2


def _explain_open_end(row: Mapping[str, Any]) -> Iterator[str]:
    if not row["unbounded"]:
        return
    if not row["losses"] and not row["ties"]:
        yield _("It has never lost, so no vote says how strong it may be: the upper end is open.")
    elif not row["wins"] and not row["ties"]:
        yield _("It has never won, so no vote says how weak it may be: the lower end is open.")
    elif row["ci_low"] is None and row["ci_high"] is None:
        yield _("No chain of votes shows it above the other models, and none below them: both ends are open.")
    elif row["ci_high"] is None:
        yield _("No chain of votes shows it below the other models, so the upper end is open.")
    else:
        yield _("No chain of votes shows it above the other models, so the lower end is open.")


def _explain_few_votes(row: Mapping[str, Any]) -> Iterator[str]:
    if row["votes"] < PROVISIONAL_VOTES:
        yield ngettext(
            "It has only %(votes)s vote; below %(least)s a rating is provisional.",
            "It has only %(votes)s votes; below %(least)s a rating is provisional.",
            row["votes"],
        ) % {"votes": row["votes"], "least": PROVISIONAL_VOTES}


def _explain_few_voters(row: Mapping[str, Any]) -> Iterator[str]:
    if row["voters"] is not None and row["voters"] < MIN_VOTERS:
        yield ngettext(
            "Only %(people)s person has judged it: the board may show one person's taste.",
            "Only %(people)s people have judged it: the board may show their taste alone.",
            row["voters"],
        ) % {"people": row["voters"]}


def _explain_one_sided(row: Mapping[str, Any]) -> Iterator[str]:
    rate = row["win_rate"]
    if not row["unbounded"] and not 1 - ONE_SIDED_WIN_RATE < rate < ONE_SIDED_WIN_RATE:
        yield _(
            "Its record is one-sided, %(rate)s of its votes won: such votes say little about by how much it is apart."
        ) % {"rate": f"{100 * rate:.0f} %"}


def _explain_too_wide(row: Mapping[str, Any]) -> Iterator[str]:
    if (half := compute_half_width(row)) is not None and half > PROVISIONAL_HALF_WIDTH:
        yield _("The interval is ± %(half)s wide; above ± %(most)s a rating is provisional.") % {
            "half": f"{half:.0f}",
            "most": f"{PROVISIONAL_HALF_WIDTH:.0f}",
        }


def _explain_width(row: Mapping[str, Any]) -> Iterator[str]:
    half = compute_half_width(row)
    if half is None:
        yield _("It becomes certain once votes go both ways.")
        return
    yield from _explain_too_wide(row)
    figures = {
        "half": f"{half:.0f}",
        "votes": f"{row['votes']:,}",
        "own": f"{(own := _compute_own_half_width(row)):.0f}",
    }
    if half > EXCESS_WIDTH_RATIO * own:
        yield _("± %(half)s, of which its own %(votes)s votes explain about ± %(own)s.") % figures
        yield str(_OTHER_CAUSES[row["interval"]])
        return
    yield (
        ngettext(
            "± %(half)s comes from %(votes)s vote. Four times as many would halve it.",
            "± %(half)s comes from %(votes)s votes. Four times as many would halve it.",
            row["votes"],
        )
        % figures
    )


def _compute_own_half_width(row: Mapping[str, Any]) -> float:
    """Half of the interval if its opponents' ratings were known and all votes independent, from the win rate."""
    rate = row["win_rate"]
    return ONE_VOTE_HALF_WIDTH / sqrt(row["votes"] * rate * (1 - rate))
