"""Measures how soon an exclusion of votes changes the board, and whether withdrawing it restores the board exactly.

The live pool has 100,000 votes, and 2% of them are rigged. The test excludes votes on the admin page and withdraws the
exclusion: first the votes of one rigging account while the service is idle, then the votes of six hours while the
filter runs, and then the same votes while 60,000 weights are stored and removed. Each time is measured from the request
to the board's event on an open leaderboard page.
"""

import argparse
import os
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener, urlopen
from uuid import UUID

import orjson

from bench import processes
from bench.boards import WITHOUT_STYLE, Page
from bench.live_votes import VotePool
from core.process import LOWEST_PRIORITY
from tests.system.service import ROOT, SERVICE_VARIABLES, Service, running

NAME, PASSWORD = "operator", "a long pass phrase"
RIGGED_SHARE = 0.02
STORED_WEIGHTS = 60_000
QUIET_RUNS = 3
TIMEOUT_S = 60
PAUSE_S = 5


class Operator:
    """An operator who is logged in to the admin."""

    def __init__(self, up: Service) -> None:
        self.url = up.url
        command = [str(ROOT / "scripts" / "manage"), "--data", str(up.data), "createsuperuser", "--noinput"]
        command += ["--username", NAME, "--email", "operator@example.org"]
        env = {name: value for name, value in os.environ.items() if name not in SERVICE_VARIABLES}
        subprocess.run(command, check=True, capture_output=True, env=env | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD})
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))
        login = self.opener.open(f"{self.url}/admin/").geturl().removeprefix(self.url)
        self.post(login, {"login": NAME, "password": PASSWORD})

    def post(self, path: str, fields: dict[str, Any]) -> float:
        """Submit the form on this page. Return the time of the request on the monotonic clock."""
        page = self.opener.open(self.url + path).read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        if token is None:
            raise ValueError(f"{path} has no form")
        sent = time.monotonic()
        answer = self.opener.open(self.url + path, urlencode({"csrfmiddlewaretoken": token[1]} | fields).encode())
        if "errornote" in answer.read().decode():
            raise ValueError(f"{path} was refused")
        return sent

    def exclude(self, up: Service, conditions: dict[str, Any]) -> float:
        [(pool,)] = up.query("SELECT id FROM arena_pool WHERE slug = 'live'")
        fields = {"pool": pool, "reason": "a cheat"} | dict.fromkeys(("start_0", "start_1", "end_0", "end_1"), "")
        return self.post("/admin/ratings/exclusion/add/", fields | conditions)

    def withdraw(self, up: Service) -> float:
        [(newest,)] = up.query("SELECT max(id) FROM ratings_exclusion")
        return self.post("/admin/ratings/exclusion/", {"action": "withdraw", "_selected_action": newest})


def read_ratings(up: Service) -> dict[str, float]:
    board = orjson.loads(urlopen(f"{up.url}/api/v1/leaderboard/?pool=live").read())  # noqa: S310  # our own service
    return {row["model"]: row["rating"] for row in board["rows"]}


def read_weights(up: Service) -> list[tuple[Any, ...]]:
    columns = "vote_id, filter_weight, reason, excluded"
    return up.query(f"SELECT {columns} FROM ratings_voteweight ORDER BY vote_id")  # noqa: S608


def wait_for_board(page: Page, act: Callable[[], float]) -> float:
    """Call `act`, which returns the time of a request. Return the seconds until the overall board's next event."""
    events = page.events["overall", WITHOUT_STYLE]
    event_count = len(events)
    sent = act()
    while len(events) == event_count:
        if time.monotonic() > sent + TIMEOUT_S:
            raise TimeoutError("the board did not change")
        time.sleep(0.01)
    return events[event_count].at - sent


def exclude_and_withdraw(
    up: Service, operator: Operator, page: Page, conditions: dict[str, Any]
) -> tuple[float, float]:
    """Exclude votes, and withdraw the exclusion. Return the seconds until each of them changed the board."""
    excluded = wait_for_board(page, lambda: operator.exclude(up, conditions))
    withdrawn = wait_for_board(page, lambda: operator.withdraw(up))
    return excluded, withdrawn


def print_times(name: str, times: list[tuple[float, float]]) -> None:
    for action, seconds in zip(("excluded", "put back"), zip(*times, strict=True), strict=True):
        print(f"{name}, {action}: {max(seconds):.1f} s at most of {len(seconds)}", flush=True)


def measure_quiet(up: Service, operator: Operator, page: Page, conditions: dict[str, Any]) -> None:
    ratings, weights = read_ratings(up), read_weights(up)
    times = []
    for _ in range(QUIET_RUNS):
        excluded = wait_for_board(page, lambda: operator.exclude(up, conditions))
        changed = read_ratings(up)
        times.append((excluded, wait_for_board(page, lambda: operator.withdraw(up))))
        restored = read_ratings(up)
        shift = max(abs(changed[model] - rating) for model, rating in ratings.items())
        error = max(abs(restored[model] - rating) for model, rating in ratings.items())
        print(
            f"largest change {shift:.2f} Elo; after putting back {error:.1e} Elo, "
            f"weights {'equal' if read_weights(up) == weights else 'DIFFERENT'}"
        )
    print_times("quiet, votes of a cheat", times)


def measure_during(name: str, work: Callable[[], None], *measured: Any) -> None:
    """Exclude votes and withdraw the exclusion repeatedly while `work` runs in a thread."""
    thread = threading.Thread(target=work)
    started = time.monotonic()
    thread.start()
    times = []
    while thread.is_alive():
        times.append(exclude_and_withdraw(*measured))
        time.sleep(PAUSE_S)
    thread.join()
    print_times(f"{name} ({time.monotonic() - started:.0f} s)", times)


def run_filter(up: Service) -> None:
    manage = [*LOWEST_PRIORITY, str(ROOT / "scripts" / "manage"), "--data", str(up.data)]
    process = subprocess.run([*manage, "filter_votes", "--pool", "live"], capture_output=True, text=True, check=True)
    print(process.stdout.strip())


def store_many_weights() -> None:
    from arena.models import Pool, Vote
    from ratings.models import VoteWeight
    from ratings.pipeline import vote_weights

    pool = Pool.objects.get(slug="live")
    rows = VoteWeight.objects.filter(filter_weight__lt=256).values_list("vote", "filter_weight", "reason")
    before = {vote: vote_weights.FilterWeight(weight, reason) for vote, weight, reason in rows}
    vote_ids = Vote.objects.filter(pool=pool).order_by("pk").values_list("pk", flat=True)[:STORED_WEIGHTS]
    increased = before | dict.fromkeys(vote_ids, vote_weights.FilterWeight(128, "voter"))
    for weights in (increased, before):
        started = time.monotonic()
        changed = vote_weights.store_filter_weights(
            pool, weights, version=pool.counts.filter_version, votes=pool.counts.filtered_votes
        )
        print(f"{changed} weights stored in {time.monotonic() - started:.1f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="./scripts/bench exclusions", description=__doc__)
    parser.add_argument("--votes", type=int, default=100_000)
    parser.add_argument("--models", type=int, default=50)
    parser.add_argument("--voters", type=int, default=30_000)
    options = parser.parse_args()
    for name in SERVICE_VARIABLES:
        os.environ.pop(name, None)
    print(processes.describe_machine())
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running(Path(folder) / "data", "--no-local-models") as up,
    ):
        votes = VotePool(up, options.models, options.voters)
        votes.fill(options.votes, RIGGED_SHARE)
        manage = [str(ROOT / "scripts" / "manage"), "--data", str(up.data), "recompute_ratings", "--pool", "live"]
        subprocess.run([*manage, "--from-scratch"], check=True, capture_output=True)
        watched = up, Operator(up), Page(up.url)
        rigging_voter = {"voter": UUID(int=options.voters + 1)}
        day = datetime.now(UTC).date() - timedelta(days=9)
        six_hours = {"start_0": day, "start_1": "06:00", "end_0": day, "end_1": "12:00"}
        exclude_and_withdraw(*watched, rigging_voter)  # not measured, because the ratings worker loads all votes first
        measure_quiet(*watched, rigging_voter)
        measure_during("while the filter runs", lambda: run_filter(up), *watched, six_hours)
        before = read_weights(up)
        measure_during(
            f"while {STORED_WEIGHTS:,} weights are stored and taken back", store_many_weights, *watched, six_hours
        )
        print(f"weights at the end: {'equal' if read_weights(up) == before else 'DIFFERENT'}")


if __name__ == "__main__":
    main()
