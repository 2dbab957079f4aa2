"""The columns of the leaderboard.

Each entry in `COLUMNS` has a label, a sort value, a format, and its fields in downloaded files.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.text.number_format import format_count, format_dollars, format_signed
from ratings.boards.board_row import BoardRow
from ratings.boards.model_facts import UNKNOWN_FACTS, BoardModelFacts, RatingChange
from ratings.boards.number_text import UNKNOWN_TEXT, format_percent

LazyText = str | Promise
# The sources of values, which are attributes of an entry.
ROW = "row"  # the published row; files always include its columns
FACTS = "facts"  # the catalog, and the battles of this arena
CHANGE = "change"  # the board from a day ago


@dataclass(frozen=True, eq=False)
class LeaderboardEntry:
    """One model on a board: its row as published, its facts, and its change over the past day (None if unknown).

    Boards that earlier versions published lack new keys of `row`, so read such keys with `row.get`.
    """

    row: BoardRow
    facts: BoardModelFacts = UNKNOWN_FACTS
    change: RatingChange | None = None

    @property
    def slug(self) -> str:
        slug: str = self.row["model"]
        return slug

    def read(self, path: str) -> Any:
        """Return the value at a path such as `facts.measured.calls`, or None if there is none."""
        value: Any = self
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else value and getattr(value, name)
        return value


@dataclass(frozen=True, eq=False)
class LeaderboardColumn:
    """A column of the leaderboard.

    description: the meaning of the column, for the legend.
    fields: the fields of the column in a CSV or JSON file → the paths of their values (see `LeaderboardEntry.read`).
    format: returns the text of a cell. It is None for the fixed columns, which have their own layout.
    shown: the path of the value to format, by default that of the first field.
    sort_key: returns the sort value of an entry, by default the value of the first field.
    descending: whether sorting by the column starts with the largest value.
    is_default: whether the column is shown by default if any value is known.
    """

    name: str
    label: LazyText
    description: LazyText
    fields: Mapping[str, str]
    format: Callable[[Any], str] | None = None
    shown: str = ""
    sort_key: Callable[[LeaderboardEntry], Any] | None = None
    descending: bool = True
    is_default: bool = True

    @property
    def path(self) -> str:
        """The path of the first field."""
        return next(iter(self.fields.values()))

    @property
    def source(self) -> str:
        return self.path.partition(".")[0]

    def value(self, entry: LeaderboardEntry) -> Any:
        """Return the sort value of an entry, or None if it is unknown."""
        return self.sort_key(entry) if self.sort_key else entry.read(self.path)

    def is_known(self, entries: Iterable[LeaderboardEntry]) -> bool:
        """Return whether the value of any entry is known."""
        return any(self.value(entry) is not None for entry in entries)


def _list_row_fields(*names: str) -> dict[str, str]:
    return {name: f"{ROW}.{name}" for name in names}


def _build_rank_key(entry: LeaderboardEntry) -> tuple[int, float]:
    """Return the sort value for ranks. Unranked models are sorted by rating, separately from ranked models."""
    row = entry.row
    return row["component"], -row["rating"] if row["rank"] is None else row["rank"]


def format_change(change: RatingChange) -> str:
    """Return the changes in rating and rank as text. Changes within noise are marked."""
    if change.rating is None:
        return gettext("new")
    text = format_signed(change.rating)
    if change.rank:
        text += f" {'↑' if change.rank > 0 else '↓'}{abs(change.rank)}"
    if change.is_significant is not False:
        return text
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
        fields=_list_row_fields("rank", "rank_low", "rank_high", "rank_ub", "component", "votes_to_rank"),
        sort_key=_build_rank_key,
        descending=False,
    ),
    LeaderboardColumn(
        name="model",
        label=_("Model"),
        description=_(
            "The model, its maker and license, and whether its weights are open. A provisional model has too few votes"
            " or voters so far."
        ),
        fields=_list_row_fields("model", "variant_of", "name", "setting", "organization", "license", "open_weights")
        | {"commercial_use": "facts.commercial", "retired": "facts.retired"},
        sort_key=lambda entry: entry.row["name"].casefold(),
        descending=False,
    ),
    LeaderboardColumn(
        name="rating",
        label=_("Rating"),
        description=_(
            "Strength on the Elo scale, with a 95% interval. The mean rating of all models with a bounded interval is"
            " 1,000."
        ),
        fields=_list_row_fields("rating", "ci_low", "ci_high", "se", "interval", "unbounded", "provisional"),
        sort_key=lambda entry: (-entry.row["component"], entry.row["rating"]),  # components do not share a scale
    ),
    LeaderboardColumn(
        name="change",
        label=_("24 h"),
        description=_(
            "Change in the rating over the past day, and the number of ranks that the model rose (↑) or fell (↓)."
            " Gray changes are not significant."
        ),
        fields={
            "rating_change_24h": "change.rating",
            "rank_change_24h": "change.rank",
            "beyond_noise_24h": "change.is_significant",
            "new": "change.is_new",
        },
        format=format_change,
        shown=CHANGE,
    ),
    LeaderboardColumn(
        name="tier",
        label=_("Tier"),
        description=_(
            "The votes cannot separate the models in tier 1 from the best model. The best of the rest leads tier 2."
            " Each tier is tested against its leader with joint 95% intervals, so two neighbors in different tiers"
            " might not differ significantly. Filters do not change the tier numbers."
        ),
        fields=_list_row_fields("tier"),
        format="{:,}".format,
        descending=False,
        is_default=False,  # the brackets show the tiers
    ),
    LeaderboardColumn(
        name="votes",
        label=_("Votes"),
        description=_("Number of counted votes on this model. More votes make the interval narrower."),
        fields=_list_row_fields("votes", "weight", "wins", "losses", "ties", "both_bad"),
        format="{:,}".format,
    ),
    LeaderboardColumn(
        name="voters",
        label=_("People"),
        description=_(
            "Number of people with counted votes on this model. Votes from the same person are not independent."
        ),
        fields=_list_row_fields("voters"),
        format="{:,}".format,
        is_default=False,
    ),
    LeaderboardColumn(
        name="win_rate",
        label=_("Win rate"),
        description=_(
            "Wins plus half the ties, divided by the number of votes. Unlike the rating, it depends on how strong the"
            " opponents were."
        ),
        fields=_list_row_fields("win_rate"),
        format=format_percent,
    ),
    LeaderboardColumn(
        name="size",
        label=_("Size"),
        description=_("Total parameters, if the maker has published the number."),
        fields={"parameters_total": "facts.size"},
        format=format_count,
        descending=False,
        is_default=False,
    ),
    LeaderboardColumn(
        name="price",
        label=_("Price per 1M"),
        description=_("US dollars per million tokens, blended 3:1 (input to output)."),
        fields={"price": "facts.price", "price_input": "facts.price_input", "price_output": "facts.price_output"},
        format=format_dollars,
        descending=False,
    ),
    LeaderboardColumn(
        name="context",
        label=_("Context"),
        description=_("Context window: the number of tokens that fit in one conversation."),
        fields={"context_window": "facts.context"},
        format=format_count,
    ),
    LeaderboardColumn(
        name="speed",
        label=_("Speed"),
        description=_(
            "Tokens per second after the first token, measured here over a 30-day window ending two days ago."
        ),
        fields={"tokens_per_s": "facts.measured.tokens_per_s"},
        format="{:,.0f}/s".format,
    ),
    LeaderboardColumn(
        name="wait",
        label=_("First token"),
        description=_("Seconds until the first token, measured here over a 30-day window ending two days ago."),
        fields={"first_token_s": "facts.measured.first_token_s"},
        format="{:,.2f} s".format,
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
        fields={"failure_rate": "facts.measured.failure_rate", "calls": "facts.measured.calls"},
        format=lambda share: format_percent(share, 1),
        descending=False,
    ),
    LeaderboardColumn(
        name="released",
        label=_("Released"),
        description=_("The model's release date."),
        fields={"release_date": "facts.released"},
        format="{:%b %Y}".format,
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
    value = entry.read(column.shown or column.path)
    return UNKNOWN_TEXT if value is None else column.format(value)


def describe_column(column: LeaderboardColumn, *, is_reference: bool) -> LeaderboardColumn:
    """Return the column with the description for this kind of board."""
    published = PUBLISHED_DESCRIPTIONS.get(column.name) if is_reference else None
    return replace(column, description=published) if published else column


def list_legend_columns(entries: Sequence[LeaderboardEntry], *, is_reference: bool) -> list[LeaderboardColumn]:
    """Return the columns to explain. On a reference board, those are the columns in which some entry has a value."""
    columns = [column for column in COLUMNS if not is_reference or column.is_known(entries)]
    return [describe_column(column, is_reference=is_reference) for column in columns]


def list_default_columns(entries: Sequence[LeaderboardEntry]) -> tuple[str, ...]:
    """Return the names of the default columns that have a known value for any of these entries."""
    return tuple(column.name for column in OPTIONAL_COLUMNS if column.is_default and column.is_known(entries))
