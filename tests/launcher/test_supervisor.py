import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from launcher import supervisor as subject
from launcher.supervisor import Program, ProgramError, Supervisor, is_http_ok
from tests.processes import alive, eventually

FOREVER = "while :; do sleep 0.05; done"


class Stage:
    """A supervisor with shell programs that log events to a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.supervisor = Supervisor(self.said.append)
        (folder / "notes").touch()

    def program(self, name: str, script: str, **facts) -> Program:
        note = f"cd {self.folder}; note() {{ echo {name} $1 >>notes; }}; echo $$ >{name}.pid; "
        return Program(name, ("/bin/sh", "-c", note + script), self.folder / f"{name}.log", **facts)

    def pid(self, name: str) -> int:
        return int((self.folder / f"{name}.pid").read_text() or 0)

    @property
    def notes(self) -> list[str]:
        return (self.folder / "notes").read_text().splitlines()

    def noted(self, line: str):
        async def check() -> bool:
            return line in self.notes

        return check

    async def until(self, condition, within: float = 30) -> bool:
        return await asyncio.to_thread(eventually, condition, within)


@pytest.fixture
async def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    await stage.supervisor.stop()


def obedient(stage: Stage, name: str, **facts) -> Program:
    """A program that logs its start and its end."""
    script = f'trap "note ended; exit 0" TERM; note started; {FOREVER}'
    return stage.program(name, script, is_ready=stage.noted(f"{name} started"), **facts)


@pytest.mark.slow
async def test_start_waits_until_ready_and_stop_goes_backwards(stage):
    await stage.supervisor.start(obedient(stage, "first"))
    await stage.supervisor.start(obedient(stage, "second"))
    await stage.supervisor.stop()
    assert stage.notes == ["first started", "second started", "second ended", "first ended"]
    assert stage.said == []


async def test_start_runs_a_group_together(stage):
    together = 'note {0}; while ! grep -q "{1}" notes; do sleep 0.02; done; note met; ' + FOREVER
    await stage.supervisor.start(
        stage.program("a", together.format("here", "b here"), is_ready=stage.noted("a met")),
        stage.program("b", together.format("here", "a here"), is_ready=stage.noted("b met")),
    )
    assert {"a met", "b met"} <= set(stage.notes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo first; echo the disk is full; exit 3", "x exited with code 3 while starting: the disk is full"),
        ("exit 0", "x exited with code 0 while starting: no output"),
        ("kill -KILL $$", "x was killed by SIGKILL while starting: no output"),
        (f"echo hm; {FOREVER}", "x was not ready after 1 s: hm"),
    ],
)
async def test_start_tells_in_one_line_why_it_failed(stage, script, message):
    with pytest.raises(ProgramError) as caught:
        await stage.supervisor.start(
            stage.program("x", script, is_ready=stage.noted("never"), ready_within=1),
        )
    assert str(caught.value) == f"{message} (log: {stage.folder}/x.log)"


@pytest.mark.slow
async def test_stop_ends_what_a_failed_start_left(stage):
    with pytest.raises(ProgramError):
        await stage.supervisor.start(
            obedient(stage, "good"),
            stage.program(
                "bad", "until grep -q good notes; do sleep 0.02; done; exit 1", is_ready=stage.noted("never")
            ),
        )
    await stage.supervisor.stop()
    assert not alive(stage.pid("good"))


async def test_cancelled_start_leaves_nothing(stage):
    starting = asyncio.create_task(
        stage.supervisor.start(stage.program("slow", FOREVER, is_ready=stage.noted("never")))
    )
    assert await stage.until(lambda: (stage.folder / "slow.pid").exists() and stage.pid("slow"))
    starting.cancel()
    await asyncio.wait([starting])
    await stage.supervisor.stop()
    assert not alive(stage.pid("slow"))


@pytest.mark.slow
async def test_dead_program_is_started_again_with_its_log_kept(stage):
    await stage.supervisor.start(stage.program("x", f"echo life; {FOREVER}"))
    assert await stage.until(lambda: (stage.folder / "x.pid").exists() and stage.pid("x"))
    first = stage.pid("x")
    began = time.monotonic()
    os.kill(first, signal.SIGKILL)
    assert await stage.until(lambda: stage.pid("x") not in (0, first))
    assert time.monotonic() - began < 2
    assert stage.said == ["x was killed by SIGKILL; restarting it"]
    assert await stage.until(lambda: (stage.folder / "x.log").read_text() == "life\nlife\n")


@pytest.mark.slow
async def test_five_deaths_in_a_minute_are_a_failure(stage, monkeypatch):
    monkeypatch.setattr(subject, "MAX_RESTART_DELAY_S", 0.01)
    await stage.supervisor.start(stage.program("x", "echo no luck; exit 7"))
    with pytest.raises(ProgramError, match=r"^x ended 5 times within 60 s: no luck \(log: .*/x\.log\)$"):
        await asyncio.wait_for(stage.supervisor.failure, 30)
    assert stage.said == ["x exited with code 7; restarting it"] * 4


@pytest.mark.slow
async def test_stop_kills_what_does_not_listen(stage):
    deaf = stage.program("deaf", f'trap "" TERM; note started; {FOREVER}', is_ready=stage.noted("deaf started"))
    await stage.supervisor.start(Program(**{**vars(deaf), "stop_within": 0.2}))
    await stage.supervisor.stop()
    assert not alive(stage.pid("deaf"))
    assert stage.said == ["deaf did not stop; killing it"]


async def test_a_programs_children_end_with_it(stage):
    script = f"({FOREVER}) & echo $! >child.pid; note started; {FOREVER}"
    await stage.supervisor.start(stage.program("x", script, is_ready=stage.noted("x started")))
    await stage.supervisor.stop()
    assert await stage.until(lambda: not alive(stage.pid("child")))


async def test_stop_sends_the_programs_own_signal(stage):
    script = f'trap "note interrupted; exit" INT; note started; {FOREVER}'
    await stage.supervisor.start(
        stage.program("x", script, is_ready=stage.noted("x started"), signal=signal.Signals.SIGINT)
    )
    await stage.supervisor.stop()
    assert stage.notes == ["x started", "x interrupted"]


async def test_run_waits_for_the_end(stage):
    await stage.supervisor.run(stage.program("once", 'note done; echo "$COLOR"', env={"COLOR": "blue"}))
    assert stage.notes == ["once done"]
    assert (stage.folder / "once.log").read_text() == "blue\n"


@pytest.mark.parametrize(
    ("script", "message"),
    [("echo trouble; echo; exit 2", "trouble"), ("exit 2", "once exited with code 2")],
)
async def test_run_raises_the_last_words(stage, script, message):
    with pytest.raises(ProgramError) as caught:
        await stage.supervisor.run(stage.program("once", script))
    assert str(caught.value) == message


async def test_program_keeps_held_descriptors_open(stage):
    reading, writing = os.pipe()
    await stage.supervisor.start(
        stage.program("x", f"note started; {FOREVER}", is_ready=stage.noted("x started"), inherited_fds=(writing,))
    )
    os.close(writing)
    os.set_blocking(reading, False)
    with pytest.raises(BlockingIOError):
        os.read(reading, 1)
    await stage.supervisor.stop()
    os.set_blocking(reading, True)
    assert os.read(reading, 1) == b""
    os.close(reading)


ORPHANS = """
import asyncio, sys
from pathlib import Path
from launcher.supervisor import Program, Supervisor

async def main(folder):
    supervisor = Supervisor(print)
    script = f"echo $$ >>{folder}/pids; exec sleep 600"
    programs = [Program(n, ("/bin/sh", "-c", script), folder / f"{n}.log") for n in ("a", "b")]
    await supervisor.start(*programs)
    await supervisor.failure

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.mark.slow
@pytest.mark.parametrize("tie", ["parent-death signal", "pipe"])
def test_nothing_outlives_a_killed_supervisor(tmp_path, tie):
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "sleep").symlink_to("/bin/sleep")
    path = os.environ["PATH"] if tie == "parent-death signal" else str(commands)
    env = {**os.environ, "PATH": path, "PYTHONPATH": str(Path(__file__).parents[2])}
    parent = subprocess.Popen([sys.executable, "-c", ORPHANS, tmp_path], env=env)
    noted = tmp_path / "pids"
    assert eventually(lambda: noted.exists() and noted.read_text().count("\n") == 2)
    pids = [int(line) for line in noted.read_text().split()]
    assert all(alive(pid) for pid in pids)
    parent.kill()
    parent.wait()
    assert eventually(lambda: not any(alive(pid) for pid in pids))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nfine", True),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", False),
        (b"", False),
        (b"nonsense\r\n", False),
    ],
)
async def test_http_ok_reads_the_status(answer, expected):
    request_lines = []

    async def serve(reader, writer):
        request_lines.append(await reader.readline())
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await is_http_ok(port, "/readyz") is expected
    assert request_lines == [b"GET /readyz HTTP/1.0\r\n"]
    assert await is_http_ok(port, "/readyz") is False


async def test_signal_that_is_repeated_reaches_what_is_being_stopped(stage):
    script = f'trap "trap exit TERM; note waiting" TERM; note started; {FOREVER}'
    await stage.supervisor.start(stage.program("slow", script, is_ready=stage.noted("slow started")))
    stopping = asyncio.create_task(stage.supervisor.stop())
    assert await stage.until(lambda: "slow waiting" in stage.notes)
    assert not stopping.done()

    stage.supervisor.repeat_signal()
    await asyncio.wait_for(stopping, 5)

    assert not stage.said
