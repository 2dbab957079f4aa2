"""Compares Arena's ratings with arena-rank, evalica, choix, and FastChat: CPU time and errors.

    ./scripts/bench ratings [--quick] [--pairs FILE] [PART …]      parts: board refresh categories style

Each figure is the CPU time of one thread in a separate process. There are five processes per contender, or one if it
takes more than 30 s. The first call in a process includes JAX's compilation. The table shows the first call and later
calls separately, each as a median with the minimum and maximum. A contender that takes more than 20 s is called only
once, and this call is used for both columns.

Arena runs in the environment of the other packages, `var/rating-peers`, because all contenders must use the same NumPy.
This script creates the environment. The other packages are not dependencies of the project.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.figures import Figures, render_table
from bench.rating_data import Floats

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "var" / "rating-peers"
PAIRS = ROOT / "ratings" / "data" / "chatbot_arena_20240814_pairs.csv.xz"
PACKAGES = ("arena-rank==0.1.1", "numpy scipy pandas", "evalica==0.4.2", "choix==0.4.1")
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "POLARS")} | {
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
# The settings of the ratings worker, used for all contenders. They keep freed memory, because allocating it again
# causes page faults.
MEMORY = {
    "MALLOC_TRIM_THRESHOLD_": str(1 << 28),
    "MALLOC_MMAP_THRESHOLD_": str(1 << 25),
    "MALLOC_ARENA_MAX": "2",
}
MAX_FIRST_S = 30.0
KINDS = ("first", "again")
PARTS = ("board", "refresh", "categories", "style")
Data = list[dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Measurement:
    """CPU seconds of the first call in each process and of later calls, and the ratings (M,)."""

    first: list[float]
    again: list[float]
    ratings: Floats


@dataclass(frozen=True)
class Bench:
    """The parameters of the benchmark.

    processes, calls: the maximum numbers of processes per contender and of later calls per process.
    rounds: the number of rounds of FastChat's bootstrap.
    size: the factor for the numbers of votes.
    pairs: the path of the real board.
    """

    processes: int
    calls: int
    rounds: int
    size: float
    pairs: str

    def measure(self, contender: str, data: Data) -> Measurement | None:
        """Measure a contender. Print an error and return None if it fails."""
        task = json.dumps({"contender": contender, "data": data, "calls": self.calls, "rounds": self.rounds})
        first: list[float] = []
        again: list[float] = []
        env = os.environ | ONE_THREAD | MEMORY
        while len(first) < self.processes and sum(first[:1]) < MAX_FIRST_S:
            command = [str(PEERS / "bin" / "python"), "-m", "bench.rating_run", task]
            process = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
            if process.returncode:
                print(f"{contender} failed: {process.stderr.strip().splitlines()[-1]}", file=sys.stderr)
                return None
            result = json.loads(process.stdout.splitlines()[-1])
            first.append(result["first"])
            again += result["again"]
        return Measurement(first, again, np.array(result["ratings"]))

    def measure_all(self, contenders: Sequence[str], data: Data) -> dict[str, Measurement]:
        """Measure these contenders. Contenders that fail are omitted."""
        measurements = {name: self.measure(name, data) for name in contenders}
        return {name: measurement for name, measurement in measurements.items() if measurement}

    def scale_votes(self, number: int) -> int:
        return round(number * self.size)


def measure_board(bench: Bench) -> None:
    data = [{"path": bench.pairs}]
    ours = ("ours, stored counts", "ours, integer ids", "ours, DataFrame")
    peers = (
        "arena-rank",
        "arena-rank, stored counts",
        "FastChat's bootstrap",
        "evalica",
        "evalica, bootstrap",
        "choix",
    )
    measurements = bench.measure_all((*ours, *peers, "evalica to 1e-12", "choix to 1e-12"), data)
    exact = measurements.get("choix to 1e-12") or measurements.get("evalica to 1e-12")
    columns = build_time_columns(measurements, ("arena-rank", "FastChat's bootstrap"))
    if exact:
        columns["error, Elo"] = {
            name: f"{compute_max_error(measurement, exact):.1e}" for name, measurement in measurements.items()
        }
    print_table("The real board: ratings and 95% intervals (evalica alone and choix: ratings only)", columns)
    print(
        f"FastChat's bootstrap: reimplemented, {bench.rounds} rounds. evalica's: {max(bench.rounds // 10, 2)} rounds."
    )
    print("Errors: the maximum over all models, compared with choix to 1e-12; the target for ours is 1e-6.\n")
    factors = dict(zip(ours, ((1000, 2000), (300, 600), (14, 28)), strict=True))
    peers_with_targets = ("arena-rank", "FastChat's bootstrap")
    print_targets(
        measurements,
        [
            (name, peer, min_ratio)
            for name in ours
            for peer, min_ratio in zip(peers_with_targets, factors[name], strict=True)
        ],
    )


def measure_refresh(bench: Bench) -> None:
    """Measure how the time depends on the number of votes, and the time with 1,000 models."""
    measurements = {}
    for votes in (200_000, 2_000_000, 10_000_000):
        data = [{"models": 200, "votes": bench.scale_votes(votes), "seed": 3}]
        if measurement := bench.measure("ours, stored counts", data):
            measurements[f"{bench.scale_votes(votes):,} votes"] = measurement
    print_table(
        "A refresh from stored counts, 200 models (target: 10M within 1.5x of 200K)", build_growth_columns(measurements)
    )
    data = [{"models": 1000, "votes": bench.scale_votes(2_000_000), "seed": 4}]
    peers = ("arena-rank, stored counts", "arena-rank")
    measurements = bench.measure_all(("ours, stored counts", *peers), data)
    print_table(
        f"A refresh, 1,000 models, {bench.scale_votes(2_000_000):,} votes", build_time_columns(measurements, peers)
    )
    print_targets(measurements, [("ours, stored counts", peer, 8) for peer in peers])


def measure_categories(bench: Bench) -> None:
    data = [{"models": 200, "votes": bench.scale_votes(200_000), "seed": 100 + number} for number in range(25)]
    peers = ("arena-rank, stored counts", "arena-rank")
    measurements = bench.measure_all(("ours, stored counts", *peers), data)
    print_table(
        f"25 categories x 200 models, {bench.scale_votes(200_000):,} votes each, in one call",
        build_time_columns(measurements, peers),
    )
    print_targets(measurements, [("ours, stored counts", peer, 200) for peer in peers])


def measure_style(bench: Bench) -> None:
    data = [{"models": 200, "votes": bench.scale_votes(2_000_000), "seed": 5}]
    peers = tuple(f"arena-rank, style{more}" for more in (", same model", ", same model, prepared", ""))
    measurements = bench.measure_all(("ours, style", *peers, "exact, style"), data)
    columns = build_time_columns(measurements, peers)
    if exact := measurements.get("exact, style"):
        columns["error, Elo"] = {
            name: f"{compute_max_error(measurement, exact):.1e}" for name, measurement in measurements.items()
        }
    print_table(
        f"Style control with 95% intervals, 200 models, {bench.scale_votes(2_000_000):,} votes (exact: ratings only)",
        columns,
    )
    print_targets(measurements, [("ours, style", peer, 4) for peer in peers])


def build_time_columns(measurements: dict[str, Measurement], peers: Sequence[str]) -> dict[str, Figures]:
    """Return a column of times for each kind of call, and a column of time ratios for each peer."""
    columns: dict[str, Figures] = {
        "first call, CPU ms": {name: _format_spread(measurement.first) for name, measurement in measurements.items()},
        "again, CPU ms": {name: _format_spread(measurement.again) for name, measurement in measurements.items()},
    }
    for peer in (peer for peer in peers if peer in measurements):
        columns[f"{peer}: times this, first; again"] = {
            name: "; ".join(f"{compute_time_ratio(measurements, name, peer, kind):.4g}" for kind in KINDS)
            for name in measurements
        }
    return columns


def build_growth_columns(measurements: dict[str, Measurement]) -> dict[str, Figures]:
    """Return the time columns, and a column with the ratio to the first row's time."""
    columns = build_time_columns(measurements, ())
    first_row = next(iter(measurements), "")
    columns["times the first row, again"] = {
        name: f"{compute_time_ratio(measurements, first_row, name, 'again'):.3f}" for name in measurements
    }
    return columns


def compute_time_ratio(measurements: dict[str, Measurement], name: str, peer: str, kind: str) -> float:
    """Return the median time of `peer` divided by the median time of `name`. Both are contenders."""
    return float(np.median(getattr(measurements[peer], kind)) / np.median(getattr(measurements[name], kind)))


def _format_spread(seconds: Sequence[float]) -> str:
    low, middle, high = (f"{1000 * value:.4g}" for value in np.percentile(seconds, [0, 50, 100]))
    return f"{middle} ({low} to {high})"


def compute_max_error(measurement: Measurement, exact: Measurement) -> float:
    """Return the largest error of a rating in Elo points, after the mean error is subtracted."""
    return float(np.abs(measurement.ratings - measurement.ratings.mean() - exact.ratings + exact.ratings.mean()).max())


def print_targets(measurements: dict[str, Measurement], targets: Sequence[tuple[str, str, float]]) -> None:
    columns: dict[str, Figures] = {"target": {}, "first call": {}, "again": {}}
    for name, peer, min_ratio in targets:
        if name in measurements and peer in measurements:
            pair = f"{name} against {peer}"
            columns["target"][pair] = f">= {min_ratio:g} x"
            for title, kind in zip(("first call", "again"), KINDS, strict=True):
                ratio = compute_time_ratio(measurements, name, peer, kind)
                columns[title][pair] = f"{ratio:.4g} x" + ("" if ratio >= min_ratio else ", missed")
    print_table("Targets", columns)


def print_table(title: str, columns: dict[str, Figures]) -> None:
    print(f"{title}\n{render_table(columns)}\n", flush=True)


def install_peers() -> None:
    """Install the other packages in a separate environment. Packages that cannot be installed are skipped."""
    if not (PEERS / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(PEERS)], check=True)
    for packages in PACKAGES:
        command = [str(PEERS / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        process = subprocess.run([*command, *packages.split()], capture_output=True, text=True, check=False)
        if process.returncode:
            reason = (process.stderr.strip().splitlines() or ["unknown error"])[-1]
            print(f"{packages} cannot be installed: {reason}", file=sys.stderr)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="./scripts/bench ratings", description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=" ".join(PARTS))
    parser.add_argument(
        "--quick", action="store_true", help="one process per contender, a tenth of the votes and rounds"
    )
    help_ = "counts per pair of a real board, in the format of `import_votes`, optionally .xz"
    parser.add_argument("--pairs", metavar="FILE", type=Path, default=PAIRS, help=help_)
    options = parser.parse_args(arguments)
    if unknown_parts := set(options.parts) - set(PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown_parts))}; the parts are {', '.join(PARTS)}")
    pairs = str(options.pairs.resolve())
    bench = Bench(1, 3, 10, 0.1, pairs) if options.quick else Bench(5, 20, 100, 1.0, pairs)
    install_peers()
    measure_functions = (measure_board, measure_refresh, measure_categories, measure_style)
    for part, measure in zip(PARTS, measure_functions, strict=True):
        if not options.parts or part in options.parts:
            measure(bench)


if __name__ == "__main__":
    main(sys.argv[1:])
