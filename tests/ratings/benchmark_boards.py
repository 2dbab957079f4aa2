"""A benchmark with scores, and boards with given rows."""

from typing import Any

from django.utils import timezone

from arena.models import Pool
from catalog.models import Benchmark, LanguageModel, Score
from ratings.boards.snapshots import pack_rows
from ratings.models import Snapshot
from tests import factories
from tests.ratings.board_rows import row
from tests.ratings.chat_model_figures import MODELS

ALIKE = {"task": "t", "metric": "acc", "measured_by": "us", "source": "here", "run": "r", "n": 1000, "harness": "h"}
NAMES = [model.name.lower() for model in MODELS]
RATINGS = {name: model.rating for name, model in zip(NAMES, MODELS, strict=True)}
AVERAGES = {name: model.average / 100 for name, model in zip(NAMES, MODELS, strict=True)}


def benchmark(slug: str = "b", **fields: Any) -> Benchmark:
    return Benchmark.objects.get_or_create(slug=slug, defaults={"name": slug.upper(), **fields})[0]


def scored(values: dict[str, float], on: str = "b", **fields: Any) -> None:
    held = benchmark(on)
    LanguageModel.objects.bulk_create(
        [LanguageModel(slug=slug, name=f"<{slug}>") for slug in values], ignore_conflicts=True
    )
    models = LanguageModel.objects.in_bulk(values, field_name="slug")
    Score.objects.bulk_create(
        Score(benchmark=held, model=models[slug], value=value, **(ALIKE | fields)) for slug, value in values.items()
    )


def rated(ratings: dict[str, float], pool: str = "live", category: str = "overall", **fields: Any) -> Snapshot:
    """Return a published board. Each rating has an error of 2.5, unless `fields` override it for all rows."""
    kind = {"live": Pool.Kind.LIVE}.get(pool, Pool.Kind.IMPORT)
    factories.pool(pool, name=f"<{pool}>", kind=kind)
    board = factories.board(pool, category)
    rows = [
        row(**{"model": slug, "name": f"<{slug}>", "rating": value, "se": 2.5, "ci_low": value - 4.9,
               "ci_high": value + 4.9} | fields)
        for slug, value in ratings.items()
    ]  # fmt: skip
    return Snapshot.objects.create(
        board=board, method="bt", votes=len(rows), rows=pack_rows(rows), computed_at=timezone.now(), parameters={}
    )


def some(values: dict[str, float], count: int) -> dict[str, float]:
    return dict([*values.items()][:count])
