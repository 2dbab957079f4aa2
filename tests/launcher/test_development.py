import sys

from launcher.development import reload_on_edits
from launcher.supervisor import Program


def test_uvicorn_reloads_the_web_process_and_watchfiles_restarts_the_others(tmp_path):
    command = (sys.executable, "-m", "uvicorn", "config.asgi:application", "--fd", "7")
    web = reload_on_edits(Program("web", command, tmp_path / "web.log", inherited_fds=(7,)))
    beat = reload_on_edits(Program("beat", ("celery", "beat", "-s", "a file"), tmp_path / "beat.log"))
    assert web.command[3:8] == ("launcher.dev_asgi:application", "--fd", "7", "--reload", "--reload-dir=core")
    assert web.inherited_fds == (7,)
    assert beat.command[1:3] == ("-m", "watchfiles")
    assert beat.command[-7:-5] == ("celery beat -s 'a file'", "core")
