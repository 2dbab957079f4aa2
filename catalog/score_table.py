"""Models and their scores as one table.

A series is what was run alike: by one harness (or in one report), with or without a chat template. Within it a column
is one benchmark under equal conditions, so its scores may be put in order. Without a series each cell is the newest
score of its model, whatever its conditions: to read, not to rank; one that was submitted only where there is no other.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from hashlib import blake2b
from typing import Any

from catalog.benchmarks import conditions
from catalog.models import LanguageModel, Score
from catalog.score_view import Cell, Entry
from catalog.scores import Scored, normalized

BILLION = 10**9


@dataclass(frozen=True)
class Column:
    key: str
    name: str
    slug: str


@dataclass(frozen=True)
class Alike:
    """What the scores of a series share; the report only where no harness is named."""

    measured_by: str
    harness: str
    report: str
    chat_template: bool | None
    limited: bool


@dataclass(frozen=True)
class Series:
    """`key` stays the same from start to start; `scores` is how many."""

    key: str
    alike: Alike
    scores: int


@dataclass(frozen=True)
class Table:
    series: list[Series]
    columns: list[Column]
    entries: list[Entry]


def table(series: str, ratings: Mapping[str, float]) -> Table:
    """ratings: slug → rating on the board that is shown beside. Raises LookupError for a series that does not exist."""
    scores = list(
        Score.objects.select_related("benchmark", "model__organization", "model__license").order_by(
            "submitted", "-date", "pk"
        )
    )
    by_series: dict[Alike, list[Score]] = defaultdict(list)
    for score in scores:
        by_series[_alike(score)].append(score)
    known = {_key(alike): alike for alike in by_series}
    if series and series not in known:
        raise LookupError(series)
    chosen = by_series[known[series]] if series else scores
    columns = _columns(chosen, equal=bool(series))
    listed = [Series(key, alike, len(by_series[alike])) for key, alike in known.items() if len(by_series[alike]) > 1]
    listed.sort(key=lambda each: (-each.scores, each.alike.measured_by, each.key))
    return Table(
        listed,
        sorted(set(columns.values()), key=lambda column: (column.name, column.key)),
        _entries(chosen, columns, ratings, equal=bool(series)),
    )


def _alike(score: Score) -> Alike:
    report = "" if score.harness else score.source
    return Alike(score.measured_by, score.harness, report, score.chat_template, score.limited)


def _key(alike: Alike) -> str:
    return blake2b(repr(astuple(alike)).encode(), digest_size=5).hexdigest()


def _place(score: Score, *, equal: bool) -> tuple[Any, ...]:
    """What one column holds: in a series only equal conditions, else all scores of a benchmark."""
    return (score.benchmark_id, conditions(score)) if equal else (score.benchmark_id,)


def _columns(scores: list[Score], *, equal: bool) -> dict[tuple[Any, ...], Column]:
    """The most filled column of a benchmark has its slug as key, further ones a number behind it."""
    often: dict[tuple[Any, ...], list[Score]] = defaultdict(list)
    for score in scores:
        often[_place(score, equal=equal)].append(score)
    columns, met = {}, defaultdict[str, int](int)
    for place, held in sorted(often.items(), key=lambda item: (-len(item[1]), item[1][0].pk)):
        benchmark = held[0].benchmark
        met[benchmark.slug] += 1
        again = met[benchmark.slug] > 1
        key = f"{benchmark.slug}~{met[benchmark.slug]}" if again else benchmark.slug
        name = f"{benchmark.name} ({held[0].metric} {held[0].filter})".replace(" )", ")") if again else benchmark.name
        columns[place] = Column(key, name, benchmark.slug)
    return columns


def _entries(
    scores: list[Score], columns: Mapping[tuple[Any, ...], Column], ratings: Mapping[str, float], *, equal: bool
) -> list[Entry]:
    cells: dict[tuple[int, str], dict[str, Cell]] = defaultdict(dict)
    models = {score.model_id: score.model for score in scores}
    for score in scores:
        place = (score.model_id, score.precision if equal else "")
        cells[place].setdefault(columns[_place(score, equal=equal)].key, _cell(score))
    return [_entry(models[key], precision, held, ratings) for (key, precision), held in cells.items()]


def _cell(score: Score) -> Cell:
    chance, above = score.benchmark.chance, score.normalized
    if above is None and chance is not None and 0 <= score.value <= 1:
        above = normalized(score.value, chance)
    scored = Scored(score.model.slug, score.value, score.n, score.stderr, conditions(score))
    return Cell(scored.percent, above, scored.margin, score.self_reported, score.measured_by, score.submitted)


def _entry(model: LanguageModel, precision: str, cells: dict[str, Cell], ratings: Mapping[str, float]) -> Entry:
    return Entry(
        slug=model.slug,
        name=model.name,
        organization=model.organization.name if model.organization else "",
        license=model.license.name if model.license else "",
        commercial=model.license.commercial if model.license else "",
        open_weights=model.open_weights,
        kind=model.kind,
        size=model.parameters_total / BILLION if model.parameters_total else None,
        released=model.release_date,
        precision=precision,
        rating=ratings.get(model.slug),
        cells=cells,
    )
