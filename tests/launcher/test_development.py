import asyncio
import sys

import pytest

from launcher import development
from launcher.supervisor import Program, Supervisor, is_always_ready
from tests.processes import alive, eventually

FOREVER = "while :; do sleep 0.05; done"


@pytest.fixture
def tree(tmp_path):
    """A tree with an empty module in each package."""
    for package in development.PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "module.py").touch()
    return tmp_path


def test_web_server_serves_the_tree_and_no_program_restarts_by_itself(tmp_path):
    command = (sys.executable, "-m", "uvicorn", "config.asgi:application", "--fd", "7")
    web = Program("web", command, tmp_path / "web.log", inherited_fds=(7,))
    beat = Program("beat", (sys.executable, "-m", "celery"), tmp_path / "beat.log")

    new_web, new_beat = development.adapt_programs([web, beat])

    assert new_web.command[3:] == ("launcher.dev_asgi:application", "--fd", "7")
    assert new_web.inherited_fds == (7,)
    assert new_beat.command == beat.command
    assert [new_web.restarts, new_beat.restarts] == [False, False]


@pytest.mark.slow
async def test_edit_restarts_all_programs_and_also_one_that_has_failed(tree):
    names = ("web", *development.WORKERS)
    said: list[str] = []
    supervisor = Supervisor(said.append)

    def program(name):
        script = f"echo $$ >>{name}.pids; if [ -e broken ]; then echo broken; exit 1; fi; {FOREVER}"
        command = ("/bin/sh", "-c", f"cd {tree}; {script}")
        return Program(name, command, tree / f"{name}.log", restarts=False)

    def starts(name):
        return (tree / f"{name}.pids").read_text().split() if (tree / f"{name}.pids").exists() else []

    async def until(condition):
        assert await asyncio.to_thread(eventually, condition)

    await supervisor.start(*map(program, names))
    watcher = asyncio.create_task(development.restart_on_edits(supervisor, tree, is_always_ready, said.append))
    try:
        await until(lambda: all(starts(name) for name in names))
        (tree / "core" / "page.html").write_text("not code")
        (tree / "broken").touch()
        (tree / "core" / "module.py").write_text("edited = 1")
        await until(lambda: sum("exited with code 1: broken" in line for line in said) == len(names))
        (tree / "broken").unlink()
        (tree / "core" / "module.py").write_text("edited = 22")
        await until(lambda: all(len(starts(name)) == 3 for name in names))
        assert said.count("core/module.py changed; restarting the web server and the workers") == 2
        assert not supervisor.failure.done()
        assert not any(alive(int(pid)) for name in names for pid in starts(name)[:-1])
    finally:
        watcher.cancel()
        await supervisor.stop()
