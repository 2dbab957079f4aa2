"""The columns of the leaderboard: what each is called and means, how it is sorted, and what files hold of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ratings.boards.model_facts import UNKNOWN_FACTS, BoardModelFacts, RatingChange

LazyText = str | Promise


@dataclass(frozen=True, eq=False)
class LeaderboardEntry:
    """One model of a board: its row as published, what is known of it, and how it moved; None: unknown."""

    row: Mapping[str, Any]
    facts: BoardModelFacts = UNKNOWN_FACTS
    change: RatingChange | None = None

    @property
    def slug(self) -> str:
        slug: str = self.row["model"]
        return slug


@dataclass(frozen=True, eq=False)
class LeaderboardColumn:
    """`value` is what it is sorted by, None where that is unknown; `cells` are its fields in a file."""

    name: str
    label: LazyText
    about: LazyText
    value: Callable[[LeaderboardEntry], Any]
    cells: Mapping[str, Callable[[LeaderboardEntry], Any]]
    descending: bool = True  # the better ones first
    usual: bool = True  # shown unless others were chosen, if anything is known


def _make_row_getter(name: str) -> Callable[[LeaderboardEntry], Any]:
    get = itemgetter(name)
    return lambda entry: get(entry.row)


def _make_row_getters(*names: str) -> dict[str, Callable[[LeaderboardEntry], Any]]:
    return {name: _make_row_getter(name) for name in names}


def _make_fact_getter(name: str) -> Callable[[LeaderboardEntry], Any]:
    get = attrgetter(name)
    return lambda entry: get(entry.facts)


def _make_measured_getter(name: str) -> Callable[[LeaderboardEntry], Any]:
    get = attrgetter(name)
    return lambda entry: entry.facts.measured and get(entry.facts.measured)


def _make_change_getter(name: str) -> Callable[[LeaderboardEntry], Any]:
    get = attrgetter(name)
    return lambda entry: entry.change and get(entry.change)


def _build_rank_key(entry: LeaderboardEntry) -> tuple[int, float]:
    """Those without a rank by rating; they stand apart from those with one."""
    row = entry.row
    return row["component"], -row["rating"] if row["rank"] is None else row["rank"]


def _get_votes_to_rank(entry: LeaderboardEntry) -> Any:
    return entry.row.get("votes_to_rank")  # boards of before there were ranked models have none


COLUMNS = (
    LeaderboardColumn(
        "rank",
        _("Rank"),
        _(
            "One more than the ranked models with a higher rating; beside it the range of ranks that the votes allow "
            "at 95 %. A model with too few votes has no rank yet."
        ),
        _build_rank_key,
        _make_row_getters("rank", "rank_low", "rank_high", "rank_ub", "component")
        | {"votes_to_rank": _get_votes_to_rank},
        descending=False,
    ),
    LeaderboardColumn(
        "model",
        _("Model"),
        _("Who made it, whether its weights are open, and its licence. Provisional: too few votes or people yet."),
        lambda entry: entry.row["name"].casefold(),
        {
            **_make_row_getters("model", "name", "organization", "license", "open_weights"),
            "commercial_use": _make_fact_getter("commercial"),
            "retired": _make_fact_getter("retired"),
        },
        descending=False,
    ),
    LeaderboardColumn(
        "rating",
        _("Rating"),
        _(
            "Strength on the scale of Elo, and the 95 % interval that it lies in; 1,000 is the mean of the models "
            "whose interval is closed."
        ),
        lambda entry: (-entry.row["component"], entry.row["rating"]),  # two groups have no common scale
        _make_row_getters("rating", "ci_low", "ci_high", "se", "interval", "unbounded", "provisional"),
    ),
    LeaderboardColumn(
        "change",
        _("24 h"),
        _(
            "What the rating gained or lost within a day, and by how many places the model rose (↑) or fell (↓); "
            "grey if that is within noise."
        ),
        _make_change_getter("rating"),
        {
            "rating_change_24h": _make_change_getter("rating"),
            "rank_change_24h": _make_change_getter("rank"),
            "beyond_noise_24h": _make_change_getter("beyond_noise"),
            "new": _make_change_getter("new"),
        },
    ),
    LeaderboardColumn(
        "tier",
        _("Tier"),
        _("Models of tier 1 may all be the best, as far as the votes tell; the best of the others leads tier 2."),
        _make_row_getter("tier"),
        _make_row_getters("tier"),
        descending=False,
    ),
    LeaderboardColumn(
        "votes",
        _("Votes"),
        _("Counted votes on battles of this model; more of them make the interval narrower."),
        _make_row_getter("votes"),
        _make_row_getters("votes", "wins", "losses", "ties", "both_bad"),
    ),
    LeaderboardColumn(
        "voters",
        _("People"),
        _("How many known people judged it. Votes of one person are not independent of each other."),
        _make_row_getter("voters"),
        _make_row_getters("voters"),
        usual=False,
    ),
    LeaderboardColumn(
        "win_rate",
        _("Win rate"),
        _("Wins and half the ties, out of all its votes. It depends on the opponents; the rating does not."),
        _make_row_getter("win_rate"),
        _make_row_getters("win_rate"),
    ),
    LeaderboardColumn(
        "size",
        _("Size"),
        _("Parameters in total, where the maker tells."),
        _make_fact_getter("size"),
        {"parameters_total": _make_fact_getter("size")},
        descending=False,
        usual=False,
    ),
    LeaderboardColumn(
        "price",
        _("Price"),
        _("US dollars for a million tokens, of which three quarters are read and one quarter is written."),
        _make_fact_getter("price"),
        {
            "price": _make_fact_getter("price"),
            "price_input": _make_fact_getter("price_input"),
            "price_output": _make_fact_getter("price_output"),
        },
        descending=False,
    ),
    LeaderboardColumn(
        "context",
        _("Context"),
        _("How many tokens fit into one conversation."),
        _make_fact_getter("context"),
        {"context_window": _make_fact_getter("context")},
    ),
    LeaderboardColumn(
        "speed",
        _("Speed"),
        _("Tokens a second after the first, measured here over thirty days up to the day before yesterday."),
        _make_measured_getter("tokens_per_s"),
        {"tokens_per_s": _make_measured_getter("tokens_per_s")},
    ),
    LeaderboardColumn(
        "wait",
        _("First token"),
        _("Seconds until the first token, measured here over the same days."),
        _make_measured_getter("first_token_s"),
        {"first_token_s": _make_measured_getter("first_token_s")},
        descending=False,
        usual=False,
    ),
    LeaderboardColumn(
        "failures",
        _("Failed"),
        _("The share of its calls in blind battles that failed by a timeout or an outage, over the same days."),
        _make_measured_getter("failure_rate"),
        {"failure_rate": _make_measured_getter("failure_rate"), "calls": _make_measured_getter("calls")},
        descending=False,
    ),
    LeaderboardColumn(
        "released",
        _("Released"),
        _("The day on which it came out."),
        _make_fact_getter("released"),
        {"release_date": _make_fact_getter("released")},
        usual=False,
    ),
)
COLUMNS_BY_NAME = {column.name: column for column in COLUMNS}
FIXED_COLUMNS = ("rank", "model", "rating")
OPTIONAL_COLUMNS = tuple(column for column in COLUMNS if column.name not in FIXED_COLUMNS)


def list_default_columns(entries: Iterable[LeaderboardEntry]) -> tuple[str, ...]:
    """The columns to choose that are shown if none is chosen: those of which anything is known here."""
    entries = list(entries)
    shown = (column for column in OPTIONAL_COLUMNS if column.usual)
    return tuple(column.name for column in shown if any(column.value(entry) is not None for entry in entries))
