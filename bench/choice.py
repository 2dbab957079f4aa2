"""Measures response times of the model list and the shortlist.

./scripts/bench choice    measures sequential requests for /choose/, the API call shortlist/, and /models/ (sorted by
                          rating and by a benchmark), with the models of a new installation, and with 800 and 2,500
                          models that have six scores each
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
from bench.figures import render_table
from bench.pages import RequestKind, measure_latency
from tests.system.person import Person
from tests.system.service import SERVICE_VARIABLES, Service, running

RUNS, REQUESTS = 5, 20
MAX_LATENCY_MS = {0: 150, 800: 150, 2500: 600}  # targets for 95% of the requests, keyed by minimum number of models
TASKS = ("ifeval", "bbh", "math-l5", "gpqa", "musr", "mmlu-pro")
LIMITS = "task=coding&commercial=on&context=32k&price=2"
MODELS = """
    INSERT INTO catalog_languagemodel (slug, name, kind, status, fine_tuning, modalities, open_weights,
        parameters_total, context_window, license_id, requests_per_minute, tokens_per_minute,
        successor)
    SELECT 'bench-' || n, 'Bench ' || n, 'chat', 'current', '', '["text"]', true, n::bigint * 100000000,
        8000 * (1 + n %% 50), (SELECT id FROM catalog_license WHERE name = 'MIT'), '', '', ''
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


def build_kinds(series: str) -> dict[str, RequestKind]:
    paths = {
        "/choose/": f"/choose/?{LIMITS}",
        "shortlist/": f"/api/v1/shortlist/?{LIMITS}",
        "/models/": "/models/",
        "/models/, sorted by a benchmark": f"/models/?series={series}&sort=gpqa",
    }
    return {name: RequestKind(partial(str, path)) for name, path in paths.items()}


def fill_catalog(up: Service, models: int) -> int:
    """Add models until there are at least `models`, and return the total number."""
    with psycopg.connect(f"postgresql://arena@/arena?host={up.data}/run/postgres") as connection:
        counts = "SELECT count(*), count(*) FILTER (WHERE slug LIKE 'bench-%') FROM catalog_languagemodel"
        total, generated = connection.execute(counts).fetchone() or (0, 0)
        connection.execute(MODELS, [generated, generated + models - total])
        connection.execute(PRICES, [])
        connection.execute(SCORES, [list(TASKS)])
        connection.execute("ANALYZE")
    return max(total, models)


def find_largest_series(up: Service) -> str:
    """Return the key of the series with the most GPQA scores, from the link in the column header."""
    page = Person(up.port).get("/models/?column=gpqa").body.decode()
    match = re.search(r"series=([0-9a-f]+)&amp;sort=gpqa", page)
    assert match
    return match[1]


async def measure(up: Service, kind: RequestKind, max_ms: int) -> dict[str, str]:
    """Return the size of the response, and the percentiles of the response time as medians over all runs."""
    runs = [await measure_latency(up, kind, REQUESTS) for _ in range(RUNS)]
    p50, p95 = (float(np.median([np.percentile(durations, at) for durations, _ in runs])) for at in (50, 95))
    return {
        "kB": f"{runs[0][1] / 1000:.0f}",
        "p50, ms": f"{p50:.0f}",
        f"p95, ms (≤ {max_ms})": f"{p95:.0f}{' missed' if p95 > max_ms else ''}",
    }


async def report(up: Service) -> None:
    for models, max_ms in MAX_LATENCY_MS.items():
        number = fill_catalog(up, models)
        columns = {name: await measure(up, kind, max_ms) for name, kind in build_kinds(find_largest_series(up)).items()}
        print(f"\n{number} models\n\n{render_table(columns)}")
    print(f"\nload average at the end {' '.join(f'{value:.2f}' for value in os.getloadavg())}")


def main() -> None:
    argparse.ArgumentParser(
        prog="./scripts/bench choice", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    for name in SERVICE_VARIABLES:
        os.environ.pop(name, None)
    print(processes.describe_machine())
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running(Path(folder) / "data", "--no-local-models") as up,
    ):
        asyncio.run(report(up))


if __name__ == "__main__":
    main()
