"""What moved between two published boards, and how much of it is more than noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BoardRow = Mapping[str, Any]


@dataclass(frozen=True)
class ModelMovement:
    """A model on both boards. change: in Elo points, without the shift of all; what: of rating, rank and tier."""

    then: BoardRow
    now: BoardRow
    change: float
    what: tuple[str, ...]


@dataclass(frozen=True)
class BoardChanges:
    """both: models on both, most moved first. came, went: rows of models on one of the two alone.

    shift: by which all ratings moved. noise: whether both boards tell of errors; if not, nothing counts as moved.
    """

    both: Sequence[ModelMovement]
    came: Sequence[BoardRow]
    went: Sequence[BoardRow]
    shift: float
    votes: int
    noise: bool

    @property
    def moved(self) -> list[ModelMovement]:
        """By more than noise, the most first."""
        return [each for each in self.both if each.what]


def compare_boards(then: Mapping[str, Any], now: Mapping[str, Any]) -> BoardChanges:
    """Compare two boards, each as the API shows it, by the models of their main groups.

    The mean of a board is taken over its models, so a model that comes moves the ratings of all others: that shift is
    the mean difference of the models that are fitted on both, and is taken off. A rating moved if it now lies outside
    of the interval of then: the votes of then are among those of now, so the difference of the two varies less than
    the older estimate does, and fewer than one in twenty of those that did not change are named. A rank moved if it,
    among the models that are ranked on both, lies outside of the range of then. A tier is a test by itself. A model
    that is not ranked on one of them has moved neither in rank nor in tier.
    """
    old, new = _index_main_rows(then), _index_main_rows(now)
    both = [model for model in new if model in old]
    shift = _compute_shift([(old[model], new[model]) for model in both])
    ranks = _compute_ranks([new[model] for model in both if has_rank(old[model]) and has_rank(new[model])])
    noise = all(row["rank_low"] is not None for row in (*old.values(), *new.values()))
    moved = [_compare_rows(old[model], new[model], shift, ranks.get(model), noise=noise) for model in both]
    return BoardChanges(
        both=sorted(moved, key=lambda each: -abs(each.change)),
        came=[row for model, row in new.items() if model not in old],
        went=[row for model, row in old.items() if model not in new],
        shift=shift,
        votes=(now["votes"] or 0) - (then["votes"] or 0),
        noise=noise,
    )


def has_rank(row: BoardRow) -> bool:
    """Whether it is among the models that ranks are counted among."""
    return row["rank"] is not None


def _index_main_rows(board: Mapping[str, Any]) -> dict[str, BoardRow]:
    return {row["model"]: row for row in board["rows"] if row["component"] == 0}


def _compute_shift(pairs: Sequence[tuple[BoardRow, BoardRow]]) -> float:
    fitted = [(then, now) for then, now in pairs if not (then["unbounded"] or now["unbounded"])]
    return sum(now["rating"] - then["rating"] for then, now in fitted) / len(fitted) if fitted else 0.0


def _compute_ranks(rows: Sequence[BoardRow]) -> dict[str, int]:
    """Among these rows alone, which come best first."""
    ranks: dict[str, int] = {}
    for place, row in enumerate(rows):
        before = rows[place - 1] if place else None
        ranks[row["model"]] = ranks[before["model"]] if before and before["rank"] == row["rank"] else place + 1
    return ranks


def _compare_rows(then: BoardRow, now: BoardRow, shift: float, rank: int | None, *, noise: bool) -> ModelMovement:
    """rank: among the models that are ranked on both boards, None for another one. noise: whether errors are known."""
    rating = now["rating"] - shift
    return ModelMovement(
        then, now, rating - then["rating"], _list_significant_changes(then, now, rating, rank) if noise else ()
    )


def _list_significant_changes(then: BoardRow, now: BoardRow, rating: float, rank: int | None) -> tuple[str, ...]:
    low, high = then["ci_low"], then["ci_high"]
    tests = {
        "rating": (low is not None and rating < low) or (high is not None and rating > high),
        "rank": rank is not None and not then["rank_low"] <= rank <= then["rank_high"],
        "tier": rank is not None and then["tier"] != now["tier"],
    }
    return tuple(what for what, moved in tests.items() if moved)
