import asyncio
import os
import re
import select
import signal
import socket
import subprocess
import sys
import urllib.request
from dataclasses import replace

import pytest

from launcher import embedded, local_models, up
from launcher.data_folder import DataFolder, LaunchError
from launcher.log_files import MAX_FILE_BYTES
from launcher.supervisor import Program, Supervisor
from tests.processes import alive, eventually
from tests.system.service import free_port

APPLICATION = """
import os

async def application(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
"""

SERVICE_OF_ONE_PROGRAM = """
import asyncio
from pathlib import Path
from launcher import up
from launcher.supervisor import Program, Supervisor

async def run_service(supervisor):
    try:
        program = Program("sleeper", ("/bin/sh", "-c", "echo $$ >>pids; exec sleep 60"), Path("sleeper.log"))
        await supervisor.start(program)
        await supervisor.failure
    finally:
        await supervisor.stop()

async def main():
    supervisor = Supervisor(up.print_line)
    await up.run_until_signal(run_service(supervisor), supervisor)

asyncio.run(main())
"""


def parse(tmp_path, *arguments: object) -> up.Options:
    return up.parse_options(["--data", str(tmp_path / "var"), *map(str, arguments)])


def test_defaults(tmp_path):
    options = parse(tmp_path)
    assert options == up.Options(
        port=8000,
        web_processes=options.web_processes,
        folder=options.folder,
        models_file=None,
        excluded=frozenset(),
        uses_local_models=True,
    )
    assert options.folder.path == tmp_path / "var"


@pytest.mark.parametrize(("cores", "number"), [(None, 1), (1, 1), (2, 2), (4, 4), (64, 4)])
def test_there_are_as_many_web_processes_as_cores_and_at_most_four(cores, number):
    assert up.choose_web_processes(cores) == number


def test_number_of_web_processes_can_be_chosen_but_for_development(tmp_path):
    assert parse(tmp_path).web_processes == up.choose_web_processes(os.cpu_count())
    assert parse(tmp_path, "--web", 8).web_processes == 8
    assert parse(tmp_path, "--web", 8, "--dev").web_processes == 1


async def test_web_processes_share_one_port(tmp_path):
    """The smallest application that uvicorn runs in their place answers with its process id."""
    (tmp_path / "application.py").write_text(APPLICATION)
    said: list[str] = []
    with up._open_port(free_port()) as listener:
        port = listener.getsockname()[1]
        options = up.Options(port, 2, DataFolder(tmp_path / "var"), None, frozenset(), uses_local_models=False)
        assert options.folder.take_ownership("a test")
        env = {**os.environ, "PYTHONPATH": f"{tmp_path}:{embedded.PROJECT_ROOT}"}
        programs = [
            replace(each, command=tuple(word.replace("config.asgi", "application") for word in each.command))
            for each in up.build_web_programs(options, env, listener.fileno())
        ]
        assert [(each.name, each.log.name) for each in programs] == [("web", "web.log"), ("web-2", "web-2.log")]
        supervisor = Supervisor(said.append)
        await supervisor.start(*programs)
        try:
            assert await asyncio.to_thread(eventually, lambda: len({ask(port) for _ in range(20)}) == 2)
            killed = ask(port)
            os.kill(killed, signal.SIGKILL)
            assert await asyncio.to_thread(eventually, lambda: len({ask(port) for _ in range(20)} - {killed}) == 2)
        finally:
            await supervisor.stop()
    assert [line.removesuffix(" was killed by SIGKILL; restarting it") for line in said] in (["web"], ["web-2"])


def test_connections_of_the_port_send_without_delay():
    with up._open_port(free_port()) as listener:
        listener.listen()
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("output", ["without a reader", "full", "closed"])
def test_output_that_nobody_reads_neither_stops_nor_blocks_the_service(tmp_path, output):
    pids = tmp_path / "pids"
    pids.touch()
    redirection = ">&-" if output == "closed" else ""
    ends = os.pipe()
    with os.fdopen(ends[0], "rb") as reader, os.fdopen(ends[1], "wb", 0) as writer:
        if output == "full":
            os.set_blocking(writer.fileno(), False)
            while writer.write(b"x" * select.PIPE_BUF):
                pass
            os.set_blocking(writer.fileno(), True)
        if output == "without a reader":
            reader.close()
        service = subprocess.Popen(
            ("/bin/sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, "-c", SERVICE_OF_ONE_PROGRAM),
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(embedded.PROJECT_ROOT)},
            stdout=writer,
        )
        try:
            assert eventually(lambda: len(pids.read_text().split()) == 1)
            os.kill(int(pids.read_text()), signal.SIGKILL)
            assert eventually(lambda: len(pids.read_text().split()) == 2)
            service.send_signal(signal.SIGTERM)
            assert service.wait(30) == 0
            assert not alive(int(pids.read_text().split()[1]))
        finally:
            service.kill()
            service.wait()


def test_printed_line_is_whole_and_one_line_even_if_it_is_long(capfd):
    up.print_line("models …")
    up.print_line("ready", prefix="")
    up.print_line("x" * select.PIPE_BUF)
    assert capfd.readouterr().out == f"arena: models …\nready\narena: {'x' * (select.PIPE_BUF - 8)}\n"


def ask(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as response:
        return int(response.read())


@pytest.mark.parametrize(
    ("flags", "excluded", "battles"),
    [
        (["--no-gemma"], {"gemma-3-270m"}, True),
        (["--no-local-models"], set(local_models.list_slugs()), False),
        (["--no-local-models", "--no-gemma"], set(local_models.list_slugs()), False),
    ],
)
def test_flags_leave_out_models(tmp_path, flags, excluded, battles):
    options = parse(tmp_path, *flags)
    assert (options.excluded, options.uses_local_models) == (excluded, battles)


@pytest.mark.parametrize(
    ("flags", "outside", "limit"),
    [([], "", "8000"), (["--no-gemma"], "", "8000"), (["--no-local-models"], "", None), ([], "500", "500")],
)
def test_local_models_make_conversations_short_unless_a_variable_says_otherwise(
    tmp_path, monkeypatch, flags, outside, limit
):
    monkeypatch.setenv("ARENA_CONVERSATION_CHARACTERS", outside)

    assert up.build_environment(parse(tmp_path, *flags)).get("ARENA_CONVERSATION_CHARACTERS") == limit


@pytest.mark.parametrize(("flags", "limit"), [([], "8000"), (["--no-local-models"], None)])
def test_commands_beside_the_service_take_the_limit_of_its_last_start(tmp_path, monkeypatch, flags, limit):
    monkeypatch.setenv("ARENA_CONVERSATION_CHARACTERS", "500")
    up.build_environment(parse(tmp_path, "--port", 8123))
    monkeypatch.delenv("ARENA_CONVERSATION_CHARACTERS")
    folder = DataFolder(tmp_path / "var")
    assert embedded.build_environment(folder)["ARENA_CONVERSATION_CHARACTERS"] == "500"
    assert embedded.build_environment(folder)["LOCAL_URL"] == "http://127.0.0.1:8123"

    up.build_environment(parse(tmp_path, *flags))
    assert embedded.build_environment(folder).get("ARENA_CONVERSATION_CHARACTERS") == limit

    monkeypatch.setenv("ARENA_CONVERSATION_CHARACTERS", "700")
    assert embedded.build_environment(folder)["ARENA_CONVERSATION_CHARACTERS"] == "700"


async def test_models_that_are_not_drawn_are_those_of_this_start(tmp_path):
    log = tmp_path / "prepare.log"
    supervisor = Supervisor(up.print_line)

    async def prepare(*lines: str) -> list[str]:
        return await up.run_for_lines(
            supervisor, Program("prepare", ("printf", r"%s\n", *lines), log), ("not drawn: ",)
        )

    assert await prepare("not drawn: Small", "ready", "not drawn: Small") == ["not drawn: Small"]
    assert await prepare("ready", "not drawn: Tiny") == ["not drawn: Tiny"]
    assert await prepare("ready") == []
    assert log.read_text().count("not drawn: Small") == 2


async def test_models_that_are_not_drawn_are_found_in_a_log_that_was_rotated(tmp_path):
    log = tmp_path / "prepare.log"
    log.write_text("not drawn: Old\n" * (MAX_FILE_BYTES // 15))
    program = Program("prepare", ("echo", "not drawn: Small"), log)

    lines = await up.run_for_lines(Supervisor(up.print_line), program, ("not drawn: ",))

    assert lines == ["not drawn: Small"]


def test_models_file_can_leave_out_built_in_ones(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text('[[model]]\nslug = "eliza"\nenabled = false\n')
    options = parse(tmp_path, "--models", "mine.toml")
    assert options.excluded == {"eliza"}
    assert options.models_file == tmp_path / "mine.toml"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--prot", "8000"], "unrecognized arguments: --prot 8000"),
        (["--port"], "argument --port: expected one argument"),
        (["--port", "0"], "argument --port: must be a number from 1 to 65535"),
        (["--port", "65536"], "argument --port: must be a number from 1 to 65535"),
        (["--port", "٣"], "argument --port: must be a number from 1 to 65535"),
        (["--web", "0"], "argument --web: must be a number from 1 to 8"),
        (["--web", "9"], "argument --web: must be a number from 1 to 8"),
        (["--web", "two"], "argument --web: must be a number from 1 to 8"),
        (["--no-local"], "unrecognized arguments: --no-local"),
        (["here"], "unrecognized arguments: here"),
    ],
)
def test_wrong_usage_is_one_line(tmp_path, capsys, arguments, message):
    with pytest.raises(SystemExit) as end:
        parse(tmp_path, *arguments)
    assert end.value.code == 2
    assert capsys.readouterr().err == f"arena: {message}; ./scripts/up --help lists the options\n"
    assert not (tmp_path / "var").exists()


def test_missing_models_file_is_named(tmp_path):
    path = tmp_path / "no.toml"
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))} cannot be read: No such file or directory$"):
        parse(tmp_path, "--models", path)


async def test_taken_port_is_told_before_anything_starts(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        options = parse(tmp_path, "--port", port)
        with pytest.raises(LaunchError, match=f"^port {port} cannot be used .*; choose another with --port N$"):
            await up.run_service(options, Supervisor(up.print_line))
    assert not options.folder.postgres.exists()


async def test_folder_in_use_is_told_before_anything_starts(tmp_path):
    options = parse(tmp_path)
    assert options.folder.take_ownership("./scripts/up") is not None
    with pytest.raises(LaunchError, match=r"var is in use by \./scripts/up \(process \d+\); stop it first$"):
        await up.run_service(options, Supervisor(up.print_line))
