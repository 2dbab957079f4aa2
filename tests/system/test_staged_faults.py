"""Stages one fault after the other under votes, for minutes: only `./scripts/test --thorough` runs this."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import redis
import yaml

from tests.processes import eventually
from tests.system.conftest import models_file
from tests.system.load import Crowd, check, tallied
from tests.system.service import ROOT, Service, free_port, running

MODELS = {f"staged-{n}": f"staged-{n}/steady-50-len-80" for n in (1, 2, 3)}
PEOPLE = 30
GOES_ON_WITHIN_S = 60
PAUSE_S = 8
KINDS = {"web": "uvicorn", "answers": "answers@%h", "ratings": "ratings@%h", "beat": "beat-schedule"}
WEB_COMMAND = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["web"]["command"]
WAITING = "SELECT count(*) FROM ratings_outbox WHERE vote_id <= %s"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
NGINX_SETTINGS = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream arena {{ {servers} }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://arena; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}
}}
"""


@pytest.fixture
def staged(tmp_path: Path, provider: str) -> Iterator[Service]:
    file = models_file(tmp_path / "models.toml", provider, MODELS)
    limits = {"ARENA_BATTLES_PER_HOUR": "0", "ARENA_BATTLES_PER_HOUR_ADDRESS": "0", "ARENA_STREAMS_PER_VOTER": "0"}
    with running(
        tmp_path / "data", "--no-local-models", "--web", "2", "--models", str(file), ARENA_PROXY_HOPS="1", **limits
    ) as up:
        yield up


def list_pids(service: Service) -> dict[str, set[int]]:
    return {kind: set(service.pids(word)) for kind, word in KINDS.items()}


def kill(service: Service, word: str) -> None:
    os.kill(service.pid(word), signal.SIGKILL)


@contextmanager
def suspended(pid: int) -> Iterator[None]:
    process = psutil.Process(pid)
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def pause(pid: int) -> None:
    with suspended(pid):
        time.sleep(PAUSE_S)


def find_provider() -> int:
    [provider] = [child for child in psutil.Process().children() if "tests.fake_provider" in child.cmdline()]
    return provider.pid


def empty_valkey(service: Service) -> None:
    redis.Redis.from_url(f"unix://{service.data}/run/valkey.sock").flushall()


def restart_database(service: Service) -> None:
    os.kill(int((service.data / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGINT)


def freeze_refresh(service: Service) -> None:
    """Freeze the ratings worker within a refresh, beside a second one. Votes reach the boards nevertheless."""
    busy = "SELECT FROM ratings_refreshlease WHERE busy"
    with service.another({"ratings@%h": "second@%h"}, "ratings@%h"):
        time.sleep(5)  # it starts
        assert eventually(lambda: service.query(busy))
        with suspended(service.pid("ratings@%h")):
            [[newest]] = service.query("SELECT max(id) FROM arena_vote")
            assert eventually(lambda: service.query(WAITING, newest) == [(0,)], GOES_ON_WITHIN_S)


# Each fault, and the kind of process that it ends.
STAGES: dict[str, tuple[Callable[[Service], None], str]] = {
    "answers worker killed": (lambda up: kill(up, "answers@%h"), "answers"),
    "web process killed": (lambda up: kill(up, "uvicorn"), "web"),
    "ratings worker killed": (lambda up: kill(up, "ratings@%h"), "ratings"),
    "beat killed": (lambda up: kill(up, "beat-schedule"), "beat"),
    "valkey killed": (lambda up: kill(up, "valkey-server"), ""),
    "valkey frozen": (lambda up: pause(up.pid("valkey-server")), ""),
    "valkey emptied": (empty_valkey, ""),
    "valkey killed again": (lambda up: kill(up, "valkey-server"), ""),
    "database restarted": (restart_database, ""),
    "provider paused": (lambda up: pause(find_provider()), ""),
    "ratings worker frozen": (freeze_refresh, ""),
}


def test_votes_outlast_every_fault(staged: Service) -> None:
    with Crowd(staged, PEOPLE, name="staged") as crowd:
        for name, (fault, ended) in STAGES.items():
            before = list_pids(staged)
            fault(staged)
            seen = set(crowd.log.votes)
            assert eventually(lambda: len(crowd.log.votes.keys() - seen) >= PEOPLE, GOES_ON_WITHIN_S), name  # noqa: B023
            after = list_pids(staged)
            assert {kind for kind in KINDS if before[kind] - after[kind]} == {ended} - {""}, name
    assert crowd.log.refusals.keys() <= {503}
    check(staged, crowd.log)
    assert sum(tallied(staged).values()) >= len(crowd.log.votes)


def is_served(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310  # our own address
            return bool(answer.status == 200)
    except OSError:
        return False


class WebGroup:
    """A web container without Docker."""

    def __init__(self, service: Service) -> None:
        self.port = free_port()
        like = psutil.Process(service.pid("uvicorn"))
        self._place = {"cwd": like.cwd(), "env": like.environ() | {"WEB_CONCURRENCY": "1"}}
        self._command = [sys.executable, *(str(self.port) if word == "8000" else word for word in WEB_COMMAND[1:])]

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, **self._place, stderr=subprocess.DEVNULL)
        assert eventually(lambda: is_served(f"http://127.0.0.1:{self.port}/healthz"), 60)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@contextmanager
def proxied(service: Service, groups: list[WebGroup], folder: Path) -> Iterator[Service]:
    """Run nginx in front of the groups, as docs/how-to/containers-and-proxy.md says."""
    port = free_port()
    servers = " ".join(f"server 127.0.0.1:{group.port} max_fails=0;" for group in groups)
    (folder / "nginx.conf").write_text(NGINX_SETTINGS.format(folder=folder, servers=servers, port=port))
    nginx = subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")])
    try:
        assert eventually(lambda: is_served(f"http://127.0.0.1:{port}/healthz"), 10)
        yield replace(service, port=port)
    finally:
        nginx.terminate()
        nginx.wait(30)


def test_rolling_restart_behind_a_proxy_fails_no_start_vote_or_page(staged: Service, tmp_path: Path) -> None:
    groups = [WebGroup(staged) for _ in range(2)]
    with ExitStack() as stack:
        for group in groups:
            group.start()
            stack.callback(group.stop)
        site = stack.enter_context(proxied(staged, groups, tmp_path))
        with Crowd(site, PEOPLE, name="rolling") as crowd:
            for group in groups:
                seen = set(crowd.log.votes)
                assert eventually(lambda: len(crowd.log.votes.keys() - seen) >= PEOPLE, GOES_ON_WITHIN_S)  # noqa: B023
                group.stop()
                for _ in range(20):
                    assert is_served(f"{site.url}/leaderboard/")
                    time.sleep(0.1)
                group.start()
            seen = set(crowd.log.votes)
            assert eventually(lambda: len(crowd.log.votes.keys() - seen) >= PEOPLE, GOES_ON_WITHIN_S)
        assert not crowd.log.refusals
        assert not crowd.log.cuts
        check(staged, crowd.log)
