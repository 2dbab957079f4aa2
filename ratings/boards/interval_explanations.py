"""Sentences that explain the width of a model's interval."""

from collections.abc import Iterator
from math import sqrt

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.text.proportions import Z95
from ratings.boards.board_row import BoardRow, has_rank
from ratings.boards.number_text import format_whole
from ratings.statistics.constants import (
    ELO_SCALE,
    MAX_VOTES_PER_VOTER,
    MIN_VOTERS,
    MIN_VOTES_FOR_RANK,
    PROVISIONAL_HALF_WIDTH,
    PROVISIONAL_VOTES,
)

PUBLISHED_INTERVAL = "published"  # the `interval` of rows on a reference board
ONE_VOTE_HALF_WIDTH = Z95 * ELO_SCALE
# If an interval is more than this many times as wide as the model's votes explain, the width has other causes too.
EXCESS_WIDTH_RATIO = 1.5
# At this win rate, a vote contains about half as much information as at a win rate of 50%.
ONE_SIDED_WIN_RATE = 0.85

_OTHER_CAUSES = {
    "plain": gettext_lazy(
        "The rest is due to other models with few votes, because ratings are relative to the average of all models."
    ),
    "clustered": gettext_lazy(
        "The rest is due to correlated votes from the same people, or to other models with few votes. Ratings are"
        " relative to the average of all models."
    ),
}


def explain_interval(row: BoardRow) -> list[str]:
    """Return sentences that explain an interval's width, most important first.

    The last sentence explains how to narrow the interval, or why more votes on this model may not be enough.
    """
    if row["interval"] == PUBLISHED_INTERVAL:
        return [_("The publisher does not explain this interval.")]
    if row["rating"] is not None and row["rank_low"] is None:
        return [_("Elo ratings have no interval, because they depend on the order of the votes.")]
    return [
        *_explain_open_end(row),
        *_explain_few_votes(row),
        *_explain_few_voters(row),
        *_explain_one_sided(row),
        *_explain_width(row),
    ]


def explain_provisional(row: BoardRow, *, is_own_pool: bool = True) -> str:
    """Return the reasons why a rating is provisional, as one string.

    is_own_pool: whether the pool belongs to this arena. If so, a rating with few voters is provisional too.
    """
    sentences = [*_explain_open_end(row), *_explain_few_votes(row)]
    if is_own_pool:
        sentences += _explain_few_voters(row)
    if not row["unbounded"]:
        sentences += _explain_too_wide(row)
    return " ".join(sentences)


def describe_missing_votes(row: BoardRow) -> str:
    """Return a short description of the votes that a model still needs for a rank, or "" if it is ranked."""
    if has_rank(row):
        return ""
    votes = row["votes_to_rank"]
    more = ngettext("%(votes)s more vote", "%(votes)s more votes", votes) % {"votes": votes}
    if not votes:
        return _("needs both wins and losses")
    if row["unbounded"]:
        return _("%(more)s (some with the opposite result)") % {"more": more}
    return more


def describe_rank_rule(*, is_own_pool: bool) -> str:
    """Return one sentence that states when a model is ranked.

    is_own_pool: whether the pool belongs to this arena. If so, the limit on votes per voter is included.
    """
    figures = {"votes": MIN_VOTES_FOR_RANK, "most": MAX_VOTES_PER_VOTER}
    if is_own_pool:
        return (
            _("To be ranked, a model needs %(votes)s votes, at most %(most)s of them from the same person.") % figures
        )
    return _("To be ranked, a model needs %(votes)s votes.") % figures


def compute_half_width(row: BoardRow) -> float | None:
    """Return half the width of an interval in Elo points, or None if an end is open or there is no interval."""
    low, high = row["ci_low"], row["ci_high"]
    return None if low is None or high is None else float(high - low) / 2


def _explain_open_end(row: BoardRow) -> Iterator[str]:
    if not row["unbounded"]:
        return
    if not row["losses"] and not row["ties"]:
        yield _("It has never lost, so its votes set no upper limit on its strength. The upper end is open.")
    elif not row["wins"] and not row["ties"]:
        yield _("It has never won, so its votes set no lower limit on its strength. The lower end is open.")
    elif row["ci_low"] is None and row["ci_high"] is None:
        yield _("No chain of votes puts it above or below the other models, so both ends are open.")
    elif row["ci_high"] is None:
        yield _("No chain of votes puts it below the other models, so the upper end is open.")
    else:
        yield _("No chain of votes puts it above the other models, so the lower end is open.")


def _explain_few_votes(row: BoardRow) -> Iterator[str]:
    if row["votes"] < PROVISIONAL_VOTES:
        yield ngettext(
            "It has only %(votes)s vote. Ratings with fewer than %(least)s votes are provisional.",
            "It has only %(votes)s votes. Ratings with fewer than %(least)s votes are provisional.",
            row["votes"],
        ) % {"votes": row["votes"], "least": PROVISIONAL_VOTES}


def _explain_few_voters(row: BoardRow) -> Iterator[str]:
    if row["voters"] is not None and row["voters"] < MIN_VOTERS:
        yield ngettext(
            "Only %(people)s person has voted on it, so the rating may reflect that person's taste.",
            "Only %(people)s people have voted on it, so the rating may reflect their taste.",
            row["voters"],
        ) % {"people": row["voters"]}


def _explain_one_sided(row: BoardRow) -> Iterator[str]:
    rate = row["win_rate"]
    if not row["unbounded"] and not 1 - ONE_SIDED_WIN_RATE < rate < ONE_SIDED_WIN_RATE:
        yield _(
            "It won %(rate)s of its votes. Such one-sided results say little about its distance from the others."
        ) % {"rate": f"{100 * rate:.0f}%"}


def _explain_too_wide(row: BoardRow) -> Iterator[str]:
    half_width = compute_half_width(row)
    if half_width is not None and half_width > PROVISIONAL_HALF_WIDTH:
        yield _("The interval is ± %(half)s. Ratings with an interval wider than ± %(most)s are provisional.") % {
            "half": format_whole(half_width),
            "most": format_whole(PROVISIONAL_HALF_WIDTH),
        }


def _explain_width(row: BoardRow) -> Iterator[str]:
    half_width = compute_half_width(row)
    if half_width is None:
        yield _("The interval closes once chains of votes put the model both above and below the others.")
        return
    yield from _explain_too_wide(row)
    # If the opponents' ratings were known and the votes independent, the win rate would determine the width.
    own_half_width = ONE_VOTE_HALF_WIDTH / sqrt(row["votes"] * row["win_rate"] * (1 - row["win_rate"]))
    figures = {"half": format_whole(half_width), "votes": f"{row['votes']:,}", "own": format_whole(own_half_width)}
    if half_width > EXCESS_WIDTH_RATIO * own_half_width:
        yield (
            _("The interval is ± %(half)s. The model's own votes (%(votes)s) account for about ± %(own)s of that.")
            % figures
        )
        yield str(_OTHER_CAUSES[row["interval"]])
        return
    sentence = ngettext(
        "± %(half)s is due to %(votes)s vote. Four times as many would halve it.",
        "± %(half)s is due to %(votes)s votes. Four times as many would halve it.",
        row["votes"],
    )
    yield sentence % figures
