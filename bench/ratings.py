"""Compares ratings with arena-rank, evalica, choix and FastChat: CPU time, errors, and growth with votes.

    ./scripts/bench ratings [--quick] [--pairs FILE] [PART …]      parts: board refresh categories style

Every figure is the CPU time of one thread in separate processes (5, or one for contenders that take more than 30 s).
The first call of a process compiles what its library compiles (JAX); both it and the calls after it are shown, as
medians with the lowest and the highest. A contender that takes more than 20 s is called once, and that call counts as
both.

Ours runs in the environment of the peers, `var/rating-peers`, which this script creates, so that all use the same
numpy. The peers are never dependencies of the project.
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

from bench.figures import Figures, table
from bench.rating_data import Floats

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "var" / "rating-peers"
PAIRS = ROOT / "ratings" / "data" / "chatbot_arena_20240814_pairs.csv.xz"
PACKAGES = ("arena-rank==0.1.1", "numpy scipy pandas", "evalica==0.4.2", "choix==0.4.1")
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "POLARS")} | {
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
# As our ratings worker runs: freed memory is kept, for getting it anew costs a fault for each page. For all alike.
MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(1 << 28), "MALLOC_MMAP_THRESHOLD_": str(1 << 25)}
LONG_S = 30.0
KINDS = ("first", "again")
PARTS = ("board", "refresh", "categories", "style")
Data = list[dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Measured:
    """CPU seconds of the first call in each process and of all later calls, and the ratings (M,)."""

    first: list[float]
    again: list[float]
    ratings: Floats


@dataclass(frozen=True)
class Bench:
    """How much is measured."""

    processes: int
    calls: int
    rounds: int
    size: float
    pairs: str

    def measure(self, contender: str, data: Data) -> Measured | None:
        """None, and a line that says so, if the contender cannot."""
        task = json.dumps({"contender": contender, "data": data, "calls": self.calls, "rounds": self.rounds})
        first: list[float] = []
        again: list[float] = []
        env = os.environ | ONE_THREAD | MEMORY
        while len(first) < self.processes and sum(first[:1]) < LONG_S:
            command = [str(PEERS / "bin" / "python"), "-m", "bench.rating_run", task]
            done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{contender} failed: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
                return None
            found = json.loads(done.stdout.splitlines()[-1])
            first.append(found["first"])
            again += found["again"]
        return Measured(first, again, np.array(found["ratings"]))

    def all_of(self, contenders: Sequence[str], data: Data) -> dict[str, Measured]:
        measured = {name: self.measure(name, data) for name in contenders}
        return {name: found for name, found in measured.items() if found}

    def votes(self, number: int) -> int:
        return round(number * self.size)


def board(bench: Bench) -> None:
    data = [{"path": bench.pairs}]
    ours = ("ours, kept counts", "ours, integer ids", "ours, DataFrame")
    peers = ("arena-rank", "arena-rank, kept counts", "FastChat's bootstrap", "evalica", "evalica, bootstrap", "choix")
    taken = bench.all_of((*ours, *peers, "evalica to 1e-12", "choix to 1e-12"), data)
    exact = taken.get("choix to 1e-12") or taken.get("evalica to 1e-12")
    columns = times(taken, ("arena-rank", "FastChat's bootstrap"))
    if exact:
        columns["error, Elo"] = {name: f"{farthest(found, exact):.1e}" for name, found in taken.items()}
    show("The real board: ratings and 95 % intervals (evalica alone and choix: ratings only)", columns)
    print(f"FastChat's: written from its description, {bench.rounds} rounds. evalica's: {max(bench.rounds // 10, 2)}.")
    print("Errors: the largest over all models, against choix to 1e-12, ratings about their mean; ours wants 1e-6.\n")
    goals = dict(zip(ours, ((1000, 2000), (300, 600), (14, 28)), strict=True))
    rivals = ("arena-rank", "FastChat's bootstrap")
    targets(taken, [(name, peer, least) for name in ours for peer, least in zip(rivals, goals[name], strict=True)])


def refresh(bench: Bench) -> None:
    """From kept counts: does it depend on the number of votes, and how does it go at 1,000 models?"""
    taken = {}
    for votes in (200_000, 2_000_000, 10_000_000):
        data = [{"models": 200, "votes": bench.votes(votes), "seed": 3}]
        if found := bench.measure("ours, kept counts", data):
            taken[f"{bench.votes(votes):,} votes"] = found
    show("A refresh from kept counts, 200 models (target: 10 M within 1.5 x of 200 k)", growth(taken))
    data = [{"models": 1000, "votes": bench.votes(2_000_000), "seed": 4}]
    peers = ("arena-rank, kept counts", "arena-rank")
    taken = bench.all_of(("ours, kept counts", *peers), data)
    show(f"A refresh, 1,000 models, {bench.votes(2_000_000):,} votes", times(taken, peers))
    targets(taken, [("ours, kept counts", peer, 8) for peer in peers])


def categories(bench: Bench) -> None:
    data = [{"models": 200, "votes": bench.votes(200_000), "seed": 100 + number} for number in range(25)]
    peers = ("arena-rank, kept counts", "arena-rank")
    taken = bench.all_of(("ours, kept counts", *peers), data)
    show(f"25 categories x 200 models, {bench.votes(200_000):,} votes each, in one go", times(taken, peers))
    targets(taken, [("ours, kept counts", peer, 200) for peer in peers])


def style(bench: Bench) -> None:
    data = [{"models": 200, "votes": bench.votes(2_000_000), "seed": 5}]
    peers = tuple(f"arena-rank, style{more}" for more in (", same model", ", same model, kept", ""))
    taken = bench.all_of(("ours, style", *peers, "exact, style"), data)
    columns = times(taken, peers)
    if exact := taken.get("exact, style"):
        columns["error, Elo"] = {name: f"{farthest(found, exact):.1e}" for name, found in taken.items()}
    show(
        f"Style control with 95 % intervals, 200 models, {bench.votes(2_000_000):,} votes (exact: ratings only)",
        columns,
    )
    targets(taken, [("ours, style", peer, 4) for peer in peers])


def times(taken: dict[str, Measured], peers: Sequence[str]) -> dict[str, Figures]:
    """A column for each kind of call, and one for how many times a peer's time is each one's."""
    columns: dict[str, Figures] = {
        "first call, CPU ms": {name: _spread(found.first) for name, found in taken.items()},
        "again, CPU ms": {name: _spread(found.again) for name, found in taken.items()},
    }
    for peer in (peer for peer in peers if peer in taken):
        columns[f"{peer}: times this, first; again"] = {
            name: "; ".join(f"{ratio(taken, name, peer, kind):.4g}" for kind in KINDS) for name in taken
        }
    return columns


def growth(taken: dict[str, Measured]) -> dict[str, Figures]:
    """The times, and how many times those of the first row they are."""
    columns, least = times(taken, ()), next(iter(taken), "")
    columns["times the first row, again"] = {name: f"{ratio(taken, least, name, 'again'):.3f}" for name in taken}
    return columns


def ratio(taken: dict[str, Measured], name: str, peer: str, kind: str) -> float:
    """How many times the peer's time is that of the named one."""
    return float(np.median(getattr(taken[peer], kind)) / np.median(getattr(taken[name], kind)))


def _spread(seconds: Sequence[float]) -> str:
    low, middle, high = (f"{1000 * value:.4g}" for value in np.percentile(seconds, [0, 50, 100]))
    return f"{middle} ({low} to {high})"


def farthest(found: Measured, exact: Measured) -> float:
    return float(np.abs(found.ratings - found.ratings.mean() - exact.ratings + exact.ratings.mean()).max())


def targets(taken: dict[str, Measured], wanted: Sequence[tuple[str, str, float]]) -> None:
    columns: dict[str, Figures] = {"target": {}, "first call": {}, "again": {}}
    for name, peer, least in wanted:
        if name in taken and peer in taken:
            goal = f"{name} against {peer}"
            columns["target"][goal] = f">= {least:g} x"
            for title, kind in zip(("first call", "again"), KINDS, strict=True):
                reached = ratio(taken, name, peer, kind)
                columns[title][goal] = f"{reached:.4g} x" + ("" if reached >= least else ", missed")
    show("Targets", columns)


def show(title: str, columns: dict[str, Figures]) -> None:
    print(f"{title}\n{table(columns)}\n", flush=True)


def install() -> None:
    """Into an environment of their own; what cannot be installed is left out."""
    if not (PEERS / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(PEERS)], check=True)
    for packages in PACKAGES:
        command = [str(PEERS / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run([*command, *packages.split()], capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
            print(f"{packages} cannot be installed: {reason}", file=sys.stderr)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="./scripts/bench ratings", description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=" ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="one process each, a tenth of the votes and rounds")
    help_ = "counts per pair of a real board, as `import_votes` takes them, in .xz or not"
    parser.add_argument("--pairs", metavar="FILE", type=Path, default=PAIRS, help=help_)
    given = parser.parse_args(arguments)
    if wrong := set(given.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(wrong))}; there are {', '.join(PARTS)}")
    pairs = str(given.pairs.resolve())
    bench = Bench(1, 3, 10, 0.1, pairs) if given.quick else Bench(5, 20, 100, 1.0, pairs)
    install()
    for part in (board, refresh, categories, style):
        if not given.parts or part.__name__ in given.parts:
            part(bench)


if __name__ == "__main__":
    main(sys.argv[1:])
