"""Load test of single answers beside battles on an endpoint with a limit, with two answers workers.

./scripts/bench singles                 500 single answers beside 5 new battles per second; the limit is 16
./scripts/bench singles --rate 8        the same with more battles
./scripts/bench singles --singles 100   the same with fewer single answers

The battles run alone, then beside the single answers until all of these are made, and then alone again. A battle has
one side on the endpoint with the limit. Its provider answers 429 to a 17th call.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import uvloop

from bench import processes
from bench.load import Arrivals, BattleRecord, make_arena_runner
from tests.system.conftest import models_file
from tests.system.service import ROOT, SERVICE_VARIABLES, Service, running

LIMIT = 16
LIMITED = f"limit-{LIMIT}-ttft-0.3-steady-50-len-40"
MODELS = {"limited": LIMITED, "free": "free/ttft-0.3-steady-50-len-40"}
ALONE_S = 30
CHECK_S = 5  # when it starts, the service asks each model a question, without a slot
SETTLE_S = 3
POLL_S = 0.5
REQUEST = """
from arena.answers.singles import request_singles
from arena.models import Contestant, Question, QuestionSet
question_set = QuestionSet.objects.create(name="bench")
questions = Question.objects.bulk_create(
    Question(set=question_set, key=str(n), position=n, text=f"Single question {{n}}?") for n in range({number})
)
contestant = Contestant.objects.get(slug="limited")
request_singles((question, contestant) for question in questions)
"""
Entry = dict[str, Any]


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./scripts/bench singles", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--singles", type=int, default=500, help="single answers (default: 500)")
    parser.add_argument("--rate", type=float, default=5, help="new battles per second (default: 5)")
    return parser.parse_args()


@contextmanager
def run_provider() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.fake_provider", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def read_log(url: str) -> list[Entry]:
    """Return the provider's log of the calls to the endpoint with the limit."""
    with urllib.request.urlopen(f"{url}/log?model={LIMITED}", timeout=60) as response:  # noqa: S310  # our own address
        log: list[Entry] = json.load(response)
        return log


def count_finished(up: Service) -> int:
    """Return the number of single answers that are made. Raises ValueError if one has failed."""
    states = dict(up.query("SELECT state, count(*)::int FROM arena_answer WHERE turn_id IS NULL GROUP BY state"))
    if states.get("failed"):
        raise ValueError(f"single answers failed: {states}")
    return int(states.get("finished", 0))


async def run_phases(up: Service, options: argparse.Namespace) -> tuple[Arrivals, list[float]]:
    """Return the battles, and the monotonic times at which each phase begins and ends.

    The phase with single answers ends when the last phase begins.
    """
    await asyncio.sleep(CHECK_S)
    battles = Arrivals(make_arena_runner(up.url, None, paced=True), options.rate)
    task = asyncio.ensure_future(battles.run())
    await asyncio.sleep(SETTLE_S)
    times = [time.monotonic()]
    await asyncio.sleep(ALONE_S)
    times.append(time.monotonic())
    await asyncio.to_thread(up.manage, "shell", "--command", REQUEST.format(number=options.singles))
    times.append(time.monotonic())
    while await asyncio.to_thread(count_finished, up) < options.singles:
        await asyncio.sleep(POLL_S)
    times.append(time.monotonic())
    await asyncio.sleep(ALONE_S)
    times.append(time.monotonic())
    battles.stop()
    await task
    return battles, times


def compute_delays(records: list[BattleRecord], begin: float, end: float) -> list[float]:
    """Return the seconds to the first token of the battles that were asked between these times."""
    return [
        min(map(record.compute_first_delay, "ab")) for record in records if begin <= record.asked < end and record.ready
    ]


def count_overlaps(log: list[Entry]) -> int:
    """Return the largest number of calls at one moment."""
    changes = sorted([(e["time"], 1) for e in log] + [(e["ended"], -1) for e in log if e["ended"]])
    return int(np.cumsum([change for _, change in changes]).max())


def report(battles: Arrivals, times: list[float], log: list[Entry], options: argparse.Namespace) -> None:
    begin, alone_until, since, until, end = times
    clock = time.time() - time.monotonic()
    alone = compute_delays(battles.records, begin, alone_until) + compute_delays(battles.records, until, end)
    beside = compute_delays(battles.records, since, until)
    p95_alone, p95_beside = np.percentile(alone, 95), np.percentile(beside, 95)
    singles = [entry for entry in log if entry["messages"][-1]["content"].startswith("Single question")]
    answer_s = np.mean([entry["ended"] - entry["time"] for entry in singles])
    others = [entry for entry in log if entry not in singles and since <= entry["time"] - clock < until]
    held = sum(entry["ended"] - entry["time"] for entry in others) / (until - since)
    bound_s = 1.5 * options.singles * answer_s / min(8, 12 - held)
    refused = sum(entry["state"] == "failed" for entry in log)
    errors = [record.error for record in battles.records if record.error]
    print(f"\n{options.singles} single answers beside {options.rate:g} battles per second, limit {LIMIT}, 2 workers\n")
    print(f"battles: {len(alone)} alone, {len(beside)} beside single answers, {len(errors)} errors {errors[:3]}")
    print(f"slots that battles held on average: {held:.1f} ({held / LIMIT:.0%})")
    print(
        f"first token p95: {p95_alone:.3f} s alone, {p95_beside:.3f} s beside: {p95_beside / p95_alone:.2f} x (≤ 1.30)"
    )
    print(f"most calls at a time: {count_overlaps(log)} (≤ {LIMIT}), refused by the provider: {refused}")
    print(f"single answers: {until - since:.1f} s, {answer_s:.2f} s each (≤ {bound_s:.1f} s); {len(singles)} calls")


def main() -> None:
    options = parse_options()
    for name in SERVICE_VARIABLES:
        os.environ.pop(name, None)
    print(processes.describe_machine())
    unlimited = dict.fromkeys(processes.UNLIMITED, "0")
    with run_provider() as url, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        file = models_file(Path(folder) / "models.toml", url, MODELS)
        file.write_text(
            file.read_text().replace(f'"{LIMITED}"\n', f'"{LIMITED}"\nendpoint.max_concurrency = {LIMIT}\n')
        )
        with (
            running(Path(folder) / "data", "--no-local-models", "--models", str(file), **unlimited) as up,
            up.another({"answers@%h": "answers2@%h"}, "worker", "answers"),
        ):
            battles, times = uvloop.run(run_phases(up, options))
        report(battles, times, read_log(url), options)


if __name__ == "__main__":
    main()
