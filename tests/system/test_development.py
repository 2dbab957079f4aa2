"""Tests `./scripts/up --dev` on a copy of the tree: edits take effect without a manual restart."""

import shutil
import urllib.request

import psutil
import pytest

from tests.processes import eventually
from tests.system.service import ROOT, Service, running

PARTS = ("arena", "catalog", "config", "core", "evaluations", "launcher", "ratings", "scripts", "static", "templates")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    copy = tmp_path_factory.mktemp("tree")
    for part in PARTS:
        shutil.copytree(ROOT / part, copy / part)
    for lock in ROOT.glob("*.lock"):
        shutil.copy(lock, copy)
    (copy / ".venv").symlink_to(ROOT / ".venv")
    return copy


@pytest.fixture(scope="module")
def development(tree):
    with running(tree / "var", "--dev", "--no-local-models", root=tree) as service:
        yield service


def read(service: Service, path: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{service.port}{path}", timeout=60) as response:
            return response.read().decode()
    except OSError:  # the page does not exist yet, or the server is restarting
        return ""


@pytest.mark.parametrize(
    ("file", "page"),
    [
        ("templates/base.html", "/"),
        ("templates/base.html", "/leaderboard/"),
        ("static/css/core/frame.css", "/static/css/core/frame.css"),
    ],
)
def test_edited_file_is_in_the_next_response(development, tree, file, page):
    read(development, page)
    with (tree / file).open("a") as edited:
        edited.write("/* edited */")
    assert "/* edited */" in read(development, page)


def test_edited_module_is_served_and_workers_have_new_processes(development, tree):
    words = [("celery", "beat"), ("celery", "answers"), ("celery", "ratings")]

    def list_workers() -> set[int]:
        return {development.pids(*each)[-1] for each in words}  # the oldest process with these words starts the worker

    before = list_workers()
    module = tree / "config" / "server" / "security_txt.py"
    module.write_text(module.read_text().replace("raise Http404", 'return HttpResponse("edited")'))
    assert eventually(lambda: read(development, "/.well-known/security.txt") == "edited")

    def has_new_processes() -> bool:
        try:
            return not before & list_workers()
        except (IndexError, psutil.Error):  # the workers are restarting
            return False

    assert eventually(has_new_processes)
