"""Response times of the list of models and the shortlist.

./scripts/bench choice    with the models of the first start, and at 2,500 with six scores each: the time of single
                          requests of /choose/, of GET shortlist/, and of /models/, by rating and by one benchmark
"""

import argparse
import asyncio
import os
import re
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import psycopg

from bench import processes
from bench.figures import table
from bench.pages import Kind, single
from tests.system.person import Person
from tests.system.service import SERVICE_VARIABLES, Service, running

RUNS, REQUESTS = 5, 20
LONGEST_MS = {0: 150, 2500: 600}  # by how many models there are at least
TASKS = ("ifeval", "bbh", "math-l5", "gpqa", "musr", "mmlu-pro")
LIMITS = "task=coding&commercial=on&context=32k&price=2"
MODELS = """
    INSERT INTO catalog_languagemodel (slug, name, kind, status, fine_tuning, modalities, open_weights,
        parameters_total, context_window, license_id, requests_per_minute, tokens_per_minute)
    SELECT 'bench-' || n, 'Bench ' || n, 'chat', 'current', '', '["text"]', true, n::bigint * 100000000,
        8000 * (1 + n %% 50), (SELECT id FROM catalog_license WHERE name = 'MIT'), '', ''
    FROM generate_series(%s + 1, %s) AS n
"""
PRICES = """
    INSERT INTO catalog_price (model_id, input, output, tiers, source, as_of, by_hand)
    SELECT id, (id %% 40) / 10.0, (id %% 60) / 10.0, '[]', 'bench', '2026-01-01', false FROM catalog_languagemodel
    WHERE slug LIKE 'bench-%%' AND id NOT IN (SELECT model_id FROM catalog_price)
"""
SCORES = """
    INSERT INTO catalog_score (model_id, benchmark_id, task, metric, filter, value, n, limited, harness,
        harness_version, version, chat_template, chat_template_sha, precision, revision, method, measured_by,
        self_reported, submitted, source, run)
    SELECT m.id, b.id, b.slug, 'acc', '', ((m.id * 7 + b.id * 13) %% 100) / 100.0, 1000, false, 'bench', '', '',
        true, '', 'bfloat16', '', '', 'bench', false, false, 'bench', 'bench'
    FROM catalog_languagemodel AS m, catalog_benchmark AS b
    WHERE m.slug LIKE 'bench-%%' AND b.slug = ANY(%s) AND m.id NOT IN (SELECT model_id FROM catalog_score)
"""


def kinds(series: str) -> dict[str, Kind]:
    paths = {
        "/choose/": f"/choose/?{LIMITS}",
        "shortlist/": f"/api/v1/shortlist/?{LIMITS}",
        "/models/": "/models/?weights=any",
        "/models/, by one benchmark": f"/models/?weights=any&series={series}&sort=gpqa",
    }
    return {name: Kind(partial(str, path)) for name, path in paths.items()}


def fill(up: Service, models: int) -> int:
    """Add models until there are so many; how many there are then."""
    with psycopg.connect(f"postgresql://arena@/arena?host={up.data}/run/postgres") as connection:
        counts = "SELECT count(*), count(*) FILTER (WHERE slug LIKE 'bench-%') FROM catalog_languagemodel"
        known, made = connection.execute(counts).fetchone() or (0, 0)
        connection.execute(MODELS, [made, made + models - known])
        connection.execute(PRICES, [])
        connection.execute(SCORES, [list(TASKS)])
        connection.execute("ANALYZE")
    return max(known, models)


def series(up: Service) -> str:
    """The key of the largest, as the name of a column leads to it."""
    page = Person(up.port).get("/models/?weights=any").body.decode()
    found = re.search(r"series=([0-9a-f]+)&amp;sort=gpqa", page)
    assert found
    return found[1]


async def measure(up: Service, kind: Kind, longest: int) -> dict[str, str]:
    """Medians over the runs."""
    runs = [await single(up, kind, REQUESTS) for _ in range(RUNS)]
    p50, p95 = (float(np.median([np.percentile(took, at) for took, _ in runs])) for at in (50, 95))
    return {
        "kB": f"{runs[0][1] / 1000:.0f}",
        f"p50, ms (≤ {longest})": f"{p50:.0f}{' missed' if p50 > longest else ''}",
        "p95, ms": f"{p95:.0f}",
    }


async def report(up: Service) -> None:
    for models, longest in LONGEST_MS.items():
        number = fill(up, models)
        found = {name: await measure(up, kind, longest) for name, kind in kinds(series(up)).items()}
        print(f"\n{number} models\n\n{table(found)}")
    print(f"\nload average at the end {' '.join(f'{value:.2f}' for value in os.getloadavg())}")


def main() -> None:
    argparse.ArgumentParser(
        prog="./scripts/bench choice", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    for name in SERVICE_VARIABLES:
        os.environ.pop(name, None)
    print(processes.machine())
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running(Path(folder) / "data", "--no-local-models") as up,
    ):
        asyncio.run(report(up))


if __name__ == "__main__":
    main()
