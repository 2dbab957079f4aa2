"""Battles under load, and the information in the rhythm of the panes.

./scripts/bench battles                     all of it: 250 users with the release clock off, 100 users with it off and
                                            on, the load without an arena beside it, and 1,000 battles of ten models
./scripts/bench battles --tokens 200 200    the same with short answers; with --rate 45 as many new visitors a second
./scripts/bench battles --pace off|on       one measurement of load, without an arena and with one
./scripts/bench battles --rhythm 1000       the rhythm alone, through the whole service
./scripts/bench battles --simulate 1000     the rhythm alone, through the release clock in simulated time
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
from bench.figures import Figures, Window, figures, service_cpu, table
from bench.load import Arrivals, Fight, Load, in_arena, straight
from bench.profiles import RHYTHMS, STEADY
from tests.system.service import SERVICE_VARIABLES, Service

PACED_USERS = 100
RHYTHM_USERS = 100
SETTLE_S = 5
LEAST_WINDOWS = 5
WINDOW_S = 10


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./scripts/bench battles", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--users", type=int, default=250, help="at the same time (250)")
    parser.add_argument("--rate", type=float, help="battles of new visitors a second, at random, in place of users")
    parser.add_argument("--seconds", type=int, default=60, help="to measure, after everybody has begun (60)")
    parser.add_argument("--tokens", type=int, nargs=2, default=(500, 750), help="least and most of an answer (500 750)")
    parser.add_argument("--workers", type=int, default=1, help="processes that answer (1)")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--pace", choices=("on", "off"), help="one measurement of load, with this clock")
    only.add_argument("--rhythm", type=int, metavar="N", help="only the rhythm of so many battles")
    only.add_argument("--simulate", type=int, metavar="N", help="only the rhythm of so many simulated battles")
    return parser.parse_args()


@contextmanager
def arena(options: argparse.Namespace, url: str, *, paced: bool, models: str = "steady") -> Iterator[Service]:
    profiles = STEADY if models == "steady" else RHYTHMS
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        processes.service(Path(folder) / "data", url, profiles, paced=paced, workers=options.workers) as up,
    ):
        yield up


async def measure(
    fight: Fight, users: int, options: argparse.Namespace, up: Service | None, mock: psutil.Process
) -> Figures:
    """Let everybody begin, then take windows of time, each with its own figures."""
    answer_s = options.tokens[1] / 50
    load: Load | Arrivals = Arrivals(fight, options.rate) if options.rate else Load(fight, users, ramp_s=answer_s)
    running = asyncio.ensure_future(load.run())
    await asyncio.sleep(answer_s + SETTLE_S)
    number = max(LEAST_WINDOWS, options.seconds // WINDOW_S)
    marks = [await _mark(up, mock)]
    for n in range(1, number + 1):
        await asyncio.sleep(max(0.0, marks[0].at + n * options.seconds / number - time.monotonic()))
        marks.append(await _mark(up, mock))
    load.stop()
    await running
    return figures(load.fought, marks)


async def _mark(up: Service | None, mock: psutil.Process) -> Window:
    def spent() -> dict[str, float]:
        load = {"mock": processes.seconds(mock), "client": time.process_time(), "machine": processes.busy()}
        return load | (processes.cpu(up) if up else {})

    return Window(time.monotonic(), await asyncio.to_thread(spent))


def loads(options: argparse.Namespace, users: int, paces: list[bool]) -> None:
    """The load straight to the mock, then through the service with each kind of clock."""
    columns: dict[str, Figures] = {}
    with processes.mock(*options.tokens) as (url, process):
        columns["no arena"] = uvloop.run(measure(straight(url, list(STEADY)), users, options, None, process))
        for paced in paces:
            with arena(options, url, paced=paced) as up:
                fight = in_arena(up.url, url, paced=paced)
                columns[f"clock {'on' if paced else 'off'}"] = uvloop.run(measure(fight, users, options, up, process))
    visitors = f"{options.rate:g} battles a second" if options.rate else f"{users} users"
    print(
        f"\n{visitors}, answers of {options.tokens[0]} to {options.tokens[1]} tokens at 2 x 50 tokens/s, "
        f"{options.workers} answers worker(s); medians over windows (lowest to highest)\n"
    )
    print(table(columns))
    if len(paces) == 2:
        on, off = (service_cpu(columns[f"clock {clock}"]) for clock in ("on", "off"))
        print(f"\nCPU of the service with the clock on: {on / off:.2f} x that with it off")


def rhythms(options: argparse.Namespace, number: int) -> None:
    """How often the classifier is right about the panes of so many battles through the whole service."""
    for paced in (False, True):
        with processes.mock(*rhythm.TOKENS) as (url, _), arena(options, url, paced=paced, models="rhythms") as up:
            load = Load(in_arena(up.url, url, paced=paced), RHYTHM_USERS, ramp_s=20, most=number)
            uvloop.run(load.run())
        good = [fought for fought in load.fought if not fought.error]
        fights = [fought.seen() for fought in good]
        say_rhythm("the whole service", paced, len(fights), rhythm.accuracy(fights), len(load.fought) - len(good))


def simulations(number: int) -> None:
    for paced in (False, True):
        fights = rhythm.simulated(number, seed=1, paced=paced)
        say_rhythm("simulated time", paced, number, rhythm.accuracy(fights), 0)


def say_rhythm(where: str, paced: bool, number: int, right: float, errors: int) -> None:  # noqa: FBT001
    clock = "on" if paced else "off"
    print(f"rhythm, {where}, clock {clock}: right about the pane in {right:.1%} of {number} battles, {errors} errors")


def main() -> None:
    options = parse()
    for name in SERVICE_VARIABLES:
        os.environ.pop(name, None)
    print(processes.machine())
    if options.simulate:
        simulations(options.simulate)
    elif options.rhythm:
        rhythms(options, options.rhythm)
    elif options.pace:
        loads(options, options.users, [options.pace == "on"])
    else:
        loads(options, options.users, [False])
        loads(options, min(options.users, PACED_USERS), [False, True])
        simulations(1000)
        rhythms(options, 1000)


if __name__ == "__main__":
    main()
