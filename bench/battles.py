"""Load test of battles, and a test of whether the rhythm of the panes identifies the models.

./scripts/bench battles                     everything: 250 users without the release clock, 100 users with and without
                                            it, the load without an arena, and the rhythm of 1,000 battles
./scripts/bench battles --tokens 200 200    the same with short answers
./scripts/bench battles --rate 45           the same with 45 new visitors per second instead of users
./scripts/bench battles --pace off|on       only one load test, without and with an arena
./scripts/bench battles --rhythm 1000       only the rhythm, measured with the whole service
./scripts/bench battles --simulate 1000     only the rhythm, simulated with the release clock
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import uvloop

from bench import processes, rhythm
from bench.figures import Figures, Mark, get_service_cpu, render_table, summarize
from bench.load import Arrivals, BattleRunner, Load, make_arena_runner, make_direct_runner
from bench.profiles import RHYTHMS, STEADY
from tests.system.service import SERVICE_VARIABLES, Service

PACED_USERS = 100
RHYTHM_USERS = 100
SETTLE_S = 5
MIN_WINDOWS = 5
WINDOW_S = 10


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./scripts/bench battles", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--users", type=int, default=250, help="concurrent users (default: 250)")
    parser.add_argument("--rate", type=float, help="new visitors per second, arriving at random, instead of users")
    parser.add_argument(
        "--seconds", type=int, default=60, help="seconds to measure after all users have started (default: 60)"
    )
    parser.add_argument(
        "--tokens", type=int, nargs=2, default=(500, 750), help="minimum and maximum per answer (default: 500 750)"
    )
    parser.add_argument("--workers", type=int, default=1, help="answers workers (default: 1)")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--pace", choices=("on", "off"), help="a single load test with this release clock")
    only.add_argument("--rhythm", type=int, metavar="N", help="only the rhythm of N battles")
    only.add_argument("--simulate", type=int, metavar="N", help="only the rhythm of N simulated battles")
    return parser.parse_args()


@contextmanager
def run_arena(options: argparse.Namespace, url: str, *, paced: bool, models: str = "steady") -> Iterator[Service]:
    profiles = STEADY if models == "steady" else RHYTHMS
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        processes.run_service(Path(folder) / "data", url, profiles, paced=paced, workers=options.workers) as up,
    ):
        yield up


async def measure(
    run_battle: BattleRunner, users: int, options: argparse.Namespace, up: Service | None, mock: psutil.Process
) -> Figures:
    """Wait until all users have started, and then measure several time windows."""
    answer_s = options.tokens[1] / 50
    load: Load | Arrivals = (
        Arrivals(run_battle, options.rate) if options.rate else Load(run_battle, users, ramp_s=answer_s)
    )
    load_task = asyncio.ensure_future(load.run())
    await asyncio.sleep(answer_s + SETTLE_S)
    number = max(MIN_WINDOWS, options.seconds // WINDOW_S)
    marks = [await _mark(up, mock)]
    for n in range(1, number + 1):
        await asyncio.sleep(max(0.0, marks[0].at + n * options.seconds / number - time.monotonic()))
        marks.append(await _mark(up, mock))
    load.stop()
    await load_task
    return summarize(load.records, marks)


async def _mark(up: Service | None, mock: psutil.Process) -> Mark:
    def read_cpu() -> dict[str, float]:
        load = {
            "mock": processes.measure_process_cpu(mock),
            "client": time.process_time(),
            "machine": processes.measure_machine_cpu(),
        }
        return load | (processes.measure_cpu(up) if up else {})

    return Mark(time.monotonic(), await asyncio.to_thread(read_cpu))


def measure_loads(options: argparse.Namespace, users: int, paces: list[bool]) -> None:
    """Measure the load without an arena, and then with the service for each pace: with or without the clock."""
    columns: dict[str, Figures] = {}
    with processes.run_mock(*options.tokens) as (url, process):
        columns["no arena"] = uvloop.run(measure(make_direct_runner(url, list(STEADY)), users, options, None, process))
        for paced in paces:
            with run_arena(options, url, paced=paced) as up:
                run_battle = make_arena_runner(up.url, url, paced=paced)
                columns[f"clock {'on' if paced else 'off'}"] = uvloop.run(
                    measure(run_battle, users, options, up, process)
                )
    visitors = f"{options.rate:g} battles per second" if options.rate else f"{users} users"
    print(
        f"\n{visitors}, answers of {options.tokens[0]} to {options.tokens[1]} tokens at 2 x 50 tokens/s, "
        f"{options.workers} answers worker(s); medians over windows (lowest to highest)\n"
    )
    print(render_table(columns))
    if len(paces) == 2:
        on, off = (get_service_cpu(columns[f"clock {clock}"]) for clock in ("on", "off"))
        print(f"\nCPU of the service with the clock on: {on / off:.2f} x that with it off")


def measure_rhythms(options: argparse.Namespace, number: int) -> None:
    """Run battles with the whole service, and print how often the classifier identifies their panes."""
    for paced in (False, True):
        with (
            processes.run_mock(*rhythm.TOKENS) as (url, _),
            run_arena(options, url, paced=paced, models="rhythms") as up,
        ):
            load = Load(make_arena_runner(up.url, url, paced=paced), RHYTHM_USERS, ramp_s=20, max_battles=number)
            uvloop.run(load.run())
        successful = [record for record in load.records if not record.error]
        pane_pairs = [record.build_relative_panes() for record in successful]
        print_rhythm(
            "the whole service",
            paced,
            len(pane_pairs),
            rhythm.compute_accuracy(pane_pairs),
            len(load.records) - len(successful),
        )


def simulate_rhythms(number: int) -> None:
    for paced in (False, True):
        pane_pairs = rhythm.simulate_battles(number, seed=1, paced=paced)
        print_rhythm("simulated time", paced, number, rhythm.compute_accuracy(pane_pairs), 0)


def print_rhythm(source: str, paced: bool, number: int, accuracy: float, errors: int) -> None:  # noqa: FBT001
    clock = "on" if paced else "off"
    print(f"rhythm, {source}, clock {clock}: panes identified in {accuracy:.1%} of {number} battles, {errors} errors")


def main() -> None:
    options = parse_options()
    for name in SERVICE_VARIABLES:
        os.environ.pop(name, None)
    print(processes.describe_machine())
    if options.simulate:
        simulate_rhythms(options.simulate)
    elif options.rhythm:
        measure_rhythms(options, options.rhythm)
    elif options.pace:
        measure_loads(options, options.users, [options.pace == "on"])
    else:
        measure_loads(options, options.users, [False])
        measure_loads(options, min(options.users, PACED_USERS), [False, True])
        simulate_rhythms(1000)
        measure_rhythms(options, 1000)


if __name__ == "__main__":
    main()
