"""The models on a board that are rated higher than all earlier models, separately for open and closed weights."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from catalog.models import LanguageModel

MIN_MODELS = 3  # with a known release date


class ReleaseRecord(NamedTuple):
    """A row of a board, the release date of its model, and whether the model's weights are open."""

    row: Mapping[str, Any]
    day: date
    is_open: bool


def list_release_records(rows: Sequence[Mapping[str, Any]]) -> list[ReleaseRecord]:
    """Return the models that are rated higher than all earlier models with the same kind of weights, newest first.

    Unbounded models are ignored, and so are models with an unknown release date or unknown openness of the weights. The
    list is empty if fewer than `MIN_MODELS` remain. This runs one query.
    """
    by_slug = {row["model"]: row for row in rows if not row["unbounded"]}
    release_rows = LanguageModel.objects.filter(slug__in=by_slug).values_list("slug", "release_date", "open_weights")
    dated = [
        ReleaseRecord(by_slug[slug], day, is_open)
        for slug, day, is_open in release_rows
        if day is not None and is_open is not None
    ]
    if len(dated) < MIN_MODELS:
        return []
    dated.sort(key=lambda record: (record.day, -record.row["rating"]))
    best = {True: float("-inf"), False: float("-inf")}
    records = []
    for candidate in dated:
        if candidate.row["rating"] > best[candidate.is_open]:
            best[candidate.is_open] = candidate.row["rating"]
            records.append(candidate)
    return records[::-1]
