"""The columns of the leaderboard: what each is called and means, how it is sorted, and what files hold of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ratings.boards.model_facts import UNKNOWN, Change, Facts

Text = str | Promise


@dataclass(frozen=True, eq=False)
class Entry:
    """One model of a board: its row as published, what is known of it, and how it moved; None: unknown."""

    row: Mapping[str, Any]
    facts: Facts = UNKNOWN
    change: Change | None = None

    @property
    def slug(self) -> str:
        slug: str = self.row["model"]
        return slug


@dataclass(frozen=True, eq=False)
class Column:
    """`value` is what it is sorted by, None where that is unknown; `cells` are its fields in a file."""

    name: str
    label: Text
    about: Text
    value: Callable[[Entry], Any]
    cells: Mapping[str, Callable[[Entry], Any]]
    descending: bool = True  # the better ones first
    usual: bool = True  # shown unless others were chosen, if anything is known


def _row(name: str) -> Callable[[Entry], Any]:
    get = itemgetter(name)
    return lambda entry: get(entry.row)


def _rows(*names: str) -> dict[str, Callable[[Entry], Any]]:
    return {name: _row(name) for name in names}


def _fact(name: str) -> Callable[[Entry], Any]:
    get = attrgetter(name)
    return lambda entry: get(entry.facts)


def _measured(name: str) -> Callable[[Entry], Any]:
    get = attrgetter(name)
    return lambda entry: entry.facts.measured and get(entry.facts.measured)


def _moved(name: str) -> Callable[[Entry], Any]:
    get = attrgetter(name)
    return lambda entry: entry.change and get(entry.change)


def _place(entry: Entry) -> tuple[int, float]:
    """Those without a rank by rating; they stand apart from those with one."""
    row = entry.row
    return row["component"], -row["rating"] if row["rank"] is None else row["rank"]


def _votes_to_rank(entry: Entry) -> Any:
    return entry.row.get("votes_to_rank")  # boards of before there were ranked models have none


COLUMNS = (
    Column(
        "rank",
        _("Rank"),
        _(
            "One more than the ranked models with a higher rating; beside it the range of ranks that the votes allow "
            "at 95 %. A model with too few votes has no rank yet."
        ),
        _place,
        _rows("rank", "rank_low", "rank_high", "rank_ub", "component") | {"votes_to_rank": _votes_to_rank},
        descending=False,
    ),
    Column(
        "model",
        _("Model"),
        _("Who made it, whether its weights are open, and its licence. Provisional: too few votes or people yet."),
        lambda entry: entry.row["name"].casefold(),
        {
            **_rows("model", "name", "organization", "license", "open_weights"),
            "commercial_use": _fact("commercial"),
            "retired": _fact("retired"),
        },
        descending=False,
    ),
    Column(
        "rating",
        _("Rating"),
        _(
            "Strength on the scale of Elo, and the 95 % interval that it lies in; 1,000 is the mean of the models "
            "whose interval is closed."
        ),
        lambda entry: (-entry.row["component"], entry.row["rating"]),  # two groups have no common scale
        _rows("rating", "ci_low", "ci_high", "se", "interval", "unbounded", "provisional"),
    ),
    Column(
        "change",
        _("24 h"),
        _(
            "What the rating gained or lost within a day, and by how many places the model rose (↑) or fell (↓); "
            "grey if that is within noise."
        ),
        _moved("rating"),
        {
            "rating_change_24h": _moved("rating"),
            "rank_change_24h": _moved("rank"),
            "beyond_noise_24h": _moved("beyond_noise"),
            "new": _moved("new"),
        },
    ),
    Column(
        "tier",
        _("Tier"),
        _("Models of tier 1 may all be the best, as far as the votes tell; the best of the others leads tier 2."),
        _row("tier"),
        _rows("tier"),
        descending=False,
    ),
    Column(
        "votes",
        _("Votes"),
        _("Counted votes on battles of this model; more of them make the interval narrower."),
        _row("votes"),
        _rows("votes", "wins", "losses", "ties", "both_bad"),
    ),
    Column(
        "voters",
        _("People"),
        _("How many known people judged it. Votes of one person are not independent of each other."),
        _row("voters"),
        _rows("voters"),
        usual=False,
    ),
    Column(
        "win_rate",
        _("Win rate"),
        _("Wins and half the ties, out of all its votes. It depends on the opponents; the rating does not."),
        _row("win_rate"),
        _rows("win_rate"),
    ),
    Column(
        "size",
        _("Size"),
        _("Parameters in total, where the maker tells."),
        _fact("size"),
        {"parameters_total": _fact("size")},
        descending=False,
        usual=False,
    ),
    Column(
        "price",
        _("Price"),
        _("US dollars for a million tokens, of which three quarters are read and one quarter is written."),
        _fact("price"),
        {
            "price": _fact("price"),
            "price_input": _fact("price_input"),
            "price_output": _fact("price_output"),
        },
        descending=False,
    ),
    Column(
        "context",
        _("Context"),
        _("How many tokens fit into one conversation."),
        _fact("context"),
        {"context_window": _fact("context")},
    ),
    Column(
        "speed",
        _("Speed"),
        _("Tokens a second after the first, measured here over thirty days up to the day before yesterday."),
        _measured("tokens_per_s"),
        {"tokens_per_s": _measured("tokens_per_s")},
    ),
    Column(
        "wait",
        _("First token"),
        _("Seconds until the first token, measured here over the same days."),
        _measured("first_token_s"),
        {"first_token_s": _measured("first_token_s")},
        descending=False,
        usual=False,
    ),
    Column(
        "failures",
        _("Failed"),
        _("The share of its calls in blind battles that failed by a timeout or an outage, over the same days."),
        _measured("failure_rate"),
        {"failure_rate": _measured("failure_rate"), "calls": _measured("calls")},
        descending=False,
    ),
    Column(
        "released",
        _("Released"),
        _("The day on which it came out."),
        _fact("released"),
        {"release_date": _fact("released")},
        usual=False,
    ),
)
BY_NAME = {column.name: column for column in COLUMNS}
ALWAYS = ("rank", "model", "rating")
TO_CHOOSE = tuple(column for column in COLUMNS if column.name not in ALWAYS)


def usual(entries: Iterable[Entry]) -> tuple[str, ...]:
    """The columns to choose that are shown if none is chosen: those of which anything is known here."""
    entries = list(entries)
    shown = (column for column in TO_CHOOSE if column.usual)
    return tuple(column.name for column in shown if any(column.value(entry) is not None for entry in entries))
