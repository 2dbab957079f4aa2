import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.processes import eventually, mentioning

ROOT = Path(__file__).parents[2]
SET_OUTSIDE = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "ARENA_ALLOW_PRIVATE_ENDPOINTS")
ASK = """
import json, os, sys, psycopg, redis
with psycopg.connect(os.environ["DATABASE_URL"]) as database:
    database.execute("CREATE TABLE IF NOT EXISTS visits (id serial)")
    database.execute("INSERT INTO visits DEFAULT VALUES")
    visits, = database.execute("SELECT count(*) FROM visits").fetchone()
    settings = {name: database.execute(f"SHOW {name}").fetchone()[0] for name in ("fsync", "server_encoding")}
    version = database.info.server_version // 10000
with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
    seen = client.incr("seen")
print(json.dumps({"visits": visits, "seen": seen, "version": version, **settings, "env": dict(os.environ)}))
"""


def start(data: Path | None, *command: object, flags: tuple[str, ...] = (), **variables: str) -> subprocess.Popen:
    place = ["--data", data] if data else ["--temporary"]
    env = {name: value for name, value in os.environ.items() if name not in SET_OUTSIDE} | variables
    return subprocess.Popen(
        [sys.executable, "-m", "launcher.embedded", *place, *flags, "--", *command],
        cwd=ROOT,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run(data: Path | None, *command: object, flags: tuple[str, ...] = (), **variables: str):
    process = start(data, *command, flags=flags, **variables)
    out, err = process.communicate(timeout=30)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def ask(data: Path | None, **facts) -> dict:
    done = run(data, sys.executable, "-c", ASK, **facts)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def new(tmp_path):
    """Return the path of a data folder that does not exist yet."""
    return tmp_path / "var"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a database once, because that takes seconds."""
    folder = tmp_path_factory.mktemp("made") / "var"
    assert run(folder, "true").returncode == 0
    return folder / "postgres"


@pytest.fixture
def data(new, made):
    shutil.copytree(made, new / "postgres")
    return new


def test_command_finds_both_services_and_later_the_data_of_the_database_again(new):
    first, second = ask(new), ask(new)
    assert (first["visits"], first["seen"]) == (1, 1)
    assert (second["visits"], second["seen"]) == (2, 1)
    assert first["version"] == 18
    assert first["server_encoding"] == "UTF8"
    assert first["fsync"] == "on"
    assert first["env"]["SECRET_KEY"] == second["env"]["SECRET_KEY"] == (new / "secret_key").read_text()
    assert first["env"]["ARENA_ALLOW_PRIVATE_ENDPOINTS"] == "127.0.0.0/8,::1/128"
    assert not mentioning(str(new))


def test_log_of_the_database_has_errors_and_no_words_of_people(data):
    script = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
    database.execute("CREATE TABLE said (words text UNIQUE)")
    for statement in ("INSERT INTO said VALUES ('my secret')", "INSERT INTO said VALUES ('my secret')"):
        try:
            database.execute(statement)
        except psycopg.errors.UniqueViolation as error:
            assert "my secret" in str(error)
"""
    done = run(data, sys.executable, "-c", script)
    assert done.returncode == 0, done.stderr
    logged = (data / "log" / "postgres.log").read_text()
    assert "duplicate key" in logged
    assert "my secret" not in logged


def test_text_that_went_through_valkey_is_in_no_file(data):
    """Covers text from `arena.answers.publisher`, and files from earlier versions."""
    left = data / "valkey" / "appendonlydir" / "appendonly.aof.1.incr.aof"
    left.parent.mkdir(parents=True)
    left.write_text("$6\r\ncanary\r\n")
    script = """
import os, pathlib, sys, redis
with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
    client.xadd("battle:1", {"e": "canary"})
    assert client.xlen("battle:1") == 1
    client.delete("battle:1")
    files = [path for path in pathlib.Path(sys.argv[1]).rglob("*") if path.is_file()]
    print([path.name for path in files if b"canary" in path.read_bytes()])
"""
    done = run(data, sys.executable, "-c", script, data / "valkey")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"
    assert [*(data / "valkey").iterdir()] == []


def test_temporary_folder_is_removed():
    seen = ask(None, flags=("--no-fsync",))
    folder = Path(seen["env"]["REDIS_URL"].removeprefix("unix://")).parent.parent
    assert folder.name.startswith("arena-")
    assert not folder.exists()
    assert seen["fsync"] == "off"


def test_what_is_set_outside_wins(new):
    outside = {
        "DATABASE_URL": "postgresql://u@db.example/x",
        "REDIS_URL": "redis://cache.example/1",
        "SECRET_KEY": "mine",
        "ARENA_ALLOW_PRIVATE_ENDPOINTS": "10.0.0.0/8",
    }
    done = run(new, sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))", **outside)
    seen = json.loads(done.stdout)
    assert {**outside, "ARENA_ALLOW_PRIVATE_ENDPOINTS": "10.0.0.0/8,127.0.0.0/8,::1/128"}.items() <= seen.items()
    assert not (new / "postgres").exists()
    assert not any((new / "valkey").iterdir())


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -TERM $$", 143)])
def test_exit_code_is_the_commands(new, script, code):
    nowhere = {"DATABASE_URL": "postgresql:///x", "REDIS_URL": "redis://x"}
    assert run(new, "/bin/sh", "-c", script, **nowhere).returncode == code


def test_two_commands_share_the_services(data):
    hold = f'touch "{data}/first"; until [ -e "{data}/second" ]; do sleep 0.05; done'
    first = start(data, "/bin/sh", "-c", hold)
    assert eventually((data / "first").exists)
    second = start(data, "/bin/sh", "-c", f'touch "{data}/second"; sleep 0.3; exec "$0" -c "$1"', sys.executable, ASK)
    out, err = second.communicate(timeout=30)
    assert json.loads(out)["visits"] == 1, err
    _, errors = first.communicate(timeout=30)
    assert errors == "arena: waiting for other commands that use the same services\n"
    assert not mentioning(str(data))


def test_signal_reaches_the_command_and_the_services_end(data):
    process = start(data, "/bin/sh", "-c", f'trap "exit 9" TERM; touch "{data}/up"; while :; do sleep 0.05; done')
    assert eventually((data / "up").exists)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 9
    assert not mentioning(str(data))


def test_servers_of_a_killed_run_are_waited_for(data):
    process = start(data, "/bin/sh", "-c", f'exec >&- 2>&-; touch "{data}/up"; exec sleep 2')
    assert eventually((data / "up").exists)
    process.kill()
    process.communicate()
    assert ask(data)["visits"] == 1
    assert "FATAL" not in (data / "log" / "postgres.log").read_text()


def test_stale_pid_file_does_no_harm(data):
    of_others = f"{os.getpid()}\n{data}/postgres\n1700000000\n5432\n\n\n"
    for visits, stale in enumerate((of_others, ""), 1):
        (data / "postgres" / "postmaster.pid").write_text(stale)
        assert ask(data)["visits"] == visits


def test_server_that_somebody_else_started_is_left_alone(data):
    stranger = subprocess.Popen(["sleep", "30"], cwd=data / "postgres")
    pid_file = data / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{stranger.pid}\n{data}/postgres\n1700000000\n5432\n\n\n\n")
    done = run(data, "true")
    stranger.kill()
    stranger.wait()
    assert done.returncode == 1
    assert done.stderr == f"arena: another PostgreSQL (process {stranger.pid}) is already using {data}/postgres\n"
    assert pid_file.read_text().startswith(f"{stranger.pid}\n")


def test_interrupted_making_of_the_database_is_begun_again(new):
    (new / "postgres.new").mkdir(parents=True)
    (new / "postgres.new" / "PG_VERSION").write_text("18\n")
    assert ask(new)["visits"] == 1


def test_database_of_another_version_is_refused(data):
    (data / "postgres" / "PG_VERSION").write_text("17\n")
    done = run(data, "true")
    assert done.returncode == 1
    assert done.stderr == f"arena: {data}/postgres was created by PostgreSQL 17, but this is PostgreSQL 18\n"


def test_path_may_be_long_and_strange(tmp_path):
    seen = ask(tmp_path / ("deep/" * 30 + "a space and a %"))
    assert seen["visits"] == 1
    shutil.rmtree(Path(seen["env"]["REDIS_URL"].removeprefix("unix://")).parent)


def test_root_without_user_namespaces_uses_nobody(tmp_path):
    commands = tmp_path / "bin"
    commands.mkdir()
    for name in ("setpriv", "true", "ls", "sh"):
        (commands / name).symlink_to(shutil.which(name))
    with tempfile.TemporaryDirectory(prefix="arena-test-") as place:
        Path(place).chmod(0o755)
        assert ask(Path(place) / "var", PATH=str(commands))["visits"] == 1
        assert ask(Path(place) / "var")["visits"] == 2
        assert ask(Path(place) / "var", PATH=str(commands))["visits"] == 3


def test_dead_services_are_started_again_under_a_running_command(data):
    wait = f'touch "{data}/up"; until [ -e "{data}/go" ]; do sleep 0.05; done'
    script = wait + '; until "$0" -c "$1" 2>/dev/null; do sleep 0.05; done'
    process = start(data, "/bin/sh", "-c", script, sys.executable, ASK)
    assert eventually((data / "up").exists)

    def servers():
        found = {}
        for each in mentioning(str(data)):
            with suppress(psutil.NoSuchProcess):  # PostgreSQL's own processes come and go
                if each.name() in ("postgres", "valkey-server") and each.ppid() == process.pid:
                    found[each.pid] = each
        return found

    killed = servers()
    for server in killed.values():
        server.kill()
    assert eventually(lambda: len(servers().keys() - killed.keys()) == len(killed) == 2)
    (data / "go").touch()
    out, errors = process.communicate(timeout=30)
    assert json.loads(out)["visits"]
    assert sorted(errors.splitlines()) == [
        f"arena: {name} was killed by SIGKILL; restarting it" for name in ("postgres", "valkey")
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--", "no-such-command"], "No such file or directory: 'no-such-command'"),
        ([], "the following arguments are required: command"),
        (["--dat", "x", "--", "true"], "unrecognized arguments: --dat"),
    ],
)
def test_wrong_usage_is_told(new, arguments, message):
    env = {**os.environ, "DATABASE_URL": "postgresql:///x", "REDIS_URL": "redis://x"}
    command = [sys.executable, "-m", "launcher.embedded", "--data", new, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode
    assert message in done.stderr
    assert "Traceback" not in done.stderr
