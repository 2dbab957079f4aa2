"""Logs of supervised programs have a maximum size, and a start never erases them."""

import asyncio
import http.client
import os
import sys
from functools import partial
from urllib.parse import urlsplit

import pytest
from django.db import connection

from arena.models import HashKey
from launcher.embedded import PROJECT_ROOT
from launcher.local_models import pick_free_port
from launcher.log_files import MAX_LINE_BYTES, MAX_OLD_FILES, LogFile
from launcher.supervisor import Program, Supervisor, is_http_ok

LONG_PATH = "/api/" + "a" * 60_000


@pytest.fixture
async def supervisor():
    made = Supervisor(lambda line: None)
    yield made
    await made.stop()


def ask(port, requests):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for path, host in requests:
        connection.request("GET", path, headers={"Host": host})
        connection.getresponse().read()
    connection.close()


@pytest.fixture
def migrated(transactional_db):
    """Return the URL of the test database, with a hash key as in every installation."""
    HashKey.objects.get_or_create(pk=1, defaults={"key": b"of the installation under test. "})
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


async def test_requests_of_strangers_write_next_to_nothing(supervisor, tmp_path, migrated):
    port, log = pick_free_port(), tmp_path / "web.log"
    web = ("uvicorn", "config.asgi:application", "--port", str(port), "--no-access-log", "--log-level", "warning")
    command = (sys.executable, "-P", "-m", *web)
    ready = partial(is_http_ok, port, "/healthz")
    await supervisor.start(
        Program("web", ("env", f"PYTHONPATH={PROJECT_ROOT}", f"DATABASE_URL={migrated}", *command), log, is_ready=ready)
    )

    await asyncio.to_thread(ask, port, [(LONG_PATH, "127.0.0.1"), ("/api/v1/", "evil.example")] * 50)
    await supervisor.stop()

    assert log.stat().st_size < 5_000, log.read_text()[-2_000:]


def shell(path, script):
    return Program("x", ("/bin/sh", "-c", script), path)


async def test_next_run_keeps_the_lines_of_the_one_before(tmp_path):
    for run in ("first", "second"):
        supervisor = Supervisor(lambda line: None)
        await supervisor.run(shell(tmp_path / "x.log", f"echo {run}"))
        await supervisor.stop()

    assert (tmp_path / "x.log").read_text() == "first\nsecond\n"


async def write(log, *command):
    """Write output as a supervised program does."""
    output = log.open_pipe()
    program = await asyncio.create_subprocess_exec(*command, stdout=output)
    os.close(output)
    await program.wait()
    await log.drain()


@pytest.mark.slow
async def test_program_that_writes_without_end_fills_six_files_and_no_more(tmp_path):
    """While the program runs, the newest lines are in the files, in order."""
    log = LogFile(tmp_path / "x.log", file_bytes=2_000)
    await write(log, "seq", "-w", "3000")
    log.close()

    names = ["x.log", *(f"x.log.{number}" for number in range(1, MAX_OLD_FILES + 1))]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert all(path.stat().st_size <= 2_000 for path in tmp_path.iterdir())
    text = "".join((tmp_path / name).read_text() for name in reversed(names))
    numbers = [int(line) for line in text.splitlines()]
    assert numbers == list(range(numbers[0], 3_001))
    assert len(text) > MAX_OLD_FILES * 2_000 * 0.9


@pytest.mark.slow
async def test_rotation_goes_on_where_the_run_before_ended(tmp_path):
    for run in range(20):
        log = LogFile(tmp_path / "x.log", file_bytes=1_000)
        await write(log, "seq", str(100 * run), str(100 * run + 99))
        log.close()

    assert len(list(tmp_path.iterdir())) == 1 + MAX_OLD_FILES
    assert (tmp_path / "x.log").read_text().endswith("1999\n")


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("printf %s no-end", "no-end\n"),
        ("printf %09000d 7; echo; echo next", "0" * MAX_LINE_BYTES + "\nnext\n"),
        (f"printf %0{MAX_LINE_BYTES - 1}d 7; echo; echo b", "0" * (MAX_LINE_BYTES - 2) + "7\nb\n"),
        (r"printf 'caf\351 %s\n' %d", "caf\ufffd %d\n"),
        ("echo out; echo error >&2", "out\nerror\n"),
    ],
)
async def test_line_is_text_of_at_most_so_many_bytes(supervisor, tmp_path, script, text):
    await supervisor.run(shell(tmp_path / "x.log", script))

    assert (tmp_path / "x.log").read_text() == text


@pytest.mark.slow
async def test_program_goes_on_while_the_disk_is_full(supervisor, tmp_path):
    (tmp_path / "x.log").symlink_to("/dev/full")
    await supervisor.run(shell(tmp_path / "x.log", f"seq 3000; touch {tmp_path}/done"))

    assert (tmp_path / "done").exists()


async def test_log_that_cannot_be_opened_is_an_error_at_once(supervisor, tmp_path):
    with pytest.raises(IsADirectoryError):
        await supervisor.run(shell(tmp_path, "true"))
