import asyncio
import socket
import sys

import pytest

from launcher import development
from launcher.supervisor import Program, Supervisor
from tests.processes import alive, eventually

FOREVER = "while :; do sleep 0.05; done"


@pytest.fixture
def tree(tmp_path):
    """A tree with an empty module in each package."""
    for package in development.PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "module.py").touch()
    return tmp_path


def test_scan_sees_new_changed_and_deleted_modules_and_nothing_else(tree):
    seen = [development.scan_modules(tree)]
    (tree / "core" / "text").mkdir()
    (tree / "core" / "page.html").write_text("not code")
    assert development.scan_modules(tree) == seen[0]
    (tree / "core" / "text" / "new.py").touch()
    seen.append(development.scan_modules(tree))
    (tree / "core" / "module.py").write_text("edited = True")
    seen.append(development.scan_modules(tree))
    (tree / "core" / "module.py").unlink()
    seen.append(development.scan_modules(tree))
    assert [len(modules) for modules in seen] == [5, 6, 6, 5]
    assert seen[1] != seen[2]


def test_web_server_inherits_an_open_port_and_no_program_restarts_by_itself(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    web = Program("web", (sys.executable, "-m", "uvicorn", "config.asgi:application"), tmp_path / "web.log")
    beat = Program("beat", (sys.executable, "-m", "celery"), tmp_path / "beat.log")

    new_web, new_beat = development.adapt_programs([web, beat], port)

    (descriptor,) = new_web.inherited_fds
    assert new_web.command[3:] == ("launcher.dev_asgi:application", "--fd", str(descriptor))
    assert new_beat.command == beat.command
    assert [new_web.restarts, new_beat.restarts] == [False, False]
    with socket.socket(fileno=descriptor) as listener:
        assert listener.getsockname() == ("127.0.0.1", port)


@pytest.mark.slow
async def test_edit_restarts_all_programs_and_also_one_that_has_failed(tree):
    said: list[str] = []
    supervisor = Supervisor(said.append)

    def program(name):
        script = f"echo $$ >>{name}.pids; if [ -e broken ]; then echo broken; exit 1; fi; {FOREVER}"
        return Program(name, ("/bin/sh", "-c", f"cd {tree}; {script}"), tree / f"{name}.log", restarts=False)

    def starts(name):
        return (tree / f"{name}.pids").read_text().split() if (tree / f"{name}.pids").exists() else []

    async def until(condition):
        assert await asyncio.to_thread(eventually, condition)

    await supervisor.start(*map(program, development.PROGRAMS))
    watcher = asyncio.create_task(development.restart_on_edits(supervisor, tree, said.append))
    try:
        await until(lambda: all(starts(name) for name in development.PROGRAMS))
        (tree / "broken").touch()
        (tree / "core" / "module.py").write_text("edited = 1")
        await until(lambda: sum("exit code 1: broken" in line for line in said) == len(development.PROGRAMS))
        (tree / "broken").unlink()
        (tree / "core" / "module.py").write_text("edited = 22")
        await until(lambda: all(len(starts(name)) == 3 for name in development.PROGRAMS))
        assert said.count("core/module.py changed; restarting the web server and the workers") == 2
        assert not supervisor.failure.done()
        assert not any(alive(int(pid)) for name in development.PROGRAMS for pid in starts(name)[:-1])
    finally:
        watcher.cancel()
        await supervisor.stop()
