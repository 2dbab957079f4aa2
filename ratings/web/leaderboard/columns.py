"""The columns of the leaderboard.

Each entry in `COLUMNS` has a label, a sort value, a format, and its fields in downloaded files.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from operator import attrgetter, itemgetter
from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.text.number_format import format_count, format_dollars, format_signed
from ratings.boards.model_facts import UNKNOWN_FACTS, BoardModelFacts, RatingChange
from ratings.boards.number_text import UNKNOWN_TEXT, format_percent

LazyText = str | Promise


@dataclass(frozen=True, eq=False)
class LeaderboardEntry:
    """One model on a board: its row as published, its facts, and its change over the past day (None if unknown).

    `ratings.pipeline.board_rows` sets the keys of `row`. Boards that earlier versions published lack new keys, so read
    such keys with `row.get`.
    """

    row: Mapping[str, Any]
    facts: BoardModelFacts = UNKNOWN_FACTS
    change: RatingChange | None = None

    @property
    def slug(self) -> str:
        slug: str = self.row["model"]
        return slug


Getter = Callable[[LeaderboardEntry], Any]
Formatter = Callable[[LeaderboardEntry], str]


class ColumnKind(Enum):
    """The source of a column's values."""

    BOARD = "board"  # the published row; files always include these columns
    CHANGE = "change"  # the board from a day ago
    FACT = "fact"  # the catalog
    MEASURED = "measured"  # the battles of this arena


@dataclass(frozen=True, eq=False)
class LeaderboardColumn:
    """A column of the leaderboard.

    description: the meaning of the column, for the legend.
    value: returns the sort value of an entry, or None if it is unknown.
    fields: the fields of the column in a CSV or JSON file.
    format: returns the text of a cell. It is None for the fixed columns, which have their own layout.
    descending: whether sorting by the column starts with the largest value.
    is_default: whether the column is shown by default if any value is known.
    """

    name: str
    label: LazyText
    description: LazyText
    value: Getter
    fields: Mapping[str, Getter]
    format: Formatter | None = None
    kind: ColumnKind = ColumnKind.BOARD
    descending: bool = True
    is_default: bool = True


def _make_row_getter(name: str) -> Getter:
    get = itemgetter(name)
    return lambda entry: get(entry.row)


def _make_row_getters(*names: str) -> dict[str, Getter]:
    return {name: _make_row_getter(name) for name in names}


def _make_fact_getter(name: str) -> Getter:
    get = attrgetter(name)
    return lambda entry: get(entry.facts)


def _make_measured_getter(name: str) -> Getter:
    get = attrgetter(name)
    return lambda entry: entry.facts.measured and get(entry.facts.measured)


def _make_change_getter(name: str) -> Getter:
    get = attrgetter(name)
    return lambda entry: entry.change and get(entry.change)


def _build_rank_key(entry: LeaderboardEntry) -> tuple[int, float]:
    """Return the sort value for ranks. Unranked models are sorted by rating, separately from ranked models."""
    row = entry.row
    return row["component"], -row["rating"] if row["rank"] is None else row["rank"]


def _get_votes_to_rank(entry: LeaderboardEntry) -> Any:
    return entry.row.get("votes_to_rank")  # not on boards published by earlier versions


def _make_formatter(value: Getter, format_value: Callable[[Any], str]) -> Formatter:
    def format_entry(entry: LeaderboardEntry) -> str:
        number = value(entry)
        return UNKNOWN_TEXT if number is None else format_value(number)

    return format_entry


def _make_number_formatter(value: Getter, unit: str = "", digits: int = 0) -> Formatter:
    return _make_formatter(value, lambda number: f"{number:,.{digits}f}{unit}")


def format_change(entry: LeaderboardEntry) -> str:
    """Return the changes in rating and rank as text. Changes within noise are marked."""
    if entry.change is None:
        return UNKNOWN_TEXT
    if entry.change.rating is None:
        return gettext("new")
    text = format_signed(entry.change.rating) + _format_rank_gain(entry.change.rank or 0)
    return _mark_within_noise(text) if entry.change.is_significant is False else text


def _format_rank_gain(ranks: int) -> str:
    if not ranks:
        return ""
    return f" {'↑' if ranks > 0 else '↓'}{abs(ranks)}"


def _mark_within_noise(text: str) -> str:
    note = gettext("not significant")
    return format_html('<span title="{}">{}</span><span class="visually-hidden">, {}</span>', note, text, note)


COLUMNS = (
    LeaderboardColumn(
        name="rank",
        label=_("Rank"),
        description=_(
            "One plus the number of ranked models with a higher rating, and the range of ranks at 95% confidence."
            " A model with too few votes has no rank yet."
        ),
        value=_build_rank_key,
        fields=_make_row_getters("rank", "rank_low", "rank_high", "rank_ub", "component")
        | {"votes_to_rank": _get_votes_to_rank},
        descending=False,
    ),
    LeaderboardColumn(
        name="model",
        label=_("Model"),
        description=_(
            "The model, its maker and license, and whether its weights are open. A provisional model has too few votes"
            " or voters so far."
        ),
        value=lambda entry: entry.row["name"].casefold(),
        fields={
            **_make_row_getters("model", "name"),
            "setting": lambda entry: entry.row.get("setting", ""),
            **_make_row_getters("organization", "license", "open_weights"),
            "commercial_use": _make_fact_getter("commercial"),
            "retired": _make_fact_getter("retired"),
        },
        descending=False,
    ),
    LeaderboardColumn(
        name="rating",
        label=_("Rating"),
        description=_(
            "Strength on the Elo scale, with a 95% interval. The mean rating of all models with a bounded interval is"
            " 1,000."
        ),
        value=lambda entry: (-entry.row["component"], entry.row["rating"]),  # components do not share a scale
        fields=_make_row_getters("rating", "ci_low", "ci_high", "se", "interval", "unbounded", "provisional"),
    ),
    LeaderboardColumn(
        name="change",
        label=_("24 h"),
        description=_(
            "Change in the rating over the past day, and the number of ranks that the model rose (↑) or fell (↓)."
            " Gray changes are not significant."
        ),
        value=_make_change_getter("rating"),
        fields={
            "rating_change_24h": _make_change_getter("rating"),
            "rank_change_24h": _make_change_getter("rank"),
            "beyond_noise_24h": _make_change_getter("is_significant"),
            "new": _make_change_getter("is_new"),
        },
        format=format_change,
        kind=ColumnKind.CHANGE,
    ),
    LeaderboardColumn(
        name="tier",
        label=_("Tier"),
        description=_(
            "The votes cannot separate the models in tier 1 from the best model. The best of the rest leads tier 2."
            " Each tier is tested against its leader with joint 95% intervals, so two neighbors in different tiers"
            " might not differ significantly. Filters do not change the tier numbers."
        ),
        value=_make_row_getter("tier"),
        fields=_make_row_getters("tier"),
        format=_make_number_formatter(_make_row_getter("tier")),
        descending=False,
        is_default=False,  # the brackets show the tiers
    ),
    LeaderboardColumn(
        name="votes",
        label=_("Votes"),
        description=_("Number of counted votes on this model. More votes make the interval narrower."),
        value=_make_row_getter("votes"),
        fields=_make_row_getters("votes", "weight", "wins", "losses", "ties", "both_bad"),
        format=_make_number_formatter(_make_row_getter("votes")),
    ),
    LeaderboardColumn(
        name="voters",
        label=_("People"),
        description=_(
            "Number of people with counted votes on this model. Votes from the same person are not independent."
        ),
        value=_make_row_getter("voters"),
        fields=_make_row_getters("voters"),
        format=_make_number_formatter(_make_row_getter("voters")),
        is_default=False,
    ),
    LeaderboardColumn(
        name="win_rate",
        label=_("Win rate"),
        description=_(
            "Wins plus half the ties, divided by the number of votes. Unlike the rating, it depends on how strong the"
            " opponents were."
        ),
        value=_make_row_getter("win_rate"),
        fields=_make_row_getters("win_rate"),
        format=lambda entry: format_percent(entry.row["win_rate"]),
    ),
    LeaderboardColumn(
        name="size",
        label=_("Size"),
        description=_("Total parameters, if the maker has published the number."),
        value=_make_fact_getter("size"),
        fields={"parameters_total": _make_fact_getter("size")},
        format=_make_formatter(_make_fact_getter("size"), format_count),
        kind=ColumnKind.FACT,
        descending=False,
        is_default=False,
    ),
    LeaderboardColumn(
        name="price",
        label=_("Price per 1M"),
        description=_("US dollars per million tokens, blended 3:1 (input to output)."),
        value=_make_fact_getter("price"),
        fields={
            "price": _make_fact_getter("price"),
            "price_input": _make_fact_getter("price_input"),
            "price_output": _make_fact_getter("price_output"),
        },
        format=_make_formatter(_make_fact_getter("price"), format_dollars),
        kind=ColumnKind.FACT,
        descending=False,
    ),
    LeaderboardColumn(
        name="context",
        label=_("Context"),
        description=_("Context window: the number of tokens that fit in one conversation."),
        value=_make_fact_getter("context"),
        fields={"context_window": _make_fact_getter("context")},
        format=_make_formatter(_make_fact_getter("context"), format_count),
        kind=ColumnKind.FACT,
    ),
    LeaderboardColumn(
        name="speed",
        label=_("Speed"),
        description=_(
            "Tokens per second after the first token, measured here over a 30-day window ending two days ago."
        ),
        value=_make_measured_getter("tokens_per_s"),
        fields={"tokens_per_s": _make_measured_getter("tokens_per_s")},
        format=_make_number_formatter(_make_measured_getter("tokens_per_s"), "/s"),
        kind=ColumnKind.MEASURED,
    ),
    LeaderboardColumn(
        name="wait",
        label=_("First token"),
        description=_("Seconds until the first token, measured here over a 30-day window ending two days ago."),
        value=_make_measured_getter("first_token_s"),
        fields={"first_token_s": _make_measured_getter("first_token_s")},
        format=_make_number_formatter(_make_measured_getter("first_token_s"), " s", 2),
        kind=ColumnKind.MEASURED,
        descending=False,
        is_default=False,
    ),
    LeaderboardColumn(
        name="failures",
        label=_("Failed"),
        description=_(
            "Share of calls in blind battles that failed because of a timeout or an outage, over a"
            " 30-day window ending two days ago."
        ),
        value=_make_measured_getter("failure_rate"),
        fields={"failure_rate": _make_measured_getter("failure_rate"), "calls": _make_measured_getter("calls")},
        format=_make_formatter(_make_measured_getter("failure_rate"), lambda share: format_percent(share, 1)),
        kind=ColumnKind.MEASURED,
        descending=False,
    ),
    LeaderboardColumn(
        name="released",
        label=_("Released"),
        description=_("The model's release date."),
        value=_make_fact_getter("released"),
        fields={"release_date": _make_fact_getter("released")},
        format=_make_formatter(_make_fact_getter("released"), lambda day: f"{day:%b %Y}"),
        kind=ColumnKind.FACT,
        is_default=False,
    ),
)
COLUMNS_BY_NAME = {column.name: column for column in COLUMNS}
FIXED_COLUMNS = tuple(column.name for column in COLUMNS if column.format is None)
# The descriptions of these columns on a reference board.
PUBLISHED_DESCRIPTIONS = {
    "rank": _("One plus the number of ranked models with a higher rating. We compute the ranks from the ratings."),
    "model": _("The model, its maker and license, and whether its weights are open."),
    "rating": _("Strength as published, on the publisher's own scale, with its 95% interval."),
    "votes": _("Number of votes on this model, as published."),
}
OPTIONAL_COLUMNS = tuple(column for column in COLUMNS if column.format is not None)


def format_cell(column: LeaderboardColumn, entry: LeaderboardEntry) -> str:
    """Return the text of a cell in an optional column. Raises ValueError for a fixed column."""
    if column.format is None:
        raise ValueError(f"The column {column.name!r} has its own layout.")
    return column.format(entry)


def describe_column(column: LeaderboardColumn, *, is_reference: bool) -> LeaderboardColumn:
    """Return the column with the description for this kind of board."""
    published = PUBLISHED_DESCRIPTIONS.get(column.name) if is_reference else None
    return replace(column, description=published) if published else column


def list_legend_columns(entries: Sequence[LeaderboardEntry], *, is_reference: bool) -> list[LeaderboardColumn]:
    """Return the columns to explain. On a reference board, those are the columns in which some entry has a value."""
    columns = [describe_column(column, is_reference=is_reference) for column in COLUMNS]
    if not is_reference:
        return columns
    return [column for column in columns if any(column.value(entry) is not None for entry in entries)]


def list_default_columns(entries: Iterable[LeaderboardEntry]) -> tuple[str, ...]:
    """Return the names of the default columns that have a known value for any of these entries."""
    entries = list(entries)
    candidates = (column for column in OPTIONAL_COLUMNS if column.is_default)
    return tuple(column.name for column in candidates if any(column.value(entry) is not None for entry in entries))
