"""Sentences above and below the leaderboard's table, and messages that replace an empty table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from arena.models import Pool
from ratings.boards.snapshots import ELO, find_oldest_time
from ratings.models import OVERALL_CATEGORY
from ratings.statistics.constants import MIN_VOTES_FOR_RANK
from ratings.web.leaderboard.query import LeaderboardState


@dataclass(frozen=True)
class EmptyBoard:
    """The message that replaces an empty table. `link` is the label of a link to `url`. Both can be empty."""

    title: str
    text: str
    link: str = ""
    url: str = ""


def describe_empty_board(leaderboard: LeaderboardState) -> EmptyBoard:
    """Return the reason why a board has no rows, and what to do next."""
    if leaderboard.conflict:
        return EmptyBoard(_("This board does not exist"), leaderboard.conflict)
    if leaderboard.board.get("problem"):
        text = _(
            "The effect of style cannot be estimated from these votes, so there are no finite ratings with style "
            "control."
        )
        return EmptyBoard(_("These votes have no finite ratings"), text)
    pool = leaderboard.selection.pool
    key = leaderboard.board_key
    if key.at is None and pool.kind == Pool.Kind.LIVE:
        return EmptyBoard(_("No votes yet"), _describe_own_pool(leaderboard), _("Start a battle"), reverse("home"))
    title, text = _describe_missing_votes(leaderboard)
    if key.at is None and not key.style_control and key.category == OVERALL_CATEGORY:
        return EmptyBoard(title, text)
    link = _("Go to the overall board for %(name)s") % {"name": pool.name}
    return EmptyBoard(title, text, link, "?" + urlencode({"pool": pool.slug}))


def _describe_own_pool(leaderboard: LeaderboardState) -> str:
    if leaderboard.board_key.style_control:
        return _("This board will appear once there are votes for which the style of both answers is known.")
    return _("The first vote creates the first ranking. It appears here automatically.")


def _describe_missing_votes(leaderboard: LeaderboardState) -> tuple[str, str]:
    key = leaderboard.board_key
    if key.at:
        oldest = find_oldest_time(key)
        if oldest is None:
            return _("No board from that time"), _("This board has no snapshots.")
        text = _("The oldest snapshot of this board is from %(time)s UTC.")
        return _("No board from that time"), text % {"time": date_format(oldest, "F j, Y, H:i")}
    if key.style_control:
        text = _(
            "This pool has no style-controlled ratings in this category. Such ratings need votes for which the style "
            "of both answers is known."
        )
        return _("No votes here"), text
    if key.category != OVERALL_CATEGORY:
        return _("No votes here"), _("This pool has no votes in this category.")
    if leaderboard.selection.pool.kind == Pool.Kind.API:
        return _("No votes yet"), _("Votes cast by programs with an API key will appear here.")
    return _("No votes yet"), _("This pool has no counted votes.")


def describe_provisional_ranks(board: Mapping[str, Any]) -> str:
    """Return the sentence above the table of a board whose ranks are all provisional, or ""."""
    if not board["provisional"] or not board["rows"]:
        return ""
    return _("These ranks are provisional: a rank needs %(votes)s votes.") % {"votes": MIN_VOTES_FOR_RANK}


def describe_tiers(leaderboard: LeaderboardState) -> str:
    """Return a short note on which models share a tier."""
    if leaderboard.selection.credit:
        return _("tier: intervals overlap the top model's")
    return _("tier: about as good as its top model")


def describe_table(leaderboard: LeaderboardState, groups: str) -> str:
    """Return sentences about how the ratings were computed. `groups` names the board's unconnected groups, if any."""
    board = leaderboard.board
    if credit := leaderboard.selection.credit:
        text = _(
            "Ratings, 95%% intervals, and votes are as published by %(publisher)s. We compute the ranks and their "
            "ranges. A bracket joins models whose intervals overlap that of the first one, but two of them can still "
            "differ significantly."
        )
        return text % {"publisher": credit["publisher"]}
    is_elo = leaderboard.board_key.method == ELO
    sentences = [_describe_ratings(board["votes"], is_elo=is_elo)]
    if leaderboard.board_key.style_control:
        sentences.append(_("The effects of an answer's length, headings, bold text, and list items are removed."))
    sentences.append(_("Ties and “both bad” count as half a win for each model; the dotted line is the mean, 1,000."))
    if is_elo:
        sentences.append(_("Filters do not change ranks."))
    else:
        text = _(
            "A bracket joins the models of a tier. Models can share a tier even if their bars do not touch, because the"
            " test for tiers is stricter: it covers all pairs at once. Filters do not change ranks or tiers."
        )
        sentences.append(text)
    if groups:
        text = _(
            "The models in %(groups)s are not connected to the others by any chain of votes. Ranks, tiers, and "
            "ratings are valid only within a group."
        )
        sentences.append(text % {"groups": groups})
    return " ".join(sentences)


def _describe_ratings(votes: int, *, is_elo: bool) -> str:
    if is_elo:
        text = ngettext(
            "Elo ratings, computed from %(votes)s vote.",
            "Elo ratings, computed from %(votes)s votes in the order in which they were cast.",
            votes,
        )
    else:
        text = ngettext(
            "Bradley\N{EN DASH}Terry ratings by maximum likelihood with 95%% intervals, from %(votes)s vote.",
            "Bradley\N{EN DASH}Terry ratings by maximum likelihood with 95%% intervals, from %(votes)s votes.",
            votes,
        )
    return text % {"votes": f"{votes:,}"}
